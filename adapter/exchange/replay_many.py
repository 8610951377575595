"""Replays what a filter selected: counted first, started with a reason and a typed count, in batches, each message through the gate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection

from adapter.domain.errors import IllegalTransition, InputError, Issue, SambroError
from adapter.domain.instants import Clock
from adapter.exchange.administration import Administration
from adapter.exchange.administrators import Administrator
from adapter.exchange.intervene import Act, Intervene
from adapter.exchange.reasons import stated_reason
from adapter.exchange.rights import Right, rights_of, views_of, written_rights
from adapter.store import replays
from adapter.store.admins import find_admin
from adapter.store.database import Database, NoSuchRow
from adapter.store.keys import Keyring
from adapter.store.replays import ItemTaken, Replay, ReplayItem, ReplayState
from adapter.store.sight import Views

MOST_MESSAGES: Final = 10_000
BATCHES: Final = (1, 10, 100, 500)


class _RightsChanged(SambroError):
    """Who started a replay has other rights by now, or no account."""


@dataclass(frozen=True, slots=True)
class ReplayMany:
    """The use case. Runs as who started it, and pauses once they have other rights than then; ``new_id`` makes the ids of replays."""

    database: Database
    administration: Administration
    intervene: Intervene
    keyring: Keyring
    clock: Clock
    new_id: Callable[[], str]

    async def prepare(
        self, by: Administrator, filters: Mapping[str, str], message_ids: Sequence[str]
    ) -> Replay:
        """Keep what was selected, paused: its count is what the start must state. ``filters`` are shown with it."""
        new = Replay(
            id=self.new_id(),
            made_at=self.clock(),
            by=by.name,
            rights=written_rights(by.views, by.rights),
            filters=dict(filters),
            total=len(message_ids),
            state=ReplayState.PAUSED.value,
            batch=BATCHES[1],
        )
        keep = partial(replays.prepare, new=new, message_ids=message_ids)
        await self.administration.done(by.name, "replays-prepare", keep)
        return new

    async def start(
        self, by: Administrator, replay_id: str, *, reason: str, confirmed: str, batch: str
    ) -> None:
        """Let one's own run, or run on. Raises InputError, NoSuchRow for another's, IllegalTransition if it is not paused."""
        found = await self.database.read(partial(replays.find, replay_id=replay_id, by=by.name))
        why = stated_reason(reason)
        if confirmed.strip() != str(found.total):
            raise InputError([Issue("confirmed", "count-differs")])
        if batch not in map(str, BATCHES):
            raise InputError([Issue("batch", "value")])
        sealed = self.keyring.seal_registry(why.encode(), row=_row(replay_id))
        rights = written_rights(by.views, by.rights)
        begin = partial(replays.start, replay_id=replay_id, batch=int(batch), sealed=sealed, rights=rights)
        await self.administration.done(by.name, "replays-start", begin)

    async def pause(self, by: Administrator, replay_id: str) -> None:
        """Take nothing more after the message in hand. Raises NoSuchRow, IllegalTransition."""
        await self.find(by, replay_id)
        stop = partial(replays.pause, replay_id=replay_id)
        await self.administration.done(by.name, "replays-pause", stop)

    async def find(self, by: Administrator, replay_id: str) -> Replay:
        """One's own replay, for the operator anybody's; raises NoSuchRow."""
        owner = None if by.is_operator else by.name
        return await self.database.read(partial(replays.find, replay_id=replay_id, by=owner))

    async def take_batches(self) -> None:
        """The next batch of each that runs. Raises Unreachable."""
        for found in await self.database.read(replays.running):
            take = partial(replays.waiting, replay_id=found.id, limit=found.batch)
            for item in await self.database.read(take):
                if not await self._take(found, item):
                    break
            await self._finish(found)

    async def _take(self, found: Replay, item: ReplayItem) -> bool:
        """Replay one message; False: it is not ours to take any more."""
        by, why = Administrator(found.by, views_of(found.rights), rights_of(found.rights)), self.reason(found)
        try:
            await self.intervene(
                by,
                Act.REPLAY,
                item.message_id,
                why,
                partial(_note, found=found, item=item),
            )
        except ItemTaken:
            return False
        except _RightsChanged:
            await self.database.write(partial(replays.pause, replay_id=found.id))
            return False
        except (NoSuchRow, IllegalTransition) as error:
            return await self._noted(item, "not-found" if isinstance(error, NoSuchRow) else "state")
        return True

    async def _noted(self, item: ReplayItem, code: str) -> bool:
        try:
            await self.database.write(partial(replays.note, item=item, outcome=code))
        except ItemTaken:
            return False
        return True

    async def _finish(self, found: Replay) -> None:
        try:
            await self.database.write(partial(replays.finish, replay_id=found.id))
        except IllegalTransition:
            return  # Paused, or finished by another process, meanwhile.

    def reason(self, found: Replay) -> str:
        """Why it was started, in words; empty if it was not. Raises ContentUnreadable."""
        if found.sealed is None:
            return ""
        return self.keyring.open_registry(found.sealed, row=_row(found.id)).decode()


def _note(connection: Connection, count: int, *, found: Replay, item: ReplayItem) -> None:
    account = find_admin(connection, found.by)
    if account is None or _powers(account.rights) != _powers(found.rights):
        raise _RightsChanged("replay-rights")
    replays.note(connection, item, f"queued-{count}")


def _powers(stored: Mapping[str, Any]) -> tuple[Views | None, frozenset[Right]]:
    return views_of(stored), rights_of(stored)


def _row(replay_id: str) -> str:
    """What binds a sealed reason to its replay."""
    return f"Replay/{replay_id}"
