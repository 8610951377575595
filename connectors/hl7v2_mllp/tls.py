"""TLS of an MLLP channel: the server's certificate, and which clients it takes."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapter.domain.errors import ConfigurationError, Fault


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files: the server's certificate with its chain, its key, and the authorities that client certificates come from.

    ``subjects`` limits the clients to certificates with one of these subject attributes, written with the attribute's long name
    (``serialNumber=SE2321000131-E0101``, ``commonName=journal.example``); empty takes every certificate of the authorities.
    """

    certificate: Path
    key: Path
    client_authorities: Path
    subjects: frozenset[str] = frozenset()

    def context(self) -> ssl.SSLContext:
        """A server context that requires a client certificate, TLS 1.2 or later.

        Raises ConfigurationError for a file that cannot be used.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.verify_mode = ssl.CERT_REQUIRED
        try:
            context.load_cert_chain(self.certificate, self.key)
        except (OSError, ssl.SSLError):
            raise ConfigurationError(
                [Fault(str(self.certificate), 0, "certificate or its key cannot be used")]
            ) from None
        try:
            context.load_verify_locations(self.client_authorities)
        except (OSError, ssl.SSLError):
            raise ConfigurationError(
                [Fault(str(self.client_authorities), 0, "authorities cannot be used")]
            ) from None
        return context

    def takes(self, certificate: dict[str, Any] | None) -> bool:
        """Whether a verified client certificate, as ``SSLSocket.getpeercert`` gives it, is one of the subjects."""
        if not certificate:
            return False
        stated = {f"{name}={value}" for attributes in certificate["subject"] for name, value in attributes}
        return not self.subjects or not self.subjects.isdisjoint(stated)
