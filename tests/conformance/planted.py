"""Planted faults: a shipped example, made wrong in one way, and the finding that a checker of profiles owes for it.

``finding`` is part of what the official validator says: an invariant's key, or the id of its message. Our checker owes the same key, or
the code that OUR_CODES has for the message. Where the two disagree stands in DISAGREEMENTS, with the reason.
"""

from __future__ import annotations

from typing import Final

from adapter.domain.records import CANONICAL
from tests.conformance import planted_in_r4
from tests.conformance.planting import Planted, both, having, without

_CARDINALITY_MIN: Final = "Validation_VAL_Profile_Minimum"
_CARDINALITY_MAX: Final = "Validation_VAL_Profile_Maximum"
_NOT_THE_CODE: Final = "_DT_Fixed_Wrong"
_NOT_THE_CONCEPT: Final = "TYPE_CHECKS_PATTERN_CC"
_TOO_HIGH: Final = "Type_Specific_Checks_DT_Integer_GT"
_NO_SLICE: Final = "Validation_VAL_Profile_NotSlice"
_UNKNOWN_CODE: Final = "Terminology_TX_NoValid"

_MEASURE_WITHOUT_A_UNIT: Final = {
    "detail": {
        "status": "scheduled",
        "description": "Stödsamtal",
        "performer": [
            {
                "extension": [
                    {"url": f"{CANONICAL}/StructureDefinition/responsible-party", "valueCode": "region"}
                ],
                "display": "Regionen",
            }
        ],
    }
}

