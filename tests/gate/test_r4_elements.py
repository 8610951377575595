"""The elements that the release rules take for FHIR R4's, against fhir.resources (R4B: the same elements for these types)."""

from __future__ import annotations

from importlib.resources import files

import pytest
import yaml
from fhir.resources.R4B import get_fhir_model_class

ELEMENTS: dict[str, list[str]] = yaml.safe_load(
    files("adapter.gate").joinpath("r4_elements.yaml").read_text("utf-8")
)


@pytest.mark.parametrize("path", ELEMENTS)
def test_a_type_has_the_elements_that_the_standard_defines_and_no_other(path: str) -> None:
    model = get_fhir_model_class("".join(part[0].upper() + part[1:] for part in path.split(".")))
    assert set(ELEMENTS[path]) - {"resourceType"} == set(model.elements_sequence())
    assert ("resourceType" in ELEMENTS[path]) == ("implicitRules" in ELEMENTS[path])


def test_no_element_is_named_twice() -> None:
    assert all(len(names) == len(set(names)) for names in ELEMENTS.values())
