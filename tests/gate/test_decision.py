"""The decision, case by case; the specification is the table."""

from __future__ import annotations

import pytest

from adapter.domain.records import CONSENT_CATEGORY
from adapter.gate.decision import Decision
from adapter.gate.request import SIP_PLAN
from adapter.gate.verdict import Reason
from tests.gate.builders import (
    KOMMUN,
    RECIPIENT,
    REGION,
    SENDER,
    VARDCENTRAL,
    actor,
    concept,
    consent,
    decided,
    permit,
)
from tests.gate.decision_page import PAGE, page
from tests.gate.decision_table import CASES, DENY, PERMIT, UNSURE, Case


def told(decision: Decision) -> object:
    return decision, decision.obligations


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_decision_table(case: Case) -> None:
    decision = decided(*case.consents, **case.asks)
    assert (decision.verdict, decision.reason) == (case.verdict, case.reason)
    if case.verdict is PERMIT:
        assert decision.obligations == case.obligations
    if case.alert is not None:
        assert decision.alert is case.alert
    if case.verdict is UNSURE:
        assert decision.alert


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_the_order_of_the_consents_does_not_matter(case: Case) -> None:
    assert told(decided(*reversed(case.consents), **case.asks)) == told(decided(*case.consents, **case.asks))


def test_denies_outnumber_permits_in_the_table() -> None:
    permits = [case for case in CASES if case.verdict is PERMIT]
    assert len(CASES) > 2 * len(permits)


def test_the_page_in_the_documentation_is_the_tables() -> None:
    assert PAGE.read_text("utf-8") == page()


def test_what_is_asked_says_what_the_decision_rests_on() -> None:
    decision = decided(consent(), consent(permit(actor=[actor(VARDCENTRAL)]), id="c2"))
    assert decision.consents == (("c1", "1"),)
    assert decision.policy == "sambro-gate/1"


def test_one_category_never_stands_for_the_other() -> None:
    assert decided(consent(), category=SIP_PLAN).verdict is DENY
    assert decided(consent(category="sip-plan"), category=SIP_PLAN).verdict is PERMIT
    both = consent() | {
        "category": [concept(CONSENT_CATEGORY, "osl-waiver"), concept(CONSENT_CATEGORY, "sip-plan")]
    }
    assert decided(both, category=SIP_PLAN).verdict is PERMIT


def test_the_sender_side_is_not_the_recipient_side() -> None:
    swapped = decided(consent(permit(actor=[actor(REGION)])), sender=RECIPIENT, recipient=SENDER)
    assert (swapped.verdict, swapped.reason) == (DENY, Reason.NO_MATCH)
    assert (
        decided(
            consent(permit(actor=[actor(KOMMUN)]), sender=REGION), sender=RECIPIENT, recipient=SENDER
        ).verdict
        is PERMIT
    )
