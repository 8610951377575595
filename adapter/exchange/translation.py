"""What is sealed between processing and the last delivery: whom a message is about, and what it was mapped to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from adapter.domain.errors import ContentUnreadable
from adapter.domain.identity import PersonId
from adapter.store.vault import Sealed, Vault


@dataclass(frozen=True, slots=True)
class Translation:
    """A person, and the resources of the mapped Bundle before any release; ``made_by`` is the data that they were made by (Mapped)."""

    person: PersonId
    resources: tuple[Mapping[str, Any], ...]
    made_by: tuple[str, ...] = ()

    def seal(self, vault: Vault, message_id: str, at: datetime) -> Sealed:
        """Sealed for the content table."""
        plain = {
            "person": self.person.as_fhir(),
            "resources": list(self.resources),
            "made_by": list(self.made_by),
        }
        return vault.seal(orjson.dumps(plain), context=_context(message_id), at=at)

    @classmethod
    def open(cls, vault: Vault, message_id: str, sealed: Sealed | None) -> Translation:
        """Opened again; raises ContentUnreadable."""
        if sealed is None:
            raise ContentUnreadable("content-gone")
        plain = orjson.loads(vault.open(sealed, context=_context(message_id)))
        # What was sealed by an earlier version of the service does not say by what it was made.
        made_by = tuple(plain.get("made_by", ()))
        return cls(PersonId(**plain["person"]), tuple(plain["resources"]), made_by)

    def by(self, number: PersonId) -> Translation:
        """The same under another number of its person: each Identifier that is the one becomes the other, and nothing else changes."""
        resources = tuple(_renumbered(resource, self.person, number) for resource in self.resources)
        return replace(self, person=number, resources=resources)


def _renumbered(value: Any, known: PersonId, number: PersonId) -> Any:
    if isinstance(value, list):
        return [_renumbered(item, known, number) for item in value]
    if not isinstance(value, Mapping):
        return value
    made = {name: _renumbered(member, known, number) for name, member in value.items()}
    is_known = (value.get("system"), value.get("value")) == (known.system, known.value)
    return made | number.as_fhir() if is_known else made


def _context(message_id: str) -> str:
    return f"{message_id}|translated"
