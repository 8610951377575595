"""The peer of the mapping: what a programmer would write for one push SIP, without a mapping language.

It knows the elements that the benchmark's plan has, no others, and reports nothing that it leaves out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from adapter.domain.identity import PersonId, parse_organization_id

Tree = Mapping[str, Any]
RecordId = Callable[..., str]

_OURS: Final = "https://w3id.org/sambro/fhir"
_RECORD_ID: Final = f"{_OURS}/record-id"
_PARTY: Final = f"{_OURS}/StructureDefinition/responsible-party"
_TITLE: Final = "Samordnad individuell plan"
_MEASURE: Final = {
    "planerad": "scheduled",
    "pagaende": "in-progress",
    "avslutad": "completed",
    "avbruten": "stopped",
}
_HORIZON: Final = {"kort": ("short-term", "Kortsiktigt mål"), "lang": ("long-term", "Långsiktigt mål")}
_PROFILES: Final = {
    "CarePlan": [f"{_OURS}/StructureDefinition/sip"],
    "Goal": [f"{_OURS}/StructureDefinition/sip-goal"],
    "CareTeam": [f"{_OURS}/StructureDefinition/sip-care-team"],
    "Task": [f"{_OURS}/StructureDefinition/sip-follow-up"],
    "Patient": [
        f"{_OURS}/StructureDefinition/patient",
        "http://hl7.se/fhir/ig/base/StructureDefinition/SEBasePatient",
    ],
}


def plan_by_hand(tree: Tree, person: PersonId, record_id: RecordId) -> dict[str, Any]:
    """The Bundle of an active plan."""
    sip = tree["sip"]
    plan = sip["planId"]
    subject = {"type": "Patient", "identifier": person.as_fhir()}
    goals = {goal["malId"]: record_id("Goal", plan, goal["malId"]) for goal in sip["mal"]}
    team = record_id("CareTeam", plan)
    care_plan = _care_plan(sip, subject, record_id("CarePlan", plan), goals, team)
    resources = [
        care_plan,
        *(_goal(goal, subject, goals[goal["malId"]]) for goal in sip["mal"]),
        _team(sip, subject, team),
        _follow_up(sip, subject, record_id("Task", plan), care_plan["id"]),
        _patient(person, record_id("Patient", person.value)),
    ]
    for made in resources:
        made["meta"] = {"profile": _PROFILES[made["resourceType"]]}
    entries = [{"fullUrl": f"urn:uuid:{made['id']}", "resource": made} for made in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def _care_plan(sip: Tree, subject: Tree, own: str, goals: Mapping[str, str], team: str) -> dict[str, Any]:
    main = sip["huvudansvar"]
    coding = {
        "system": "https://fhir.inera.se/CodeSystem/typeofcareplan-cs",
        "code": "SIP",
        "display": _TITLE,
    }
    version = {"url": f"{_OURS}/StructureDefinition/sip-version", "valuePositiveInt": sip["version"]}
    return {
        "resourceType": "CarePlan",
        "id": own,
        "extension": [version],
        "identifier": [{"system": _RECORD_ID, "value": own}],
        "status": "active",
        "intent": "plan",
        "category": [{"coding": [coding]}],
        "title": _TITLE,
        "description": sip["problem"],
        "subject": subject,
        "period": _period(sip),
        "created": sip["upprattad"],
        "author": {
            "extension": [{"url": _PARTY, "valueCode": main["huvudman"]}],
            "type": "Organization",
            "identifier": parse_organization_id(main["organisation"]).as_fhir(),
            "display": main["namn"],
        },
        "careTeam": [{"reference": f"CareTeam/{team}"}],
        "goal": [{"reference": f"Goal/{goal}"} for goal in goals.values()],
        "activity": [_activity(measure, goals) for measure in sip["insatser"]],
    }


def _activity(measure: Tree, goals: Mapping[str, str]) -> dict[str, Any]:
    performer = {
        "extension": [{"url": _PARTY, "valueCode": measure["ansvarig"]}],
        **_unit(measure["ansvarigEnhet"]),
    }
    detail = {
        "goal": [{"reference": f"Goal/{goals[name]}"} for name in measure["malId"]],
        "status": _MEASURE[measure["status"]],
        "performer": [performer],
        "description": measure["text"],
    }
    return {"id": measure["insatsId"], "detail": detail}


def _goal(goal: Tree, subject: Tree, own: str) -> dict[str, Any]:
    code, display = _HORIZON[goal["horisont"]]
    return {
        "resourceType": "Goal",
        "id": own,
        "identifier": [{"system": _RECORD_ID, "value": own}],
        "lifecycleStatus": "active",
        "category": [
            {"coding": [{"system": f"{_OURS}/CodeSystem/goal-horizon", "code": code, "display": display}]}
        ],
        "description": {"text": goal["text"]},
        "subject": subject,
        "expressedBy": subject,
    }


def _team(sip: Tree, subject: Tree, own: str) -> dict[str, Any]:
    system = f"{_OURS}/CodeSystem/care-team-role"
    return {
        "resourceType": "CareTeam",
        "id": own,
        "identifier": [{"system": _RECORD_ID, "value": own}],
        "status": "active",
        "name": _TITLE,
        "subject": subject,
        "period": _period(sip),
        "participant": [
            {"role": [{"coding": [{"system": system, "code": one["roll"]}]}], "member": _unit(one["enhet"])}
            for one in sip["samordnare"]
        ],
    }


def _follow_up(sip: Tree, subject: Tree, own: str, plan: str) -> dict[str, Any]:
    return {
        "resourceType": "Task",
        "id": own,
        "identifier": [{"system": _RECORD_ID, "value": own}],
        "status": "requested",
        "intent": "plan",
        "code": {
            "coding": [{"system": f"{_OURS}/CodeSystem/task-type", "code": "sip-follow-up"}],
            "text": "Uppföljning av samordnad individuell plan",
        },
        "focus": {"reference": f"CarePlan/{plan}"},
        "for": subject,
        "owner": {"type": "Organization", "identifier": _unit(sip["samordnare"][0]["enhet"])["identifier"]},
        "restriction": {"period": {"end": sip["uppfoljning"]["datum"]}},
    }


def _patient(person: PersonId, own: str) -> dict[str, Any]:
    identifiers = [{"system": _RECORD_ID, "value": own}, person.as_fhir()]
    return {"resourceType": "Patient", "id": own, "identifier": identifiers}


def _unit(unit: Tree) -> dict[str, Any]:
    identifier = parse_organization_id(unit["enhet"]).as_fhir()
    return {"type": "Organization", "identifier": identifier, "display": unit["enhetsnamn"]}


def _period(sip: Tree) -> dict[str, str]:
    return {"start": sip["period"]["start"], "end": sip["period"]["slut"]}
