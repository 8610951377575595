"""What a rule leaves of an object, and how the rules are compiled."""

from __future__ import annotations

from typing import Any

import pytest

from adapter.gate.pruning import NotReleasable, Pruner, changes_meaning, without_references
from adapter.gate.rules import ReleaseRules, Shape, compile_rules, release_rules
from adapter.gate.vocabulary import ACT_CODE, CONFIDENTIALITY, vocabulary
from tests.gate.builders import (
    Json,
)

PLAIN = Shape(
    {"a": "plain", "b": "reveals"}, frozenset({"a"}), frozenset({"a", "b", "c"}), frozenset(), False, {}
)
REFERENCE = Shape(
    {"reference": "plain"}, frozenset({"reference"}), frozenset({"reference"}), frozenset(), True, {}
)
OUTER = Shape(
    {"a": "plain", "inner": PLAIN, "ref": REFERENCE},
    frozenset({"a"}),
    frozenset({"a", "inner", "ref"}),
    frozenset({"urn:known"}),
    False,
    {"ref": REFERENCE},
)  # fmt: skip


@pytest.mark.parametrize(
    ("value", "left"),
    [
        ({"a": "x"}, {"a": "x"}),
        ({"a": ""}, {"a": ""}),
        ({"a": 0}, {"a": 0}),
        ({"a": False}, {"a": False}),
        ({"a": 1.5}, {"a": 1.5}),
        ({"a": ["x", "y"]}, {"a": ["x", "y"]}),
        ({"a": []}, {}),
        ({"id": "x"}, {}),
        ({"_a": {"extension": []}}, {}),
        ({"inner": {"a": "x", "c": "y"}}, {"inner": {"a": "x"}}),
        ({"inner": [{"a": "x"}, {"c": "y"}]}, {"inner": [{"a": "x"}]}),
        ({"inner": {"c": "y"}}, {}),
        ({"inner": [{"c": "y"}]}, {}),
        ({"modifierExtension": []}, {}),
        ({"extension": [{"url": "urn:known", "valueString": "x"}]}, {"extension": [{"url": "urn:known", "valueString": "x"}]}),
        ({"extension": [{"url": "urn:known", "valueString": "x"}, {"url": "urn:other", "valueString": "y"}]}, {"extension": [{"url": "urn:known", "valueString": "x"}]}),
        ({"extension": [{"url": "urn:known"}]}, {}),
        ({"extension": [{"url": "urn:known", "valueString": "x", "id": "1"}]}, {}),
        ({"extension": [{"url": "urn:known", "valueCoding": {}}]}, {}),
        ({"extension": [{"url": "urn:known", "id": "1"}]}, {}),
        ({"extension": [{"url": "urn:known", "undefined": "x"}]}, {}),
        ({"extension": [{"url": "urn:known", "extension": []}]}, {}),
        ({"extension": {"url": "urn:known", "valueString": "x"}}, {}),
        ({"extension": ["x"]}, {}),
        ({"inner": {"extension": [{"url": "urn:known", "valueString": "x"}]}}, {}),
    ],
)  # fmt: skip
def test_what_a_rule_leaves_of_an_object(value: Json, left: Json) -> None:
    pruner = Pruner()
    assert pruner.prune(value, OUTER) == left
    assert not pruner.reveals


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({"unknown": 1}, "element-undefined"),
        ({"_unknown": {}}, "element-undefined"),
        ({"inner": {"unknown": 1}}, "element-undefined"),
        ({"inner": "x"}, "element-undefined"),
        ({"inner": ["x"]}, "element-undefined"),
        ({"inner": None}, "element-undefined"),
        ({"a": None}, "element-undefined"),
        ({"a": {}}, "element-undefined"),
        ({"a": [["x"]]}, "element-undefined"),
        ({"modifierExtension": [{"url": "urn:x"}]}, "modifier-extension"),
        ({"inner": {"modifierExtension": [{"url": "urn:x"}]}}, "modifier-extension"),
        ({"inner": {"c": {"deep": [{"modifierExtension": [{}]}]}}}, "modifier-extension"),
        ({"inner": {"c": {"implicitRules": "urn:x"}}}, "modifier-extension"),
        ({"extension": [{"url": "urn:known", "modifierExtension": [{}]}]}, "modifier-extension"),
        ({"extension": {"implicitRules": "urn:x"}}, "modifier-extension"),
        ({"extension": [{"url": "urn:known", "implicitRules": "urn:x"}]}, "modifier-extension"),
    ],
)  # fmt: skip
def test_what_keeps_the_whole_resource_back(value: Json, code: str) -> None:
    with pytest.raises(NotReleasable) as refusal:
        Pruner().prune(value, OUTER)
    assert (refusal.value.code, str(refusal.value)) == (code, code)


