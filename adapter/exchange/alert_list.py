"""The list of alerts: acknowledged by somebody who says why, audited in the same transaction."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from adapter.domain.instants import Clock
from adapter.exchange.administration import Administration
from adapter.exchange.administrators import Administrator
from adapter.exchange.reasons import stated_reason
from adapter.store import alerts
from adapter.store.alerts import Alert
from adapter.store.keys import Keyring


@dataclass(frozen=True, slots=True)
class AlertList:
    """The use case behind the console's screen."""

    administration: Administration
    keyring: Keyring
    clock: Clock

    async def acknowledge(self, by: Administrator, alert_id: str, reason: str) -> Alert:
        """Note that ``by`` has seen it, and why that is enough.

        Raises InputError without a usable reason, NoSuchRow for another party's, IllegalTransition where it was acknowledged or is over.
        """
        sealed = self.keyring.seal_registry(stated_reason(reason).encode(), row=_row(alert_id))

        def note(connection: Connection) -> Alert:
            return alerts.acknowledge(connection, alert_id, by.name, sealed, self.clock(), by.views)

        return await self.administration.done(by.name, "alerts-acknowledge", note)

    def reason(self, alert: Alert) -> str:
        """Why it was acknowledged, in words; empty if it was not. Raises ContentUnreadable."""
        if alert.sealed is None:
            return ""
        return self.keyring.open_registry(alert.sealed, row=_row(alert.id)).decode()


def _row(alert_id: str) -> str:
    """What binds a sealed reason to its alert."""
    return f"Alert/{alert_id}"
