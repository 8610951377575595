"""Search: what is refused, whom it is about, and which resources answer it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from adapter.domain.errors import InputError
from adapter.domain.identity import PERSONNUMMER, SAMORDNINGSNUMMER, PersonId
from adapter.domain.instants import start_of_day
from adapter.fhir.search import MAX_PARAMETERS, Search, parse_search
from adapter.fhir.search_parameters import PERSON_PARAMETERS, SEARCH_PARAMETERS, person_spellings

TODAY = date(2026, 11, 16)
TOLVAN = "191212121212"
PERSON = ("patient.identifier", f"{PERSONNUMMER}|{TOLVAN}")
AUDIT = "http://loinc.org|75624-7"


def parse(resource_type: str, *pairs: tuple[str, str]) -> Search:
    return parse_search(resource_type, pairs, today=TODAY)


def faults(resource_type: str, *pairs: tuple[str, str]) -> tuple[int, list[tuple[str, str]]]:
    with pytest.raises(InputError) as caught:
        parse(resource_type, *pairs)
    return caught.value.status, [(issue.path, issue.code) for issue in caught.value.issues]


@pytest.mark.parametrize("resource_type", sorted(SEARCH_PARAMETERS))
def test_no_person_is_refused_as_required(resource_type: str) -> None:
    spelling = person_spellings(resource_type)[0]
    assert faults(resource_type) == (400, [(f"http.{spelling}", "required")])


@pytest.mark.parametrize(
    "pairs",
    [
        (PERSON, PERSON),
        (PERSON, ("patient", "Patient/1")),
        (("patient.identifier", f"{TOLVAN},196101182803"),),
        (("patient.identifier", f"{PERSONNUMMER}|"),),
        (("patient.identifier", ""),),
        (("patient", ""),),
        (("patient", "Patient/1,Patient/2"),),
    ],
)
def test_anything_but_exactly_one_person_is_browsing(pairs: tuple[tuple[str, str], ...]) -> None:
    status, found = faults("CarePlan", *pairs)
    assert status == 400
    assert {code for _, code in found} == {"required"}


@pytest.mark.parametrize(
    ("name", "value", "person"),
    [
        ("patient.identifier", f"{PERSONNUMMER}|{TOLVAN}", PersonId(PERSONNUMMER, TOLVAN)),
        ("subject:identifier", TOLVAN, PersonId(PERSONNUMMER, TOLVAN)),
        ("patient.identifier", "19121212-1212", PersonId(PERSONNUMMER, TOLVAN)),
        (
            "patient.identifier",
            "urn:oid:1.2.752.129.2.1.3.3|196109732393",
            PersonId(SAMORDNINGSNUMMER, "196109732393"),
        ),
    ],
)
def test_a_person_is_read_by_identifier(name: str, value: str, person: PersonId) -> None:
    search = parse("CarePlan", (name, value))
    assert search.asked.person == person
    assert search.asked.text == value


@pytest.mark.parametrize(
    "value",
    [
        "191212121213",
        "not a number",
        "urn:unknown|" + TOLVAN,
        f"|{TOLVAN}",
        f"{PERSONNUMMER}|1|2",
        f"{SAMORDNINGSNUMMER}|{TOLVAN}",
    ],
)
def test_a_malformed_number_is_an_unknown_person(value: str) -> None:
    search = parse("Observation", ("patient.identifier", value))
    assert search.asked.person is None
    assert search.asked.patient_id is None
    assert search.asked.text == value


@pytest.mark.parametrize(
    ("value", "patient_id"), [("Patient/a-1", "a-1"), ("a-1", "a-1"), ("http://elsewhere/Patient/a-1", None)]
)
def test_a_reference_gives_the_logical_id(value: str, patient_id: str | None) -> None:
    assert parse("Consent", ("patient", value)).asked.patient_id == patient_id


def test_the_text_of_a_search_shows_no_person() -> None:
    for search in (parse("CarePlan", PERSON), parse("CarePlan", ("patient", TOLVAN))):
        assert TOLVAN not in repr(search)


@pytest.mark.parametrize(
    ("resource_type", "pair", "fault"),
    [
        ("CarePlan", ("name", "x"), ("http.name", "unknown-parameter")),
        ("CarePlan", ("_include", "CarePlan:subject"), ("http._include", "unsupported-include")),
        (
            "CarePlan",
            ("_has:Consent:patient:status", "x"),
            ("http._has:Consent:patient:status", "unknown-parameter"),
        ),
        ("CarePlan", ("patient.name", "x"), ("http.patient.name", "unknown-parameter")),
        ("CarePlan", ("code", "x"), ("http.code", "unknown-parameter")),
        ("Goal", ("status", "active"), ("http.status", "unknown-parameter")),
        ("CarePlan", ("status:not", "active"), ("http.status:not", "unsupported-modifier")),
        ("CarePlan", ("patient:missing", "true"), ("http.patient:missing", "unsupported-modifier")),
        ("CarePlan", ("date", "ap2026"), ("http.date", "unsupported-prefix")),
        ("CarePlan", ("date", "2026-13"), ("http.date", "value")),
        ("CarePlan", ("date", "9999"), ("http.date", "value")),
        ("CarePlan", ("date", ""), ("http.date", "value")),
        ("CarePlan", ("status", "active,"), ("http.status", "value")),
        ("CarePlan", ("category", "a|b|c"), ("http.category", "value")),
        ("CarePlan", ("category", "|"), ("http.category", "value")),
        ("CarePlan", ("_count", "-1"), ("http._count", "value")),
        ("CarePlan", ("_count", "all"), ("http._count", "value")),
        ("CarePlan", ("_count", "²"), ("http._count", "value")),
        ("CarePlan", ("_count", "9" * 11), ("http._count", "value")),
        ("CarePlan", ("_lastUpdated", "ge2026"), ("http._lastUpdated", "unknown-parameter")),
        ("CarePlan", ("_sort", "_lastUpdated"), ("http._sort", "unsupported-sort")),
        ("AuditEvent", ("_lastUpdated", "ge2026"), ("http._lastUpdated", "unknown-parameter")),
        ("CarePlan", (f"{TOLVAN}", "x"), ("http.parameter", "unknown-parameter")),
    ],
)
def test_what_is_not_understood_is_refused_by_name(
    resource_type: str, pair: tuple[str, str], fault: tuple[str, str]
) -> None:
    assert faults(resource_type, PERSON, pair) == (400, [fault])


def test_every_fault_is_told_at_once() -> None:
    status, found = faults("Observation", ("foo", "1"), ("date", "2026-1"))
    assert status == 400
    assert found == [
        ("http.foo", "unknown-parameter"),
        ("http.date", "value"),
        ("http.patient", "required"),
    ]


def test_too_many_parameters_are_refused_unread() -> None:
    pairs = (PERSON,) * (MAX_PARAMETERS + 1)
    assert faults("CarePlan", *pairs) == (400, [("http.query", "too-many")])


def test_the_count_is_read() -> None:
    assert parse("CarePlan", PERSON).count == 200
    assert parse("CarePlan", PERSON, ("_count", "0")).count == 0


@pytest.mark.parametrize("value", ["200", "201", "1000", "9999999999"])
def test_more_than_a_page_can_hold_is_a_whole_page(value: str) -> None:
    assert parse("CarePlan", PERSON, ("_count", value)).count == 200


OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "o1",
    "status": "final",
    "category": [
        {
            "coding": [
                {"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "survey"}
            ]
        }
    ],
    "code": {"coding": [{"system": "http://loinc.org", "code": "75624-7"}, {"code": "local,one"}]},
    "effectiveDateTime": "2026-11-16",
}


@pytest.mark.parametrize(
    ("name", "value", "matches"),
    [
        ("code", "75624-7", True),
        ("code", AUDIT, True),
        ("code", "http://snomed.info/sct|75624-7", False),
        ("code", "http://loinc.org|", True),
        ("code", "|75624-7", False),
        ("code", r"|local\,one", True),
        ("code", r"local\,one", True),
        ("code", "local,one", False),
        ("code", "x,75624-7", True),
        ("code", "75624", False),
        ("status", "final", True),
        ("status", "http://hl7.org/fhir/observation-status|final", True),
        ("status", "http://hl7.org/fhir/request-status|final", False),
        ("status", "FINAL", False),
        ("category", "survey", True),
        ("_id", "o1", True),
        ("_id", "o2,o3", False),
    ],
)
def test_tokens_match_exactly(name: str, value: str, matches: bool) -> None:
    assert parse("Observation", PERSON, (name, value)).matches(OBSERVATION) is matches


TASK: dict[str, Any] = {
    "resourceType": "Task",
    "id": "t1",
    "identifier": [{"system": "urn:a", "value": "1"}],
    "status": "requested",
    "code": {"coding": [{"system": "urn:kinds", "code": "sip-follow-up"}]},
    "basedOn": [{"reference": "CarePlan/c0"}, {"reference": "CarePlan/c1"}],
    "focus": {"reference": "CarePlan/c2"},
    "owner": {"type": "Organization", "identifier": {"system": "urn:units", "value": "7"}},
    "executionPeriod": {"start": "2026-11-01", "end": "2026-11-30"},
    "authoredOn": "2026-11-16",
}


@pytest.mark.parametrize(
    ("name", "value", "matches"),
    [
        ("identifier", "urn:a|1", True),
        ("identifier", "urn:b|1", False),
        ("status", "http://hl7.org/fhir/task-status|requested", True),
        ("status", "http://hl7.org/fhir/request-status|requested", False),
        ("code", "urn:kinds|sip-follow-up", True),
        ("based-on", "CarePlan/c1", True),
        ("based-on", "CarePlan/c2", False),
        ("focus", "CarePlan/c2", True),
        ("focus", "c2", True),
        ("focus", "Goal/c2", False),
        ("focus", "2", False),
        ("owner:identifier", "urn:units|7", True),
        ("owner:identifier", "urn:units|8", False),
        ("owner", "7", False),
        ("period", "2026-11", True),
        ("period", "lt2026-11", False),
        ("authored-on", "2026-11-16", True),
        ("authored-on", "gt2026-11-16", False),
    ],
)
def test_a_follow_up_is_found_by_what_it_says(name: str, value: str, matches: bool) -> None:
    assert parse("Task", PERSON, (name, value)).matches(TASK) is matches


@pytest.mark.parametrize(("value", "matches"), [("ge2026-11-16", True), ("lt2026-11-16", False)])
def test_a_consent_is_found_by_when_it_was_changed(value: str, matches: bool) -> None:
    kept = {"resourceType": "Consent", "meta": {"lastUpdated": "2026-11-16T10:00:00.500Z"}}
    assert parse("Consent", PERSON, ("_lastUpdated", value)).matches(kept) is matches


@pytest.mark.parametrize(
    ("value", "matches"),
    [
        ("2026-11-16", True),
        ("2026-11", True),
        ("2026-11-16T10:00:00Z", False),
        ("eq2026-11-17", False),
        ("ne2026-11-16", False),
        ("ne2026-11-17", True),
        ("lt2026-11-17", True),
        ("lt2026-11-16", False),
        ("lt2026-11-16T12:00:00+01:00", True),
        ("le2026-11-16", True),
        ("le2026-11-15", False),
        ("gt2026-11-15", True),
        ("gt2026-11-16", False),
        ("gt2026-11-16T12:00:00+01:00", True),
        ("ge2026-11-16", True),
        ("ge2026-11-17", False),
        ("sa2026-11-15", True),
        ("sa2026-11-16", False),
        ("eb2026-11-17", True),
        ("eb2026-11-16", False),
        ("2025,2026", True),
    ],
)
def test_a_date_is_an_interval(value: str, matches: bool) -> None:
    assert parse("Observation", PERSON, ("date", value)).matches(OBSERVATION) is matches


@pytest.mark.parametrize(
    ("period", "value", "matches"),
    [
        ({"start": "2026-01-01"}, "gt2030", True),
        ({"start": "2026-01-01"}, "lt2027", True),
        ({"start": "2026-01-01"}, "2026", False),
        ({"start": "2026-01-01", "end": "2026-06-30"}, "2026", True),
        ({"start": "2026-01-01", "end": "2026-06-30"}, "sa2026-06-30", False),
        ({"end": "2026-06-30"}, "eb2027", True),
        ({}, "ne2026", False),
        ({"start": "unreadable"}, "gt1900", False),
        (None, "ge1900", False),
    ],
)
def test_a_period_may_be_open(period: dict[str, str] | None, value: str, matches: bool) -> None:
    plan = {"resourceType": "CarePlan", "id": "p1", "period": period}
    assert parse("CarePlan", PERSON, ("date", value)).matches(plan) is matches


def test_repeated_parameters_must_all_match() -> None:
    both = parse("Observation", PERSON, ("date", "ge2026-11"), ("date", "lt2026-12"))
    assert both.matches(OBSERVATION)
    assert not parse("Observation", PERSON, ("date", "ge2026-11"), ("date", "lt2026-11")).matches(OBSERVATION)


@pytest.mark.parametrize(
    ("values", "bounds"),
    [
        (["eq2026-11-16"], ("2026-11-16", "2026-11-17")),
        (["ge2026-11-16"], ("2026-11-16", None)),
        (["eb2026-11-16"], (None, "2026-11-17")),
        (["gt2026-11-14", "ge2026-11-15", "lt2026-11-20"], ("2026-11-15", "2026-11-21")),
        (["2026-11-16,2026-11-14"], ("2026-11-14", "2026-11-17")),
        (["lt2026-11-16,gt2026-11-18"], (None, None)),
        (["ne2026-11-16"], (None, None)),
        ([], (None, None)),
    ],
)
def test_what_lies_outside_its_bounds_is_let_through_by_no_criterion(
    values: list[str], bounds: tuple[str | None, str | None]
) -> None:
    days = tuple(None if day is None else start_of_day(date.fromisoformat(day)) for day in bounds)
    search = parse("AuditEvent", PERSON, *(("date", value) for value in values))
    assert search.bounds("date") == days


def test_a_target_date_in_any_target_matches() -> None:
    goal = {"resourceType": "Goal", "target": [{"dueDate": "2026-12-31"}, {"dueDate": "2027-06-30"}]}
    assert parse("Goal", PERSON, ("target-date", "2027")).matches(goal)


def test_another_type_never_matches() -> None:
    assert not parse("CarePlan", PERSON).matches(OBSERVATION)


def test_every_type_has_parameters_for_the_person() -> None:
    assert PERSON_PARAMETERS.keys() == SEARCH_PARAMETERS.keys()


def test_an_order_has_no_more_rules_than_there_are_keys() -> None:
    many = ",".join(["date", "-date"] * 1_000)
    assert faults("Observation", PERSON, ("_sort", many)) == (400, [("http._sort", "too-many")])
