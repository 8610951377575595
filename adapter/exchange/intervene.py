"""An administrator acts on one message: retry now, cancel, replay, purge; each with a reason, and audited in the same transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection

from adapter.domain.instants import Clock
from adapter.exchange.administration import Administration
from adapter.exchange.administrators import Administrator
from adapter.exchange.reasons import stated_reason
from adapter.exchange.rights import Right
from adapter.store import intervention, intervention_log
from adapter.store.intervention_log import Intervention
from adapter.store.keys import Keyring
from adapter.store.sight import Views


class Act(StrEnum):
    """What may be done to a message; the audit says ``messages-retry`` and so on, as for the commands."""

    RETRY = "retry"
    """Make what waits due at once."""
    CANCEL = "cancel"
    """Stop what has not left."""
    REPLAY = "replay"
    """Queue dead deliveries again; the gate is asked again."""
    PURGE = "purge"
    """Wipe the content of what was invalid or given up."""

    @property
    def right(self) -> Right:
        """What an account needs for it."""
        return Right.PURGE if self is Act.PURGE else Right.ACT


def _cancel(connection: Connection, message_id: str, now: datetime, views: Views | None) -> int:
    return intervention.cancel_message(connection, message_id, now, views).cancelled


_DOERS: Final[Mapping[Act, Callable[[Connection, str, datetime, Views | None], int]]] = {
    Act.RETRY: intervention.retry_now,
    Act.CANCEL: _cancel,
    Act.REPLAY: intervention.replay,
    Act.PURGE: intervention.purge,
}


@dataclass(frozen=True, slots=True)
class Intervene:
    """Acts on messages of the administrator's own parties. ``new_id`` makes the ids of what is noted."""

    administration: Administration
    keyring: Keyring
    clock: Clock
    new_id: Callable[[], str]

    async def __call__(
        self,
        by: Administrator,
        act: Act,
        message_id: str,
        reason: str,
        also: Callable[[Connection, int], object] = lambda _connection, _count: None,
    ) -> int:
        """Do it; returns how many deliveries it changed, which ``also`` gets in the same transaction.

        Raises InputError without a usable reason, NoSuchRow for a message that is not the administrator's to act on, IllegalTransition.
        """
        reason = stated_reason(reason)
        now, act_id = self.clock(), self.new_id()
        sealed = self.keyring.seal_registry(reason.encode(), row=_row(act_id))

        def do(connection: Connection) -> int:
            count = _DOERS[act](connection, message_id, now, by.views)
            noted = Intervention(act_id, message_id, now, by.name, act.value, count, sealed)
            intervention_log.add(connection, noted)
            also(connection, count)
            return count

        return await self.administration.done(by.name, f"messages-{act}", do, message_id=message_id)

    def reason(self, one: Intervention) -> str:
        """Why it was done, in words. Raises ContentUnreadable."""
        return self.keyring.open_registry(one.sealed, row=_row(one.id)).decode()


def _row(act_id: str) -> str:
    """What binds a sealed reason to its act."""
    return f"Intervention/{act_id}"
