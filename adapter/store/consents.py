"""The Consent registry: every version sealed, found by person key; revoked identifiers stay ended.

Each change raises the person's epoch in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, exists, insert, select, update

from adapter.store import persons
from adapter.store.database import NoSuchRow
from adapter.store.prepared import Prepared
from adapter.store.tables import consent, tombstone
from adapter.store.upsert import Upsert


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """One version of a Consent.

    ``identifier_key`` is Keyring.record_id of its business identifier; ``agreement`` None: none is named (a block). ``status`` is FHIR's
    ConsentState. ``sealed`` is the resource by Keyring.seal_registry with row = ``id/version``.
    """

    id: str
    version: int
    identifier_key: str
    person_key: str
    agreement: str | None
    registrar_party: str
    category: str
    status: str
    filed_at: datetime
    sealed: bytes


_COLUMNS = [consent.c[name] for name in ConsentRow.__slots__]
_CURRENT = select(*_COLUMNS).where(consent.c.is_current)
_OF_PERSON = Prepared(
    _CURRENT.where(consent.c.person_key == bindparam("of")).order_by(consent.c.filed_at, consent.c.id), ["of"]
)
_BURY = Upsert(tombstone, ["identifier_key"], lambda new: {"buried_at": tombstone.c.buried_at})


def file_consent(connection: Connection, row: ConsentRow) -> None:
    """File a new Consent; whether its identifier may be filed (``is_tombstoned``) the caller has asked in the same operation."""
    values = {name: getattr(row, name) for name in ConsentRow.__slots__}
    connection.execute(insert(consent), values | {"is_current": True})
    persons.raise_epoch(connection, row.person_key)


def revise(connection: Connection, row: ConsentRow) -> None:
    """File the next version of a Consent: ``row.version`` is one more than the current. Raises NoSuchRow if it is not."""
    replaced = connection.execute(
        update(consent)
        .where(consent.c.id == row.id, consent.c.version == row.version - 1, consent.c.is_current)
        .values(is_current=False)
    )
    if replaced.rowcount != 1:
        raise NoSuchRow("consent version")
    file_consent(connection, row)


def consents_of(connection: Connection, person_keys: Iterable[str]) -> Sequence[ConsentRow]:
    """The current version of every Consent of a person, whatever its status; under each key, oldest first."""
    rows = (row for key in sorted(person_keys) for row in _OF_PERSON.rows(connection, {"of": key}))
    return [ConsentRow(*row) for row in rows]


def consent_by_identifier(connection: Connection, identifier_key: str) -> ConsentRow | None:
    """The current version of the Consent with that business identifier (keyed)."""
    row = connection.execute(_CURRENT.where(consent.c.identifier_key == identifier_key)).first()
    return None if row is None else ConsentRow(*row)


def consent_by_id(connection: Connection, consent_id: str) -> ConsentRow | None:
    """The current version of the Consent with that id."""
    row = connection.execute(_CURRENT.where(consent.c.id == consent_id)).first()
    return None if row is None else ConsentRow(*row)


def consent_version(connection: Connection, consent_id: str, version: int) -> ConsentRow | None:
    """One version of a Consent, current or not."""
    one = select(*_COLUMNS).where(consent.c.id == consent_id, consent.c.version == version)
    row = connection.execute(one).first()
    return None if row is None else ConsentRow(*row)


def tombstone_identifier(connection: Connection, identifier_key: str, now: datetime) -> None:
    """Lay a tombstone: the identifier has ended for good, also when its Consent has not been seen yet."""
    _BURY.run(connection, {"identifier_key": identifier_key, "buried_at": now})


def is_tombstoned(connection: Connection, *identifier_keys: str) -> bool:
    """Whether one of these business identifiers was revoked."""
    return bool(connection.scalar(select(exists().where(tombstone.c.identifier_key.in_(identifier_keys)))))
