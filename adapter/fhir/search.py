"""FHIR R4 search (http://hl7.org/fhir/R4/search.html): what is asked, read strictly, and whether a resource answers it.

Everything unknown is refused: a parameter that was ignored would widen the answer. There is no browsing: each search names
exactly one person.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from adapter.domain.errors import IdentityError, InputError, Issue
from adapter.domain.identity import PersonId, parse_person_id
from adapter.fhir.search_criteria import Criterion, ValueFault, read_criterion, split_escaped
from adapter.fhir.search_parameters import SEARCH_PARAMETERS, SearchParameter, person_spellings

MAX_COUNT: Final = 200
MAX_PARAMETERS: Final = 40

# The values that the parameters of every search may have. A decoder turns the + of application/fhir+json into a space where a
# client did not escape it.
_CONTROLS: Final[dict[str, frozenset[str]]] = {
    "_count": frozenset(str(count) for count in range(MAX_COUNT + 1)),
    "_pretty": frozenset({"true", "false"}),
    "_format": frozenset({"json", "application/json", "application/fhir+json", "application/fhir json"}),
}
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z_.:-]{0,63}", re.ASCII)
_PATIENT: Final = re.compile(r"(?:Patient/)?([A-Za-z0-9.-]{1,64})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom a parameter names: ``person`` by identifier, ``patient_id`` by ``Patient/<id>``; both None for whom nobody can know.

    ``text`` is what was given, for the audit's person key alone.
    """

    text: str = field(repr=False)
    person: PersonId | None = field(default=None, repr=False)
    patient_id: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Search:
    """One search of one type, about whom ``asked`` names. ``count`` is the largest number of entries, 0 to 200."""

    resource_type: str
    asked: Asked
    criteria: tuple[Criterion, ...] = field(repr=False)
    count: int
    pretty: bool

    def matches(self, resource: Mapping[str, Any]) -> bool:
        """Whether a resource of this person answers the search; whose it is, its source has settled."""
        return resource.get("resourceType") == self.resource_type and all(
            criterion.matches(resource) for criterion in self.criteria
        )

    def bounds(self, name: str) -> tuple[datetime | None, datetime | None]:
        """From when, and until when, an instant lies that a parameter about a date lets through; None: no such bound."""
        of_name = [criterion.bounds for criterion in self.criteria if criterion.parameter.name == name]
        starts = [start for start, _ in of_name if start is not None]
        ends = [end for _, end in of_name if end is not None]
        return max(starts, default=None), min(ends, default=None)


def parse_search(resource_type: str, query_pairs: Sequence[tuple[str, str]], *, today: date) -> Search:
    """Read the decoded pairs of a query string or of a form sent to ``_search``.

    ``resource_type`` is one of SEARCH_PARAMETERS; ``today`` resolves the century of a ten-digit number. Raises InputError with
    every fault at ``http.<parameter>``: status 406 for a ``_format`` that is not JSON, else 400: ``required`` (not exactly one
    person), ``unknown-parameter``, ``unsupported-modifier``, ``unsupported-prefix``, ``value``, ``too-many``.
    """
    if len(query_pairs) > MAX_PARAMETERS:
        raise InputError([Issue("http.query", "too-many")], status=400)
    spellings = person_spellings(resource_type)
    issues: list[Issue] = []
    persons: list[Asked] = []
    criteria: list[Criterion] = []
    controls: dict[str, str] = {}
    for name, value in query_pairs:
        try:
            if name in spellings:
                persons.append(_read_person(name, value, today))
            elif name in _CONTROLS:
                controls[name] = _read_control(name, value)
            else:
                criteria.append(read_criterion(_parameter(resource_type, name), value))
        except ValueFault as fault:
            issues.append(Issue(f"http.{_shown(name)}", fault.code))
    if len(persons) != 1:
        issues.append(Issue(f"http.{spellings[0]}", "required"))
    if issues:
        raise InputError(issues, status=406 if Issue("http._format", "value") in issues else 400)
    return Search(
        resource_type=resource_type,
        asked=persons[0],
        criteria=tuple(criteria),
        count=int(controls.get("_count", MAX_COUNT)),
        pretty=controls.get("_pretty") == "true",
    )


def persons_named(
    resource_type: str, query_pairs: Sequence[tuple[str, str]], *, today: date
) -> Sequence[Asked]:
    """Whom a search that is refused names, faulty or not: none, one, or several."""
    spellings = person_spellings(resource_type)
    found = []
    for name, value in query_pairs[:MAX_PARAMETERS]:
        if name in spellings:
            with suppress(ValueFault):
                found.append(_read_person(name, value, today))
    return found


def _read_person(spelling: str, value: str, today: date) -> Asked:
    """Whom the search is about; more than one alternative or none at all is browsing."""
    if len(split_escaped(value, ",")) != 1 or not value:
        raise ValueFault("required")
    if spelling in ("patient", "subject", "entity"):
        match = _PATIENT.fullmatch(value)
        return Asked(value, patient_id=match[1] if match else None)
    system, bar, number = value.rpartition("|")
    if not number:
        raise ValueFault("required")
    try:
        return Asked(value, person=parse_person_id(number, today=today, system=system if bar else None))
    except IdentityError:
        return Asked(value)


def _read_control(name: str, value: str) -> str:
    if value not in _CONTROLS[name]:
        raise ValueFault("value")
    return value


def _parameter(resource_type: str, name: str) -> SearchParameter:
    known = {parameter.name: parameter for parameter in SEARCH_PARAMETERS[resource_type]}
    if name in known:
        return known[name]
    base, _, modifier = name.partition(":")
    if modifier == "identifier" and base in known and known[base].type == "reference":
        return known[base].by_identifier
    is_modified = bool(modifier) and (base in known or base in person_spellings(resource_type))
    raise ValueFault("unsupported-modifier" if is_modified else "unknown-parameter")


def _shown(name: str) -> str:
    """The parameter's name, unless it can be none: then it might be a value."""
    return name if _NAME.fullmatch(name) else "parameter"
