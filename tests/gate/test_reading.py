"""Untrusted JSON as the gate reads it: its bounds, periods, references, and what a resource says of itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from adapter.domain.identity import Identifier
from adapter.domain.records import DUDIT_SYSTEM, RecordType
from adapter.gate.facts import AUDIT_CODES, LOINC, Facts, as_list
from adapter.gate.reading import MAX_DEPTH, MAX_TEXT, MAX_VALUES, Node, Period, is_bounded, period_of
from adapter.gate.references import Ref, is_reference, ref_of, references_in
from adapter.gate.verdict import Reason
from tests.gate.builders import Json, audit, care_plan, coding, concept


def nested(depth: int) -> Any:
    value: Any = 1
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


@pytest.mark.parametrize(
    ("value", "bounded"),
    [
        (nested(MAX_DEPTH), True),
        (nested(MAX_DEPTH + 1), False),
        ([1] * (MAX_VALUES - 1), True),
        ([1] * MAX_VALUES, False),
        ([[1] * 100] * (MAX_VALUES // 101 + 1), False),
        ({"a": "x" * MAX_TEXT}, True),
        ({"a": "x" * MAX_TEXT, "b": "x"}, False),
        ({"a": "x" * MAX_TEXT, "b": ["x"]}, False),
        ("x" * MAX_TEXT, True),
        (None, True),
        ([], True),
    ],
)  # fmt: skip
def test_the_bounds_of_a_resource(value: object, bounded: bool) -> None:
    assert is_bounded(value) is bounded


def test_the_bounds_are_these() -> None:
    assert (MAX_DEPTH, MAX_VALUES, MAX_TEXT) == (32, 20_000, 1_000_000)


def day(number: int) -> datetime:
    return datetime(2024, 6, number, tzinfo=UTC)


def span(start: int | None, end: int | None) -> Period:
    return Period(None if start is None else day(start), None if end is None else day(end))


@pytest.mark.parametrize(
    ("period", "instant", "inside"),
    [
        (span(2, 4), 1, False), (span(2, 4), 2, True), (span(2, 4), 3, True), (span(2, 4), 4, False), (span(2, 4), 5, False),
        (span(None, 4), 1, True), (span(None, 4), 4, False), (span(2, None), 1, False), (span(2, None), 9, True), (span(None, None), 1, True),
    ],
)  # fmt: skip
def test_a_period_begins_with_its_start_and_stops_before_its_end(
    period: Period, instant: int, inside: bool
) -> None:
    assert period.contains(day(instant)) is inside


@pytest.mark.parametrize(
    ("outer", "inner", "encloses", "overlaps"),
    [
        (span(2, 6), span(2, 6), True, True),
        (span(2, 6), span(3, 5), True, True),
        (span(2, 6), span(1, 5), False, True),
        (span(2, 6), span(3, 7), False, True),
        (span(2, 6), span(1, 2), False, False),
        (span(2, 6), span(6, 7), False, False),
        (span(2, 6), span(7, 8), False, False),
        (span(2, 6), span(None, 5), False, True),
        (span(2, 6), span(3, None), False, True),
        (span(2, 6), span(None, 2), False, False),
        (span(2, 6), span(6, None), False, False),
        (span(2, 6), span(None, None), False, True),
        (span(None, 6), span(None, 6), True, True),
        (span(None, 6), span(1, 7), False, True),
        (span(None, 6), span(6, 7), False, False),
        (span(None, 6), span(5, None), False, True),
        (span(2, None), span(2, None), True, True),
        (span(2, None), span(1, 3), False, True),
        (span(2, None), span(1, 2), False, False),
        (span(2, None), span(None, 3), False, True),
        (span(None, None), span(None, None), True, True),
        (span(None, None), span(1, 2), True, True),
    ],
)  # fmt: skip
def test_whether_a_period_lies_inside_another_or_only_touches_it(
    outer: Period, inner: Period, encloses: bool, overlaps: bool
) -> None:
    assert outer.encloses(inner) is encloses
    assert outer.overlaps(inner) is overlaps


def test_a_period_of_one_day_lasts_until_the_next() -> None:
    assert period_of("2024-06-03", "2024-06-03") == Period(
        datetime(2024, 6, 2, 22, tzinfo=UTC), datetime(2024, 6, 3, 22, tzinfo=UTC)
    )
    assert period_of(None, None) == Period(None, None)


@pytest.mark.parametrize(
    ("start", "end"),
    [("2024-06-03", "2024-06-02"), ("2024", "2023"), ("igår", None), (None, "igår"), (None, "9999"), ("0001-01-01", None)],
)  # fmt: skip
def test_no_period_ends_before_it_starts_or_beyond_the_calendar(start: str | None, end: str | None) -> None:
    with pytest.raises(ValueError, match=r"ends before it starts|not a FHIR dateTime|edge of the calendar"):
        period_of(start, end)


NUMBER = Identifier("urn:s", "1")


@pytest.mark.parametrize(
    ("reference", "ref"),
    [
        ({"reference": "Goal/1"}, Ref("Goal/1", True, "Goal", None)),
        ({"reference": "Goal/" + "a" * 64}, Ref("Goal/" + "a" * 64, True, "Goal", None)),
        ({"reference": "Goal/" + "a" * 65}, Ref(None, True, None, None)),
        ({"reference": "Goal/1/_history/2"}, Ref("Goal/1", False, "Goal", None)),
        ({"reference": "https://x.org/fhir/Goal/1"}, Ref("Goal/1", False, "Goal", None)),
        ({"reference": "http://x.org/Goal/1/_history/2"}, Ref("Goal/1", False, "Goal", None)),
        ({"reference": "ftp://x.org/Goal/1"}, Ref(None, True, None, None)),
        ({"reference": "urn:uuid:1"}, Ref("urn:uuid:1", True, None, None)),
        ({"reference": "urn:uuid:1", "type": "Goal"}, Ref("urn:uuid:1", True, "Goal", None)),
        ({"reference": "x-urn:uuid:"}, Ref(None, True, None, None)),
        ({"reference": "Goal/1?x"}, Ref(None, True, None, None)),
        ({"reference": "goal/1"}, Ref(None, True, None, None)),
        ({"reference": "#1", "type": "Goal"}, Ref(None, True, "Goal", None)),
        ({"reference": 1, "type": 1}, Ref(None, True, None, None)),
        ({"reference": "Goal/1", "identifier": NUMBER.as_fhir()}, Ref("Goal/1", True, "Goal", NUMBER)),
        ({"type": "Goal", "identifier": NUMBER.as_fhir()}, Ref(None, True, "Goal", NUMBER)),
        ({"identifier": {"system": "urn:s"}}, Ref(None, True, None, None)),
        ({"identifier": {"value": "1"}}, Ref(None, True, None, None)),
        ({"identifier": {"system": 1, "value": "1"}}, Ref(None, True, None, None)),
        ({"identifier": [NUMBER.as_fhir()]}, Ref(None, True, None, None)),
    ],
)  # fmt: skip
def test_a_reference_as_it_is_compared(reference: Json, ref: Ref) -> None:
    assert ref_of(reference) == ref


@pytest.mark.parametrize(
    ("value", "is_one"),
    [
        ({"reference": "Goal/1"}, True),
        ({"identifier": NUMBER.as_fhir()}, True),
        ({"type": "Goal"}, True),
        ({"type": "Goal", "resourceType": "Basic"}, False),
        ({"reference": "Goal/1", "resourceType": "Basic"}, False),
        ({"type": "phone"}, False),
        ({"type": ""}, False),
        ({"type": concept("urn:x", "Goal")}, False),
        ({"reference": 1}, False),
        ({"identifier": [NUMBER.as_fhir()]}, False),
        ({"display": "x"}, False),
        ({}, False),
    ],
)  # fmt: skip
def test_what_is_a_reference(value: Json, is_one: bool) -> None:
    assert is_reference(value) is is_one


def test_references_are_found_at_any_depth() -> None:
    plan = care_plan(
        goal=[{"reference": "Goal/1"}], activity=[{"detail": {"goal": [{"reference": "Goal/2"}]}}], subject={}
    )
    assert {item["reference"] for item in references_in(plan)} == {"Goal/1", "Goal/2"}


def test_one_or_many_or_none() -> None:
    assert (as_list(None), as_list(1), as_list([1, 2]), as_list((1,)), as_list(0)) == (
        [],
        [1],
        [1, 2],
        [1],
        [0],
    )


def observed(*codes: Json) -> Json:
    return audit(code={"coding": list(codes)})


@pytest.mark.parametrize(
    ("resource", "record_type"),
    [
        *[(observed(coding("http://loinc.org", code)), RecordType.AUDIT) for code in ("75624-7", "72110-0", "72109-2", "75626-2")],
        (observed(coding(DUDIT_SYSTEM, "anything")), RecordType.DUDIT),
        (observed(coding("urn:x", "75624-7")), None),
        (observed(coding("http://loinc.org", "15074-8")), None),
        (observed(coding("http://loinc.org", "75624-7"), coding(DUDIT_SYSTEM, "x")), None),
        (observed({"code": "75624-7"}), None),
        (observed({"system": "http://loinc.org"}), None),
        (audit(code=None, category=[{"coding": [coding("http://loinc.org", "75624-7")]}]), None),
        ({"resourceType": "QuestionnaireResponse"}, None),
        (care_plan(), RecordType.SIP),
        ({"resourceType": "Patient"}, RecordType.PERSON),
        ({"resourceType": "Condition"}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_the_record_type_of_a_resource(resource: Json, record_type: RecordType | None) -> None:
    assert Facts(resource).record_type is record_type
    assert LOINC == "http://loinc.org"
    assert len(AUDIT_CODES) == 4


@pytest.mark.parametrize(
    ("elements", "interval"),
    [
        ({"effectiveDateTime": "2024"}, period_of("2024", "2024")),
        ({"effectiveInstant": "2024-06-03T10:00:00Z"}, period_of("2024-06-03T10:00:00Z", "2024-06-03T10:00:00Z")),
        ({"effectivePeriod": {"start": "2024"}}, period_of("2024", None)),
        ({"period": {"end": "2024"}}, period_of(None, "2024")),
        ({"period": {"start": "2023", "end": "2024"}}, period_of("2023", "2024")),
        ({"effectiveDateTime": "2024", "period": {"end": "2020"}}, period_of("2024", "2024")),
        ({"effectiveDateTime": "igår", "period": {"end": "2020"}}, None),
        ({"effectivePeriod": {"start": "2024"}, "period": {"end": "2020"}}, period_of("2024", None)),
        ({"period": {}}, None),
        ({"period": {"start": ""}}, None),
        ({"period": {"start": 2024}}, None),
        ({"period": {"start": "2024", "end": "2023"}}, None),
        ({"period": [1]}, None),
        ({"issued": "2024"}, None),
    ],
)  # fmt: skip
def test_when_a_resource_holds(elements: Json, interval: Period | None) -> None:
    assert Facts({"resourceType": "Basic"} | elements).interval == interval


def test_what_a_resource_says_of_itself() -> None:
    facts = Facts(
        {
            "resourceType": "Task",
            "id": "1",
            "identifier": NUMBER.as_fhir(),
            "code": concept("urn:a", "1"),
            "category": [concept("urn:b", "2")],
            "type": concept("urn:c", "3"),
            "reasonCode": concept("urn:d", "4"),
            "meta": {"security": [coding("urn:e", "5")], "tag": [coding("urn:f", "6")]},
            "author": {"reference": "Practitioner/1"},
            "performer": {"reference": "Practitioner/2"},
        }
    )
    assert (facts.key, facts.keys) == ("Task/1", frozenset({"Task/1", "urn:uuid:1"}))
    assert facts.identifiers == {NUMBER}
    assert facts.codes == {("urn:a", "1"), ("urn:b", "2"), ("urn:c", "3")}
    assert facts.codes_anywhere == facts.codes | {("urn:d", "4"), ("urn:e", "5"), ("urn:f", "6")}
    assert facts.labels == facts.stated_labels == {("urn:e", "5")}
    assert [author.key for author in facts.authors] == ["Practitioner/1"]
    performed = Facts(audit(performer=[{"reference": "Practitioner/2"}, "x"], author={"reference": "X/1"}))
    assert [author.key for author in performed.authors] == ["Practitioner/2"]


@pytest.mark.parametrize("half", [{"system": "urn:x"}, {"code": "1"}, {"system": "urn:x", "code": 1}, {"system": 1, "code": "1"}])  # fmt: skip
def test_a_code_without_a_system_or_a_system_without_a_code_is_none(half: Json) -> None:
    facts = Facts(observed(half) | {"meta": {"security": [half]}})
    assert facts.codes == facts.codes_anywhere == facts.labels == frozenset()


def test_a_resource_without_an_id_has_no_key() -> None:
    for resource in ({"resourceType": "Task"}, {"resourceType": "Task", "id": 1}):
        assert (Facts(resource).key, Facts(resource).keys) == (None, frozenset())
    assert Facts({}).type == ""
    assert Facts({"meta": {"security": [coding("urn:e", "5")]}}, frozenset()).stated_labels == frozenset()
    assert Facts({"meta": []}).labels == frozenset()


def test_a_node_notes_what_it_cannot_read_with_its_path() -> None:
    node = Node(
        {"child": [], "children": [{}, 1, {}], "empty": [], "one": {"end": "2024"}, "text": 1, "blank": ""},
        "X",
        [],
    )
    assert (node.child("child"), node.child("none"), node.children("none"), node.text("none")) == (None,) * 4
    assert node.children("one") == node.children("empty") == []
    assert [child.path for child in node.children("children") or ()] == ["X.children[0]", "X.children[2]"]
    assert (node.text("text"), node.text("blank"), node.period("one")) == (
        None,
        None,
        period_of(None, "2024"),
    )
    node.fault(Reason.ACTOR_UNRESOLVED)
    assert [(issue.path, issue.code) for issue in node.faults] == [
        ("X.child", "consent-unreadable"),
        ("X.one", "consent-unreadable"),
        ("X.empty", "consent-unreadable"),
        ("X.children[1]", "consent-unreadable"),
        ("X.text", "consent-unreadable"),
        ("X.blank", "consent-unreadable"),
        ("X", "actor-unresolved"),
    ]


@pytest.mark.parametrize(
    ("value", "noted"),
    [
        ({"status": "active"}, []),
        ({"status": "active", "_status": {"extension": [{}]}}, []),
        ({"_status": {"extension": [{}]}}, ["X.status"]),
        ({"id": "1", "extension": [{}], "modifierExtension": []}, []),
        ({"modifierExtension": [{}]}, ["X.modifierExtension"]),
        ({"other": 1, "_other": {}}, ["X.other", "X.other"]),
        ({"191212121212": 1, "tolvan 191212121212": 1}, ["X", "X"]),
    ],
)
def test_an_element_that_is_not_known_or_has_only_an_extension_is_noted(
    value: Json, noted: list[str]
) -> None:
    node = Node(value, "X", [])
    node.check(frozenset({"status"}))
    assert [(issue.path, issue.code) for issue in node.faults] == [
        (path, "element-not-evaluated") for path in noted
    ]


def test_codings_without_system_or_code_are_read_as_equal_to_nothing() -> None:
    node = Node({"coding": [{"system": "urn:x"}, {"code": "1"}, coding("urn:x", "1")], "text": "x"}, "X", [])
    assert node.concept() == {("urn:x", ""), ("", "1"), ("urn:x", "1")}
    assert node.faults == []
