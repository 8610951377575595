"""Administrators and their sessions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from adapter.store.tables import admin, saved_filter, session
from adapter.store.upsert import Upsert


@dataclass(frozen=True, slots=True)
class Admin:
    """An account: ``password_hash`` is Argon2's encoded form; ``rights`` name parties by agreement and what may be done."""

    name: str
    password_hash: str
    rights: Mapping[str, Any]
    created_at: datetime


_PUT = Upsert(admin, ["name"], lambda new: {"password_hash": new.password_hash, "rights": new.rights})


def put_admin(connection: Connection, account: Admin) -> None:
    """Create an account, or give an existing one another password and other rights; its sessions end.

    With other rights than before it is another's: what was kept for it goes.
    """
    before = find_admin(connection, account.name)
    if before is not None and before.rights != account.rights:
        connection.execute(delete(saved_filter).where(saved_filter.c.admin_name == account.name))
    _PUT.run(connection, {name: getattr(account, name) for name in Admin.__slots__})
    connection.execute(delete(session).where(session.c.admin_name == account.name))


def find_admin(connection: Connection, name: str) -> Admin | None:
    """The account with that name."""
    row = connection.execute(select(admin).where(admin.c.name == name)).first()
    return None if row is None else Admin(*row)


def open_session(connection: Connection, token_hash: str, name: str, expires_at: datetime) -> None:
    """Begin a session; only a hash of its token is stored."""
    connection.execute(insert(session).values(token_hash=token_hash, admin_name=name, expires_at=expires_at))


def admin_of_session(connection: Connection, token_hash: str, now: datetime) -> Admin | None:
    """Who is signed in under a token, or None if the session is unknown or over."""
    statement = (
        select(admin)
        .join(session, session.c.admin_name == admin.c.name)
        .where(session.c.token_hash == token_hash, session.c.expires_at > now)
    )
    row = connection.execute(statement).first()
    return None if row is None else Admin(*row)


def close_session(connection: Connection, token_hash: str) -> None:
    """End a session."""
    connection.execute(delete(session).where(session.c.token_hash == token_hash))
