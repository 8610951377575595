"""Is what was mapped good FHIR, and does an active plan hold what the law asks for?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Protocol

from adapter.domain.errors import Issue
from adapter.fhir.models import check_r4b
from adapter.fhir.profiles.checker import ProfileChecker
from adapter.fhir.sip import CARE_TEAM_ROLE, COORDINATING_ROLES, PARTIES, RESPONSIBLE_PARTY

Resource = Mapping[str, Any]


class ResourceChecker(Protocol):
    """Checks the resources of one record."""

    def check(self, bundle: Mapping[str, Any]) -> tuple[Issue, ...]:
        """Every fault in a Bundle, as FHIRPath paths from ``Bundle`` and codes; empty if it is good."""
        ...


class RecordChecker:
    """FHIR R4 and our profiles, fhir.resources R4B as a second opinion, and the five contents of an active plan.

    Every CarePlan that passes is a SIP (adapter.domain.records), so each one that is active must hold the five contents (HSL 16
    kap. 4 §, SoL 10 kap. 8-9 §§): codes ``sip-content-1`` to ``sip-content-5``.
    """

    def __init__(self, profiles: ProfileChecker) -> None:
        self._profiles = profiles

    def check(self, bundle: Mapping[str, Any]) -> tuple[Issue, ...]:
        """See ResourceChecker; codes of ProfileChecker and check_r4b, and ``sip-content-*``."""
        entries = bundle.get("entry")
        if bundle.get("resourceType") != "Bundle" or not isinstance(entries, list | tuple):
            return (Issue("Bundle.entry", "required"),)
        found: dict[str, Resource] = {}
        issues: list[Issue] = []
        for place, entry in enumerate(entries):
            path = f"Bundle.entry[{place}].resource"
            resource = entry.get("resource") if isinstance(entry, Mapping) else None
            if isinstance(resource, Mapping):
                found[path] = resource
                issues += self._profiles.check(resource, path, whole=bundle) or check_r4b(resource, path)
            else:
                issues.append(Issue(path, "required"))
        # The contents are looked for only in what has the form of FHIR.
        return tuple(issues) or tuple(_missing_contents(found))


def _missing_contents(resources: Mapping[str, Resource]) -> Iterator[Issue]:
    teams = {
        f"CareTeam/{team.get('id')}": team
        for team in resources.values()
        if team["resourceType"] == "CareTeam"
    }
    for path, plan in resources.items():
        if plan["resourceType"] == "CarePlan" and plan["status"] == "active":
            for find_faults in _CONTENTS:
                yield from (Issue(f"{path}.{element}", code) for element, code in find_faults(plan, teams))


Faults = Iterator[tuple[str, str]]


def _problem_and_goals(plan: Resource, _teams: Mapping[str, Resource]) -> Faults:
    """1: the problem, and the measures' goals."""
    if not plan.get("description"):
        yield "description", "sip-content-1"
    if not plan.get("goal"):
        yield "goal", "sip-content-1"


def _measures(plan: Resource, _teams: Mapping[str, Resource]) -> Faults:
    """2: which measures each party answers for; 3: who answers for those of others, of which there may be none."""
    performers = [_performer(activity) for activity in plan.get("activity", ())]
    if not {_party(performer) for performer in performers} >= PARTIES:
        yield "activity", "sip-content-2"
    for place, performer in enumerate(performers):
        if not performer.get("identifier") and not performer.get("display"):
            yield f"activity[{place}].detail.performer", "sip-content-3"
        elif not performer.get("identifier") and _party(performer) in PARTIES:
            yield f"activity[{place}].detail.performer", "sip-content-2"


def _responsibility(plan: Resource, _teams: Mapping[str, Resource]) -> Faults:
    """4: which party has the overall responsibility."""
    if "value" not in plan.get("author", {}).get("identifier", {}):
        yield "author", "sip-content-4"


def _coordinator(plan: Resource, teams: Mapping[str, Resource]) -> Faults:
    """5: who coordinates, so that the plan is followed up."""
    named = [teams[link["reference"]] for link in plan.get("careTeam", ()) if link.get("reference") in teams]
    if not any(_coordinates(participant) for team in named for participant in team.get("participant", ())):
        yield "careTeam", "sip-content-5"


_CONTENTS: Final[tuple[Callable[[Resource, Mapping[str, Resource]], Faults], ...]] = (
    _problem_and_goals,
    _measures,
    _responsibility,
    _coordinator,
)


def _performer(activity: Resource) -> Resource:
    """Who answers for a measure; a measure has one that does."""
    performers: list[Resource] = activity.get("detail", {}).get("performer", [])
    return performers[0] if len(performers) == 1 else {}


def _party(performer: Resource) -> str | None:
    codes = (
        it.get("valueCode") for it in performer.get("extension", ()) if it.get("url") == RESPONSIBLE_PARTY
    )
    return next(codes, None)


def _coordinates(participant: Resource) -> bool:
    return "member" in participant and any(
        coding.get("system") == CARE_TEAM_ROLE and coding.get("code") in COORDINATING_ROLES
        for role in participant.get("role", ())
        for coding in role.get("coding", ())
    )
