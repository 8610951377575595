"""A plan as the mappings make it, for tests to break."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from adapter.domain.identity import HSA_ID, ORGANISATIONSNUMMER, PERSONNUMMER
from adapter.domain.records import CANONICAL, RECORD_ID

GOAL_HORIZON = f"{CANONICAL}/CodeSystem/goal-horizon"
CARE_TEAM_ROLE = f"{CANONICAL}/CodeSystem/care-team-role"
RESPONSIBLE_PARTY = f"{CANONICAL}/StructureDefinition/responsible-party"
PATIENT_ID, PLAN_ID, GOAL_ID, TEAM_ID, LONG_GOAL_ID = (
    f"5b0c9d3e-0000-8000-8000-00000000000{number}" for number in range(5)
)
TOLVAN = "191212121212"
SUBJECT = {"type": "Patient", "identifier": {"system": PERSONNUMMER, "value": TOLVAN}}
KOMMUN_UNIT = {"identifier": {"system": HSA_ID, "value": "SE2120001553-1001"}, "display": "IFO Alingsås"}
REGION_UNIT = {"identifier": {"system": HSA_ID, "value": "SE2321000131-E0101"}, "display": "Öppenpsykiatri"}
KOMMUN = {"identifier": {"system": ORGANISATIONSNUMMER, "value": "2120001553"}, "display": "Alingsås kommun"}


def record_id(value: str) -> list[dict[str, str]]:
    return [{"system": RECORD_ID, "value": value}]


def patient() -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": PATIENT_ID,
        "identifier": [{"system": PERSONNUMMER, "value": TOLVAN}],
    }


def answerable(party: str, performer: dict[str, Any]) -> dict[str, Any]:
    return performer | {"extension": [{"url": RESPONSIBLE_PARTY, "valueCode": party}]}


def goal(own_id: str = GOAL_ID, horizon: str = "short-term") -> dict[str, Any]:
    return {
        "resourceType": "Goal",
        "id": own_id,
        "identifier": record_id(own_id),
        "lifecycleStatus": "active",
        "category": [{"coding": [{"system": GOAL_HORIZON, "code": horizon}]}],
        "description": {"text": "Nykter vardag i tre månader"},
        "subject": SUBJECT,
    }


def care_team() -> dict[str, Any]:
    role, person = (
        {"coding": [{"system": CARE_TEAM_ROLE, "code": code}]} for code in ("samordnare", "brukare")
    )
    return {
        "resourceType": "CareTeam",
        "id": TEAM_ID,
        "identifier": record_id(TEAM_ID),
        "status": "active",
        "subject": SUBJECT,
        "participant": [
            {"role": [role], "member": KOMMUN_UNIT},
            {"role": [person], "member": {"reference": f"Patient/{PATIENT_ID}"}},
        ],
    }


def care_plan() -> dict[str, Any]:
    return {
        "resourceType": "CarePlan",
        "id": PLAN_ID,
        "identifier": record_id(PLAN_ID),
        "status": "active",
        "intent": "plan",
        "category": [
            {"coding": [{"system": "https://fhir.inera.se/CodeSystem/typeofcareplan-cs", "code": "SIP"}]}
        ],
        "created": "2026-05-02",
        "period": {"start": "2026-05-02"},
        "description": "Alkohol och nedstämdhet som förvärrar varandra.",
        "subject": {"reference": f"Patient/{PATIENT_ID}"},
        "author": KOMMUN,
        "careTeam": [{"reference": f"CareTeam/{TEAM_ID}"}],
        "goal": [{"reference": f"Goal/{GOAL_ID}"}, {"reference": f"Goal/{LONG_GOAL_ID}"}],
        "activity": [
            {
                "detail": {
                    "status": "in-progress",
                    "description": "Boendestöd",
                    "performer": [answerable("kommun", KOMMUN_UNIT)],
                }
            },
            {
                "detail": {
                    "status": "scheduled",
                    "description": "Behandling",
                    "performer": [answerable("region", REGION_UNIT)],
                }
            },
            {
                "detail": {
                    "status": "scheduled",
                    "description": "Självhjälp",
                    "performer": [answerable("other", {"display": "Självhjälpsgruppen"})],
                }
            },
        ],
    }


def sip() -> list[dict[str, Any]]:
    return deepcopy([patient(), care_plan(), goal(), care_team(), goal(LONG_GOAL_ID, "long-term")])


def bundle(resources: list[Any]) -> dict[str, Any]:
    entries = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}
