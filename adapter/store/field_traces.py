"""Field traces: which source field became which element, as a mapping writes both. Never what stood in them.

Most messages of one mapping have the same trace, so that each trace is kept once, under the digest of its rows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from hashlib import sha256
from typing import Final

import orjson
from sqlalchemy import Connection, bindparam, delete, exists, not_, select

from adapter.store.columns import FieldPair
from adapter.store.prepared import Prepared
from adapter.store.tables import field_trace, message
from adapter.store.upsert import InsertIfNew

MOST_ROWS: Final = 1_000
"""Rows of one trace that are kept."""
MORE: Final[FieldPair] = ("(more)", "(more)")
"""Stands for all that come after them."""

_INSERT: Final = InsertIfNew(field_trace)
_ROWS: Final = Prepared(
    select(field_trace.c.rows).where(field_trace.c.digest == bindparam("of")),
    ["of"],
)


def keep(connection: Connection, pairs: Sequence[FieldPair]) -> str:
    """Keep a trace, unless it is kept already; returns the digest by which a message refers to it."""
    rows = tuple(pairs) if len(pairs) <= MOST_ROWS else (*pairs[:MOST_ROWS], MORE)
    digest = sha256(orjson.dumps(rows)).hexdigest()
    _INSERT.run(connection, {"digest": digest, "rows": rows})
    return digest


def rows(connection: Connection, digest: str | None) -> tuple[FieldPair, ...] | None:
    """The rows of a message's trace: source field and element. None where the message has none; empty for FHIR that no mapping read."""
    found = None if digest is None else _ROWS.run(connection, {"of": digest})
    return None if found is None else found[0]


def forget_unused(connection: Connection, digests: Collection[str]) -> None:
    """Delete those of these traces that no message refers to. One that a message takes up in that very moment is kept anew by the next."""
    used = exists().where(message.c.trace == field_trace.c.digest)
    connection.execute(delete(field_trace).where(field_trace.c.digest.in_(digests), not_(used)))
