"""FHIR as a source's system wrote it, made ours: no mapping, but our ids, our profiles, and no reference that leads out of the record.

What is exchanged keeps its content. What only stands beside it (the Patient of a plan, organisations, staff, headers) is read for who and where
somebody is, and does not travel: references to it become identifiers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from adapter.domain.errors import IdentityError, Issue, MappingError
from adapter.domain.identity import (
    HSA_ID,
    ORGANISATIONSNUMMER,
    PersonId,
    canonical_system,
    parse_person_id,
)
from adapter.domain.instants import stockholm_date
from adapter.domain.records import RECORD_ID
from adapter.mapping.catalog import MappingCatalog
from adapter.mapping.evaluation import MappingContext, Run
from adapter.mapping.mapping import Mapped
from adapter.mapping.native_claims import claims_of, made_by
from adapter.mapping.native_forms import with_results
from adapter.mapping.native_screening import FORM, is_same_band, with_our_band
from adapter.mapping.source import Source
from adapter.mapping.words import without_words

Resource = Mapping[str, Any]

EVENTS: Final = {
    "CarePlan": "sip",
    "Goal": "sip",
    "CareTeam": "sip",
    "Task": "sip",
    "DocumentReference": "sip",
    "Observation": "screening",
    FORM: "screening",
    "EpisodeOfCare": "enrolment",
    "Patient": "person",
}
"""What is exchanged, and the kind of message that it makes: a Patient only where nothing else is."""

_REFERENCE: Final = frozenset({"id", "extension", "reference", "type", "identifier", "display"})
ELEMENT: Final = re.compile(r"_?[A-Za-z]{1,64}", re.ASCII)
"""A name that may stand in a path: what else a sender calls its elements is its own."""


def travelling(tree: Resource) -> dict[int, Resource]:
    """The resources of a Bundle that are exchanged, by their place; its Patient only if there is nothing else."""
    found = {
        place: entry["resource"]
        for place, entry in enumerate(tree.get("entry", ()))
        if isinstance(entry, Mapping)
        and isinstance(entry.get("resource"), Mapping)
        and entry["resource"].get("resourceType") in EVENTS
    }
    records = {place: it for place, it in found.items() if it["resourceType"] != "Patient"}
    return records or found


def identity_of(resource: Resource) -> tuple[str, str] | None:
    """What a record is known by in its source, across its versions: its first identifier with a system that is not ours, else its id."""
    for identifier in listed(resource.get("identifier")):
        if isinstance(identifier, Mapping) and not _is_record_id(identifier):
            system, value = identifier.get("system"), identifier.get("value")
            if isinstance(system, str) and isinstance(value, str):
                return system, value
    known = resource.get("id")
    return ("", known) if isinstance(known, str) else None


def person_of(identifier: object, today: date) -> PersonId | None:
    """The person that an Identifier means; None if its system is of no persons. Raises IdentityError."""
    if not isinstance(identifier, Mapping) or not isinstance(identifier.get("value"), str):
        return None
    system = identifier.get("system")
    if not isinstance(system, str) or canonical_system(system) is None:
        return None
    try:
        return parse_person_id(identifier["value"], today=today, system=system)
    except IdentityError as error:
        if error.code == "identity-system-unknown":
            return None
        raise


def apply(source: Source, context: MappingContext, catalog: MappingCatalog) -> Mapped:
    """The collection Bundle of what is exchanged of a source's Bundle. Raises MappingError as ``made_ours`` and ``with_results`` do.

    The band of a screening is that of the catalog's cut-offs, whatever its sender made of the total (none: no band). ``unmapped``: what the person's
    Patient says beside a record of another kind, a band that is another one than ours, and what ``with_results`` leaves out.
    """
    given = with_results(made_ours(source.tree, context), context, catalog.answers)
    entries = [given.bundle["entry"][place] for place in sorted(travelling(given.bundle))]
    unmapped = {*_left_out(source.tree), *given.unmapped}
    for entry in entries:
        if entry["resource"]["resourceType"] == "Observation":
            stated = entry["resource"]
            entry["resource"] = with_our_band(stated, context, catalog.cut_offs)
            if not is_same_band(stated, entry["resource"]):
                unmapped.add("Observation.interpretation")
    resources = [entry["resource"] for entry in entries]
    body = {"resourceType": "Bundle", "type": "collection"} | {
        "entry": [{"fullUrl": entry["fullUrl"], "resource": entry["resource"]} for entry in entries]
    }
    by = given.made_by | made_by(resources, catalog.cut_offs)
    return Mapped(body, tuple(sorted(unmapped)), (), made_by=tuple(sorted(by)))


def made_ours(tree: Resource, context: MappingContext) -> dict[str, Any]:
    """A Bundle whose records, each at its place, are as they will leave.

    The context's ``record_id`` makes ids; of a ``protected`` person no address, telecom or contact stays, no words beside codes, and no
    identifier of a record but ours: what is left of a screening are codes and numbers, which the gate lets pass. Raises MappingError:
    ``identifier-or-id-required``, ``resource-repeated``, ``reference-not-in-bundle``, ``reference-not-identified``, each with its path.
    """
    rewriting = _Rewriting(tree, context)
    made = dict(tree) | {"entry": [rewriting.entry(entry, n) for n, entry in enumerate(tree["entry"])]}
    if rewriting.issues:
        raise MappingError(rewriting.issues)
    return made


class _Rewriting:
    """One Bundle; ``issues`` is what keeps it from being made ours."""

    def __init__(self, tree: Resource, context: MappingContext) -> None:
        self.issues: list[Issue] = []
        self._run = Run(tree, context)
        self._context = context
        self._today = stockholm_date(context.received_at)
        self._travelling = travelling(tree)
        self._along = {id(resource) for resource in self._travelling.values()}
        self._of_the_person = {id(it) for it in self._run.resources() if self._is_the_persons(it)}
        self._ids: set[str] = set()

    def entry(self, entry: Mapping[str, Any], place: int) -> dict[str, Any]:
        """One entry: a record with its new id, anything else as it is."""
        path = f"Bundle.entry[{place}].resource"
        if place not in self._travelling:
            return dict(entry) | {"resource": _plain(entry.get("resource"))}
        made = self._record(entry["resource"], path)
        if made["resourceType"] == FORM:
            return dict(entry) | {"resource": made}
        if made["id"] in self._ids:
            self.issues.append(Issue(path, "resource-repeated"))
        self._ids.add(made["id"])
        return dict(entry) | {"fullUrl": f"urn:uuid:{made['id']}", "resource": made}

    def _record(self, resource: Resource, path: str) -> dict[str, Any]:
        kind, own = resource["resourceType"], self._id(resource)
        if own is None:
            self.issues.append(Issue(path, "identifier-or-id-required"))
        content = self._object(resource, path)
        identifiers = [
            self._identifier(it) for it in listed(content.get("identifier")) if self._is_known_by(it)
        ]
        meta = claims_of(resource, protected=self._context.protected)
        if kind == FORM:
            # Its result is what leaves, and has its id from what the form is known by.
            return content | {"meta": meta}
        head = {"resourceType": kind, "id": own or "", "meta": meta}
        ours = {"system": RECORD_ID, "value": own or ""}
        return head | {**content, **head, "identifier": [ours, *identifiers]}

    def _id(self, resource: Resource) -> str | None:
        person, kind = self._context.person, resource["resourceType"]
        if kind == "Patient" and person is not None:
            return self._context.record_id(kind, person.value)
        known = identity_of(resource)
        return None if known is None else self._context.record_id(kind, *known)

    def _is_known_by(self, identifier: Any) -> bool:
        """Whether an identifier goes with its record: of a protected person only the number, for its own system may call a record anything."""
        if self._context.protected:
            return self._person(identifier) is not None
        return not _is_record_id(identifier)

    def _identifier(self, identifier: Any) -> Any:
        """An identifier; the person's as we write it."""
        person = self._context.person
        return person.as_fhir() if person is not None and self._person(identifier) == person else identifier

    def _person(self, identifier: object) -> PersonId | None:
        try:
            return person_of(identifier, self._today)
        except IdentityError:
            return None

    def _value(self, value: Any, path: str) -> Any:
        if isinstance(value, list):
            return [self._value(item, f"{path}[{place}]") for place, item in enumerate(value)]
        if isinstance(value, Mapping):
            return self._reference(value, path) if _is_reference(value) else self._object(value, path)
        return _plain(value)

    def _object(self, value: Resource, path: str) -> dict[str, Any]:
        return {
            name: self._value(member, f"{path}.{name}" if ELEMENT.fullmatch(name) else path)
            for name, member in (without_words(value) if self._context.protected else value).items()
        }

    def _reference(self, reference: Resource, path: str) -> dict[str, Any]:
        """A Reference that leads to what travels with it, or names what it means."""
        literal = reference.get("reference")
        kept = self._object({name: it for name, it in reference.items() if name != "reference"}, path)
        target = self._run.resolve(literal) if isinstance(literal, str) else None
        if self._is_the_person(kept.get("identifier"), target):
            return kept | {"type": "Patient", "identifier": self._named()}
        if literal is None or (isinstance(literal, str) and literal.startswith("#")):
            return kept if literal is None else kept | {"reference": literal}
        if target is not None and id(target) in self._along:
            kept = {} if self._context.protected else kept
            return kept | {"reference": f"{target['resourceType']}/{self._id(target)}"}
        known = None if target is None else identity_of(_without_numbers(target))
        if known is not None and known[0]:
            kept = {"identifier": dict(zip(("system", "value"), known, strict=True))} | kept
        if not {"identifier", "display"} & kept.keys():
            code = "reference-not-in-bundle" if target is None else "reference-not-identified"
            self.issues.append(Issue(path, code))
        return kept if target is None else {"type": target["resourceType"]} | kept

    def _is_the_person(self, identifier: object, target: Any) -> bool:
        if isinstance(target, Mapping):
            return id(target) in self._of_the_person
        return self._context.person is not None and self._person(identifier) == self._context.person

    def _is_the_persons(self, resource: Resource) -> bool:
        """Whether a resource is the person's Patient."""
        identifiers = listed(resource.get("identifier")) if resource.get("resourceType") == "Patient" else []
        return self._context.person is not None and self._context.person in map(self._person, identifiers)

    def _named(self) -> dict[str, str]:
        return {} if self._context.person is None else self._context.person.as_fhir()


