"""Paths in FHIR and HL7 v2 sources, what they mark as used, and the trace."""

from __future__ import annotations

from typing import Any

import pytest

from adapter.domain.errors import MappingError
from adapter.mapping.evaluation import TraceRow
from adapter.mapping.hl7v2 import parse
from tests.mapping.compiled import apply, out, push_mapping

HL7 = parse(
    b"MSH|^~\\&|A|B|C|D|20260301||ORU^R01|1|P|2.5\r"
    b"PID|1||77^^^LOCAL~191212121212^^^&1.2.752&ISO^NNSWE||Tolvansson&von^Tolvan||\r"
    b"OBR|1|P-7|F-9|AUDIT\rNTE|1||first~second\r"
    b"OBX|1|NM|A||3\rNTE|1||of item\rOBX|2|NM|B||4\r"
    b"OBR|2||F-10|DUDIT\rOBX|1|NM|C||5\r"
    b"ZRF|x\r"
).tree

BUNDLE = {
    "resourceType": "Bundle",
    "entry": [
        {
            "fullUrl": "urn:uuid:1",
            "resource": {
                "resourceType": "CarePlan",
                "id": "1",
                "status": "active",
                "contained": [{"resourceType": "Organization", "id": "o", "name": "kommun"}],
                "author": {"reference": "#o"},
                "goal": [{"reference": "Goal/g2"}, {"reference": "urn:uuid:g1"}, {"reference": "Goal/none"}],
                "extension": [{"url": "https://x.org/a", "valueUri": "u"}],
                "activity": [{"code": {"coding": [{"system": "s", "code": "c"}]}, "n": 1}],
            },
        },
        {"fullUrl": "urn:uuid:g1", "resource": {"resourceType": "Goal", "id": "g1", "text": "ett"}},
        {"resource": {"resourceType": "Goal", "id": "g2", "text": "två"}},
    ],
}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('"{PID-3}"', "77"),
        ('"{PID-3[5=NNSWE].1}"', "191212121212"),
        ('"{PID-3[4.2=1.2.752].4.3}"', "ISO"),
        ('"{PID-3.1.1}"', "77"),
        ('"{PID-3.1.2}"', None),
        ('"{PID-5}"', "Tolvansson"),
        ('"{PID-5.1.2}"', "von"),
        ('"{PID-6}"', None),
        ('"{PV1-2}"', None),
        ('{for: PID-3, do: "{.1}"}', ["77", "191212121212"]),
        ('{for: PID-3, do: "{.4.2}"}', ["1.2.752"]),
        ('{for: OBR, do: "{OBR-4} of {PID-5.2}"}', ["AUDIT of Tolvan", "DUDIT of Tolvan"]),
        (
            '{for: OBR, do: {for: OBX, do: "{OBR-4} {OBX-3} {OBX-5}"}}',
            ["AUDIT A 3", "AUDIT B 4", "DUDIT C 5"],
        ),
        ('{for: OBR, do: "{OBX[3.1=B]-5}"}', ["4"]),
        ('{for: OBR, do: {for: NTE, do: {for: NTE-3, do: "{.1}"}}}', ["first", "second"]),
        ('{for: OBR, do: {for: OBX, do: "{NTE-3}"}}', ["of item"]),
        ('{for: OBR, do: {for: OBX, do: "{^.NTE-3}"}}', ["first", "first"]),
        ('{for: "OBR[4=DUDIT]", do: "{OBR-3}"}', ["F-10"]),
        ("{if: ZRF, then: refused}", "refused"),
    ],
)
def test_hl7v2_path(template: str, expected: Any) -> None:
    assert out(template, HL7, source="hl7v2") == expected


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('"{CarePlan.status}"', "active"),
        ('"{Observation.status}"', None),
        ('{for: Goal, do: "{text}"}', ["ett", "två"]),
        ('{for: CarePlan.goal, do: "{resolve().text}"}', ["två", "ett"]),
        ('"{CarePlan.author.resolve().name}"', "kommun"),
        ('"{Goal[id=g2].text}"', "två"),
        ('{for: Goal, do: "{text} {CarePlan.status}"}', ["ett active", "två active"]),
        ('"{CarePlan.extension[url=https://x.org/a].valueUri}"', "u"),
        ('"{CarePlan.activity[code.coding.code=c].n}"', 1),
        ('"{entry.resource.status}"', "active"),
    ],
)
def test_fhir_path(template: str, expected: Any) -> None:
    assert out(template, BUNDLE, source="fhir") == expected


