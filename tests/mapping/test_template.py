"""What each construct of the mapping language gives."""

from __future__ import annotations

from typing import Any

import pytest

from adapter.domain.errors import Issue, MappingError
from adapter.mapping.source import Source
from tests.mapping.compiled import CONTEXT, PROTECTED, apply, fhir_mapping, out, push_mapping

TREE = {
    "nr": 7,
    "text": "Råd & stöd",
    "blank": "  ",
    "none": None,
    "done": False,
    "plan": {"nr": "P1", "goals": [{"nr": 1, "text": "ett", "tags": ["a", "b"]}, {"nr": 2, "tags": []}]},
    "ids": [{"system": "x", "value": "1"}, {"system": "y", "value": "2"}],
}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("active", "active"),
        ("5", 5),
        ("true", True),
        ("yes", "yes"),
        ('"{nr}"', 7),
        ('"{done}"', False),
        ('"{plan.nr}"', "P1"),
        ('"SIP {plan.nr}/{nr}: {done}"', "SIP P1/7: false"),
        ('"SIP {plan.nr} {none}"', None),
        ('"{{{nr}}}"', "{7}"),
        ('"{blank}"', None),
        ('"{none}"', None),
        ('"{missing.deeper}"', None),
        ('"{ids.value}"', "1"),
        ('"{ids[system=y].value}"', "2"),
        ('"{ids[system=q|y].value}"', "2"),
        ('"{ids[system=q].value}"', None),
        ('["{nr}", "{none}", a]', [7, "a"]),
        ('["{none}"]', None),
        ('{system: urn:x, value: "{nr}"}', {"system": "urn:x", "value": 7}),
        ('{system: urn:x, value: "{none}"}', None),
        ("{system: urn:x, code: y}", {"system": "urn:x", "code": "y"}),
        ('{coding: [{code: c}], text: "{none}"}', None),
        ('{for: plan.goals, do: "{text}"}', ["ett"]),
        ('{for: plan.goals, do: {n: "{nr}", p: "{$.plan.nr}"}}', [{"n": 1, "p": "P1"}, {"n": 2, "p": "P1"}]),
        ('{for: plan.goals, do: {for: tags, do: "{^.nr}{.}"}}', ["1a", "1b"]),
        ('[first, {for: plan.goals, do: "{nr}"}]', ["first", 1, 2]),
        ('{for: none, do: "{x}"}', None),
        ("{reference: {for: x}}", {"reference": {"for": "x"}}),
        ("{if: nr, equals: 7, then: seven, else: other}", "seven"),
        ('{if: nr, in: ["8", "9"], then: seven, else: other}', "other"),
        ("{if: done, equals: false, then: open}", "open"),
        ("{if: blank, then: there}", None),
        ("{if: none, equals: None, then: wrong}", None),
        ('{if: {if: nr, then: "{plan.nr}"}, equals: P1, then: nested}', "nested"),
        ("{from: none, default: d}", "d"),
        ('{from: none, default: {from: blank, default: "{nr}"}}', 7),
        ("{from: nr, default: d}", 7),
    ],
)
def test_value(template: str, expected: Any) -> None:
    assert out(template, TREE) == expected


@pytest.mark.parametrize(
    ("rule", "code", "expected"),
    [
        ("{from: c, table: colours}", "r", "red"),
        ("{from: c, table: sizes}", "L", 3),
        ("{from: c, table: sizes}", "XL", 2),
        ("{from: c, table: items, column: number}", "A", 1),
        ("{from: c, table: items, column: coding}", "a", {"code": "x"}),
        ("{from: c, table: items, column: number}", "total", None),
        ("{from: c, table: items, column: number, default: 9}", "total", 9),
        ("{from: c, table: own}", "1", "one"),
    ],
)
def test_table(rule: str, code: str, expected: Any) -> None:
    extra = "tables: {own: {rows: {1: one}}}\n"
    assert out(rule, {"c": code}, extra=extra) == expected


def test_taking_a_tables_default_is_a_warning() -> None:
    mapped = apply(push_mapping("{from: c, table: sizes}"), {"c": "XL"})
    assert mapped.issues == (Issue("c", "table-default", "warning"),)


def test_a_result_shares_nothing_with_its_table() -> None:
    mapping = push_mapping("{from: c, table: items, column: coding}")
    apply(mapping, {"c": "a"}).body["out"]["code"] = "changed"
    assert apply(mapping, {"c": "a"}).body["out"] == {"code": "x"}


