"""Administrators sign in with a local account: Argon2id hashes (RFC 9106), sessions that end, attempts that are bounded."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final, NoReturn
from uuid import uuid4

from sqlalchemy import Connection

from adapter.domain.errors import InputError, Issue, SambroError
from adapter.domain.instants import Clock
from adapter.exchange import audit_acts, audit_events, passwords, trail
from adapter.exchange.administration import Administration
from adapter.exchange.audit_kinds import AuditKind
from adapter.exchange.rights import USUAL, Right, rights_of, views_of, written_rights
from adapter.exchange.trail import Trail
from adapter.store.admins import (
    Admin,
    admin_of_session,
    close_session,
    find_admin,
    open_session,
    put_admin,
    use_first_password,
)
from adapter.store.audit import AuditRow
from adapter.store.database import Database, NoSuchRow
from adapter.store.sight import Views

SESSION_LASTS: Final = timedelta(hours=8)
FIRST_SESSION_LASTS: Final = timedelta(minutes=15)
"""In which a new password is chosen."""
NAME_LONGEST: Final = 64
FREE_FAILURES: Final = 5
LONGEST_WAIT: Final = timedelta(minutes=15)
_NAMES_REMEMBERED: Final = 10_000
ELSEWHERE: Final = "oidc:"
"""How the names of accounts begin that sign in at an identity provider; no local account's does."""


@dataclass(frozen=True, slots=True)
class Administrator:
    """Who is signed in. ``views`` are the pairs of agreement and party as whom they read; None: every party (the operator)."""

    name: str
    views: Views | None
    rights: frozenset[Right] = USUAL

    @property
    def is_operator(self) -> bool:
        """Whether they read as every party, by the parties' order."""
        return self.views is None

    def may(self, right: Right) -> bool:
        """Whether they have a right."""
        return right in self.rights


class SignInRefused(SambroError):
    """Wrong name or password, or too many attempts of late: never said which."""


async def create_administrator(
    administration: Administration,
    by: str,
    name: str,
    password: str,
    views: Views | None,
    now: datetime,
    *,
    rights: Collection[Right] = USUAL,
    is_first: bool = False,
) -> None:
    """Create an account, or give an existing one another password and other rights; its sessions end.

    ``by`` is who does so, for the audit; ``views`` and ``rights`` as in Administrator. ``is_first``: the password may be used once,
    within a day, to choose another. Raises InputError for an unusable name or
    password, and for an operator who should open content: that is the sending party's alone.
    """
    _check_account(name, password)
    if Right.CONTENT in rights and views is None:
        raise InputError([Issue("content", "parties-alone")])
    password_hash = await asyncio.to_thread(passwords.hashed, password)
    first_until = now + passwords.FIRST_LASTS if is_first else None
    account = Admin(name, password_hash, written_rights(views, rights), now, first_until)
    await administration.done(by, "admin-create", lambda connection: put_admin(connection, account))