def _left_out(tree: Resource) -> Iterator[str]:
    """What a Patient that does not travel says beside who somebody is."""
    places = travelling(tree)
    for place, entry in enumerate(tree["entry"]):
        resource = entry["resource"]
        if resource["resourceType"] == "Patient" and place not in places:
            said = resource.keys() - {"resourceType", "id", "meta", "identifier", "text"}
            yield from (f"Patient.{name}" for name in said)


def _is_reference(value: Mapping[str, Any]) -> bool:
    """Whether an object is a Reference: a literal one, or one that names what it means."""
    names = {"reference", "identifier"} & value.keys()
    return bool(names) and {name for name in value if not name.startswith("_")} <= _REFERENCE


def _without_numbers(resource: Resource) -> Resource:
    """A resource without the personal numbers of it, if it is known by something else: staff have an HSA-id as well."""
    identifiers = [it for it in listed(resource.get("identifier")) if not _is_number(it)]
    return dict(resource) | {"identifier": identifiers} if identifiers else resource


def _is_number(identifier: object) -> bool:
    system = identifier.get("system") if isinstance(identifier, Mapping) else None
    return isinstance(system, str) and canonical_system(system) not in (None, HSA_ID, ORGANISATIONSNUMMER)


def _is_record_id(identifier: object) -> bool:
    return isinstance(identifier, Mapping) and identifier.get("system") == RECORD_ID


def listed(value: object) -> list[Any]:
    """What an element holds, whether it repeats or not."""
    return list(value) if isinstance(value, list) else [] if value is None else [value]


def _plain(value: Any) -> Any:
    """Decimals as JSON numbers that can be written again."""
    if isinstance(value, Mapping):
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return float(value) if isinstance(value, Decimal) else value
