"""The release rules are data: what they name passes, and nothing else."""

from __future__ import annotations

import copy
from importlib.resources import files
from typing import Any

import pytest
import yaml

from adapter.gate.pruning import NotReleasable, Pruner
from adapter.gate.rules import ReleaseRules, compile_rules, release_rules
from tests.gate.builders import Json, audit, care_plan, consent


def raw() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(
        files("adapter.gate").joinpath("release_rules.yaml").read_text("utf-8")
    )
    return copy.deepcopy(loaded)


def pruned(rules: ReleaseRules, resource: Json) -> Json:
    return Pruner().prune(resource, rules.resources[resource["resourceType"]])


def test_a_rule_removed_takes_what_it_named_and_nothing_else() -> None:
    rules = raw()
    del rules["resources"]["Observation"]["valueInteger"]
    whole = pruned(release_rules(), audit())
    assert pruned(compile_rules(rules), audit()) == {
        name: value for name, value in whole.items() if name != "valueInteger"
    }
    assert "valueInteger" in whole


def test_a_rule_for_what_r4_does_not_define_is_refused() -> None:
    rules = raw()
    rules["resources"]["CarePlan"]["activity"]["plannedActivity"] = "plain"
    with pytest.raises(ValueError, match="plannedActivity"):
        compile_rules(rules)


@pytest.mark.parametrize("element", ["participant", "contact", "contained", "text", "photo"])
def test_what_names_relatives_or_holds_whole_documents_has_no_rule(element: str) -> None:
    named = {
        name
        for kind in ("Patient", "CarePlan", "Goal", "Observation", "Task")
        for name in release_rules().resources[kind].released
    }
    assert element not in named


def test_a_consent_passes_whole_as_we_file_it() -> None:
    assert pruned(release_rules(), consent()) == consent()


@pytest.mark.parametrize("planted", [{"modifierExtension": [{"url": "urn:x"}]}, {"implicitRules": "urn:x"}])
def test_a_modifier_refuses_the_resource_wherever_it_is_pruned(planted: Json) -> None:
    with pytest.raises(NotReleasable):
        pruned(release_rules(), care_plan(**planted))
