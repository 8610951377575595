"""Sees whether a system takes connections, and sends it nothing."""

from __future__ import annotations

import asyncio

from adapter.exchange.ports import DeliveryFailed
from connectors.hl7v2_mllp.sender import Recipient


class MllpProbe:
    """exchange.ports.Tester for a system that is sent HL7 v2; ``deadline`` is in seconds."""

    def __init__(self, recipient: Recipient, deadline: float) -> None:
        self._recipient = recipient
        self._deadline = deadline

    async def test(self) -> str:
        """``connected``; raises DeliveryFailed: ``timeout``, ``connect-failed``."""
        try:
            async with asyncio.timeout(self._deadline), self._recipient.connected():
                return "connected"
        except TimeoutError:
            raise DeliveryFailed("timeout", transient=True) from None
