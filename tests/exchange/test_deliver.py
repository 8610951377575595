"""Delivering: decided again at each attempt, sent at least once under one key, tried again or given up, then forgotten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from structlog.testing import capture_logs

from adapter.domain.errors import Issue, MappingError, Unreachable
from adapter.domain.instants import stockholm_date
from adapter.domain.perseverance import Retry
from adapter.domain.states import State
from adapter.exchange.audit_forms import request_id_of
from adapter.exchange.ports import DeliveryFailed
from adapter.exchange.receipt import Receipt
from adapter.exchange.retry import next_attempt
from adapter.store.database import StaleClaim
from tests.exchange.bodies import Json, consent, plan_consent, revocation, screening, sip
from tests.exchange.fakes import NOW, Outside
from tests.exchange.house import House, catalog, opened
from tests.exchange.parties import alingsas

YESTERDAY: Final = stockholm_date(NOW) - timedelta(days=1)


async def queued(house: House, body: Json | None = None, **terms: Any) -> Receipt:
    """A message that waits in the region's lane."""
    await house.push(consent(**terms))
    receipt = await house.push(body or screening())
    await house.process()
    return receipt


def kinds(events: list[Json]) -> list[tuple[str, str]]:
    return [(event["type"]["code"], event["outcome"]) for event in events]


async def test_a_release_carries_the_record_and_of_the_patient_the_number_alone(house: House) -> None:
    await house.carry_after_consent(sip(status="utkast"))
    [release] = house.region.taken
    assert {"CarePlan", "CareTeam", "Goal", "Patient"} <= {one["resourceType"] for one in release.resources}
    [patient] = [one for one in release.resources if one["resourceType"] == "Patient"]
    assert patient.keys() == {"resourceType", "id", "meta", "identifier"}
    assert patient["meta"].keys() == {"profile"}


async def test_a_delivery_says_which_mapping_made_its_records(house: House) -> None:
    await house.carry_after_consent(screening())
    [release] = house.region.taken
    assert release.provenance is not None
    version = catalog().named("neutral-push-screening").version
    assert release.provenance["policy"] == [
        f"https://w3id.org/sambro/mapping/neutral_push/neutral-push-screening|{version}",
        "https://w3id.org/sambro/cut-offs/screening|2",
    ]
    [record] = [one for one in release.resources if one["resourceType"] == "Observation"]
    assert release.provenance["target"] == [{"reference": f"Observation/{record['id']}"}]
    assert release.provenance["recorded"] == "2026-11-22T12:00:00.000Z"
    assert release.provenance["agent"][0]["who"]["identifier"]["value"] == "2120001553"


async def test_a_later_attempt_says_when_the_message_was_received(house: House) -> None:
    receipt = await queued(house)
    house.region.fail("http-503")
    await house.deliver()
    house.clock.move(minutes=10)
    await house.deliver()
    [release] = house.region.taken
    assert release.provenance is not None
    assert release.provenance["recorded"] == "2026-11-22T12:00:00.000Z"
    assert release.provenance["entity"][0]["what"]["identifier"]["value"] == receipt.message_id


async def test_a_flow_may_want_no_provenance(tmp_path: Path) -> None:
    def without_provenance(tree: Json) -> None:
        for flow in tree["flows"]:
            flow["provenance"] = False

    async with opened(tmp_path, alingsas(without_provenance)) as house:
        await house.carry_after_consent(screening())
        [release] = house.region.taken
        assert release.provenance is None


async def test_each_release_has_an_authorization_and_both_halves_of_the_disclosure(house: House) -> None:
    receipt = await queued(house)
    before = len(await house.audit())
    await house.deliver()
    events = (await house.audit())[before:]
    assert kinds(events) == [("110113", "0"), ("110106", "0"), ("110107", "0")]
    records = [entity["what"].get("reference") for entity in events[1]["entity"]]
    assert any(str(record).startswith("Observation/") for record in records)
    assert [entity["what"].get("reference") for entity in events[2]["entity"]] == records
    assert {request_id_of(event) for event in events} == {receipt.message_id}


async def test_what_the_recipient_did_not_take_was_handed_over_and_not_received(house: House) -> None:
    await queued(house)
    house.region.fail("http-503")
    await house.deliver()
    assert len(await house.audit("disclosure")) == 1
    assert await house.audit("import") == []


async def test_a_consent_that_ended_before_the_attempt_lets_nothing_out(house: House) -> None:
    receipt = await queued(house, period={"start": "2026-11-16", "slut": "2026-11-22"})
    before = len(await house.audit())
    house.clock.move(days=1)
    await house.deliver()
    delivery = await house.delivery(receipt)
    assert (delivery.state, delivery.codes, delivery.attempts) == (State.WITHHELD, ("no-consent",), 0)
    assert kinds((await house.audit())[before:]) == [("110113", "8")]
    assert (house.region.keys, await house.contents()) == ([], 0)


