"""FHIR R4 search (http://hl7.org/fhir/R4/search.html): what is asked, read strictly, and whether a resource answers it.

Everything unknown is refused: a parameter that was ignored would widen the answer. There is no browsing: each search names
exactly one person.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, cast

from adapter.domain.errors import IdentityError, InputError, Issue
from adapter.domain.identity import PersonId, parse_person_id
from adapter.fhir.includes import PARAMETERS, Include, read_include
from adapter.fhir.pages import SortKey
from adapter.fhir.search_criteria import Criterion, ValueFault, read_criterion, split_escaped
from adapter.fhir.search_parameters import SEARCH_PARAMETERS, SearchParameter, person_spellings
from adapter.fhir.subset import Subset, Summary

MAX_COUNT: Final = 200
MAX_PARAMETERS: Final = 40

# The values that the parameters of every search may have.
_CONTROLS: Final[dict[str, frozenset[str]]] = {
    "_summary": frozenset({"true", "text", "data", "count", "false"}),
    "_total": frozenset({"none", "estimate", "accurate"}),
}
# Of every request, and settled before it is read as a search.
_SETTLED: Final = frozenset({"_format", "_pretty"})
# Controls whose values are lists of names, or a number.
_OPEN: Final = frozenset({"_sort", "_elements", "_count"})
_COUNT: Final = re.compile(r"0|[1-9][0-9]{0,9}", re.ASCII)
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z-]{0,63}", re.ASCII)
_ELEMENT: Final = re.compile(r"[A-Za-z]{1,64}", re.ASCII)
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z_.:-]{0,63}", re.ASCII)
_PATIENT: Final = re.compile(r"(?:Patient/)?([A-Za-z0-9.-]{1,64})", re.ASCII)
_BY_DEFAULT: Final = {
    "AuditEvent": tuple(
        SortKey(it, is_descending=True) for it in SEARCH_PARAMETERS["AuditEvent"] if it.name == "date"
    )
}
"""How the answers of a type are sorted that are not asked for in another order: newest first."""


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
    """One search of one type, about whom ``asked`` names.

    ``count`` is the largest number of matches shown, 0 to 200, whatever more was asked for (R4, search.html#count); ``includes`` come beside them. ``has_total``: the answer says how many there are. ``ignored`` are the names of
    parameters that we do not know.
    """

    resource_type: str
    asked: Asked
    criteria: tuple[Criterion, ...] = field(repr=False)
    count: int
    order: tuple[SortKey, ...]
    subset: Subset
    has_total: bool
    includes: tuple[Include, ...] = ()
    ignored: tuple[str, ...] = ()

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


def parse_search(
    resource_type: str,
    query_pairs: Sequence[tuple[str, str]],
    *,
    today: date,
    is_lenient: bool = False,
) -> Search:
    """Read the decoded pairs of a query string or of a form sent to ``_search``.

    With ``is_lenient`` (``Prefer: handling=lenient``) a parameter that FHIR could have by that name, but that we do not know, is left out of
    account; never one that names other resources, or a control.

    ``resource_type`` is one of SEARCH_PARAMETERS; ``today`` resolves the century of a ten-digit number. Raises InputError with
    every fault at ``http.<parameter>``, status 400: ``required`` (not exactly one person), ``unknown-parameter``, ``unsupported-modifier``, ``unsupported-prefix``, ``value``, ``too-many``,
    ``unsupported-include``, ``not-with-subset``.
    """
    if len(query_pairs) > MAX_PARAMETERS:
        raise InputError([Issue("http.query", "too-many")], status=400)
    spellings = person_spellings(resource_type)
    issues: list[Issue] = []
    persons: list[Asked] = []
    criteria: list[Criterion] = []
    controls: dict[str, str] = {}
    includes: list[Include] = []
    ignored: list[str] = []
    for name, value in query_pairs:
        try:
            if name in spellings:
                persons.append(_read_person(name, value, today))
            elif name in _SETTLED:
                continue
            elif name in _CONTROLS or name in _OPEN:
                controls[name] = _read_control(name, value)
            elif name in PARAMETERS:
                includes += read_include(resource_type, name, value)
            else:
                criteria.append(read_criterion(_parameter(resource_type, name), value))
        except ValueFault as fault:
            if is_lenient and fault.code == "unknown-parameter" and _PLAIN.fullmatch(name):
                ignored.append(name)
                continue
            issues.append(Issue(f"http.{_shown(name)}", fault.code))
    if len(persons) != 1:
        issues.append(Issue(f"http.{spellings[0]}", "required"))
    order, subset = _shaped(resource_type, controls, issues)
    if not subset.is_whole:
        asked = dict.fromkeys(include.parameter for include in includes)
        issues += [Issue(f"http.{name}", "not-with-subset") for name in asked]
    if issues:
        raise InputError(issues, status=400)
    is_count = controls.get("_summary") == "count"
    return Search(
        resource_type=resource_type,
        asked=persons[0],
        criteria=tuple(criteria),
        count=0 if is_count else min(MAX_COUNT, int(controls.get("_count", MAX_COUNT))),
        order=order,
        subset=subset,
        has_total=is_count or controls.get("_total") != "none",
        includes=tuple(dict.fromkeys(includes)),
        ignored=tuple(ignored),
    )


def read_subset(resource_type: str, query_pairs: Sequence[tuple[str, str]]) -> Subset:
    """What of a resource a read asks for. Raises InputError (400) for a value that ``_summary`` or ``_elements`` cannot have there."""
    issues: list[Issue] = []
    asked = {name: value for name, value in query_pairs if name in ("_summary", "_elements")}
    if asked.get("_summary", "false") not in _CONTROLS["_summary"] - {"count"}:
        issues.append(Issue("http._summary", "value"))
    _, subset = _shaped(resource_type, asked, issues)
    if issues:
        raise InputError(issues, status=400)
    return subset


def _shaped(
    resource_type: str, controls: Mapping[str, str], issues: list[Issue]
) -> tuple[tuple[SortKey, ...], Subset]:
    """The order of an answer, and what it shows of each resource."""
    order: tuple[SortKey, ...] = _BY_DEFAULT.get(resource_type, ())
    if "_sort" in controls:
        order = tuple(_sort_keys(resource_type, controls["_sort"], issues))
    elements = frozenset(filter(None, controls.get("_elements", "").split(",")))
    if not all(map(_ELEMENT.fullmatch, elements)) or (elements and "_summary" in controls):
        issues.append(Issue("http._elements", "value"))
    summary = controls.get("_summary", "false")
    return order, Subset("false" if summary == "count" else cast(Summary, summary), elements)


def _sort_keys(resource_type: str, value: str, issues: list[Issue]) -> Iterator[SortKey]:
    known = {it.name: it for it in SEARCH_PARAMETERS[resource_type] if it.type == "date" or it.name == "_id"}
    rules = value.split(",")
    # More rules than keys are rules that come twice: each would be worked out for each resource, and decide nothing.
    if len(rules) > len(known):
        issues.append(Issue("http._sort", "too-many"))
        return
    for rule in rules:
        name = rule.removeprefix("-")
        if name in known:
            yield SortKey(known[name], rule.startswith("-"))
        else:
            issues.append(Issue("http._sort", "unsupported-sort"))


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
    if name in _CONTROLS and value not in _CONTROLS[name]:
        raise ValueFault("value")
    if name == "_count" and not _COUNT.fullmatch(value):
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
