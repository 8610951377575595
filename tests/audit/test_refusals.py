"""What is turned away is recorded with whom it names and who was recognised, never with a value or a token."""

from __future__ import annotations

from typing import Any

import pytest

from adapter.domain.records import PERSON_KEY
from tests.api.bridge import Bridge
from tests.exchange.bodies import OTHER, TOLVAN, consent, screening
from tests.exchange.parties import person

Json = dict[str, Any]


async def refused(bridge: Bridge) -> list[Json]:
    """The rows of kind ``refused``."""
    return await bridge.house.audit("refused")


def keys(events: list[Json]) -> list[str | None]:
    """Whom each event is about."""
    return [
        next(
            (
                entity["what"]["identifier"]["value"]
                for entity in event["entity"]
                if entity.get("what", {}).get("identifier", {}).get("system") == PERSON_KEY
            ),
            None,
        )
        for event in events
    ]


@pytest.mark.parametrize("client", [None, "region-push", "region"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_search_that_is_refused_is_about_whom_it_names(
    bridge: Bridge, client: str | None, method: str
) -> None:
    """For its token (401), its scope (403) or a parameter (400)."""
    asked = {"patient.identifier": TOLVAN, "colour": "blue"}
    path, how = ("CarePlan", {"params": asked}) if method == "GET" else ("CarePlan/_search", {"data": asked})
    answer = await bridge.fhir(path, client, method, **how)
    events = await refused(bridge)
    assert keys(events) == [bridge.house.keyring.person_key(person(TOLVAN))]
    expected = {401: "token-missing", 403: "scope-missing", 400: "unknown-parameter"}[answer.status_code]
    assert events[0]["outcomeDesc"] == expected
    assert TOLVAN not in str(events)


async def test_one_that_names_two_has_a_row_for_each(bridge: Bridge) -> None:
    await bridge.http.get("/fhir/CarePlan", params={"patient.identifier": [TOLVAN, OTHER]})
    assert keys(await refused(bridge)) == [
        bridge.house.keyring.person_key(person(number)) for number in (TOLVAN, OTHER)
    ]


async def test_a_read_that_is_refused_is_about_whose_record_it_is(bridge: Bridge) -> None:
    house = bridge.house
    await house.push(consent())
    house.source.records = [screening()]
    [found] = (await house.search("Observation")).resources
    await bridge.fhir(f"Observation/{found['id']}", None)
    assert keys(await refused(bridge)) == [house.keyring.person_key(person(TOLVAN))]


async def test_an_unknown_person_leaves_a_row_of_the_same_shape(bridge: Bridge) -> None:
    await bridge.house.push(consent())
    for number in (TOLVAN, OTHER):
        await bridge.fhir(
            "CarePlan", None, params={"patient.identifier": number}, headers={"X-Request-Id": "r"}
        )
    known, unknown = await refused(bridge)
    [key, other] = keys([known, unknown])
    assert str(known).replace(str(key), "#") == str(unknown).replace(str(other), "#")


@pytest.mark.parametrize(
    ("path", "query"),
    [("CarePlan", {}), ("CarePlan", {"colour": "blue"}), (TOLVAN, {}), ("$everything", {"patient": TOLVAN})],
)
async def test_what_names_nobody_we_could_know_leaves_a_row_without_a_person(
    bridge: Bridge, path: str, query: dict[str, str]
) -> None:
    await bridge.fhir(path, None, params=query)
    events = await refused(bridge)
    assert keys(events) == [None]
    assert TOLVAN not in str(events)


async def test_whoever_is_recognised_is_named_and_no_token_is_kept(bridge: Bridge) -> None:
    token = bridge.token("region-push")
    await bridge.fhir("CarePlan", None, headers={"Authorization": f"Bearer {token}"})
    await bridge.fhir("CarePlan", None, headers={"Authorization": f"Bearer {token}x"})
    known, unknown = await refused(bridge)
    assert known["agent"][0]["who"] == {"display": "region-push"}
    assert unknown["agent"][0]["who"] == {"display": "unknown"}
    assert unknown["outcomeDesc"].startswith("token-")
    assert token.rpartition(".")[2] not in str([known, unknown])


async def test_a_message_that_was_read_is_refused_with_its_person(bridge: Bridge) -> None:
    body = screening()
    await bridge.push(body)
    await bridge.push(screening("SCR-2", messageId=body["messageId"]))
    await bridge.push(b"{")
    key = bridge.house.keyring.person_key(person(TOLVAN))
    events = await refused(bridge)
    assert [(event["outcomeDesc"], whom) for event, whom in zip(events, keys(events), strict=True)] == [
        ("control-id-conflict", key),
        ("not-json", None),
    ]


async def test_what_cannot_be_written_down_is_answered_503(bridge: Bridge) -> None:
    await bridge.house.break_audit()
    assert (await bridge.fhir("CarePlan", None)).status_code == 503
    assert (await bridge.push(b"{")).status_code == 503
    assert (await bridge.http.post("/oauth/token")).status_code == 503


async def test_the_answer_to_a_refusal_carries_the_id_of_its_row(bridge: Bridge) -> None:
    answer = await bridge.fhir("CarePlan", None)
    [event] = await refused(bridge)
    assert {"value": answer.headers["x-request-id"]} in [
        entity["what"]["identifier"] for entity in event["entity"] if "what" in entity
    ]
