"""``$release-without-consent``: its Parameters (FHIR R4) read strictly, and those of its answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import orjson

from adapter.domain.errors import IdentityError, InputError, Issue
from adapter.domain.identity import HSA_ID, Identifier, PersonId, parse_organization_id, parse_person_id
from adapter.domain.instants import as_instant, interval_of
from adapter.domain.records import RecordType

LONGEST_REASON: Final = 4000
VALUES: Final = {
    "patient": "valueIdentifier",
    "recipient": "valueIdentifier",
    "recordType": "valueCode",
    "ground": "valueCode",
    "reason": "valueString",
    "end": "valueInstant",
    "agreement": "valueUri",
}
"""By the name of a parameter, the element of its value."""
_REPEATS: Final = frozenset({"recordType"})
_OPTIONAL: Final = frozenset({"agreement"})
_MOST: Final = 50


@dataclass(frozen=True, slots=True)
class StatedRelease:
    """What an official states. ``recipient`` is a unit, ``ground`` a code that is yet to be judged, ``ends_at`` aware.

    ``agreement`` None: the one that fits. The reason never shows in a repr.
    """

    person: PersonId
    recipient: Identifier
    record_types: frozenset[RecordType]
    ground: str
    reason: str
    ends_at: datetime
    agreement: str | None

    def __repr__(self) -> str:
        return f"StatedRelease(ground={self.ground!r})"


def parameter_path(name: str) -> str:
    """Where a parameter stands, as FHIRPath."""
    return f"Parameters.parameter.where(name='{name}')"


def read_release(resource: Mapping[str, Any], *, today: date) -> StatedRelease:
    """The operation's input, as read_json gives it. ``today`` is the present day in Stockholm.

    Raises InputError: 400 if it is no Parameters resource, else 422 with every faulty parameter.
    """
    stated = _stated(resource)
    issues: list[Issue] = []
    read = _Read(stated, issues)
    release = StatedRelease(
        person=read.person(today),
        recipient=read.unit(),
        record_types=read.record_types(),
        ground=read.text("ground"),
        reason=read.reason(),
        ends_at=read.instant(),
        agreement=read.text("agreement") or None,
    )
    if issues:
        raise InputError(issues)
    return release


def filed_release(release_id: str, stated: StatedRelease, agreement: str, filed_at: datetime) -> bytes:
    """The answer: what was filed under which agreement, without the person and the reason."""
    parameters: list[dict[str, Any]] = [
        {"name": "id", "valueId": release_id},
        {"name": "agreement", "valueUri": agreement},
        {"name": "recipient", "valueIdentifier": stated.recipient.as_fhir()},
        *({"name": "recordType", "valueCode": code.value} for code in sorted(stated.record_types)),
        {"name": "ground", "valueCode": stated.ground},
        {"name": "start", "valueInstant": as_instant(filed_at)},
        {"name": "end", "valueInstant": as_instant(stated.ends_at)},
    ]
    return orjson.dumps({"resourceType": "Parameters", "parameter": parameters})


def _stated(resource: Mapping[str, Any]) -> Mapping[str, list[Any]]:
    """The values by name; a parameter that is not ours, or has more than its one value, is refused unseen."""
    parameters = _parameters(resource)
    stated: dict[str, list[Any]] = {}
    issues = []
    for place, parameter in enumerate(parameters[:_MOST]):
        name = parameter.get("name") if isinstance(parameter, Mapping) else None
        value = VALUES.get(name) if isinstance(name, str) else None
        if not isinstance(name, str) or value is None:
            issues.append(Issue(f"Parameters.parameter[{place}]", "unknown-parameter"))
        elif parameter.keys() != {"name", value}:
            issues.append(Issue(f"Parameters.parameter[{place}]", "value"))
        else:
            stated.setdefault(name, []).append(parameter[value])
    issues += _wrong_count(stated)
    if len(parameters) > _MOST:
        issues.append(Issue("Parameters.parameter", "too-many"))
    if issues:
        raise InputError(issues)
    return stated


def _parameters(resource: Mapping[str, Any]) -> list[Any]:
    parameters = resource.get("parameter") if resource.get("resourceType") == "Parameters" else None
    if not isinstance(parameters, list):
        raise InputError([Issue("Parameters.parameter", "required")], status=400)
    return parameters


def _wrong_count(stated: Mapping[str, list[Any]]) -> Iterator[Issue]:
    for name in VALUES:
        count = len(stated.get(name, ()))
        if (count == 0 and name not in _OPTIONAL) or (count > 1 and name not in _REPEATS):
            yield Issue(parameter_path(name), "required")


@dataclass(frozen=True, slots=True)
class _Read:
    """Reads each value, noting what is wrong with it; what stands in for a faulty one is never used."""

    stated: Mapping[str, list[Any]]
    issues: list[Issue]

    def person(self, today: date) -> PersonId:
        system, value = self._identifier("patient")
        try:
            return parse_person_id(value, today=today, system=system)
        except IdentityError as error:
            self._fault("patient", error.code)
            return PersonId("", "")

    def unit(self) -> Identifier:
        system, value = self._identifier("recipient")
        try:
            unit = parse_organization_id(value, system=system)
        except IdentityError as error:
            self._fault("recipient", error.code)
            return Identifier("", "")
        if unit.system != HSA_ID:
            self._fault("recipient", "unit-unknown")
        return unit

    def record_types(self) -> frozenset[RecordType]:
        found = set()
        for code in self.stated["recordType"]:
            try:
                found.add(RecordType(code))
            except ValueError:
                self._fault("recordType", "value")
        return frozenset(found)

    def text(self, name: str) -> str:
        [value] = self.stated.get(name, [""])
        if isinstance(value, str):
            return value
        self._fault(name, "value")
        return ""

    def reason(self) -> str:
        text = self.text("reason")
        if not text.strip() or len(text) > LONGEST_REASON:
            self._fault("reason", "value")
        return text

    def instant(self) -> datetime:
        text = self.text("end")
        try:
            if "T" not in text:
                raise ValueError("a day is no instant")
            return interval_of(text)[0]
        except ValueError:
            self._fault("end", "value")
            return datetime.max

    def _identifier(self, name: str) -> tuple[str, str]:
        [value] = self.stated[name]
        parts = (value.get("system"), value.get("value")) if isinstance(value, Mapping) else (None, None)
        if isinstance(parts[0], str) and isinstance(parts[1], str):
            return parts[0], parts[1]
        return "", ""

    def _fault(self, name: str, code: str) -> None:
        self.issues.append(Issue(parameter_path(name), code))