@pytest.mark.parametrize("value", [{"b": "x"}, {"b": ["x"]}, {"b": 1}])
def test_an_element_that_reveals_is_remembered(value: Json) -> None:
    pruner = Pruner()
    assert pruner.prune({"inner": value}, OUTER) == {"inner": value}
    assert pruner.reveals


@pytest.mark.parametrize(
    ("value", "changes"),
    [
        ({}, False),
        ({"a": [{"b": {"extension": [{}]}}]}, False),
        ({"modifierExtension": []}, False),
        ({"implicitRules": ""}, False),
        ({"a": [{"modifierExtension": [{}]}]}, True),
        ([{"implicitRules": "urn:x"}], True),
    ],
)
def test_what_changes_meaning(value: object, changes: bool) -> None:
    assert changes_meaning(value) is changes


def kept(item: Json) -> Json | None:
    return None if item.get("reference") == "gone" else item


@pytest.mark.parametrize(
    ("value", "left"),
    [
        ({"a": "x", "ref": {"reference": "here"}}, {"a": "x", "ref": {"reference": "here"}}),
        ({"a": "x", "ref": {"reference": "gone"}}, {"a": "x"}),
        ({"ref": [{"reference": "gone"}, {"reference": "here"}]}, {"ref": [{"reference": "here"}]}),
        ({"ref": [{"reference": "gone"}]}, {}),
        ({"a": "x"}, {"a": "x"}),
    ],
)
def test_references_that_go_take_what_they_leave_empty_with_them(value: Json, left: Json) -> None:
    nested = Shape({}, frozenset(), frozenset(), frozenset(), False, {"outer": OUTER})
    before = repr(value)
    assert without_references(value, OUTER, kept) == left
    assert without_references({"outer": value, "x": 1}, nested, kept) == {"x": 1} | (
        {"outer": left} if left else {}
    )
    assert repr(value) == before


def rules_with(**resources: Any) -> ReleaseRules:
    return compile_rules(
        {
            "version": "t",
            "types": {"Place": {"display": "reveals"}, "Period": {"start": "plain"}},
            "resources": resources,
            "minimal": {"Patient": {"id": "plain"}},
            "provenance": {"recorded": "plain"},
            "protected": {"name": "x", "without": ["address"]},
        }
    )


def test_rules_as_they_are_compiled() -> None:
    rules = rules_with(
        Goal={"id": "plain", "extension": ["urn:x"], "expressedBy": "Place", "target": {"dueDate": "plain"}}
    )
    shape, place = rules.resources["Goal"], rules.resources["Goal"].released["expressedBy"]
    assert isinstance(place, Shape)
    assert (rules.version, rules.protected_name, rules.protected_without) == (
        "t",
        "x",
        frozenset({"address"}),
    )
    assert rules.minimal["Patient"].plain == frozenset({"id"})
    assert rules.provenance.plain == frozenset({"recorded"})
    assert (shape.plain, shape.extensions, shape.is_reference) == (
        frozenset({"id"}),
        frozenset({"urn:x"}),
        False,
    )
    assert shape.defined >= {"id", "lifecycleStatus", "expressedBy"}
    assert (place.is_reference, place.plain, place.released) == (True, frozenset(), {"display": "reveals"})
    assert shape.referring == {"expressedBy": place}
    assert rules.minimal["Patient"].referring == {}


def test_a_type_that_holds_a_reference_deep_down_refers() -> None:
    rules = rules_with(
        CarePlan={"activity": {"detail": {"performer": "Place", "status": "plain"}}, "period": "Period"}
    )
    assert rules.resources["CarePlan"].referring.keys() == {"activity"}


@pytest.mark.parametrize(
    "resource", [{"Goal": {"colour": "plain"}}, {"Goal": {"target": {"colour": "plain"}}}]
)
def test_a_rule_for_what_r4_does_not_define_is_refused(resource: Any) -> None:
    with pytest.raises(ValueError, match="R4 does not define"):
        rules_with(**resource)
    with pytest.raises(KeyError):
        rules_with(Nothing={})


def test_the_rules_that_ship() -> None:
    rules = release_rules()
    assert rules is release_rules()
    assert (rules.version, rules.protected_name) == ("1", "Skyddad uppgift")
    assert rules.protected_without >= {"address", "telecom", "contact", "generalPractitioner"}


def test_the_vocabulary_is_the_standards() -> None:
    words = vocabulary()
    assert words.kinds_of["COC"] >= {"TREAT"}
    assert words.kinds_of.keys() >= {"TREAT", "COC", "CAREMGT", "HQUALIMP", "ETREAT", "BTG"}
    assert words.resource_types >= {"Patient", "CarePlan", "Observation"}
    assert words.labels >= {(ACT_CODE, "ETH"), (CONFIDENTIALITY, "R")}
    assert [word for word in ("ETREAT", "BTG", "TREAT", "whatever") if words.is_emergency(word)] == [
        "ETREAT",
        "BTG",
    ]
