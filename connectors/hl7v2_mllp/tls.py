"""TLS over MLLP: of a listener its certificate and which clients it takes, of a sender its own and which servers it trusts."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509

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
        context.verify_mode = ssl.CERT_REQUIRED
        return _loaded(context, self.certificate, self.key, self.client_authorities)

    def takes(self, certificate: dict[str, Any] | None) -> bool:
        """Whether a verified client certificate, as ``SSLSocket.getpeercert`` gives it, is one of the subjects."""
        if not certificate:
            return False
        stated = {f"{name}={value}" for attributes in certificate["subject"] for name, value in attributes}
        return not self.subjects or not self.subjects.isdisjoint(stated)


@dataclass(frozen=True, slots=True)
class ClientTls:
    """PEM files: our certificate with its chain, its key, and the authorities that the server's certificate comes from."""

    certificate: Path
    key: Path
    authorities: Path

    def context(self) -> ssl.SSLContext:
        """A client context that shows our certificate and holds the server to its host name, TLS 1.2 or later.

        Raises ConfigurationError for a file that cannot be used.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return _loaded(context, self.certificate, self.key, self.authorities)


def _loaded(context: ssl.SSLContext, certificate: Path, key: Path, authorities: Path) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError):
        raise ConfigurationError(
            [Fault(str(certificate), 0, "certificate or its key cannot be used")]
        ) from None
    try:
        context.load_verify_locations(authorities)
    except (OSError, ssl.SSLError):
        raise ConfigurationError([Fault(str(authorities), 0, "authorities cannot be used")]) from None
    return context


def first_expiry(file: Path) -> datetime:
    """When the first of a PEM file's certificates ends; raises ConfigurationError for one that cannot be read."""
    try:
        found = x509.load_pem_x509_certificates(file.read_bytes())
    except (OSError, ValueError):
        raise ConfigurationError([Fault(str(file), 0, "holds no certificate that can be read")]) from None
    return min(one.not_valid_after_utc for one in found)
