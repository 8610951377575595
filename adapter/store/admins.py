"""Administrators and their sessions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from adapter.store.database import NoSuchRow
from adapter.store.tables import admin, saved_filter, session
from adapter.store.upsert import Upsert


@dataclass(frozen=True, slots=True)
class Admin:
    """An account: ``password_hash`` is Argon2's encoded form; ``rights`` name parties by agreement and what may be done.

    ``first_until``: its password is a first one, to be used until then, once; None: its holder has chosen it.
    """

    name: str
    password_hash: str
    rights: Mapping[str, Any]
    created_at: datetime
    first_until: datetime | None = None


_PUT = Upsert(
    admin,
    ["name"],
    lambda new: {
        "password_hash": new.password_hash,
        "rights": new.rights,
        "first_until": new.first_until,
    },
)


def put_admin(connection: Connection, account: Admin) -> None:
    """Create an account, or give an existing one another password and other rights; its sessions end.

    With other rights than before it is another's: what was kept for it goes.
    """
    before = find_admin(connection, account.name)
    if before is not None and before.rights != account.rights:
        connection.execute(delete(saved_filter).where(saved_filter.c.admin_name == account.name))
    _PUT.run(connection, {name: getattr(account, name) for name in Admin.__slots__})
    connection.execute(delete(session).where(session.c.admin_name == account.name))


def use_first_password(connection: Connection, account: Admin, now: datetime) -> None:
    """An account's first password has been used: it opens nothing any more. Raises NoSuchRow if it was used meanwhile."""
    _change(connection, account, first_until=now)


def change_password(connection: Connection, account: Admin, password_hash: str) -> None:
    """Give an account that has used its first password the one that it chose; its sessions end. Raises NoSuchRow if it has another by now."""
    _change(connection, account, first_until=None, password_hash=password_hash)
    connection.execute(delete(session).where(session.c.admin_name == account.name))


def _change(connection: Connection, account: Admin, **values: object) -> None:
    unchanged = (
        admin.c.name == account.name,
        admin.c.password_hash == account.password_hash,
        admin.c.first_until == account.first_until,
    )
    if connection.execute(update(admin).where(*unchanged).values(values)).rowcount != 1:
        raise NoSuchRow("admin")


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
