"""The certificates that an installation's wires use, as they are on the disk when the process starts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from adapter.domain.agreement import Agreement
from adapter.exchange.certificates import Certificate, Use
from adapter.settings import Settings
from connectors.hl7v2_mllp.tls import first_expiry


def certificates(settings: Settings) -> Iterator[Certificate]:
    """Each file of each channel and each system with TLS; raises ConfigurationError for one that cannot be read."""
    for agreement in settings.agreements:
        for party, wire, use, file in _files(settings, agreement):
            yield Certificate(agreement.id, party, wire, use, first_expiry(file))


def _files(settings: Settings, agreement: Agreement) -> Iterator[tuple[str, str, Use, Path]]:
    for channel in agreement.channels:
        listener = settings.listeners.get(channel.id)
        if listener is not None and (shown := listener.tls) is not None:
            yield channel.party, channel.id, Use.SERVER, shown.certificate
            yield channel.party, channel.id, Use.CLIENT_AUTHORITIES, shown.client_ca
    for system in agreement.systems:
        endpoint = settings.endpoints.get(system.id)
        if endpoint is not None and (held := endpoint.tls) is not None:
            yield system.party, system.id, Use.CLIENT, held.certificate
            yield system.party, system.id, Use.SERVER_AUTHORITIES, held.ca
