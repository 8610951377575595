"""The Consent registry: every version sealed, found by person key; revoked identifiers stay ended.

Each change raises the person's epoch in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    and_,
    bindparam,
    delete,
    exists,
    insert,
    not_,
    or_,
    select,
    update,
)

from adapter.store import persons
from adapter.store.database import NoSuchRow
from adapter.store.exclusion import is_first
from adapter.store.prepared import Prepared
from adapter.store.tables import consent, correction, merge, tombstone
from adapter.store.upsert import Upsert


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """One version of a Consent.

    ``identifier_key`` is Keyring.record_id of its business identifier; ``agreement`` None: none is named (a block). ``status`` is FHIR's
    ConsentState. ``sealed`` is the resource by Keyring.seal_registry with row = ``id/version``. ``ended_at``: from when on it opens nothing,
    whatever the instant asked about; None: nothing ends it yet.
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
    ended_at: datetime | None = None


_SWEEP = "consent-retention"
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


def last_filed(connection: Connection, person_key: str, agreement: str) -> Sequence[ConsentRow]:
    """Of each of an agreement's Consents the version that was filed last under a key, current or not; newest first."""
    later = consent.alias()
    is_outdated = exists().where(
        later.c.id == consent.c.id,
        later.c.person_key == consent.c.person_key,
        later.c.version > consent.c.version,
    )
    under = consent.c.person_key == person_key, consent.c.agreement == agreement
    newest_first = consent.c.filed_at.desc(), consent.c.id
    rows = connection.execute(select(*_COLUMNS).where(*under, not_(is_outdated)).order_by(*newest_first))
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


def versions(connection: Connection, consent_id: str) -> Sequence[ConsentRow]:
    """Every version of a Consent, newest first."""
    found = select(*_COLUMNS).where(consent.c.id == consent_id).order_by(consent.c.version.desc())
    return [ConsentRow(*row) for row in connection.execute(found)]


def newest(connection: Connection, wanted: Mapping[str, str], limit: int) -> Sequence[ConsentRow]:
    """The current versions that were filed last, newest first; ``wanted`` are values of columns that they have."""
    having = [consent.c[name] == value for name, value in wanted.items()]
    found = _CURRENT.where(*having).order_by(consent.c.filed_at.desc(), consent.c.id).limit(limit)
    return [ConsentRow(*row) for row in connection.execute(found)]


def standing_since(instant: datetime, of: FromClause = consent) -> ColumnElement[bool]:
    """Whether a version is the current one of a Consent that had not ended before an instant."""
    return and_(of.c.is_current, or_(of.c.ended_at.is_(None), of.c.ended_at >= instant))


def forget_ended(connection: Connection, before: datetime, now: datetime, *, limit: int = 200) -> int:
    """Delete at most ``limit`` Consents, with all their versions, that ended before an instant; their identifiers stay ended.

    Only of a person of whom none stands: what has ended may be what keeps another copy of it from counting. Nor of one whose numbers
    were merged, whose Consents stand under several keys. Of several replicas one does this. Returns how many.
    """
    if not is_first(connection, _SWEEP):
        return 0
    other = consent.alias()
    stands = exists().where(other.c.person_key == consent.c.person_key, standing_since(before, other))
    merged = exists().where(
        or_(merge.c.old_key == consent.c.person_key, merge.c.new_key == consent.c.person_key)
    )
    ended = (
        select(consent.c.id, consent.c.identifier_key)
        .where(consent.c.is_current, consent.c.ended_at < before, not_(stands), not_(merged))
        .order_by(consent.c.ended_at)
        .limit(limit)
    )
    rows = connection.execute(ended).all()
    ids = [row.id for row in rows]
    for row in rows:
        tombstone_identifier(connection, row.identifier_key, now)
    connection.execute(delete(correction).where(correction.c.consent_id.in_(ids)))
    connection.execute(delete(consent).where(consent.c.id.in_(ids)))
    return len(ids)


def tombstone_identifier(connection: Connection, identifier_key: str, now: datetime) -> None:
    """Lay a tombstone: the identifier has ended for good, also when its Consent has not been seen yet."""
    _BURY.run(connection, {"identifier_key": identifier_key, "buried_at": now})


def is_tombstoned(connection: Connection, *identifier_keys: str) -> bool:
    """Whether one of these business identifiers was revoked."""
    return bool(connection.scalar(select(exists().where(tombstone.c.identifier_key.in_(identifier_keys)))))