def test_every_faulty_field_is_named_at_once() -> None:
    mapping = push_mapping(
        "{a: {from: plan.nr, required: true}, b: {from: c, table: colours}, d: {for: goals, required: true, do: x},"
        " e: {for: list, do: {from: n, using: integer}}, f: '{object}'}"
    )
    with pytest.raises(MappingError) as caught:
        apply(mapping, {"c": "violet", "list": [{"n": "1"}, {"n": "one"}], "object": {"x": 1}})
    assert set(caught.value.issues) == {
        Issue("plan.nr", "required"),
        Issue("c", "code-unknown"),
        Issue("goals", "required"),
        Issue("list.n", "not-an-integer"),
        Issue("object", "not-a-value"),
    }


def test_let_names_values_that_later_ones_and_the_body_read() -> None:
    mapping = push_mapping('["{$b}"]', extra='let: {a: "{nr}", b: "n{$a}"}\n')
    assert apply(mapping, {"nr": 5}).body == {"out": ["n5"]}


RESOURCES = """
  - name: plan
    id: ["{plan.nr}"]
    resource:
      resourceType: CarePlan
      identifier: [{value: {using: record_id}}]
      goal: {for: plan.goals, do: {using: reference, to: goal}}
      activity:
        - for: measures
          do: {goal: {using: reference, to: goal, id: ["{$.plan.nr}", "{goal}"]}}
  - name: goal
    for: plan.goals
    if: text
    id: ["{$.plan.nr}", "{nr}"]
    resource:
      resourceType: Goal
      description: "{text}"
      plan: {using: record_id, of: plan}
"""


def test_resources_have_deterministic_ids_and_refer_to_each_other() -> None:
    body = apply(fhir_mapping(RESOURCES), TREE | {"measures": [{"goal": 2}]}).body
    plan = {
        "resourceType": "CarePlan",
        "id": "CarePlan-P1",
        "identifier": [{"value": "CarePlan-P1"}],
        "goal": [{"reference": "Goal/Goal-P1-1"}],
        "activity": [{"goal": {"reference": "Goal/Goal-P1-2"}}],
    }
    goal = {"resourceType": "Goal", "id": "Goal-P1-1", "description": "ett", "plan": "CarePlan-P1"}
    assert body == {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"fullUrl": "urn:uuid:CarePlan-P1", "resource": plan},
            {"fullUrl": "urn:uuid:Goal-P1-1", "resource": goal},
        ],
    }


@pytest.mark.parametrize(
    ("resources", "tree", "issue"),
    [
        (RESOURCES, {"plan": {"goals": []}}, Issue("plan.nr", "required")),
        (
            RESOURCES,
            {"plan": {"nr": 1, "goals": [{"nr": 1, "text": "a"}, {"nr": 1, "text": "b"}]}},
            Issue("goal", "resource-repeated"),
        ),
        (
            "  - {name: a, if: x, id: [a], resource: {resourceType: Basic}}\n",
            {},
            Issue("", "nothing-mapped"),
        ),
    ],
)
def test_a_record_without_its_resources_is_refused(
    resources: str, tree: dict[str, Any], issue: Issue
) -> None:
    with pytest.raises(MappingError) as caught:
        apply(fhir_mapping(resources), tree)
    assert issue in caught.value.issues


PATIENT = """
  - name: patient
    id: [{using: subject_number}]
    resource:
      resourceType: Patient
      gender: "{sex}"
      address: {for: homes, do: {city: "{city}"}}
      contact: [{telecom: [{value: "{phone}"}]}]
"""


def test_nothing_that_tells_where_a_protected_person_is_leaves() -> None:
    mapping = fhir_mapping(PATIENT, extra="protected: [Patient.address, Patient.contact]\n")
    tree = {"sex": "male", "homes": [{"city": "Alingsås"}], "phone": "0322"}
    open_patient, hidden_patient = (
        apply(mapping, tree, context).body["entry"][0]["resource"] for context in (CONTEXT, PROTECTED)
    )
    assert open_patient["address"] == [{"city": "Alingsås"}]
    assert open_patient["contact"] == [{"telecom": [{"value": "0322"}]}]
    assert set(hidden_patient) == {"resourceType", "id", "gender"}


def test_a_source_of_another_form_is_refused() -> None:
    with pytest.raises(MappingError, match="wrong-source-form"):
        push_mapping("x").apply(Source("fhir", {}), CONTEXT)