OUR_CODES: Final = {
    _CARDINALITY_MIN: "required",
    _CARDINALITY_MAX: "too-many-values",
    _NOT_THE_CODE: "pattern",
    _NOT_THE_CONCEPT: "pattern",
    _TOO_HIGH: "value",
    _NO_SLICE: "slice",
    _UNKNOWN_CODE: "code",
    **planted_in_r4.OUR_CODES,
}
"""What our checker calls a finding of the official validator."""
DISAGREEMENTS: Final = {
    **planted_in_r4.DISAGREEMENTS,
}
"""The faults that only the official validator finds, and why."""
PLANTED: Final = (
    # The five contents of an active SIP.
    Planted("SIP without the problem", "CarePlan-plan", without("description"), "sip-content-1"),
    Planted("SIP without goals", "CarePlan-plan", without("goal"), "sip-content-1"),
    Planted("SIP with one goal", "CarePlan-plan", without("goal", 1), "sip-content-1"),
    Planted(
        "SIP with a goal that is nothing but words",
        "CarePlan-plan",
        having({"display": "Klarar vardagen själv"}, "goal", 1),
        "sip-content-1",
    ),
    Planted("SIP without a measure of the region", "CarePlan-plan", without("activity", 1), "sip-content-2"),
    Planted(
        "SIP without the kommun's unit",
        "CarePlan-plan",
        without("activity", 0, "detail", "performer", 0, "identifier"),
        "sip-content-2",
    ),
    Planted(
        "SIP with a second measure of the region, without a unit",
        "CarePlan-plan",
        having(_MEASURE_WITHOUT_A_UNIT, "activity", 3),
        "sip-content-2",
    ),
    Planted(
        "SIP with a measure that nobody answers for",
        "CarePlan-plan",
        without("activity", 2, "detail", "performer"),
        "sip-content-3",
    ),
    Planted("SIP without overall responsibility", "CarePlan-plan", without("author"), "sip-content-4"),
    Planted("SIP without a team", "CarePlan-plan", without("careTeam"), "sip-content-5"),
    Planted(
        "result that is only asked for",
        "Observation-audit-result",
        having("registered", "status"),
        "screening-status",
    ),
    Planted("team without a coordinator", "CareTeam-team", without("participant", 0), "sip-content-5-team"),
    # The rest of a plan.
    Planted("plan that is an order", "CarePlan-plan", having("order", "intent"), _NOT_THE_CODE),
    Planted(
        "plan of another kind",
        "CarePlan-plan",
        having("VP", "category", 0, "coding", 0, "code"),
        _CARDINALITY_MIN,
    ),
    Planted("plan for nobody", "CarePlan-plan", having({"type": "Patient"}, "subject"), "sambro-subject"),
    Planted(
        "measure of an unknown party",
        "CarePlan-plan",
        having("staten", "activity", 0, "detail", "performer", 0, "extension", 0, "valueCode"),
        _UNKNOWN_CODE,
    ),
    Planted("goal without a horizon", "Goal-goal-short", without("category"), _CARDINALITY_MIN),
    Planted(
        "goal of an unknown horizon",
        "Goal-goal-short",
        having("medium", "category", 0, "coding", 0, "code"),
        _UNKNOWN_CODE,
    ),
    Planted("follow-up by nobody", "Task-follow-up", without("owner"), "sip-follow-up-owner"),
    Planted("follow-up without a date", "Task-follow-up", without("restriction"), _CARDINALITY_MIN),
    Planted("one case manager of two", "CareTeam-team-act", without("participant", 1), _CARDINALITY_MIN),
    Planted(
        "two case managers of one employer",
        "CareTeam-team-act",
        having("SE2120001553-1001", "participant", 1, "member", "identifier", "value"),
        "case-managers",
    ),
    # Screening.
    Planted(
        "AUDIT 18 for items of 17", "Observation-audit-result", having(18, "valueInteger"), "screening-sum"
    ),
    Planted(
        "AUDIT item 9 = 1",
        "Observation-audit-result",
        both(having(1, "component", 8, "valueInteger"), having(16, "valueInteger")),
        "screening-even",
    ),
    Planted(
        "AUDIT item 1 = 5",
        "Observation-audit-result",
        both(having(5, "component", 0, "valueInteger"), having(19, "valueInteger")),
        _TOO_HIGH,
    ),
    Planted(
        "AUDIT with nine answers",
        "Observation-audit-result",
        both(without("component", 9), having(15, "valueInteger")),
        "audit-item-10",
    ),
    Planted("AUDIT total 41", "Observation-audit-total", having(41, "valueInteger"), _TOO_HIGH),
    Planted(
        "AUDIT under AUDIT-C's code",
        "Observation-audit-result",
        having("75626-2", "code", "coding", 0, "code"),
        _NOT_THE_CONCEPT,
    ),
    Planted(
        "AUDIT-C with AUDIT's item 4",
        "Observation-audit-c-result",
        having("97734-8", "component", 2, "code", "coding", 0, "code"),
        _NO_SLICE,
    ),
    Planted("DUDIT total 45", "Observation-dudit-result", having(45, "valueInteger"), _TOO_HIGH),
    Planted(
        "DUDIT with ten answers",
        "Observation-dudit-result",
        both(without("component", 10), having(3, "valueInteger")),
        "dudit-item-11",
    ),
    Planted("screening without a person", "Observation-dudit-result", without("subject"), _CARDINALITY_MIN),
    Planted(
        "answer outside the form's scores",
        "QuestionnaireResponse-audit-answers",
        having(1, "item", 8, "answer", 0, "valueInteger"),
        "screening-answers",
    ),
    Planted(
        "answer that scores more than any",
        "QuestionnaireResponse-dudit-answers",
        having(5, "item", 0, "answer", 0, "valueInteger"),
        "screening-answers",
    ),
    Planted(
        "last answer of DUDIT that is odd",
        "QuestionnaireResponse-dudit-answers",
        having(3, "item", 10, "answer", 0, "valueInteger"),
        "screening-answers",
    ),
    # The person.
    Planted("person without an identity", "Patient-person", without("identifier"), _CARDINALITY_MIN),
    Planted(
        "person with our record id alone",
        "Patient-person",
        having("https://w3id.org/sambro/fhir/record-id", "identifier", 0, "system"),
        "sambro-person-1",
    ),
    Planted(
        "personnummer with a hyphen",
        "Patient-person",
        having("19121212-1212", "identifier", 0, "value"),
        "sambro-person-2",
    ),
    Planted(
        "two personnummer",
        "Patient-person",
        having(
            {"system": "http://electronichealth.se/identifier/personnummer", "value": "196101182803"},
            "identifier",
            1,
        ),
        _CARDINALITY_MAX,
    ),
    Planted("two names", "Patient-person", having({"family": "Tolvansson"}, "name", 1), _CARDINALITY_MAX),
    Planted(
        "relative with an address",
        "RelatedPerson-relative",
        having([{"city": "Alingsås"}], "address"),
        _CARDINALITY_MAX,
    ),
    # Consents.
    Planted("waiver without a sender", "Consent-waiver", without("organization"), "sambro-consent-2"),
    Planted("waiver without an end", "Consent-waiver", without("provision", "period"), "sambro-consent-3"),
    Planted("waiver without a provision", "Consent-waiver", without("provision"), "sambro-consent-1"),
    Planted("waiver of no agreement", "Consent-waiver", without("extension"), _CARDINALITY_MIN),
    Planted(
        "waiver of another category",
        "Consent-waiver",
        having("sip-plan", "category", 0, "coding", 0, "code"),
        _NOT_THE_CONCEPT,
    ),
    Planted(
        "waiver for an unknown record type",
        "Consent-waiver",
        having("journal", "provision", "code", 0, "coding", 0, "code"),
        _UNKNOWN_CODE,
    ),
    Planted(
        "waiver whose exception permits",
        "Consent-waiver",
        having("permit", "provision", "provision", 0, "type"),
        "sambro-consent-5",
    ),
    Planted(
        "minor's waiver without an assessment",
        "Consent-waiver-minor",
        without("extension", 2),
        "sambro-consent-4",
    ),
    Planted("block that permits", "Consent-block", having("permit", "provision", "type"), _NOT_THE_CODE),
    Planted(
        "lifting without an end",
        "Consent-block",
        without("provision", "provision", 0, "period"),
        "sambro-consent-6",
    ),
    # Enrolment and trail.
    Planted(
        "finished enrolment without an end",
        "EpisodeOfCare-enrolment-closed",
        without("period", "end"),
        "enrolment-end",
    ),
    Planted(
        "audit with a personal number",
        "AuditEvent-filing",
        having(
            {
                "type": {"system": "http://terminology.hl7.org/CodeSystem/audit-entity-type", "code": "2"},
                "role": {"system": "http://terminology.hl7.org/CodeSystem/object-role", "code": "4"},
                "what": {
                    "identifier": {
                        "system": "http://electronichealth.se/identifier/personnummer",
                        "value": "191212121212",
                    }
                },
            },
            "entity",
            2,
        ),
        "audit-no-number",
    ),
    Planted("provenance without an assembler", "Provenance-origin", without("agent", 1), _CARDINALITY_MIN),
    *planted_in_r4.PLANTED,
)
