"""The inbound channels over HTTP: status codes, problem+json with every faulty field and no value, and the sender's view."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from adapter.domain.states import State
from adapter.store import tables
from tests.api.bridge import MAX_BYTES, Bridge, bridged
from tests.exchange.bodies import (
    REGION,
    TOLVAN,
    Json,
    consent,
    oru_r01,
    plan_consent,
    revocation,
    screening,
    sip,
)
from tests.exchange.fakes import NOW
from tests.exchange.parties import HL7, PUSH, REGION_PUSH, with_region_push

EXAMPLES = files("mappings") / "systems" / "neutral_push" / "examples"
SECRET = "a secret in an exception's text"


def problem(answer: httpx.Response) -> list[tuple[str, str]]:
    """Path and code of each error of a problem+json."""
    body = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["status"] == answer.status_code
    return [(error["path"], error["code"]) for error in body.get("errors", ())]


async def test_a_record_is_202_with_where_to_ask_for_its_state(bridge: Bridge) -> None:
    await bridge.push(consent())
    answer = await bridge.push(screening())
    message = answer.json()["messageId"]
    assert (answer.status_code, answer.json()) == (
        202,
        {"messageId": message, "status": f"/inbound/{PUSH}/messages/{message}"},
    )


async def test_a_record_that_is_withheld_is_answered_as_one_that_is_not(bridge: Bridge) -> None:
    withheld = await bridge.push(screening())
    await bridge.push(consent())
    accepted = await bridge.push(screening())
    assert withheld.status_code == accepted.status_code == 202
    assert withheld.json().keys() == accepted.json().keys()


@pytest.mark.parametrize("body", [consent(), revocation()], ids=["given", "revoked"])
async def test_what_is_in_force_at_once_is_201(bridge: Bridge, body: Json) -> None:
    assert (await bridge.push(body)).status_code == 201


@pytest.mark.parametrize("body", [consent(), screening()], ids=["consent", "record"])
async def test_a_repeat_is_200_with_the_earlier_answer(bridge: Bridge, body: Json) -> None:
    await bridge.push(consent("S-before"))
    first = await bridge.push(body)
    again = await bridge.push(body)
    assert (again.status_code, again.json()) == (200, first.json())


async def test_a_revocation_says_what_it_stopped_and_says_so_again(bridge: Bridge) -> None:
    await bridge.push(consent())
    await bridge.push(screening())
    await bridge.house.process()
    body = revocation()
    first = await bridge.push(body)
    assert first.status_code == 201
    assert first.json()["revocation"] == {"cancelled": 1, "inFlight": 0, "unfinished": 0}
    again = await bridge.push(body)
    assert (again.status_code, again.json()) == (200, first.json())


async def test_a_consent_that_is_given_says_nothing_of_the_kind(bridge: Bridge) -> None:
    assert (await bridge.push(consent())).json().keys() == {"messageId", "status"}


async def test_a_withheld_message_may_come_again_once_there_is_a_consent(bridge: Bridge) -> None:
    body = screening()
    first = await bridge.push(body)
    await bridge.push(consent())
    again = await bridge.push(body)
    assert again.status_code == 202
    assert again.json() != first.json()


async def test_the_same_id_with_another_body_is_409(bridge: Bridge) -> None:
    await bridge.push(consent())
    await bridge.push(screening(messageId="m-same"))
    assert problem(answer := await bridge.push(screening("SCR-2", messageId="m-same"))) == []
    assert answer.status_code == 409


@pytest.mark.parametrize("name", ["sip", "screening", "person"])
@pytest.mark.parametrize(("ending", "media_type"), [("json", "application/json"), ("xml", "application/xml")])
async def test_both_forms_of_the_push_format_are_taken(
    bridge: Bridge, name: str, ending: str, media_type: str
) -> None:
    body = (EXAMPLES / f"{name}.{ending}").read_bytes()
    assert (await bridge.push(body, media_type=media_type)).status_code == 202


@pytest.mark.parametrize(
    ("body", "media_type", "status", "code"),
    [
        (b"{", "application/json", 400, None),
        (b"<push>", "application/xml", 400, None),
        (b'<!DOCTYPE push [<!ENTITY a "b">]><push/>', "application/xml", 400, None),
        (b"{}", "text/plain", 415, "content-type-not-supported"),
        (b"{}", "", 415, "content-type-not-supported"),
        (b"{}", "application/json; charset=utf-16", 415, "content-type-not-supported"),
        (b" " * (MAX_BYTES + 1), "application/json", 413, "too-large"),
    ],
)
async def test_what_cannot_be_read_is_refused_before_anything_is_stored(
    bridge: Bridge, body: bytes, media_type: str, status: int, code: str | None
) -> None:
    answer = await bridge.push(body, media_type=media_type)
    assert answer.status_code == status
    assert code is None or [found for _, found in problem(answer)] == [code]
    assert await bridge.house.count(tables.message) == 0


async def test_every_faulty_field_is_named_at_once_and_no_value_is(bridge: Bridge) -> None:
    body = sip(person="191212121213")
    body["avsandare"]["organisation"] = "5560360000"
    body["sip"]["status"] = "okänt"
    body["sip"]["mal"][0]["malDatum"] = "2026-02-31"
    del body["sip"]["planId"]
    answer = await bridge.push(body)
    assert answer.status_code == 422
    assert {
        "person.id",
        "avsandare.organisation",
        "sip.status",
        "sip.planId",
        "sip.mal[0].malDatum",
    } <= {path for path, _ in problem(answer)}
    for value in ("191212121213", "5560360000", "okänt", "2026-02-31"):
        assert value not in answer.text


async def test_a_plan_without_its_five_contents_names_each_that_is_missing(bridge: Bridge) -> None:
    body = sip()
    for field in ("problem", "huvudansvar", "samordnare"):
        del body["sip"][field]
    body["sip"]["insatser"] = [one for one in body["sip"]["insatser"] if one["ansvarig"] == "kommun"]
    answer = await bridge.push(body)
    found = {code for _, code in problem(answer)}
    assert (answer.status_code, found) == (422, {f"sip-content-{number}" for number in range(1, 6)})


async def test_a_wrong_sum_and_an_impossible_score_are_named_by_item(bridge: Bridge) -> None:
    body = screening()
    body["screening"]["svar"][8]["poang"] = 1
    answer = await bridge.push(body)
    assert answer.status_code == 422
    assert {"screening.svar[8].poang", "screening.summa"} & {path for path, _ in problem(answer)}


async def test_a_plan_that_a_waiver_reaches_without_its_own_consent_is_422(bridge: Bridge) -> None:
    await bridge.push(consent())
    answer = await bridge.push(sip())
    assert (answer.status_code, problem(answer)) == (422, [("sip.status", "sip-consent-missing")])
    await bridge.push(plan_consent())
    assert (await bridge.push(sip())).status_code == 202


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer not.a.token"}])
async def test_without_a_good_token_nothing_is_taken(bridge: Bridge, headers: dict[str, str]) -> None:
    for channel in (PUSH, "no-such-channel"):
        answer = await bridge.http.post(f"/inbound/{channel}", json=screening(), headers=headers)
        assert (answer.status_code, problem(answer)) == (401, [])
        assert answer.headers["www-authenticate"] == "Bearer"
    assert await bridge.house.count(tables.message) == 0


@pytest.mark.parametrize("client", ["stranger", "region-push", "kommun-reads"])
async def test_a_channel_is_for_its_party_and_for_tokens_that_may_push(bridge: Bridge, client: str) -> None:
    pushed = await bridge.push(screening(), client)
    assert (pushed.status_code, problem(pushed)) == (403, [])
    own = await bridge.push(screening())
    assert (await bridge.status(own, client)).status_code == 403


async def test_a_body_that_names_another_sender_than_the_channels_party_is_403(bridge: Bridge) -> None:
    assert (await bridge.push(screening(avsandare=REGION))).status_code == 403


@pytest.mark.parametrize("channel", ["no-such-channel", HL7])
async def test_a_channel_that_is_not_http_or_not_there_is_404(bridge: Bridge, channel: str) -> None:
    answer = await bridge.push(screening(), channel=channel)
    assert (answer.status_code, problem(answer)) == (404, [])


async def test_the_sender_follows_its_message(bridge: Bridge) -> None:
    await bridge.push(consent())
    pushed = await bridge.push(screening())
    message = pushed.json()["messageId"]
    assert (await bridge.status(pushed)).json() == {"messageId": message, "state": "accepted", "codes": []}
    await bridge.house.work()
    assert (await bridge.status(pushed)).json()["state"] == "delivered"


@pytest.mark.parametrize("state", State)
async def test_codes_are_the_senders_to_know_unless_somebodys_consent_or_block_is_behind_them(
    bridge: Bridge, state: State
) -> None:
    pushed = await bridge.push(screening())
    row = tables.message.update().values(state=state, codes=("sip.mal: required",))
    await bridge.house.database.write(lambda connection: connection.execute(row))
    hidden = state in (State.WITHHELD, State.CANCELLED)
    assert (await bridge.status(pushed)).json() == {
        "messageId": pushed.json()["messageId"],
        "state": state.value,
        "codes": [] if hidden else ["sip.mal: required"],
    }


async def test_a_revocation_shows_as_the_state_alone(bridge: Bridge) -> None:
    await bridge.push(consent())
    pushed = await bridge.push(screening())
    await bridge.house.process()
    await bridge.push(revocation())
    shown = (await bridge.status(pushed)).json()
    assert (shown["state"], shown["codes"]) == ("cancelled", [])


async def test_the_sender_sees_only_messages_of_the_channel(tmp_path: Path) -> None:
    async with bridged(tmp_path, with_region_push()) as bridge:
        by_kommun = (await bridge.push(screening())).json()["messageId"]
        by_hl7 = (await bridge.house.send(oru_r01())).message_id
        own = await bridge.push(screening(avsandare=REGION), "region-push", REGION_PUSH)
        assert (await bridge.status(own, "region-push")).status_code == 200
        headers = {"Authorization": f"Bearer {bridge.token('region-push')}"}
        for message in (by_kommun, by_hl7, "no-such-message"):
            answer = await bridge.http.get(f"/inbound/{REGION_PUSH}/messages/{message}", headers=headers)
            assert (answer.status_code, problem(answer)) == (404, [])


async def test_a_request_id_is_echoed_and_answers_are_not_stored_on_the_way(bridge: Bridge) -> None:
    headers = {"Authorization": f"Bearer {bridge.token('kommun')}", "X-Request-Id": "trace-1"}
    for body in (screening(), {}):
        answer = await bridge.http.post(f"/inbound/{PUSH}", json=body, headers=headers)
        assert (answer.headers["x-request-id"], answer.headers["cache-control"]) == ("trace-1", "no-store")
    rows = await bridge.house.database.read(
        lambda c: c.scalars(select(tables.message.c.correlation_id)).all()
    )
    assert rows == ["trace-1"]


async def test_nothing_is_acknowledged_that_is_not_stored(bridge: Bridge) -> None:
    await bridge.house.break_audit()
    answer = await bridge.push(consent())
    assert (answer.status_code, problem(answer), answer.headers["retry-after"]) == (503, [], "5")
    assert await bridge.house.count(tables.consent) == 0


async def test_no_answer_carries_the_text_of_an_exception(bridge: Bridge) -> None:
    class Broken:
        def read(self, body: bytes, content_type: str) -> None:
            raise RuntimeError(SECRET)

    bridge.house.readers[PUSH] = Broken()  # type: ignore[assignment]  # it never returns
    answer = await bridge.push(screening())
    assert (answer.status_code, problem(answer)) == (500, [])
    assert SECRET not in answer.text


async def test_a_message_of_the_future_or_the_past_says_nothing_of_the_clock(bridge: Bridge) -> None:
    assert (await bridge.push(screening(skapad="2020-01-01T00:00:00Z"))).status_code == 202
    [message] = [await bridge.house.database.read(lambda c: c.execute(tables.message.select()).one())]
    assert message.received_at == NOW
    assert TOLVAN not in str(message)
