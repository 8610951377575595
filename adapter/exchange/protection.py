"""Protected identity as messages tell of it: in force when they are accepted, for all that waits as well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from adapter.domain.agreement import Party
from adapter.exchange.standing import Standing
from adapter.exchange.stopping import Stopping
from adapter.store import persons


@dataclass(frozen=True, slots=True)
class Protection:
    """Keeps flags of protected identity, and ends what waits and is kept back wholly from then on."""

    stopping: Stopping

    async def prepare(
        self, codes: frozenset[str] | None, standing: Standing, party: Party, now: datetime
    ) -> Callable[[Connection], None] | None:
        """What the ``codes`` of a message by ``party`` change, to be called once the epochs have been compared; None: nothing.

        A message may add a flag; none takes back what another party's system has said.
        """
        added = (codes or frozenset()) - standing.protection
        if not added:
            return None
        flagged = replace(standing, protection=standing.protection | added)
        stop = await self.stopping.prepare(standing, flagged, party, now)

        def protect(connection: Connection) -> None:
            # A merge in the same transaction may have joined a number with flags of its own.
            known = persons.protection(connection, standing.key)
            persons.set_protection(connection, standing.key, known | added)
            stop(connection)

        return protect
