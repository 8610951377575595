"""Processing an accepted message: mapped, checked, decided for each recipient, and queued in order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapter.domain.errors import Issue, Unreachable
from adapter.domain.states import State
from adapter.exchange.audit_forms import request_id_of
from tests.api import consents as fhir_consents
from tests.exchange.bodies import (
    KOMMUN,
    OTHER,
    REGION,
    adt_a31,
    consent,
    oru_r01,
    revocation,
    screening,
    sip,
)
from tests.exchange.held_plans import push_plans
from tests.exchange.house import House, opened
from tests.exchange.parties import alingsas, requester

UNKNOWN_CODE = oru_r01("VGR-9").replace(b"AUDIT-TOTAL", b"OTHER-TOTAL")
BOTH_INSTRUMENTS = (
    oru_r01("VGR-8") + b"OBR|2||F-2|DUDIT^DUDIT^L|||20261116\rOBX|1|NM|DUDIT-TOTAL^Summa^L||4\r"
)


async def test_a_message_that_cannot_be_mapped_is_invalid_and_keeps_its_raw_form(house: House) -> None:
    await house.push(consent())
    with capture_logs() as logs:
        message = await house.carry(UNKNOWN_CODE)
    assert (message.state, message.deliveries, await house.contents()) == (State.INVALID, (), 1)
    assert message.codes[0] == "OBX-3.1: code-unknown"
    assert "invalid-message" in [line.get("code") for line in logs]


async def test_an_invalid_message_never_holds_its_persons_lane(house: House) -> None:
    await house.push(consent())
    await house.send(UNKNOWN_CODE)
    assert (await house.carry(oru_r01())).state is State.DELIVERED


async def test_a_structure_that_the_second_opinion_refuses_is_invalid(house: House) -> None:
    await house.push(consent())
    house.outside.validator.issues = (Issue("OBX[1]-2", "table-value"),)
    message = await house.carry(oru_r01())
    assert (message.state, message.codes) == (State.INVALID, ("OBX[1]-2: table-value",))


async def test_a_message_that_breaks_the_processing_is_invalid_and_not_tried_for_ever(house: House) -> None:
    await house.push(consent())
    house.outside.validator.failure = RuntimeError("broken")
    message = await house.carry(oru_r01())
    assert (message.state, message.codes) == (State.INVALID, ("processing-fault",))


async def test_the_raw_form_of_an_invalid_message_is_wiped_after_three_days(house: House) -> None:
    await house.push(consent())
    receipt = await house.send(UNKNOWN_CODE)
    await house.work()
    house.clock.move(hours=71, minutes=59)
    await house.upkeep.sweep()
    assert await house.contents() == 1
    house.clock.move(minutes=2)
    await house.upkeep.sweep()
    assert ((await house.message(receipt)).state, await house.contents()) == (State.PURGED, 0)


async def test_source_fields_that_no_rule_used_are_recorded(house: House) -> None:
    await house.push(consent())
    message = await house.carry(oru_r01() + b"ZXX|1|Fritt|Text\r")
    assert message.state is State.DELIVERED
    assert message.codes == ("unknown-segment-ZXX",)
    assert {path for path in message.unmapped if path.startswith("ZXX")} == {"ZXX-1.1", "ZXX-2.1", "ZXX-3.1"}
    assert "Fritt" not in "".join(message.unmapped)


async def test_a_plan_is_queued_for_the_recipients_system_and_held_for_its_calls(house: House) -> None:
    receipt = await push_plans(house)
    await house.process()
    deliveries = (await house.message(receipt)).deliveries
    assert {(one.mode, one.recipient_system, one.recipient_unit, one.state) for one in deliveries} == {
        ("forward", "vgr-journal", "oppenpsykiatri", State.QUEUED),
        ("hold", None, "oppenpsykiatri", State.QUEUED),
    }


@pytest.mark.parametrize(
    ("recipients", "held_for"),
    [
        ([REGION, {"enhet": "SE2321000131-E0111"}], {"oppenpsykiatri", "vardcentral-1"}),
        ([REGION], {"oppenpsykiatri"}),
        ([{"enhet": "SE2321000131-E0111"}], {"vardcentral-1"}),
        ([{"organisation": "2321000131"}], {"oppenpsykiatri", "vardcentral-1"}),
    ],
    ids=["both units", "one", "the other", "the organisation"],
)
async def test_each_unit_that_may_call_has_a_hold_of_its_own_if_a_consent_reaches_it(
    tmp_path: Path, recipients: list[dict[str, str]], held_for: set[str]
) -> None:
    agreement = alingsas(lambda tree: tree["flows"][0].update(units=["oppenpsykiatri", "vardcentral-1"]))
    async with opened(tmp_path, agreement) as house:
        await house.push(consent(mottagare=[KOMMUN, *recipients]))
        receipt = await house.push(sip(status="utkast"))
        await house.process()
        deliveries = (await house.message(receipt)).deliveries
        assert {one.recipient_unit for one in deliveries if one.mode == "hold"} == held_for


async def test_each_record_type_is_decided_and_delivered_for_itself(house: House) -> None:
    await house.push(consent(uppgifter=["AUDIT"]))
    await house.carry(BOTH_INSTRUMENTS)
    [release] = house.kommun.taken
    assert release.record_types == {"AUDIT"}
    observations = [one for one in release.resources if one["resourceType"] == "Observation"]
    assert len(observations) == 1
    await house.push(consent("S-2", uppgifter=["DUDIT"]))
    await house.carry(BOTH_INSTRUMENTS.replace(b"VGR-8", b"VGR-10"))
    assert [sorted(release.record_types) for release in house.kommun.taken] == [
        ["AUDIT"],
        ["AUDIT"],
        ["DUDIT"],
    ]


async def test_a_newer_version_supersedes_the_older_that_waits(house: House) -> None:
    await house.push(consent())
    older = await house.push(sip(status="utkast"))
    await house.process()
    newer = await house.push(sip(status="utkast"))
    other = await house.push(sip("SIP-2", status="utkast"))
    await house.work()
    message = await house.message(older)
    assert {(one.state, one.codes) for one in message.deliveries} == {(State.CANCELLED, ("superseded",))}
    assert [(await house.delivery(one)).state for one in (newer, other)] == [State.DELIVERED] * 2
    assert len(house.region.taken) == 2


async def test_order_is_kept_for_each_person_and_nobody_waits_for_another(house: House) -> None:
    for person in (None, OTHER):
        await house.push(consent(f"S-{person}", **({"person": person} if person else {})))
    house.region.fail("http-503")
    first = await house.push(screening("SCR-1"))
    await house.work()
    second = await house.push(screening("SCR-2"))
    other = await house.push(screening("SCR-3", person=OTHER))
    await house.work()
    assert [(await house.message(one)).state for one in (first, second, other)] == [
        State.RETRYING,
        State.QUEUED,
        State.DELIVERED,
    ]
    house.clock.move(seconds=1)
    await house.work()
    assert [(await house.message(one)).state for one in (first, second)] == [State.DELIVERED] * 2
    keys = [(await house.delivery(one)).id for one in (first, second)]
    assert len(keys) == len(house.region.taken) - 1


async def test_a_decision_that_moved_before_its_commit_is_made_anew(house: House) -> None:
    await house.push(consent())
    receipt = await house.push(screening())
    house.database.meanwhile = lambda: house.push(revocation())
    await house.process()
    message = await house.message(receipt)
    assert (message.state, message.reason, message.deliveries) == (State.WITHHELD, "no-consent", ())
    assert await house.contents() == 0


async def test_every_decision_is_audited_in_the_transaction_of_its_deliveries(house: House) -> None:
    await house.push(consent(uppgifter=["AUDIT"]))
    receipt = await house.push(screening())
    await house.process()
    [event] = await house.audit("authorization")
    assert (event["outcome"], event["outcomeDesc"]) == ("0", "consent")
    assert request_id_of(event) == receipt.message_id


async def test_a_decision_is_logged_with_its_obligations_but_no_date_of_the_consent(house: House) -> None:
    results = {"system": "http://hl7.org/fhir/resource-types", "code": "Observation"}
    only: dict[str, Any] = {"dataPeriod": {"start": "2026-01-01", "end": "2026-12-31"}, "class": [results]}
    body = fhir_consents.consent(provision=fhir_consents.provision(**only))
    await house.consent_registry.create(requester(KOMMUN["organisation"], None), body, "request-1")
    message = await house.carry(screening())
    assert (await house.delivery(message)).decision["obligations"] == [
        {"kind": "dataPeriod", "effect": "only"},
        {"kind": "types", "effect": "only", "values": ["Observation"]},
    ]


async def test_without_audit_a_message_waits(house: House) -> None:
    await house.push(consent())
    receipt = await house.push(screening())
    await house.break_audit()
    with pytest.raises(Unreachable):
        await house.process()
    message = await house.message(receipt)
    assert (message.state, message.deliveries, await house.contents()) == (State.ACCEPTED, (), 1)


async def test_changed_person_data_goes_on_as_a_patient(house: House) -> None:
    await house.push(consent())
    assert (await house.carry(adt_a31())).state is State.DELIVERED
    assert house.kommun.types() == [["Patient"]]
