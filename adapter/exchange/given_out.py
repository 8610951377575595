"""Ids that were given out: whom a resource is about, sealed, so that a later read by id can ask the gate again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import Connection

from adapter.domain.errors import ContentUnreadable
from adapter.domain.identity import PersonId
from adapter.store import references
from adapter.store.keys import Keyring
from adapter.store.references import NewReference

_LASTS: Final = timedelta(days=30)


class GivenOut:
    """Remembers and finds the person behind ``Type/id``."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def remember(
        self, connection: Connection, resources: Iterable[Mapping[str, Any]], person: PersonId, now: datetime
    ) -> None:
        """Keep whom the resources of an answer are about, in the transaction of its audit."""
        new = [self._sealed(resource["resourceType"], resource["id"], person, now) for resource in resources]
        references.store(connection, new)

    def person_of(
        self, connection: Connection, resource_type: str, resource_id: str, now: datetime
    ) -> PersonId | None:
        """Whom a resource is about; None if its id is unknown, has expired or cannot be opened."""
        sealed = references.find_reference(connection, resource_type, resource_id, now)
        if sealed is None:
            return None
        try:
            plain = self._keyring.open_registry(sealed, row=f"{resource_type}/{resource_id}")
        except ContentUnreadable:
            return None
        return PersonId(**orjson.loads(plain))

    def _sealed(self, resource_type: str, resource_id: str, person: PersonId, now: datetime) -> NewReference:
        plain = orjson.dumps(person.as_fhir())
        sealed = self._keyring.seal_registry(plain, row=f"{resource_type}/{resource_id}")
        return NewReference(resource_type, resource_id, sealed, now + _LASTS)