def test_a_single_resource_is_a_source_too() -> None:
    assert out('"{Goal.text}"', {"resourceType": "Goal", "text": "ett"}, source="fhir") == "ett"


@pytest.mark.parametrize(
    ("template", "ignored", "expected"),
    [
        ('"{a}"', "", ("b.c", "b.d.e", "list.x")),
        ('["{a}", "{b.c}", "{b.d.e}"]', "", ("list.x",)),
        ('["{a}", {for: list, do: "{x}"}]', "[b]", ()),
        ('{for: list, do: "{x}"}', "[b.d, a]", ("b.c",)),
        ('"{list[x=2].x}"', "[a, b]", ("list.x",)),
        ('{if: a, then: "{b.c}", else: "{b.d.e}"}', "[list]", ("b.d.e",)),
    ],
)
def test_fields_that_no_rule_read_are_reported(
    template: str, ignored: str, expected: tuple[str, ...]
) -> None:
    tree = {"a": 1, "b": {"c": 2, "d": [{"e": 3}], "f": None, "g": ""}, "list": [{"x": 1}, {"x": 2}]}
    mapping = push_mapping(template, extra=f"ignored: {ignored}\n" if ignored else "")
    assert apply(mapping, tree).unmapped == expected


def test_unread_hl7v2_fields_are_reported_by_segment_wherever_it_stands() -> None:
    mapping = push_mapping(
        '[{for: OBR, do: {for: OBX, do: "{OBX-3}{OBX-5}"}}, "{PID-3[5=NNSWE].1}"]',
        source="hl7v2",
        extra="ignored: [MSH, OBX-1, OBX-2, NTE, PID-5, PID-3.4]\n",
    )
    assert apply(mapping, HL7).unmapped == (
        "PID-1.1",
        "PID-3.1",
        "OBR-1.1",
        "OBR-2.1",
        "OBR-3.1",
        "OBR-4.1",
        "ZRF-1.1",
    )


def test_unread_fhir_fields_are_reported_by_resource_type() -> None:
    mapping = push_mapping(
        '[{for: CarePlan.goal, do: "{resolve().text}"}, "{CarePlan.status}"]',
        source="fhir",
        extra="ignored: [CarePlan.id, Goal.id, CarePlan.contained]\n",
    )
    assert apply(mapping, BUNDLE).unmapped == (
        "CarePlan.author.reference",
        "CarePlan.goal.reference",
        "CarePlan.extension.url",
        "CarePlan.extension.valueUri",
        "CarePlan.activity.code.coding.system",
        "CarePlan.activity.code.coding.code",
        "CarePlan.activity.n",
    )


def test_the_trace_says_which_source_field_gave_which_element() -> None:
    mapping = push_mapping('{plan: "{a}", items: {for: list, do: {n: {from: x, using: integer}}}}')
    assert apply(mapping, {"a": 1, "list": [{"x": 1}, {"x": 2}]}).trace == (
        TraceRow("a", "out.plan"),
        TraceRow("list.x", "out.items.n"),
    )


def test_an_error_never_carries_a_value() -> None:
    with pytest.raises(MappingError) as caught:
        out("{from: id, using: person_number}", {"id": "191212121213"})
    assert str(caught.value) == "id: identity-check-digit"
