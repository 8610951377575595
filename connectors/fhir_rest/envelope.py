"""What a Bundle that a system sends says of itself: whom and what it is about, who sends it, by which id it is known.

FHIR R4, bundle.html: a transaction that creates or updates, a document (Composition) or a message (MessageHeader). A FHIR Bundle has no one
envelope, so each part stands where that kind of Bundle has a place for it (docs/fhir-push.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from adapter.domain.errors import IdentityError, InputError, Issue
from adapter.domain.identity import (
    HSA_ID,
    ORGANISATIONSNUMMER,
    Identifier,
    PersonId,
    canonical_system,
    parse_organization_id,
)
from adapter.domain.instants import stockholm_date
from adapter.domain.records import PROTECTION_CODES, SECURITY_LABEL, RecordType
from adapter.exchange.ports import Act, Arrival
from adapter.fhir.paths import MAX_ISSUES
from adapter.mapping.evaluation import MappingContext, Run
from adapter.mapping.native import ELEMENT, EVENTS, identity_of, listed, person_of, travelling
from adapter.mapping.native_screening import FORM, instrument_of
from adapter.mapping.source import Source

Resource = Mapping[str, Any]

TYPES: Final = frozenset({"transaction", "document", "message"})
_BESIDE: Final = frozenset(
    {
        "Organization",
        "Practitioner",
        "PractitionerRole",
        "RelatedPerson",
        "Location",
        "Composition",
        "MessageHeader",
        "Provenance",
    }
)
_SUBJECT: Final = {"Task": "for", "EpisodeOfCare": "patient"}
# Where each kind of Bundle says which organisation or unit sends it.
_SENDING: Final = {"MessageHeader": "sender", "Composition": "custodian"}
_CONDITIONS: Final = ("ifNoneExist", "ifMatch", "ifNoneMatch", "ifModifiedSince")
_NOT_IN_FORCE: Final = frozenset({"draft", "completed", "revoked", "entered-in-error"})
_ENROLLED: Final = frozenset({"planned", "waitlist", "active", "onhold"})
_ACTS: Final = {"enrolment": Act.ENROLMENT}
_RECORD_TYPES: Final = {
    "sip": RecordType.SIP,
    "enrolment": RecordType.ENROLMENT,
    "person": RecordType.PERSON,
}
# A message holds one record, which is known by the first of these that it has: two results would reach a system that takes our own form as one.
_HEADS: Final = {
    "sip": ("CarePlan",),
    "screening": (FORM, "Observation"),
    "enrolment": ("EpisodeOfCare",),
    "person": ("Patient",),
}
_OF_ORGANIZATIONS: Final = frozenset({ORGANISATIONSNUMMER, HSA_ID})
_MODIFIERS: Final = frozenset({"modifierExtension", "implicitRules"})
_LONGEST_ID: Final = 200
_MOST_ENTRIES: Final = 500
# Each record looks at those of the Patient that it is about: without a bound that would be a square.
_MOST_IDENTIFIERS: Final = 20


def arrival_of(bundle: Resource, received_at: datetime) -> Arrival:
    """The message that a Bundle is. Raises InputError (422) with every fault of its envelope (MAX_ISSUES at most), as FHIRPath paths from ``Bundle``."""
    run = Run(bundle, MappingContext(record_id="".join, received_at=received_at))
    return _Envelope(bundle, run).arrival()


@dataclass(slots=True)
class _Envelope:
    bundle: Resource
    run: Run
    issues: list[Issue] = field(default_factory=list)

    def arrival(self) -> Arrival:
        self._form()
        self._stop()
        records = travelling(self.bundle)
        event, head = self._record(records)
        self._stop()
        person, control = self._person(records), self._identifier()
        sender, unit = self._sending()
        record_types = self._record_types(event, records)
        self._stop()
        if person is None or head is None:
            raise TypeError("a Bundle without faults is about somebody")
        return Arrival(
            event=event,
            act=_ACTS.get(event, Act.RECORD),
            control_id=control.value,
            source_application=control.system,
            sender=sender,
            unit=unit,
            person=person,
            record_types=record_types,
            record=Source("fhir", self.bundle),
            protection=frozenset(self._protection()) or None,
            record_key="|".join(identity_of(head) or ()) or None,
            is_active_plan=event == "sip" and head.get("status") not in _NOT_IN_FORCE,
            ends_enrolment=event == "enrolment" and head.get("status") not in _ENROLLED,
        )

    def _stop(self) -> None:
        if self.issues:
            raise InputError(self.issues[:MAX_ISSUES])

    def _fault(self, path: str, code: str) -> None:
        self.issues.append(Issue(path, code))

    def _form(self) -> None:
        """The Bundle's type, and entries that create or update."""
        if self.bundle.get("type") not in TYPES:
            self._fault("Bundle.type", "bundle-type-not-supported")
        entries = self.bundle.get("entry")
        if not isinstance(entries, list) or not entries:
            self._fault("Bundle.entry", "required")
            return
        if len(entries) > _MOST_ENTRIES:
            self._fault("Bundle.entry", "too-many-values")
            return
        for place, entry in enumerate(entries):
            self._entry(entry, f"Bundle.entry[{place}]")
        for path in _modifiers(self.bundle, "Bundle"):
            self._fault(path, "modifier-not-supported")

    def _entry(self, entry: object, path: str) -> None:
        resource = entry.get("resource") if isinstance(entry, Mapping) else None
        if not isinstance(entry, Mapping) or not isinstance(resource, Mapping):
            self._fault(f"{path}.resource", "required")
            return
        kind = resource.get("resourceType")
        if kind == "Consent":
            self._fault(f"{path}.resource", "consent-not-here")
        elif kind not in _BESIDE and kind not in EVENTS:
            self._fault(f"{path}.resource", "resource-type-not-exchanged")
        if len(listed(resource.get("identifier"))) > _MOST_IDENTIFIERS:
            self._fault(f"{path}.resource.identifier", "too-many-values")
        if kind in EVENTS and resource.get("contained"):
            self._fault(f"{path}.resource.contained", "contained-not-supported")
        request = entry.get("request")
        if isinstance(request, Mapping):
            if request.get("method") not in ("POST", "PUT"):
                self._fault(f"{path}.request.method", "method-not-supported")
            for name in _CONDITIONS:
                if name in request:
                    self._fault(f"{path}.request.{name}", "condition-not-supported")

    def _record(self, records: Mapping[int, Resource]) -> tuple[str, Resource | None]:
        """The kind of message, and the resource that its record is known by."""
        events = {EVENTS[it["resourceType"]] for it in records.values()}
        if len(events) != 1:
            self._fault("Bundle.entry", "several-records" if events else "no-record")
            return "", None
        [event] = events
        by_type = [[it for it in records.values() if it["resourceType"] == kind] for kind in _HEADS[event]]
        heads = [found[0] for found in by_type if found]
        if not heads or any(len(found) > 1 for found in by_type):
            self._fault("Bundle.entry", "several-records" if heads else "no-record")
            return event, None
        return event, heads[0]

    def _record_types(self, event: str, records: Mapping[int, Resource]) -> frozenset[RecordType]:
        if event in _RECORD_TYPES:
            return frozenset({_RECORD_TYPES[event]})
        found = {place: instrument_of(it) for place, it in records.items()}
        for place, instrument in found.items():
            if instrument is None:
                name = "questionnaire" if records[place]["resourceType"] == FORM else "code"
                self._fault(f"Bundle.entry[{place}].resource.{name}", "record-type-unknown")
        if len(set(found.values()) - {None}) > 1:
            self._fault("Bundle.entry", "several-records")
        return frozenset(instrument.record_type for instrument in found.values() if instrument is not None)

    def _identifier(self) -> Identifier:
        """Bundle.identifier, by which a repeat is known."""
        stated = self.bundle.get("identifier")
        values = stated if isinstance(stated, Mapping) else {}
        for name in ("system", "value"):
            text = values.get(name)
            if not isinstance(text, str) or not 0 < len(text) <= _LONGEST_ID:
                self._fault(f"Bundle.identifier.{name}", "required" if text is None else "value")
        return Identifier(str(values.get("system")), str(values.get("value")))

    def _person(self, records: Mapping[int, Resource]) -> PersonId | None:
        """The one person that every record, and a Patient beside them, is about."""
        found: dict[str, PersonId] = {}
        patients = [
            (place, entry["resource"])
            for place, entry in enumerate(self.bundle["entry"])
            if entry["resource"]["resourceType"] == "Patient"
        ]
        for place, resource in {**records, **dict(patients)}.items():
            path = f"Bundle.entry[{place}].resource"
            person = self._subject(resource, path)
            if person is not None:
                found[path] = person
        persons = list(found.items())
        for path, person in persons[1:]:
            if person != persons[0][1]:
                self._fault(path, "other-person")
        return persons[0][1] if persons else None

    def _subject(self, resource: Resource, path: str) -> PersonId | None:
        if resource["resourceType"] == "Patient":
            return self._one_person(listed(resource.get("identifier")), f"{path}.identifier")
        name = _SUBJECT.get(resource["resourceType"], "subject")
        reference = resource.get(name)
        if not isinstance(reference, Mapping):
            self._fault(f"{path}.{name}", "required")
            return None
        target = self._resolved(reference)
        stated = [*listed(reference.get("identifier")), *listed(target.get("identifier"))]
        return self._one_person(stated, f"{path}.{name}")

    def _one_person(self, identifiers: list[Any], path: str) -> PersonId | None:
        today = stockholm_date(self.run.context.received_at)
        try:
            found = {person for it in identifiers if (person := person_of(it, today)) is not None}
        except IdentityError as error:
            self._fault(path, error.code)
            return None
        if len(found) != 1:
            self._fault(path, "person-ambiguous" if found else "person-unknown")
            return None
        return found.pop()

    def _resolved(self, reference: Resource) -> Resource:
        literal = reference.get("reference")
        target = (
            self.run.resolve(literal) if isinstance(literal, str) and not literal.startswith("#") else None
        )
        return target if isinstance(target, Mapping) else {}

    def _sending(self) -> tuple[Identifier | None, Identifier | None]:
        """The organisation and the unit that send: by organisationsnummer the one, by HSA-id the other."""
        found: dict[str, Identifier] = {}
        for path, stated in self._said_to_send():
            try:
                said = parse_organization_id(stated.value, system=stated.system)
            except IdentityError as error:
                self._fault(path, error.code)
                continue
            if found.setdefault(said.system, said) != said:
                self._fault(path, "sender-ambiguous")
        return found.get(ORGANISATIONSNUMMER), found.get(HSA_ID)

    def _said_to_send(self) -> Iterator[tuple[str, Identifier]]:
        for place, entry in enumerate(self.bundle["entry"]):
            resource = entry["resource"]
            name = _SENDING.get(resource["resourceType"], "")
            reference = resource.get(name)
            if not isinstance(reference, Mapping):
                continue
            path = f"Bundle.entry[{place}].resource.{name}"
            stated = [reference.get("identifier"), *listed(self._resolved(reference).get("identifier"))]
            named = [found for it in stated if (found := _of_an_organization(it)) is not None]
            if not named:
                self._fault(path, "sender-not-identified")
            yield from ((path, identifier) for identifier in named)

    def _protection(self) -> Iterator[str]:
        """The codes of protected identity, wherever in the Bundle they are labels."""
        for resource in (self.bundle, *(entry["resource"] for entry in self.bundle["entry"])):
            meta = resource.get("meta")
            for label in listed(meta.get("security")) if isinstance(meta, Mapping) else ():
                if isinstance(label, Mapping) and label.get("system") == SECURITY_LABEL:
                    yield from PROTECTION_CODES & {str(label.get("code"))}


def _modifiers(value: Any, path: str) -> Iterator[str]:
    """Where something stands that changes what is meant by the rest: what does not know it must not use that (extensibility.html#modifierExtension)."""
    if isinstance(value, list):
        for place, item in enumerate(value):
            yield from _modifiers(item, f"{path}[{place}]")
    elif isinstance(value, Mapping):
        for name, member in value.items():
            if name in _MODIFIERS and member:
                yield f"{path}.{name}"
            elif isinstance(member, list | Mapping):
                yield from _modifiers(member, f"{path}.{name}" if ELEMENT.fullmatch(name) else path)


def _of_an_organization(identifier: object) -> Identifier | None:
    """An Identifier by which an organisation or a unit is known to all, not to its own systems alone."""
    match identifier:
        case {"system": str(system), "value": str(value)} if canonical_system(system) in _OF_ORGANIZATIONS:
            return Identifier(system, value)
    return None