async def test_a_revocation_between_decision_and_mark_wins(house: House) -> None:
    receipt = await queued(house)
    house.database.meanwhile = lambda: house.push(revocation())
    with pytest.raises(StaleClaim):
        await house.deliver()
    assert ((await house.message(receipt)).state, house.region.keys) == (State.CANCELLED, [])
    assert "110106" not in [code for code, _ in kinds(await house.audit())]
    assert (await house.carry_after_consent(screening("SCR-2"), "S-2")).state is State.DELIVERED


async def test_a_change_between_decision_and_mark_is_decided_anew(house: House) -> None:
    await queued(house)
    house.database.meanwhile = lambda: house.push(consent(atgard="andrat"))
    await house.deliver()
    [release] = house.region.taken
    assert [version for _, version in release.decision.consents] == ["2"]


async def test_a_protected_identity_withholds_what_could_reveal_a_place_and_alerts(house: House) -> None:
    receipt = await queued(house, sip(status="utkast"))
    await house.flag()
    with capture_logs() as logs:
        await house.deliver()
    assert (await house.delivery(receipt)).codes == ("protected-identity",)
    assert [line.get("party") for line in logs if line.get("code") == "protected-identity"] == ["kommun"]
    [event] = (await house.audit("authorization"))[-1:]
    assert (event["outcome"], event["outcomeDesc"]) == ("8", "protected-identity")
    assert await house.audit("disclosure") == []


async def test_a_failure_in_passing_is_tried_again_under_the_same_key(house: House) -> None:
    receipt = await queued(house)
    house.region.fail("http-503", "timeout")
    await house.deliver()
    delivery = await house.delivery(receipt)
    assert (delivery.state, delivery.codes, delivery.attempts) == (State.RETRYING, ("http-503",), 1)
    assert delivery.next_attempt_at == NOW + timedelta(seconds=0.5)
    assert (await house.deliver(), await house.contents()) == (0, 1)
    for seconds in (0.5, 1):
        house.clock.move(seconds=seconds)
        await house.deliver()
    delivery = await house.delivery(receipt)
    assert (delivery.state, delivery.attempts) == (State.DELIVERED, 3)
    assert len(house.region.keys) == 3
    assert len(set(house.region.keys)) == 1


@pytest.mark.parametrize(
    "failure", [DeliveryFailed("http-503", transient=True, retry_after=60), TimeoutError()]
)
async def test_what_fails_in_passing_keeps_its_content(house: House, failure: Exception) -> None:
    receipt = await queued(house)
    house.region.failures.append(failure)
    await house.deliver()
    assert (await house.delivery(receipt)).state is State.RETRYING
    assert await house.contents() > 0


async def test_the_recipient_says_how_long_to_wait(house: House) -> None:
    receipt = await queued(house)
    house.region.failures.append(DeliveryFailed("http-429", transient=True, retry_after=60))
    await house.deliver()
    assert (await house.delivery(receipt)).next_attempt_at == NOW + timedelta(seconds=60)


@pytest.mark.parametrize(
    ("attempts", "age", "retry_after", "jitter", "wait"),
    [
        (1, 0, None, 0.0, 0.5),
        (1, 0, None, 1.0, 1),
        (2, 0, None, 1.0, 2),
        (5, 0, None, 1.0, 16),
        (11, 0, None, 1.0, 900),
        (5000, 0, None, 1.0, 900),
        (1, 0, 30, 0.0, 30),
        (11, 0, 1, 1.0, 900),
        (1, 0, 86_400, 0.0, 900),
        (1, 86_399, None, 1.0, 1),
        (1, 86_400, None, 0.0, None),
    ],
)
def test_when_an_attempt_is_made_again(
    attempts: int, age: int, retry_after: float | None, jitter: float, wait: float | None
) -> None:
    """Doubled from one second to a quarter of an hour, at least half of it, until the message is a day old."""
    at = next_attempt(
        Retry(),
        NOW,
        attempts=attempts,
        received_at=NOW - timedelta(seconds=age),
        retry_after=retry_after,
        jitter=lambda: jitter,
    )
    assert at == (None if wait is None else NOW + timedelta(seconds=wait))


async def test_what_has_failed_for_a_day_is_given_up(house: House) -> None:
    receipt = await queued(house)
    house.region.fail("http-503")
    house.clock.move(hours=24)
    await house.deliver()
    assert (await house.delivery(receipt)).state is State.DEAD


@pytest.mark.parametrize(
    ("failure", "codes"),
    [
        (DeliveryFailed("http-422", transient=False), ("http-422",)),
        (MappingError([Issue("goal", "required")]), ("back-mapping-failed", "goal: required")),
    ],
)
async def test_a_failure_for_good_is_a_dead_letter_with_an_alert(
    house: House, failure: Exception, codes: tuple[str, ...]
) -> None:
    receipt = await queued(house)
    house.region.failures.append(failure)
    with capture_logs() as logs:
        await house.deliver()
    delivery = await house.delivery(receipt)
    assert (delivery.state, delivery.codes) == (State.DEAD, codes)
    assert "dead-letter" in [line.get("code") for line in logs]
    assert await house.contents() > 0


