"""What is mapped: good FHIR, and plans that hold the five contents, whatever they claim to be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from adapter.domain.errors import Issue
from adapter.fhir.check import RecordChecker, ResourceChecker
from adapter.fhir.profiles.packaged import profile_checker
from tests.fhir.plans import bundle, sip

CHECKER: ResourceChecker = RecordChecker(profile_checker())
PATIENT, PLAN, GOAL, TEAM, LONG_GOAL = range(5)
Break = Callable[[list[dict[str, Any]]], object]


PLAN_PATH, TEAM_PATH = (f"Bundle.entry[{place}].resource" for place in (PLAN, TEAM))


def test_a_whole_plan_is_good() -> None:
    assert CHECKER.check(bundle(sip())) == ()


@pytest.mark.parametrize(
    ("spoil", "issue"),
    [
        (lambda it: it[PLAN].pop("description"), Issue(PLAN_PATH, "sip-content-1")),
        (lambda it: it[PLAN].pop("goal"), Issue(PLAN_PATH, "sip-content-1")),
        (lambda it: it[PLAN]["goal"].pop(), Issue(PLAN_PATH, "sip-content-1")),
        (lambda it: it[PLAN].update(goal=[{"display": "x"}] * 2), Issue(PLAN_PATH, "sip-content-1")),
        (lambda it: it.pop(LONG_GOAL), Issue(f"{PLAN_PATH}.goal", "sip-content-1")),
        (lambda it: it.pop(GOAL), Issue(f"{PLAN_PATH}.goal", "sip-content-1")),
        (
            lambda it: it[GOAL].update(lifecycleStatus="cancelled"),
            Issue(f"{PLAN_PATH}.goal", "sip-content-1"),
        ),
        (
            lambda it: it[GOAL]["category"][0]["coding"][0].update(code="long-term"),
            Issue(f"{PLAN_PATH}.goal", "sip-content-1"),
        ),
        (lambda it: it[PLAN].pop("activity"), Issue(PLAN_PATH, "sip-content-2")),
        (lambda it: it[PLAN]["activity"].pop(0), Issue(PLAN_PATH, "sip-content-2")),
        (lambda it: it[PLAN]["activity"].pop(1), Issue(PLAN_PATH, "sip-content-2")),
        (
            lambda it: it[PLAN]["activity"][1]["detail"]["performer"][0].pop("identifier"),
            Issue(PLAN_PATH, "sip-content-2"),
        ),
        (
            lambda it: it[PLAN]["activity"][2]["detail"].pop("performer"),
            Issue(PLAN_PATH, "sip-content-3"),
        ),
        (
            lambda it: it[PLAN]["activity"][2]["detail"]["performer"][0].pop("display"),
            Issue(PLAN_PATH, "sip-content-3"),
        ),
        (
            lambda it: it[PLAN]["activity"].append({"detail": {"status": "scheduled", "description": "x"}}),
            Issue(PLAN_PATH, "sip-content-3"),
        ),
        (lambda it: it[PLAN].pop("author"), Issue(PLAN_PATH, "sip-content-4")),
        (lambda it: it[PLAN]["author"].pop("identifier"), Issue(PLAN_PATH, "sip-content-4")),
        (lambda it: it[PLAN].pop("careTeam"), Issue(PLAN_PATH, "sip-content-5")),
        (lambda it: it.pop(TEAM), Issue(f"{PLAN_PATH}.careTeam", "sip-content-5")),
        (lambda it: it[TEAM].update(status="inactive"), Issue(f"{PLAN_PATH}.careTeam", "sip-content-5")),
        (lambda it: it[TEAM]["participant"].pop(0), Issue(TEAM_PATH, "sip-content-5-team")),
        (
            lambda it: it[TEAM]["participant"][0]["role"][0]["coding"][0].update(code="annan"),
            Issue(TEAM_PATH, "sip-content-5-team"),
        ),
    ],
)
def test_an_active_plan_without_a_content_is_refused(spoil: Break, issue: Issue) -> None:
    resources = sip()
    spoil(resources)
    assert CHECKER.check(bundle(resources)) == (issue,)


def test_a_plan_without_anything_lacks_four_contents_at_once() -> None:
    resources = sip()
    for element in ("description", "goal", "activity", "author", "careTeam"):
        del resources[PLAN][element]
    assert [issue.code for issue in CHECKER.check(bundle(resources))] == [
        "sip-content-1",
        "sip-content-2",
        "sip-content-4",
        "sip-content-5",
    ]


@pytest.mark.parametrize("status", ["draft", "revoked", "completed"])
def test_a_plan_that_is_not_active_may_be_incomplete(status: str) -> None:
    resources = sip()
    resources[PLAN]["status"] = status
    for element in ("goal", "activity", "author", "careTeam"):
        del resources[PLAN][element]
    assert CHECKER.check(bundle(resources)) == ()


@pytest.mark.parametrize(
    ("found", "issue"),
    [
        ({}, Issue("Bundle.entry", "required")),
        ({"resourceType": "Bundle"}, Issue("Bundle.entry", "required")),
        ({"resourceType": "CarePlan", "entry": []}, Issue("Bundle.entry", "required")),
        (bundle([None]), Issue("Bundle.entry[0].resource", "required")),
        (bundle([{"resourceType": "Plan"}]), Issue("Bundle.entry[0].resource", "unknown-resource-type")),
        (
            bundle([{"resourceType": "Goal", "foo": 1}]),
            Issue("Bundle.entry[0].resource.foo", "unknown-element"),
        ),
    ],
)
def test_what_is_no_bundle_of_good_resources_is_refused(found: dict[str, Any], issue: Issue) -> None:
    assert issue in CHECKER.check(found)
