"""What is sealed between processing and the last delivery: whom a message is about, and what it was mapped to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from adapter.domain.errors import ContentUnreadable
from adapter.domain.identity import PersonId
from adapter.store.vault import Sealed, Vault


@dataclass(frozen=True, slots=True)
class Translation:
    """A person, and the resources of the mapped Bundle before any release."""

    person: PersonId
    resources: tuple[Mapping[str, Any], ...]

    def seal(self, vault: Vault, message_id: str, at: datetime) -> Sealed:
        """Sealed for the content table."""
        plain = orjson.dumps({"person": self.person.as_fhir(), "resources": list(self.resources)})
        return vault.seal(plain, context=_context(message_id), at=at)

    @classmethod
    def open(cls, vault: Vault, message_id: str, sealed: Sealed | None) -> Translation:
        """Opened again; raises ContentUnreadable."""
        if sealed is None:
            raise ContentUnreadable("content-gone")
        plain = orjson.loads(vault.open(sealed, context=_context(message_id)))
        return cls(PersonId(**plain["person"]), tuple(plain["resources"]))


def _context(message_id: str) -> str:
    return f"{message_id}|translated"
