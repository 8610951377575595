"""FHIRPath: the engine that we use agrees with an independent one, on every invariant that is checked."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import orjson
import pytest
from fhirpathpy import evaluate as evaluate_independently
from fhirpathpy.models import models

from adapter.fhir.profiles.definitions import Constraint, Element
from adapter.fhir.profiles.invariants import holds
from adapter.fhir.profiles.packaged import profile_checker
from tests.fhir.plans import bundle, sip
from tests.fhir.profiles.resources import CONSENT, OBSERVATION, PATIENT, QUESTIONNAIRE

NOT_IN_THE_OTHER = ("resolve()", "hasValue()")
"""Functions that the independent engine lacks."""
RESOURCES = [*sip(), bundle(sip()), PATIENT, OBSERVATION, CONSENT, QUESTIONNAIRE]


def constraints_of(element: Element) -> Iterator[tuple[str, Constraint]]:
    """Every invariant of a resource type with the path of its context."""
    for rule in (*element.constraints, *element.about_contained):
        yield element.path, rule
    for child in element.children.values():
        yield from constraints_of(child)


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: str(resource["resourceType"]))
def test_two_engines_agree(resource: dict[str, Any]) -> None:
    structure = profile_checker().definitions.of_type(resource["resourceType"])
    assert structure is not None
    rules = [
        item
        for item in constraints_of(structure.root)
        if not any(name in item[1].expression for name in NOT_IN_THE_OTHER)
    ]
    assert rules
    for path, rule in rules:
        for value in evaluate_independently(resource, path, {}, models["r4"]):
            around = {"resource": resource, "rootResource": resource}
            found = evaluate_independently(value, rule.expression, around, models["r4"])
            assert holds(rule, value, resource, resource) is (found == [True]), rule.key


def test_every_invariant_can_be_evaluated() -> None:
    distilled = orjson.loads((files("fhir_profiles") / "distilled.json").read_bytes())
    rules = {
        rule["key"]: Constraint(rule["key"], rule["expression"], rule["human"])
        for structure in distilled["structures"].values()
        for element in structure["elements"]
        for rule in element.get("constraints", ())
    }
    assert len(rules) > 100
    nothing = Constraint("always", "true", "")
    assert holds(nothing, {}, {}, {})
    for rule in rules.values():
        # One that cannot be parsed or run does not hold for anything; of those here each holds for something or for nothing at all.
        assert holds(
            Constraint(rule.key, f"({rule.expression}).exists() or true", ""), PATIENT, PATIENT, PATIENT
        ), rule.key
