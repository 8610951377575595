"""The request of ``sambro decide``, read strictly: every faulty field at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from adapter.domain.errors import InputError, Issue
from adapter.domain.identity import Identifier, PersonId
from adapter.gate.actors import organization_identifier
from adapter.gate.consent_head import person_identifier
from adapter.gate.request import OSL_WAIVER, AccessRequest, Code, Side
from adapter.gate.vocabulary import ACTIONS

_REQUEST: Final = frozenset(
    {"patient", "agreement", "sender", "requester", "category", "purpose", "action", "types", "recordTypes"}
)
_SIDE: Final = frozenset({"organization", "unit", "practitioner", "roles"})


def read_request(value: object, at: datetime) -> AccessRequest:
    """Read the request of interfaces.md; raises InputError (status 400) with every faulty field."""
    reader = _RequestReader(at)
    request = reader.read(value)
    if reader.issues or request is None:
        raise InputError(reader.issues, status=400)
    return request


class _RequestReader:
    def __init__(self, at: datetime) -> None:
        self._at = at
        self.issues: list[Issue] = []

    def read(self, value: object) -> AccessRequest | None:
        body = self._object(value, "request", _REQUEST)
        person = self._person(body.get("patient"))
        sender = self._side(body.get("sender"), "sender")
        recipient = self._side(body.get("requester"), "requester")
        action = body.get("action", "disclose")
        if action not in ACTIONS:
            self._fault("action", "value")
        agreement = body.get("agreement")
        if agreement is not None and not (isinstance(agreement, str) and agreement):
            self._fault("agreement", "value")
        category = self._codes(body["category"], "category") if "category" in body else OSL_WAIVER
        texts = {name: self._texts(body.get(name, []), name) for name in ("purpose", "types", "recordTypes")}
        if self.issues or person is None:
            return None
        return AccessRequest(
            person=person,
            agreement=agreement,
            sender=sender,
            recipient=recipient,
            purposes=texts["purpose"],
            at=self._at,
            category=category,
            action=action,
            types=frozenset(texts["types"]),
            record_types=frozenset(texts["recordTypes"]),
        )

    def _fault(self, path: str, code: str) -> None:
        self.issues.append(Issue(path, code))

    def _object(self, value: object, path: str, known: frozenset[str]) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            self._fault(path, "required" if value is None else "value")
            return {}
        for name in value.keys() - known:
            self._fault(f"{path}.{name}", "unknown")
        return value

    def _identifier(self, value: object, path: str) -> Identifier | None:
        body = self._object(value, path, frozenset({"system", "value"}))
        system, text = body.get("system"), body.get("value")
        if isinstance(system, str) and isinstance(text, str) and system and text:
            return Identifier(system, text)
        self._fault(path, "value")
        return None

    def _person(self, value: object) -> PersonId | None:
        identifier = self._identifier(value, "patient")
        if identifier is None:
            return None
        # A malformed number is an unknown person, not an error.
        read = person_identifier(identifier.as_fhir(), self._at)
        return read or PersonId(identifier.system, identifier.value)

    def _side(self, value: object, path: str) -> Side:
        body = self._object(value, path, _SIDE)
        found = {
            name: self._identifier(body[name], f"{path}.{name}")
            for name in ("organization", "unit", "practitioner")
            if name in body
        }
        if "organization" not in body:
            self._fault(f"{path}.organization", "required")
        named = {
            name: organization_identifier(item.system, item.value) for name, item in found.items() if item
        }
        roles = self._codes(body.get("roles", []), f"{path}.roles")
        organizations = (
            frozenset({named["organization"]}) if "organization" in named else frozenset[Identifier]()
        )
        return Side(organizations, named.get("unit"), named.get("practitioner"), roles)

    def _codes(self, value: object, path: str) -> frozenset[Code]:
        codes = set()
        for place, item in enumerate(self._list(value, path)):
            body = self._object(item, f"{path}[{place}]", frozenset({"system", "code"}))
            system, code = body.get("system"), body.get("code")
            if isinstance(system, str) and isinstance(code, str) and system and code:
                codes.add((system, code))
            else:
                self._fault(f"{path}[{place}]", "value")
        return frozenset(codes)

    def _texts(self, value: object, path: str) -> tuple[str, ...]:
        texts = self._list(value, path)
        if not all(isinstance(text, str) and text for text in texts):
            self._fault(path, "value")
            return ()
        return tuple(texts)

    def _list(self, value: object, path: str) -> list[Any]:
        if isinstance(value, list):
            return value
        self._fault(path, "value")
        return []
