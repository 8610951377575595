"""The second opinion of fhir.resources: paths and codes, never values."""

from __future__ import annotations

from typing import Any

import pytest

from adapter.domain.errors import Issue
from adapter.fhir.models import check_r4b

SUBJECT = {"display": "Tolvan Tolvansson"}
GOOD: dict[str, Any] = {"resourceType": "CarePlan", "status": "active", "intent": "plan", "subject": SUBJECT}


def test_a_good_resource_has_no_issue() -> None:
    assert check_r4b(GOOD) == ()


@pytest.mark.parametrize(
    ("resource", "issue"),
    [
        ({}, Issue("Resource", "unknown-resource-type")),
        ({"resourceType": "Plan"}, Issue("Resource", "unknown-resource-type")),
        ({"resourceType": "CarePlanActivity"}, Issue("Resource", "unknown-resource-type")),
        ({"resourceType": "Identifier"}, Issue("Resource", "unknown-resource-type")),
        ({"resourceType": ["CarePlan"]}, Issue("Resource", "unknown-resource-type")),
        (
            {"resourceType": "CarePlan", "status": "active", "intent": "plan"},
            Issue("CarePlan.subject", "required"),
        ),
        (GOOD | {"status": None}, Issue("CarePlan.status", "required")),
        (GOOD | {"titel": "x"}, Issue("CarePlan.titel", "unknown-element")),
        (GOOD | {"191212121212": "x"}, Issue("CarePlan", "unknown-element")),
        (GOOD | {"period": {"start": "16/11"}}, Issue("CarePlan.period.start", "value")),
        (
            GOOD | {"activity": [{}, {"detail": {"status": 5}}]},
            Issue("CarePlan.activity[1].detail.status", "value"),
        ),
        (GOOD | {"contained": [{"resourceType": "Plan"}]}, Issue("CarePlan", "unreadable")),
    ],
)
def test_a_fault_is_told_by_path_and_code(resource: dict[str, Any], issue: Issue) -> None:
    assert issue in check_r4b(resource)


def test_issues_stand_under_the_given_root() -> None:
    issues = check_r4b(GOOD | {"status": 5}, "Bundle.entry[3].resource")
    assert issues == (Issue("Bundle.entry[3].resource.status", "value"),)
