"""A change of the registry: prepared outside the transaction (checked, sealed, what it stops looked at) and applied inside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from adapter.domain.agreement import Party
from adapter.exchange.standing import Standing, StandingConsent
from adapter.exchange.stopping import Stopped, Stopping
from adapter.store import consents


@dataclass(frozen=True, slots=True)
class Change:
    """What a message changes: applied in its accept transaction, it leads to the standing ``after``.

    ``narrows``: it may end what deliveries stand on (a revocation, block, deny or change, a closed enrolment), so that whoever sent
    it is told what it stopped, once the attempts that had left have ended. ``filed`` are the versions that it files; ``reference`` is what
    came into force, for the audit.
    """

    apply: Callable[[Connection], Stopped]
    after: Standing
    filed: tuple[StandingConsent, ...]
    reference: str | None = None
    codes: tuple[str, ...] = ()
    narrows: bool = False


async def changing(
    stopping: Stopping, standing: Standing, changed: Iterable[StandingConsent], party: Party, now: datetime
) -> Change:
    """The change by ``party`` that makes ``changed`` the current versions of a person's Consents, and stops what stood on earlier ones."""
    filed = tuple(changed)
    after = standing.after(filed)
    stop = await stopping.prepare(standing, after, party, now)

    def apply(connection: Connection) -> Stopped:
        for consent in filed:
            if consent.row.version == 1:
                consents.file_consent(connection, consent.row)
            else:
                consents.revise(connection, consent.row)
        return stop(connection)

    return Change(apply, after, filed)
