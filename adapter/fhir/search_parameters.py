"""What can be searched, as data: the parameters of each resource type, as FHIR R4 names and defines them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

_SEARCH_PARAMETER: Final = "http://hl7.org/fhir/SearchParameter"
_CODE_SYSTEM: Final = "http://hl7.org/fhir"


@dataclass(frozen=True, slots=True)
class SearchParameter:
    """One parameter. ``elements`` are paths in the resource; ``system`` is what a plain code in it belongs to."""

    name: str
    type: Literal["token", "date", "reference"]
    definition: str
    elements: tuple[str, ...]
    system: str | None = None

    @property
    def by_identifier(self) -> SearchParameter:
        """The ``:identifier`` modifier of a reference: a token on the Reference's own identifier (R4, search.html#reference)."""
        return replace(self, type="token", elements=tuple(f"{path}.identifier" for path in self.elements))


def _parameter(
    name: str,
    kind: Literal["token", "date", "reference"],
    definition: str,
    *elements: str,
    system: str | None = None,
) -> SearchParameter:
    coded = None if system is None else f"{_CODE_SYSTEM}/{system}"
    return SearchParameter(name, kind, f"{_SEARCH_PARAMETER}/{definition}", elements, coded)


_ID: Final = _parameter("_id", "token", "Resource-id", "id")
_OWN: Final[dict[str, tuple[SearchParameter, ...]]] = {
    "Patient": (),
    "Consent": (
        _parameter("status", "token", "Consent-status", "status", system="consent-state-codes"),
        _parameter("category", "token", "Consent-category", "category"),
        _parameter("actor", "reference", "Consent-actor", "provision.actor.reference"),
        # Of no other type: what is made as it is asked for was last updated at no instant that we know.
        _parameter("_lastUpdated", "date", "Resource-lastUpdated", "meta.lastUpdated"),
    ),
    "CarePlan": (
        _parameter("status", "token", "CarePlan-status", "status", system="request-status"),
        _parameter("category", "token", "CarePlan-category", "category"),
        _parameter("date", "date", "clinical-date", "period"),
    ),
    "Goal": (
        _parameter(
            "lifecycle-status", "token", "Goal-lifecycle-status", "lifecycleStatus", system="goal-status"
        ),
        _parameter("category", "token", "Goal-category", "category"),
        _parameter("start-date", "date", "Goal-start-date", "startDate"),
        _parameter("target-date", "date", "Goal-target-date", "target.dueDate"),
    ),
    "CareTeam": (
        _parameter("status", "token", "CareTeam-status", "status", system="care-team-status"),
        _parameter("category", "token", "CareTeam-category", "category"),
        _parameter("date", "date", "clinical-date", "period"),
    ),
    "Task": (
        _parameter("identifier", "token", "Task-identifier", "identifier"),
        _parameter("status", "token", "Task-status", "status", system="task-status"),
        _parameter("code", "token", "Task-code", "code"),
        _parameter("based-on", "reference", "Task-based-on", "basedOn"),
        _parameter("focus", "reference", "Task-focus", "focus"),
        _parameter("owner", "reference", "Task-owner", "owner"),
        _parameter("period", "date", "Task-period", "executionPeriod"),
        _parameter("authored-on", "date", "Task-authored-on", "authoredOn"),
    ),
    "Observation": (
        _parameter("status", "token", "Observation-status", "status", system="observation-status"),
        _parameter("category", "token", "Observation-category", "category"),
        _parameter("code", "token", "clinical-code", "code"),
        _parameter(
            "date", "date", "clinical-date", "effectiveDateTime", "effectivePeriod", "effectiveInstant"
        ),
    ),
    "AuditEvent": (
        _parameter("date", "date", "AuditEvent-date", "recorded"),
        _parameter("outcome", "token", "AuditEvent-outcome", "outcome", system="audit-event-outcome"),
        _parameter("type", "token", "AuditEvent-type", "type"),
        _parameter("subtype", "token", "AuditEvent-subtype", "subtype"),
        _parameter("action", "token", "AuditEvent-action", "action", system="audit-event-action"),
    ),
}
SEARCH_PARAMETERS: Final[dict[str, tuple[SearchParameter, ...]]] = {
    resource_type: (_ID, *own) for resource_type, own in _OWN.items()
}
"""By resource type, the parameters that narrow a search; a type that is not here cannot be searched or read."""
RECORD_TYPES: Final = frozenset(SEARCH_PARAMETERS) - {"Patient", "Consent", "AuditEvent"}
"""Those of them that a record consists of."""


INCLUDES: Final[dict[str, dict[str, tuple[str, str]]]] = {
    "CarePlan": {"goal": ("goal", "Goal"), "care-team": ("careTeam", "CareTeam")},
    "Task": {"based-on": ("basedOn", "CarePlan"), "focus": ("focus", "CarePlan")},
}
"""By resource type and parameter, the element whose references ``_include`` and ``_revinclude`` follow, and the type that these lead to.

What is included is of the record that was decided on; the Patient is none of them, since records name it by its identifier.
"""


def _person(name: str, definition: str, kind: Literal["token", "reference"] = "reference") -> SearchParameter:
    return SearchParameter(name, kind, f"{_SEARCH_PARAMETER}/{definition}", ())


PERSON_PARAMETERS: Final[dict[str, tuple[SearchParameter, ...]]] = {
    "Patient": (_person("identifier", "Patient-identifier", "token"),),
    "Consent": (_person("patient", "clinical-patient"),),
    "Task": (_person("patient", "Task-patient"), _person("subject", "Task-subject")),
    "AuditEvent": (_person("patient", "AuditEvent-patient"), _person("entity", "AuditEvent-entity")),
} | {
    resource_type: (_person("patient", "clinical-patient"), _person("subject", f"{resource_type}-subject"))
    for resource_type in ("CarePlan", "Goal", "CareTeam", "Observation")
}
"""By resource type, the parameters that say whom a search is about; one of their spellings stands in it, once."""

_SPELLINGS: Final = {
    "identifier": ("identifier",),
    "patient": ("patient", "patient.identifier"),
    "subject": ("subject", "subject:identifier"),
    "entity": ("entity", "entity:identifier"),
}


def person_spellings(resource_type: str) -> tuple[str, ...]:
    """Every way to say whom a search of that type is about: a reference, or its one chain or modifier to an identifier."""
    return tuple(
        spelling for person in PERSON_PARAMETERS[resource_type] for spelling in _SPELLINGS[person.name]
    )
