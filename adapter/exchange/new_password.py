"""An account's first password opens one short session, in which nothing can be done but to choose another."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection

from adapter.domain.errors import InputError, Issue
from adapter.domain.instants import Clock
from adapter.exchange import passwords
from adapter.exchange.administration import Administration
from adapter.exchange.administrators import SignIn, token_hash
from adapter.store.admins import Admin, admin_of_session, change_password
from adapter.store.database import Database, NoSuchRow


@dataclass(frozen=True, slots=True)
class NewPassword:
    """The use case behind the console's page."""

    database: Database
    administration: Administration
    sign_in: SignIn
    clock: Clock

    async def account(self, token: str) -> Admin | None:
        """Whose session it is, if a new password is all that it is for."""
        find = partial(admin_of_session, token_hash=token_hash(token), now=self.clock())
        found = await self.database.read(find)
        return found if found is not None and found.first_until is not None else None

    async def choose(self, token: str, password: str, again: str, caller: str | None = None) -> str:
        """The token of a session with the account's rights; every other ends.

        Raises InputError for a password that is too short or too long, was typed in two ways or is the first one, and NoSuchRow where the
        session is none of these.
        """
        account = await self.account(token)
        if account is None:
            raise NoSuchRow("session")
        fault = await asyncio.to_thread(_fault, account, password, again)
        new = "" if fault else await asyncio.to_thread(passwords.hashed, password)

        def change(connection: Connection) -> None:
            if fault:
                raise InputError([Issue("password", fault)])
            change_password(connection, account, new)

        await self.administration.done(account.name, "admin-password", change)
        return await self.sign_in.begin(account.name, caller)


def _fault(account: Admin, password: str, again: str) -> str | None:
    if found := passwords.faults(password):
        return found[0].code
    if password != again:
        return "password-differs"
    return "password-old" if passwords.matches(account.password_hash, password) else None