class SignIn:
    """Opens, recognises and closes sessions. Lives as long as the process: it remembers failed attempts."""

    def __init__(self, database: Database, audit: Trail, clock: Clock) -> None:
        self._database = database
        self._trail = audit
        self._clock = clock
        self._decoy = passwords.hashed(secrets.token_urlsafe())
        self._hashing = asyncio.Lock()
        self._failures: OrderedDict[str, tuple[int, datetime]] = OrderedDict()

    async def open(self, name: str, password: str, caller: str | None = None) -> str:
        """The token of a new session, stored as a hash only; raises SignInRefused. A first password opens one that recognises nobody.

        An unknown name costs the same work as a known one, and is held back in the same way after failures. ``caller`` is the browser's
        network address, for the audit, which repeats no name that is not an account's.
        """
        name, password = name[: NAME_LONGEST + 1], password[: passwords.LONGEST + 1]
        account = await self._database.read(partial(find_admin, name=name))
        known = None if account is None else account.name
        try:
            await self._require_right(name, password, account)
            return await self._first_or_lasting(account, name, caller)
        except SignInRefused:
            refused = self._signed_in(known, audit_events.MINOR_FAILURE, caller)
            await self._trail.write(self._database, [refused])
            raise

    async def begin(self, name: str, caller: str | None = None) -> str:
        """The token of a new session for an account that has just proved itself."""
        return await self._begin(name, self._signed_in(name, audit_events.SUCCESS, caller))

    async def admit(self, account: Administrator, caller: str | None = None) -> str:
        """The token of a new session for somebody whom an identity provider has vouched for.

        Their account has no password. If the provider gives them other rights than before, sessions with the old ones end.
        """
        rights = written_rights(account.views)
        known = Admin(account.name, "", rights, self._clock())

        def put(connection: Connection) -> None:
            found = find_admin(connection, account.name)
            if found is None or found.rights != rights:
                put_admin(connection, known)

        return await self._begin(
            account.name, self._signed_in(account.name, audit_events.SUCCESS, caller), put
        )

    async def refuse(self, caller: str | None = None) -> NoReturn:
        """Write down that somebody could not sign in at an identity provider; raises SignInRefused."""
        await self._trail.write(self._database, [self._signed_in(None, audit_events.MINOR_FAILURE, caller)])
        raise SignInRefused("sign-in-refused")

    async def close(self, token: str, name: str, caller: str | None = None) -> None:
        """End the session of an administrator, if there is one."""
        act = audit_events.Act(self._clock(), None, str(uuid4()), caller)
        row = trail.row(AuditKind.SIGN_OUT, None, act.at, audit_acts.sign_out(act, name))

        def close(connection: Connection) -> None:
            close_session(connection, token_hash(token))
            self._trail.append(connection, [row])

        await self._database.write(close)

    async def administrator(self, token: str) -> Administrator | None:
        """Who is signed in under a token, or None."""
        return await self._database.read(lambda connection: self.recognise(connection, token))

    def recognise(self, connection: Connection, token: str) -> Administrator | None:
        """As ``administrator``, within a read that goes on to something else."""
        account = admin_of_session(connection, token_hash(token), self._clock())
        if account is None or account.first_until is not None:
            return None
        return Administrator(account.name, views_of(account.rights), rights_of(account.rights))

    async def _first_or_lasting(self, account: Admin | None, name: str, caller: str | None) -> str:
        if account is None or account.first_until is None:
            return await self.begin(name, caller)
        now = self._clock()
        if account.first_until <= now:
            raise SignInRefused("sign-in-refused")
        used = partial(use_first_password, account=account, now=now)
        row = self._signed_in(name, audit_events.SUCCESS, caller)
        try:
            return await self._begin(name, row, used, FIRST_SESSION_LASTS)
        except NoSuchRow:
            raise SignInRefused("sign-in-refused") from None

    async def _require_right(self, name: str, password: str, account: Admin | None) -> None:
        # An account of an identity provider has none.
        password_hash = (None if account is None else account.password_hash) or self._decoy
        async with self._hashing:
            # Within the turn: attempts sent at once are counted like attempts sent one by one.
            self._require_patience(name)
            is_right = await asyncio.to_thread(passwords.matches, password_hash, password)
            if not is_right or account is None:
                self._remember_failure(name)
                raise SignInRefused("sign-in-refused")
        self._failures.pop(name, None)

    async def _begin(
        self,
        name: str,
        row: AuditRow,
        prepare: Callable[[Connection], object] = lambda _: None,
        lasts: timedelta = SESSION_LASTS,
    ) -> str:
        token = secrets.token_urlsafe(32)
        expires_at = self._clock() + lasts

        def begin(connection: Connection) -> None:
            prepare(connection)
            open_session(connection, token_hash(token), name, expires_at)
            self._trail.append(connection, [row])

        await self._database.write(begin)
        return token

    def _signed_in(self, name: str | None, outcome: str, caller: str | None) -> AuditRow:
        act = audit_events.Act(self._clock(), None, str(uuid4()), caller)
        return trail.row(AuditKind.SIGN_IN, None, act.at, audit_acts.sign_in(act, name, outcome))

    def _require_patience(self, name: str) -> None:
        count, last = self._failures.get(name, (0, self._clock()))
        excess = count - FREE_FAILURES
        if excess >= 0 and self._clock() < last + min(timedelta(seconds=2 ** min(excess, 20)), LONGEST_WAIT):
            raise SignInRefused("sign-in-refused")

    def _remember_failure(self, name: str) -> None:
        count, _ = self._failures.pop(name, (0, None))
        self._failures[name] = (count + 1, self._clock())
        if len(self._failures) > _NAMES_REMEMBERED:
            self._failures.popitem(last=False)


def is_usable_name(name: str) -> bool:
    """Whether an account may have the name: some printable characters, not too many."""
    return name.isprintable() and bool(name.strip()) and len(name) <= NAME_LONGEST


def _check_account(name: str, password: str) -> None:
    issues = passwords.faults(password)
    if not is_usable_name(name) or name.startswith(ELSEWHERE):
        issues.insert(0, Issue("name", "name-unusable"))
    if issues:
        raise InputError(issues)


def token_hash(token: str) -> str:
    """What is stored of a session's token."""
    return hashlib.sha256(token.encode()).hexdigest()
