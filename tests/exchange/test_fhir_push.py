"""FHIR that a side's own system pushes: the same envelope, gate, effects and log as the push format."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import pytest

from adapter.domain.errors import InputError
from adapter.domain.records import RECORD_ID, SECURITY_LABEL
from adapter.domain.states import State
from adapter.exchange.accept import ControlIdConflict, NotTheSender, Outcome, Receipt
from adapter.fhir.profiles.packaged import profile_checker
from adapter.fhir.xml.shapes import Shapes
from adapter.fhir.xml.writing import XmlWriter
from adapter.main.wires import fhir_reader
from adapter.mapping import native
from adapter.mapping.catalog import load_catalog, packaged_files
from adapter.mapping.evaluation import MappingContext
from adapter.mapping.source import Source
from connectors.fhir_rest.reader import ByMediaType, FhirReader
from tests.exchange.bodies import KOMMUN_UNIT, OTHER, TOLVAN, Json, consent, plan_consent
from tests.exchange.fakes import NOW
from tests.exchange.house import House, opened
from tests.exchange.parties import PUSH, alingsas, person

PERSONNUMMER: Final = "http://electronichealth.se/identifier/personnummer"
HSA_ID: Final = "urn:oid:1.2.752.29.4.19"
PLAN: Final = ("CarePlan-plan", "Goal-goal-short", "Goal-goal-long", "CareTeam-team")
JSON: Final = "application/fhir+json"


@cache
def reader() -> FhirReader:
    return fhir_reader()


def example(name: str) -> Json:
    """An example of a profile as a system of a side would hold it: no claim, no id of ours."""
    resource: Json = json.loads((files("fhir_profiles") / "examples" / f"{name}.json").read_bytes())
    del resource["meta"]
    resource["identifier"] = [{"system": "https://kommun.example/id", "value": resource["id"]}]
    return resource


def bundle(*names: str, message: str = "b-1", kind: str = "transaction") -> Json:
    entries: list[Json] = [
        {"fullUrl": f"https://kommun.example/fhir/{it['resourceType']}/{it['id']}", "resource": it}
        for it in map(example, names)
    ]
    if kind == "transaction":
        for entry in entries:
            entry["request"] = {"method": "POST", "url": entry["resource"]["resourceType"]}
    return {
        "resourceType": "Bundle",
        "identifier": {"system": "https://kommun.example/messages", "value": message},
        "type": kind,
        "timestamp": "2026-11-16T09:12:00+01:00",
        "entry": entries,
    }


def with_patient(body: Json, number: str = TOLVAN, **more: Any) -> Json:
    """The Bundle with a Patient that its records refer to by a literal reference, as servers write them."""
    patient = {
        "resourceType": "Patient",
        "id": "p7",
        "identifier": [{"system": "urn:oid:1.2.752.129.2.1.3.1", "value": number}],
        **more,
    }
    for entry in body["entry"]:
        for name in ("subject", "for", "patient", "expressedBy"):
            if name in entry["resource"]:
                entry["resource"][name] = {"reference": "Patient/p7"}
    request = {"request": {"method": "POST", "url": "Patient"}} if body["type"] == "transaction" else {}
    body["entry"].append({"fullUrl": "https://kommun.example/fhir/Patient/p7", "resource": patient} | request)
    return body


def document(body: Json) -> Json:
    """The same as a document, whose custodian is a unit of the kommun."""
    composition = {
        "resourceType": "Composition",
        "status": "final",
        "type": {"text": "SIP"},
        "subject": {"identifier": {"system": PERSONNUMMER, "value": TOLVAN}},
        "date": "2026-11-16",
        "author": [{"display": "Socialtjänsten"}],
        "title": "Samordnad individuell plan",
        "custodian": {"identifier": {"system": HSA_ID, "value": KOMMUN_UNIT}},
    }
    return _headed(body, "document", composition)


def message(body: Json, organization: str = "2120001553") -> Json:
    """The same as a message, whose sender stands in the Bundle."""
    header = {
        "resourceType": "MessageHeader",
        "eventCoding": {"system": "https://kommun.example/events", "code": "sip"},
        "source": {"endpoint": "https://kommun.example/fhir"},
        "sender": {"reference": "Organization/own"},
    }
    body = _headed(body, "message", header)
    own = {
        "resourceType": "Organization",
        "id": "own",
        "identifier": [{"system": "urn:oid:2.5.4.97", "value": organization}],
    }
    body["entry"].append({"fullUrl": "https://kommun.example/fhir/Organization/own", "resource": own})
    return body


def _headed(body: Json, kind: str, first: Json) -> Json:
    for entry in body["entry"]:
        entry.pop("request", None)
    head = {"fullUrl": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", "resource": first}
    return body | {"type": kind, "entry": [head, *body["entry"]]}


async def push(house: House, body: Json, content_type: str = JSON) -> Receipt:
    """Hand a Bundle over as the HTTP channel does."""
    text = json.dumps(body).encode()
    if "xml" in content_type:
        text = XmlWriter(Shapes(profile_checker().definitions)).written(text)
    house.readers[PUSH] = ByMediaType(reader(), house.readers[PUSH])
    arrival = house.readers[PUSH].read(text, content_type)
    return await house.accept(house.inboxes[PUSH], text, content_type, arrival)


def refused(body: Json) -> list[tuple[str, str]]:
    with pytest.raises(InputError) as caught:
        reader().read(json.dumps(body).encode(), JSON)
    assert caught.value.status == 422
    return [(issue.path, issue.code) for issue in caught.value.issues]


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


@pytest.mark.parametrize(
    ("identifiers", "codes"),
    [
        ([("https://kommun.example/org", "12")], []),
        ([("urn:oid:2.5.4.97", "2321000131")], ["sender-ambiguous"]),
    ],
)
def test_an_organisation_that_sends_has_one_number_whatever_its_systems_call_it(
    identifiers: list[tuple[str, str]], codes: list[str]
) -> None:
    body = message(bundle(*PLAN))
    stated = body["entry"][-1]["resource"]["identifier"]
    stated[:0] = [{"system": system, "value": value} for system, value in identifiers]
    if codes:
        assert refused(body) == [("Bundle.entry[0].resource.sender", code) for code in codes]
    else:
        sender = reader().read(json.dumps(body).encode(), JSON).sender
        assert sender is not None
        assert sender.value == "2120001553"


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


def _without_problem(body: Json) -> None:
    del body["entry"][0]["resource"]["description"]


def _without_goals(body: Json) -> None:
    del body["entry"][1:3]
    body["entry"][0]["resource"]["goal"] = [{"display": "x"}]


def _without_a_long_goal(body: Json) -> None:
    body["entry"][2]["resource"]["category"] = body["entry"][1]["resource"]["category"]


def _without_region(body: Json) -> None:
    del body["entry"][0]["resource"]["activity"][1]


def _without_team(body: Json) -> None:
    del body["entry"][3]


def _other_person(body: Json) -> None:
    body["entry"][1]["resource"]["subject"]["identifier"]["value"] = OTHER


NOT: Final = {"url": "https://kommun.example/not", "valueBoolean": True}


def _no_identifier(body: Json) -> None:
    del body["identifier"]


def _means_otherwise(body: Json) -> None:
    body["entry"][1]["resource"]["target"][0]["modifierExtension"] = [NOT]


def _means_otherwise_beside(body: Json) -> None:
    with_patient(body)["entry"][-1]["resource"]["modifierExtension"] = [NOT]


def _own_rules(body: Json) -> None:
    body["implicitRules"] = "https://kommun.example/rules"


def _contains(body: Json) -> None:
    plan = body["entry"][0]["resource"]
    plan["contained"] = [{"resourceType": "Organization", "id": "o", "name": "Vård"}]
    plan["contributor"] = [{"reference": "#o"}]


def _deletes(body: Json) -> None:
    body["entry"][0]["request"]["method"] = "DELETE"


def _conditional(body: Json) -> None:
    body["entry"][0]["request"]["ifNoneExist"] = "identifier=1"


def _led_out(body: Json) -> None:
    body["entry"][0]["resource"]["author"] = {"reference": "Practitioner/9"}


def _batch(body: Json) -> None:
    body["type"] = "batch"


def _second_plan(body: Json) -> None:
    second = deepcopy(body["entry"][0])
    second["fullUrl"] += "-2"
    second["resource"]["identifier"][0]["value"] = "other"
    body["entry"].append(second)


def _with_consent(body: Json) -> None:
    entry = bundle("Consent-waiver")["entry"][0]
    entry["resource"]["patient"] = body["entry"][0]["resource"]["subject"]
    body["entry"].append(entry)


def _wrong_number(body: Json) -> None:
    for entry in body["entry"]:
        entry["resource"]["subject"]["identifier"]["value"] = f"{TOLVAN[:-1]}3"


def _many_names(body: Json) -> None:
    body["entry"][0]["resource"]["identifier"] *= 21


def _many_entries(body: Json) -> None:
    for number in range(500):
        copied = deepcopy(body["entry"][1])
        copied["fullUrl"] += str(number)
        body["entry"].append(copied)


R: Final = "Bundle.entry[{}].resource"
FAULTS: Final[dict[Callable[[Json], None], tuple[str, str]]] = {
    _without_problem: (R.format(0), "sip-content-1"),
    _without_goals: (R.format(0), "sip-content-1"),
    _without_a_long_goal: (f"{R.format(0)}.goal", "sip-content-1"),
    _without_region: (R.format(0), "sip-content-2"),
    _without_team: (f"{R.format(0)}.careTeam[0]", "reference-not-in-bundle"),
    _other_person: (R.format(1), "other-person"),
    _no_identifier: ("Bundle.identifier.system", "required"),
    _means_otherwise: (f"{R.format(1)}.target[0].modifierExtension", "modifier-not-supported"),
    _means_otherwise_beside: (f"{R.format(4)}.modifierExtension", "modifier-not-supported"),
    _own_rules: ("Bundle.implicitRules", "modifier-not-supported"),
    _contains: (f"{R.format(0)}.contained", "contained-not-supported"),
    _deletes: ("Bundle.entry[0].request.method", "method-not-supported"),
    _conditional: ("Bundle.entry[0].request.ifNoneExist", "condition-not-supported"),
    _led_out: (f"{R.format(0)}.author", "reference-not-in-bundle"),
    _batch: ("Bundle.type", "bundle-type-not-supported"),
    _second_plan: ("Bundle.entry", "several-records"),
    _with_consent: (R.format(4), "consent-not-here"),
    _many_names: (f"{R.format(0)}.identifier", "too-many-values"),
    _many_entries: ("Bundle.entry", "too-many-values"),
    _wrong_number: (f"{R.format(0)}.subject", "identity-check-digit"),
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_what_is_wrong_is_refused_by_place_and_code(fault: Callable[[Json], None]) -> None:
    body = bundle(*PLAN)
    fault(body)
    assert FAULTS[fault] in refused(body)


def test_a_resource_in_place_of_a_bundle_is_told_so() -> None:
    assert refused(bundle(*PLAN)["entry"][1]["resource"]) == [("Bundle", "bundle-required")]


PLACES: Final = (
    "entry",
    "type",
    "meta",
    "entry.0",
    "entry.0.fullUrl",
    "entry.0.resource",
    "entry.0.resource.resourceType",
    "entry.0.resource.meta",
    "entry.0.resource.meta.profile",
    "entry.0.resource.meta.profile.0",
    "entry.0.resource.meta.security",
    "entry.0.resource.contained",
    "entry.0.resource.identifier",
    "entry.0.resource.subject",
)


@pytest.mark.parametrize("path", PLACES)
def test_no_shape_breaks_the_reader(path: str) -> None:
    *holders, name = (int(step) if step.isdigit() else step for step in path.split("."))
    outcomes: set[int] = set()
    for value in (None, 1, "x", [], {}, [1], {"x": 1}):
        body = bundle("Observation-audit-result")
        body["entry"][0]["resource"]["meta"] = {"profile": ["https://kommun.example/own"]}
        place: Any = body
        for holder in holders:
            place = place[holder]
        place[name] = value
        outcomes.add(_status(body))
    assert outcomes <= {200, 422}


def _status(body: Json) -> int:
    try:
        reader().read(json.dumps(body).encode(), JSON)
    except InputError as error:
        return error.status
    return 200


def test_a_total_that_its_answers_contradict_is_refused() -> None:
    body = bundle("Observation-audit-result")
    body["entry"][0]["resource"]["valueInteger"] += 1
    assert refused(body) == [(R.format(0), "screening-sum")]


@pytest.mark.parametrize("status", ["registered", "cancelled", "unknown"])
def test_a_result_that_is_none_is_refused(status: str) -> None:
    body = bundle("Observation-audit-result")
    body["entry"][0]["resource"]["status"] = status
    assert refused(body) == [(R.format(0), "screening-status")]


CUT_OFFS: Final = load_catalog(packaged_files()).cut_offs
BAND: Final = "https://w3id.org/sambro/fhir/CodeSystem/screening-band"
TEN_YEARS_OLD: Final = "1922-12-12"


@pytest.mark.parametrize(
    ("name", "total", "at", "stated", "ours", "told"),
    [
        ("audit", 30, "2026-11-16", "harmful", "probable-dependence", True),
        ("audit", 17, "2026-11-16", "low", "harmful", True),
        ("audit", 17, "2026-11-16", "harmful", "harmful", False),
        ("audit", 17, "2026-11-16", None, "harmful", True),
        ("audit", 17, TEN_YEARS_OLD, "harmful", None, True),
        ("audit-c", 7, "2026-11-16", "low", "risk", True),
        ("dudit", 30, "2026-11-16", "low", "probable-dependence", True),
    ],
)
def test_the_band_is_ours_whatever_the_sender_made_of_the_total(
    name: str, total: int, at: str, stated: str | None, ours: str | None, told: bool
) -> None:
    result = example(f"Observation-{name}-result") | {"valueInteger": total, "effectiveDateTime": at}
    result.pop("interpretation", None)
    if stated is not None:
        result["interpretation"] = [{"coding": [{"system": BAND, "version": "1", "code": stated}]}]
    body = {"resourceType": "Bundle", "entry": [{"resource": result}]}
    context = MappingContext(record_id=lambda *parts: "/".join(parts), received_at=NOW, person=person(TOLVAN))
    mapped = native.apply(Source("fhir", body), context, CUT_OFFS)
    [entry] = mapped.body["entry"]
    codings = [one["coding"] for one in entry["resource"].get("interpretation", ())]
    assert [[(it["version"], it["code"]) for it in coding] for coding in codings] == (
        [] if ours is None else [[("2", ours)]]
    )
    assert ("Observation.interpretation" in mapped.unmapped) is told


@pytest.mark.parametrize("second", ["Observation-audit-total", "Observation-audit-c-result"])
def test_two_results_are_two_messages(second: str) -> None:
    body = bundle("Observation-audit-result", second)
    assert refused(body) == [("Bundle.entry", "several-records")]


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


def test_no_more_faults_are_named_than_of_any_other_body() -> None:
    body = bundle("Observation-audit-result")
    body["entry"][0]["resource"]["performer"] = [{"reference": "Practitioner/9"}] * 300
    assert len(refused(body)) == 200


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
