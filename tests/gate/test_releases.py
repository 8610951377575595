"""What a release carries, and when there is none."""

from __future__ import annotations

import pytest

from adapter.gate.decision import POLICY, Decision
from adapter.gate.enforce import ReleasedBundle, disclose_consents, enforce, refusal_of
from adapter.gate.release import Filtered, Withheld
from adapter.gate.rules import release_rules
from adapter.gate.verdict import Reason, Verdict
from tests.gate.builders import (
    IFO,
    NOW,
    OTHER_PERSON,
    PERSON,
    PSYKIATRI,
    Json,
    audit,
    care_plan,
    consent,
    decided,
    goal,
    patient,
    reference,
    request,
)

FLAG = frozenset({"sekretessmarkering"})
OTHERS = reference(OTHER_PERSON)


def test_consents_are_disclosed_whole_or_not_at_all() -> None:
    told = disclose_consents(
        [
            consent(),
            consent(id="c2", implicitRules="urn:x"),
            consent(id="c3", odd=1),
            consent(id="c4", odd=1),
        ],
        person=PERSON,
        reader=PSYKIATRI,
        at=NOW,
        rules=release_rules(),
    )
    assert told.resources == (consent(),)
    assert told.decision == Decision(Verdict.PERMIT, Reason.CONSENT, (), POLICY, NOW, True)
    assert (told.person, told.sender_unit, told.recipient_unit, told.released_at) == (
        PERSON,
        None,
        PSYKIATRI,
        NOW,
    )
    assert (told.record_types, told.withheld) == (frozenset(), ("Consent/c2", "Consent/c3", "Consent/c4"))
    assert told.alerts == ("modifier-extension", "element-undefined")


def test_consents_without_a_fault_alert_nobody() -> None:
    told = disclose_consents([consent()], person=PERSON, reader=None, at=NOW, rules=release_rules())
    assert (told.decision.alert, told.alerts, told.withheld, told.recipient_unit) == (False, (), (), None)


def outcome(*resources: Json, withheld: str | None = None) -> Filtered:
    return Filtered(resources, () if withheld is None else (Withheld("X/1", withheld),), ())


@pytest.mark.parametrize(
    ("result", "code"),
    [
        (outcome(), None),
        (outcome(withheld="no-match"), None),
        (outcome(withheld="protected-identity"), "protected-identity"),
        (outcome(withheld="sip-consent-missing"), "sip-consent-missing"),
        (outcome(patient(), withheld="sip-consent-missing"), "sip-consent-missing"),
        (outcome(goal(), withheld="sip-consent-missing"), None),
        (outcome(patient(), goal(), withheld="protected-identity"), None),
        (Filtered((), (Withheld("X/1", "sip-consent-missing"), Withheld("X/2", "protected-identity")), ()), "protected-identity"),
    ],
)  # fmt: skip
def test_everything_kept_back_has_a_name(result: Filtered, code: str | None) -> None:
    assert refusal_of(result) == code


def test_a_release_carries_what_was_decided_and_asked() -> None:
    asked = request(record_types=frozenset({"AUDIT"}), also_known_as=frozenset({OTHER_PERSON}))
    decision = decided(consent(), record_types=frozenset({"AUDIT"}))
    release = enforce(
        decision,
        [audit("1"), audit("2", subject=OTHERS), audit("3", odd=1), goal("4")],
        request=asked,
        rules=release_rules(),
        protection=frozenset(),
    )
    assert isinstance(release, ReleasedBundle)
    assert [item["id"] for item in release.resources] == ["1", "2"]
    assert (release.record_types, release.alerts) == (frozenset({"AUDIT"}), ("element-undefined",))
    assert release.withheld == ("Observation/3", "Goal/4")
    assert (release.decision, release.sender_unit) == (decision, IFO)


def test_the_flow_may_release_what_reveals() -> None:
    asked, plan = request(), care_plan(description="x")
    decision = decided(consent())
    release = enforce(
        decision, [plan], request=asked, rules=release_rules(), protection=FLAG, protected="release"
    )
    assert [item["description"] for item in release.resources] == ["x"]
