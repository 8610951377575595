"""FHIR that a side's own system pushes: the same envelope, gate, effects and log as the push format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from adapter.domain.errors import InputError
from adapter.domain.records import CANONICAL, RECORD_ID, SECURITY_LABEL
from adapter.domain.states import State
from adapter.exchange.receipt import Outcome
from adapter.exchange.repeats import ControlIdConflict
from adapter.exchange.sending_unit import NotTheSender
from adapter.store import field_traces
from tests.exchange.bodies import KOMMUN_UNIT, OTHER, TOLVAN, Json, consent, plan_consent
from tests.exchange.fhir_bundles import (
    BAND,
    HSA_ID,
    JSON,
    PERSONNUMMER,
    PLAN,
    bundle,
    document,
    example,
    message,
    push,
    with_patient,
)
from tests.exchange.house import opened
from tests.exchange.parties import alingsas


@pytest.mark.parametrize("content_type", [JSON, "application/fhir+xml; charset=utf-8"])
@pytest.mark.parametrize("form", [with_patient, document, message])
async def test_a_plan_passes_with_our_ids_and_no_way_out_of_it(
    tmp_path: Path, form: Callable[[Json], Json], content_type: str
) -> None:
    async with opened(tmp_path, alingsas()) as house:
        await house.push(consent())
        await house.push(plan_consent())
        receipt = await push(house, form(bundle(*PLAN)), content_type)
        await house.work()
        assert (await house.message(receipt)).codes == ()
        [release] = house.region.taken
    assert release.provenance is not None
    assert f"{CANONICAL}/StructureDefinition/sip|0.1.0" in release.provenance["policy"]
    found = {it["resourceType"]: it for it in release.resources}
    assert set(found) - {"Patient"} == {"CarePlan", "Goal", "CareTeam"}
    plan = found["CarePlan"]
    assert plan["subject"] == {
        "type": "Patient",
        "identifier": {"system": PERSONNUMMER, "value": TOLVAN},
    }
    assert plan["identifier"][0] == {"system": RECORD_ID, "value": plan["id"]}
    assert plan["identifier"][1]["value"] == "plan"
    goals = {f"Goal/{it['id']}" for it in release.resources if it["resourceType"] == "Goal"}
    assert {link["reference"] for link in plan["goal"]} == goals
    assert plan["careTeam"] == [{"reference": f"CareTeam/{found['CareTeam']['id']}"}]


async def test_no_mapping_reads_it_and_its_trace_says_so(tmp_path: Path) -> None:
    async with opened(tmp_path, alingsas()) as house:
        await house.push(consent())
        await house.push(plan_consent())
        receipt = await push(house, bundle(*PLAN))
        await house.process()
        taken = await house.message(receipt)
        fields = await house.database.read(lambda c: field_traces.rows(c, taken.trace))
    assert (taken.mapping, fields) == (None, ())


async def test_a_new_version_keeps_its_id(tmp_path: Path) -> None:
    async with opened(tmp_path, alingsas()) as house:
        await house.push(consent())
        for number in ("b-1", "b-2"):
            await push(house, bundle("Observation-audit-result", message=number))
            await house.work()
        first, second = ([it["id"] for it in release.resources] for release in house.region.taken)
        assert first == second


async def test_a_repeat_is_known_by_the_identifier_of_the_bundle(tmp_path: Path) -> None:
    async with opened(tmp_path, alingsas()) as house:
        await house.push(consent())
        body = bundle("Observation-audit-result")
        receipts = [await push(house, body) for _ in range(2)]
        assert [receipt.outcome for receipt in receipts] == [Outcome.ACCEPTED, Outcome.REPEATED]
        with pytest.raises(ControlIdConflict):
            await push(house, body | {"timestamp": "2026-11-16T09:13:00+01:00"})


async def test_without_a_consent_nothing_of_it_is_kept(tmp_path: Path) -> None:
    async with opened(tmp_path, alingsas()) as house:
        receipt = await push(house, with_patient(bundle("Observation-dudit-result"), OTHER))
        assert (await house.message(receipt)).state is State.WITHHELD


async def test_an_active_plan_needs_its_consent(tmp_path: Path) -> None:
    async with opened(tmp_path, alingsas()) as house:
        await house.push(consent())
        with pytest.raises(InputError) as caught:
            await push(house, bundle(*PLAN))
        assert [(issue.path, issue.code) for issue in caught.value.issues] == [
            ("CarePlan.status", "sip-consent-missing")
        ]


async def test_a_finished_episode_ends_what_stood_on_it(tmp_path: Path) -> None:
    async with opened(tmp_path, alingsas()) as house:
        await house.push(consent())
        ended = await push(house, bundle("EpisodeOfCare-enrolment-closed"))
        assert ended.outcome is Outcome.IN_FORCE
        receipt = await push(house, bundle("Observation-audit-result", message="b-2"))
        assert (await house.message(receipt)).state is State.WITHHELD


async def test_another_organisation_is_not_the_sender(tmp_path: Path) -> None:
    async with opened(tmp_path, alingsas()) as house:
        with pytest.raises(NotTheSender):
            await push(house, message(bundle(*PLAN), "2321000131"))


async def test_what_a_patient_says_beside_a_record_stays_and_is_told(tmp_path: Path) -> None:
    async with opened(tmp_path, alingsas()) as house:
        await house.push(consent())
        body = with_patient(bundle("Observation-audit-result"), birthDate="1912-12-12")
        receipt = await push(house, body)
        await house.work()
        assert (await house.message(receipt)).unmapped == ("Patient.birthDate",)


async def test_a_label_of_protected_identity_is_kept(tmp_path: Path) -> None:
    async with opened(tmp_path, alingsas()) as house:
        await house.push(consent())
        label = {"system": SECURITY_LABEL, "code": "sekretessmarkering"}
        await push(house, with_patient(bundle("Observation-audit-result"), meta={"security": [label]}))
        standing = await house.standing(TOLVAN)
        assert standing.protection == {"sekretessmarkering"}


PROTECTED: Final = {"system": SECURITY_LABEL, "code": "sekretessmarkering"}


WORDS: Final = "Bor på Hemliga gatan 7"


SAID: Final = {"system": "https://kommun.example/own", "code": WORDS, "version": WORDS, "display": WORDS}


def _beside_the_score(observation: Json) -> None:
    """Words wherever FHIR has a place for them beside what a screening is made of."""
    observation["meta"] = {"security": [PROTECTED, SAID]}
    observation["identifier"].append({"system": "https://kommun.example/own", "value": WORDS})
    observation["identifier"][0] |= {"type": {"text": WORDS}, "assigner": {"display": WORDS}}
    for concept in (observation, observation["component"][0]):
        concept["code"]["coding"][0] |= {"display": WORDS, "version": WORDS}
        concept["code"]["text"] = WORDS
    observation["code"]["coding"].append(SAID)
    observation["category"].append({"coding": [SAID, SAID | {"code": "x"}], "text": WORDS})
    observation["interpretation"][0]["text"] = WORDS


@pytest.mark.parametrize("where", [_beside_the_score, None])
async def test_of_a_protected_persons_screening_codes_and_numbers_pass(
    tmp_path: Path, where: Callable[[Json], None] | None
) -> None:
    body = bundle("Observation-audit-result")
    observation = body["entry"][0]["resource"]
    observation["meta"] = {"security": [PROTECTED]}
    observation["performer"] = [{"type": "Organization"}]
    if where is not None:
        where(observation)
    async with opened(tmp_path, alingsas()) as house:
        await house.push(consent())
        await push(house, body)
        await house.work()
        [[passed]] = (release.resources for release in house.region.taken)
    assert WORDS not in str(passed)
    assert (passed["valueInteger"], len(passed["component"])) == (17, 10)
    assert passed["interpretation"] == [{"coding": [{"system": BAND, "version": "2", "code": "harmful"}]}]
    assert passed["code"] == {"coding": [{"system": "http://loinc.org", "code": "75624-7"}]}


@pytest.mark.parametrize(
    "said",
    [
        {"performer": [{"display": WORDS}]},
        {"performer": [{"identifier": {"system": "https://kommun.example/own", "value": WORDS}}]},
        {"note": [{"text": WORDS}]},
        {"category": [*example("Observation-audit-result")["category"], {"text": WORDS}]},
    ],
)
async def test_what_a_protected_persons_screening_says_in_words_keeps_it_back(
    tmp_path: Path, said: Json
) -> None:
    body = bundle("Observation-audit-result")
    body["entry"][0]["resource"] |= {
        "meta": {"security": [PROTECTED]},
        "performer": [{"type": "Organization"}],
    }
    body["entry"][0]["resource"] |= said
    async with opened(tmp_path, alingsas()) as house:
        await house.push(consent())
        receipt = await push(house, body)
        await house.work()
        assert house.region.taken == []
        assert (await house.delivery(receipt)).codes == ("protected-identity",)


async def test_of_what_a_server_says_of_a_record_its_labels_codes_pass(tmp_path: Path) -> None:
    async with opened(tmp_path, alingsas()) as house:
        await house.push(consent())
        body = bundle("Observation-audit-result")
        body["entry"][0]["resource"]["meta"] = {
            "profile": ["https://kommun.example/own"],
            "tag": [{"display": "words"}],
            "security": [{"system": "https://kommun.example/label", "code": "x", "display": "words"}],
        }
        await push(house, body)
        await house.work()
        [[observation]] = (release.resources for release in house.region.taken)
    assert "words" not in str(observation)
    assert "https://kommun.example/own" not in observation["meta"]["profile"]
    assert {"system": "https://kommun.example/label", "code": "x"} in observation["meta"]["security"]


async def test_what_we_delivered_and_comes_back_is_a_record_of_its_sender(tmp_path: Path) -> None:
    async with opened(tmp_path, alingsas()) as house:
        await house.push(consent())
        body = bundle("Observation-audit-result")
        known = body["entry"][0]["resource"]["identifier"]
        for number, ours in enumerate(("one", "other")):
            known[:] = [{"system": RECORD_ID, "value": ours}, *known[-1:]]
            body["identifier"]["value"] = f"b-{number}"
            await push(house, body)
            await house.work()
        ids = {it["id"] for release in house.region.taken for it in release.resources}
        assert len(house.region.taken) == 2
        assert len(ids) == 1


async def test_a_number_beyond_any_integer_passes_by_its_value(tmp_path: Path) -> None:
    body = bundle("Observation-audit-result")
    measured = {"url": "https://kommun.example/measured", "valueDecimal": 10**30}
    body["entry"][0]["resource"]["extension"] = [measured]
    async with opened(tmp_path, alingsas()) as house:
        await house.push(consent())
        receipt = await push(house, body)
        await house.work()
        assert (await house.message(receipt)).codes == ()
        assert len(house.region.taken) == 1


async def test_staff_are_named_by_what_is_no_personal_number(tmp_path: Path) -> None:
    body = bundle(*PLAN)
    known_by = [{"system": PERSONNUMMER, "value": OTHER}, {"system": HSA_ID, "value": KOMMUN_UNIT}]
    staff = {"resourceType": "Practitioner", "id": "9", "identifier": known_by}
    place = "https://kommun.example/fhir/Practitioner/9"
    request = {"method": "POST", "url": "Practitioner"}
    body["entry"].append({"fullUrl": place, "resource": staff, "request": request})
    body["entry"][3]["resource"]["participant"][0]["member"] = {"reference": "Practitioner/9"}
    async with opened(tmp_path, alingsas()) as house:
        await house.push(consent())
        await house.push(plan_consent())
        await push(house, body)
        await house.work()
        [release] = house.region.taken
    [team] = [it for it in release.resources if it["resourceType"] == "CareTeam"]
    assert team["participant"][0]["member"] == {"type": "Practitioner", "identifier": known_by[1]}
