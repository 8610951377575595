"""OperationOutcome: good FHIR for every code, equal bytes for equal refusals, never a value."""

from __future__ import annotations

import json

import pytest

from adapter.domain.errors import Issue
from adapter.fhir.models import check_r4b
from adapter.fhir.outcome import MEANINGS, operation_outcome, refusal

STATUSES = (400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 422, 428, 429, 500, 503)


@pytest.mark.parametrize("code", sorted(MEANINGS))
def test_each_code_makes_good_fhir_in_both_languages(code: str) -> None:
    outcome = operation_outcome([Issue("CarePlan.status", code)])
    assert check_r4b(outcome) == ()
    issue = outcome["issue"][0]
    assert issue["details"]["coding"][0]["code"] == code
    assert issue["code"] == MEANINGS[code].type
    assert MEANINGS[code].swedish in issue["details"]["text"]
    assert MEANINGS[code].english in issue["details"]["text"]


@pytest.mark.parametrize("status", STATUSES)
def test_each_status_has_a_body_of_its_own(status: int) -> None:
    body = json.loads(refusal(status))
    assert check_r4b(body) == ()
    assert MEANINGS[body["issue"][0]["details"]["coding"][0]["code"]].status == status
    assert refusal(status) == refusal(status, [])


def test_a_parameter_is_a_location_and_an_element_an_expression() -> None:
    issues = operation_outcome(
        [Issue("http.status", "value"), Issue("Bundle.entry[0].resource.status", "value")]
    )["issue"]
    assert issues[0]["location"] == ["http.status"]
    assert issues[1]["expression"] == ["Bundle.entry[0].resource.status"]
    assert "expression" not in issues[0]


def test_a_code_that_the_table_lacks_is_still_told() -> None:
    issue = json.loads(refusal(422, [Issue("person.id", "identity-check-digit")]))["issue"][0]
    assert issue["code"] == "processing"
    assert issue["details"]["coding"][0]["code"] == "identity-check-digit"
