"""The certificates that an installation's listeners use, as they are on the disk when the process starts."""

from __future__ import annotations

from collections.abc import Iterator

from adapter.exchange.certificates import Certificate, Use
from adapter.settings import Settings
from connectors.hl7v2_mllp.tls import first_expiry


def certificates(settings: Settings) -> Iterator[Certificate]:
    """Each file of each MLLP listener with TLS; raises ConfigurationError for one that cannot be read."""
    for agreement in settings.agreements:
        for channel in agreement.channels:
            listener = settings.listeners.get(channel.id)
            if listener is None or listener.tls is None:
                continue
            files = {
                Use.SERVER: listener.tls.certificate,
                Use.CLIENT_AUTHORITIES: listener.tls.client_ca,
            }
            for use, file in files.items():
                yield Certificate(agreement.id, channel.party, channel.id, use, first_expiry(file))
