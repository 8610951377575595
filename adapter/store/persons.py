"""Persons by key: epochs, protected identity, merged numbers. No personal identity stands here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, exists, or_, select

from adapter.store import meta
from adapter.store.exclusion import is_shared, one_at_a_time
from adapter.store.prepared import Prepared
from adapter.store.tables import merge as merge_table
from adapter.store.tables import person
from adapter.store.upsert import Upsert

_GLOBAL_EPOCH = "global-epoch"
_FINGERPRINT = "agreements-fingerprint"


@dataclass(frozen=True, slots=True)
class Epochs:
    """What a decision read; if either has moved when its release is marked, it must be decided anew."""

    person: int
    everywhere: int


_RAISE = Upsert(person, ["key"], lambda new: {"epoch": person.c.epoch + 1}, returning="epoch")
_PROTECT = Upsert(person, ["key"], lambda new: {"epoch": person.c.epoch + 1, "protection": new.protection})
_JOIN = Upsert(merge_table, ["old_key", "new_key"], lambda new: {"merged_at": merge_table.c.merged_at})


@dataclass(frozen=True, slots=True)
class PersonState:
    """What bears on every decision about a person: all keys that merges joined, epochs, protected-identity codes."""

    keys: frozenset[str]
    epochs: Epochs
    protection: frozenset[str]


_JOINED = or_(merge_table.c.old_key == bindparam("key"), merge_table.c.new_key == bindparam("key"))
_IS_JOINED = Prepared(select(exists().where(_JOINED)), ["key"])
# Every decision asks this: one statement, whoever the person is.
_STATE = Prepared(
    select(
        select(person.c.epoch).where(person.c.key == bindparam("key")).scalar_subquery(),
        select(person.c.protection).where(person.c.key == bindparam("key")).scalar_subquery(),
        meta.VALUE.scalar_subquery(),
        exists().where(_JOINED),
    ),
    ["key", "name"],
)


def alone_with(connection: Connection, keys: Iterable[str]) -> None:
    """Be the only operation about these persons, and whoever is joined to them, until the transaction ends (exclusion.py)."""
    held: frozenset[str] = frozenset()
    wanted = frozenset(keys)
    while is_shared(connection) and wanted - held:
        one_at_a_time(connection, wanted - held)
        held, wanted = wanted, wanted.union(*(keys_of(connection, key) for key in wanted))


def alone_with_those(connection: Connection, selected: Select[str]) -> None:
    """The same for the persons whose keys a statement selects."""
    if is_shared(connection):
        alone_with(connection, connection.scalars(selected))


def keys_of(connection: Connection, key: str) -> frozenset[str]:
    """The person key with all that merges have joined to it, either way and however far."""
    known, fresh = {key}, {key} if _IS_JOINED.run(connection, {"key": key}) == (True,) else set()
    while fresh:
        touching = select(merge_table.c.old_key, merge_table.c.new_key).where(
            or_(merge_table.c.old_key.in_(fresh), merge_table.c.new_key.in_(fresh))
        )
        fresh = {joined for row in connection.execute(touching) for joined in row} - known
        known |= fresh
    return frozenset(known)


def state_of(connection: Connection, key: str) -> PersonState:
    """How a person stands. The epoch is the sum over joined keys, so that it only grows; protection counts whichever key has it."""
    found = {key: _state(connection, key)}
    _, _, everywhere, is_joined = found[key]
    if is_joined:
        found |= {joined: _state(connection, joined) for joined in keys_of(connection, key) - {key}}
    return PersonState(
        frozenset(found),
        Epochs(sum(epoch or 0 for epoch, *_ in found.values()), int(everywhere or 0)),
        frozenset(code for _, codes, *_ in found.values() for code in codes),
    )


def epochs(connection: Connection, key: str) -> Epochs:
    """The epochs that bear on a decision about a person."""
    return state_of(connection, key).epochs


def raise_epoch(connection: Connection, key: str) -> int:
    """Raise a person's epoch: in the transaction of any change of consent, block, lifting, ground, protection or merge."""
    alone_with(connection, [key])
    raised: int = _RAISE.run(connection, {"key": key, "epoch": 1, "protection": ()})
    return raised


def global_epoch(connection: Connection) -> int:
    """The epoch of the agreements in force."""
    return int(meta.value_of(connection, _GLOBAL_EPOCH) or 0)


def raise_global_epoch(connection: Connection, fingerprint: str) -> int:
    """Raise the global epoch if the loaded agreements (their fingerprint) are others than before; returns it."""
    one_at_a_time(connection, [_GLOBAL_EPOCH])
    epoch = global_epoch(connection)
    if meta.value_of(connection, _FINGERPRINT) == fingerprint:
        return epoch
    meta.put(connection, _FINGERPRINT, fingerprint)
    meta.put(connection, _GLOBAL_EPOCH, str(epoch + 1))
    return epoch + 1


def protection(connection: Connection, key: str) -> frozenset[str]:
    """The protected-identity codes of a person, under whichever joined key they were reported."""
    return state_of(connection, key).protection


def set_protection(connection: Connection, key: str, codes: Iterable[str]) -> bool:
    """Keep what a message says of protected identity, for all joined keys; returns whether it changed anything."""
    alone_with(connection, [key])
    wanted, state = frozenset(codes), state_of(connection, key)
    if state.protection == wanted:
        return False
    for joined in sorted(state.keys):
        _PROTECT.run(connection, {"key": joined, "epoch": 1, "protection": tuple(sorted(wanted))})
    return True


def merge(connection: Connection, old_key: str, new_key: str, now: datetime) -> None:
    """Join two keys of one person (ADT^A40); both epochs rise, protection then counts for both."""
    alone_with(connection, [old_key, new_key])
    _JOIN.run(connection, {"old_key": old_key, "new_key": new_key, "merged_at": now})
    raise_epoch(connection, old_key)
    raise_epoch(connection, new_key)


def _state(connection: Connection, key: str) -> tuple[Any, ...]:
    return _STATE.rows(connection, {"key": key, "name": _GLOBAL_EPOCH})[0]