@pytest.mark.parametrize(("rule", "state"), [("hold", State.QUEUED), ("skip", State.DELIVERED)])
async def test_a_dead_letter_holds_its_lane_or_not_as_the_agreement_says(
    tmp_path: Path, rule: str, state: State
) -> None:
    async with opened(tmp_path, alingsas(lambda tree: tree["flows"][1].update(dead_letter=rule))) as house:
        await queued(house)
        house.region.fail("http-422", transient=False)
        await house.deliver()
        later = await house.carry(screening("SCR-2"))
        assert later.state is state


async def test_a_lane_that_a_dead_letter_held_goes_on_when_it_is_purged(house: House) -> None:
    dead = await queued(house, sip(status="utkast"))
    house.region.fail("http-422", transient=False)
    await house.deliver()
    later = await house.push(sip("SIP-2", status="utkast"))
    await house.work()
    assert (await house.delivery(later)).state is State.QUEUED
    house.clock.move(hours=73)
    await house.upkeep.sweep()
    await house.work()
    assert (await house.delivery(dead)).state is State.PURGED
    assert (await house.delivery(later)).state is State.DELIVERED


async def test_content_is_wiped_with_the_last_delivery(house: House) -> None:
    await house.push(consent())
    await house.carry(screening())
    assert await house.contents() == 0


async def test_content_stays_while_another_delivery_needs_it(house: House) -> None:
    for body in (consent(), plan_consent()):
        await house.push(body)
    await house.carry(sip())
    assert await house.contents() > 0
    house.clock.move(hours=72)
    await house.upkeep.sweep()
    assert await house.contents() == 0


class Crash(Exception):
    """The process dies here."""


async def test_a_crash_between_mark_and_end_is_sent_again_under_the_same_key(tmp_path: Path) -> None:
    outside = Outside()
    async with opened(tmp_path, outside=outside) as house:
        receipt = await queued(house)
        outside.region.failures.append(Crash())
        with pytest.raises(Crash):
            await house.deliver()
        assert (await house.message(receipt)).state is State.SENDING
    async with opened(tmp_path, outside=outside) as house:
        await house.work()
        delivery = await house.delivery(receipt)
        assert (delivery.state, delivery.codes) == (State.DELIVERED, ("attempt-cut-off",))
        assert len(outside.region.taken) == 1
        assert len(outside.region.keys) == 2
        assert len(set(outside.region.keys)) == 1


async def test_a_crash_before_processing_loses_nothing(tmp_path: Path) -> None:
    outside = Outside()
    async with opened(tmp_path, outside=outside) as house:
        await house.push(consent())
        receipt = await house.push(screening())
    async with opened(tmp_path, outside=outside) as house:
        await house.work()
        assert (await house.message(receipt)).state is State.DELIVERED


@pytest.mark.parametrize(
    "edit",
    [
        lambda tree: tree["flows"][1].update(records=["DUDIT"]),
        lambda tree: tree.update(agreement="https://example.org/another"),
        lambda tree: tree["valid"].update(to=YESTERDAY),
    ],
    ids=["its way is no longer agreed", "it is not in the settings", "it has ended"],
)
async def test_under_an_agreement_that_is_gone_nothing_is_sent(
    tmp_path: Path, edit: Callable[[Json], object]
) -> None:
    outside = Outside()
    async with opened(tmp_path, outside=outside) as house:
        receipt = await queued(house)
    async with opened(tmp_path, alingsas(edit), outside=outside) as house:
        with capture_logs() as logs:
            await house.work()
        delivery = await house.delivery(receipt)
        assert (delivery.state, delivery.codes) == (State.WITHHELD, ("agreement-gone",))
        assert await house.contents() == 0
    assert "agreement-gone" in [line.get("code") for line in logs]
    assert outside.region.keys == []


async def test_an_agreement_holds_to_the_end_of_its_last_day_in_stockholm(tmp_path: Path) -> None:
    until_today = alingsas(lambda tree: tree["valid"].update(to=stockholm_date(NOW)))
    async with opened(tmp_path, until_today) as house:
        await queued(house)
        late = await queued(house, screening("SCR-2"))
        house.clock.move(hours=10, minutes=59)
        await house.deliver()
        house.clock.move(minutes=1)
        await house.deliver()
        assert (len(house.region.taken), (await house.delivery(late)).state) == (1, State.WITHHELD)


async def test_a_mode_that_the_agreement_no_longer_has_is_not_used(tmp_path: Path) -> None:
    outside = Outside()
    async with opened(tmp_path, outside=outside) as house:
        receipt = await queued(house)

    def query_only(tree: Json) -> None:
        tree["flows"][1].update(modes=["query"])
        del tree["flows"][1]["deliver"]

    async with opened(tmp_path, alingsas(query_only), outside=outside) as house:
        await house.work()
        assert (await house.delivery(receipt)).state is State.WITHHELD
    assert outside.region.keys == []


async def test_nothing_is_sent_that_cannot_be_audited(house: House) -> None:
    receipt = await queued(house)
    await house.break_audit()
    with pytest.raises(Unreachable):
        await house.deliver()
    assert ((await house.message(receipt)).state, house.region.keys) == (State.QUEUED, [])
