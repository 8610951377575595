"""Is what was mapped good FHIR, and are its plans what the law asks for?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, Protocol

from adapter.domain.errors import Issue
from adapter.domain.records import CANONICAL
from adapter.fhir.models import check_r4b
from adapter.fhir.profiles.checker import ProfileChecker

Resource = Mapping[str, Any]

_OF_A_PLAN: Final = {
    "CarePlan": (f"{CANONICAL}/StructureDefinition/sip",),
    "Goal": (f"{CANONICAL}/StructureDefinition/sip-goal",),
    "CareTeam": (f"{CANONICAL}/StructureDefinition/sip-care-team",),
}
_HORIZON: Final = f"{CANONICAL}/CodeSystem/goal-horizon"
_HORIZONS: Final = frozenset({"short-term", "long-term"})
_NOT_PURSUED: Final = frozenset({"cancelled", "rejected", "entered-in-error"})


class ResourceChecker(Protocol):
    """Checks the resources of one record."""

    def check(self, bundle: Mapping[str, Any]) -> tuple[Issue, ...]:
        """Every fault in a Bundle, as FHIRPath paths from ``Bundle`` and codes; empty if it is good."""
        ...


class RecordChecker:
    """FHIR R4 and our profiles, and fhir.resources R4B as a second opinion.

    Every CarePlan that passes is a SIP (adapter.domain.records), whatever it claims: an active one that lacks one of the five contents (HSL
    16 kap. 4 §, SoL 10 kap. 8-9 §§) breaks an invariant of the profile, ``sip-content-1`` to ``sip-content-5``, or its team's,
    ``sip-content-5-team``. Its team and its goals of both horizons must be at hand.
    """

    def __init__(self, profiles: ProfileChecker) -> None:
        self._profiles = profiles

    def check(self, bundle: Mapping[str, Any]) -> tuple[Issue, ...]:
        """See ResourceChecker; codes of ProfileChecker and check_r4b."""
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
                issues += self._faults(resource, path, bundle)
            else:
                issues.append(Issue(path, "required"))
        return tuple(issues) or tuple(_without_its_parts(found))

    def _faults(self, resource: Resource, path: str, bundle: Mapping[str, Any]) -> tuple[Issue, ...]:
        held_to = _OF_A_PLAN.get(str(resource.get("resourceType")), ())
        return self._profiles.check(resource, path, held_to, whole=bundle) or check_r4b(resource, path)


def _without_its_parts(resources: Mapping[str, Resource]) -> Iterator[Issue]:
    """Active plans whose goals of both horizons, or whose active team, are not at hand: what else these must hold, a profile sees; not that they are there."""
    teams = {
        _key(it)
        for it in resources.values()
        if it["resourceType"] == "CareTeam" and it.get("status") == "active"
    }
    horizons = {_key(it): _horizons(it) for it in resources.values() if it["resourceType"] == "Goal"}
    for path, plan in resources.items():
        if plan["resourceType"] != "CarePlan" or plan["status"] != "active":
            continue
        if (
            not frozenset().union(*(horizons.get(link.get("reference"), ()) for link in plan["goal"]))
            >= _HORIZONS
        ):
            yield Issue(f"{path}.goal", "sip-content-1")
        if teams.isdisjoint(link.get("reference") for link in plan["careTeam"]):
            yield Issue(f"{path}.careTeam", "sip-content-5")


def _key(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource.get('id')}"


def _horizons(goal: Resource) -> frozenset[str]:
    """The horizon of a goal that is pursued, or was reached."""
    if goal["lifecycleStatus"] in _NOT_PURSUED:
        return frozenset()
    codings = (coding for category in goal["category"] for coding in category.get("coding", ()))
    return frozenset(coding["code"] for coding in codings if coding.get("system") == _HORIZON)
