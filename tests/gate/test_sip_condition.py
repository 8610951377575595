"""Whether a plan may stand: it needs its own Consent in force for the same pair."""

from __future__ import annotations

from typing import Any

import pytest

from adapter.gate.decision import Decision, sip_condition
from tests.gate.builders import (
    UNRESOLVABLE,
    Json,
    care_plan,
    consent,
    data,
    permit,
    registered,
    request,
)
from tests.gate.decision_table import (
    DENY,
    PERMIT,
    UNSURE,
    R,
)

SIP_CONSENT = consent(category="sip-plan", id="s1")


def plan_may_stand(plan: Json, *resources: object, **fields: Any) -> Decision:
    return sip_condition(plan, request(**fields), registered(resources))


@pytest.mark.parametrize("status", ["draft", "revoked"])
def test_a_plan_that_is_not_in_force_needs_no_consent(status: str) -> None:
    decision = plan_may_stand(care_plan(status=status))
    assert (decision.verdict, decision.reason) == (PERMIT, R.CONSENT)


@pytest.mark.parametrize("status", ["active", "completed", "on-hold", "?"])
def test_any_other_plan_needs_its_own(status: str) -> None:
    plan = care_plan(status=status)
    assert plan_may_stand(plan, SIP_CONSENT).verdict is PERMIT
    missing = plan_may_stand(plan, consent())
    assert (missing.verdict, missing.reason, missing.scope) == (DENY, R.SIP_CONSENT_MISSING, ())
    elsewhere = plan_may_stand(
        plan, consent(permit(data=data("instance", "CarePlan/9")), category="sip-plan")
    )
    assert (elsewhere.verdict, elsewhere.reason, elsewhere.scope) == (DENY, R.SIP_CONSENT_MISSING, ())
    doubtful = plan_may_stand(plan, consent(permit(actor=[UNRESOLVABLE]), category="sip-plan"))
    assert (doubtful.verdict, doubtful.reason, doubtful.alert) == (UNSURE, R.ACTOR_UNRESOLVED, True)


def test_the_plans_own_consent_is_asked_for_whatever_was_asked_for() -> None:
    asks = {"types": frozenset({"Observation"}), "record_types": frozenset({"AUDIT"})}
    assert plan_may_stand(care_plan(status="active"), SIP_CONSENT, **asks).verdict is PERMIT
