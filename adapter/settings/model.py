"""The words of the configuration. Defaults stand here and are what docs/agreements.md documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, Literal, TypeAlias

from adapter.domain.agreement import Agreement
from adapter.domain.identity import Identifier
from adapter.domain.perseverance import Tolerance

LogLevel: TypeAlias = Literal["debug", "info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class KeySource:
    """Public keys (JWKS, RFC 7517 section 5): as configured, or the URL where their owner publishes them; exactly one of them."""

    jwks: Mapping[str, Any] | None
    url: str | None


@dataclass(frozen=True, slots=True)
class TokenIssuer:
    """An external issuer of access tokens: its ``iss``, the ``aud`` that names us, its keys."""

    issuer: str
    audience: str
    keys: KeySource
    max_lifetime_seconds: int


@dataclass(frozen=True, slots=True)
class Client:
    """A system client, and what its tokens may claim at most.

    ``unit`` is None for a client that asks for every unit of its organisation; then the token names the unit. ``purposes`` are
    v3 ActReason codes, ``roles`` pairs of system and code, ``scopes`` as in Requester. Purposes and roles are
    compared exactly; a token's scopes may be narrower. A client with ``keys`` is registered with our own token endpoint, and only that gives
    it tokens. ``is_certificate_bound``: its tokens must be bound to a client certificate (RFC 8705).
    """

    id: str
    organization: Identifier
    unit: Identifier | None
    purposes: tuple[str, ...]
    roles: tuple[tuple[str, str], ...]
    scopes: frozenset[str]
    keys: KeySource | None = None
    is_certificate_bound: bool = False


@dataclass(frozen=True, slots=True)
class EndpointTls:
    """TLS to a system over MLLP: PEM files of our certificate, its key, and the authorities of the system's."""

    certificate: Path
    key: Path
    ca: Path


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a system of an agreement lives. ``query_url`` is its query wire; ``token`` is sent as a bearer token.

    ``tolerance``: when its circuit breaker opens. The ``url`` of a system that is sent HL7 v2 is ``mllp://host:port``, or ``mllps://host:port`` with ``tls``.
    """

    system: str
    url: str
    query_url: str | None
    token: str | None = field(repr=False)
    timeout_seconds: int
    tolerance: Tolerance = field(default_factory=Tolerance)
    tls: EndpointTls | None = None


@dataclass(frozen=True, slots=True)
class ListenerTls:
    """TLS of an MLLP listener: PEM files, and the subjects of the client certificates that are let in.

    A subject is one attribute with its long name (``serialNumber=SE2321000131-E0101``, ``commonName=journal.example``).
    """

    certificate: Path
    key: Path
    client_ca: Path
    client_subjects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listener:
    """An MLLP channel's socket. Only addresses within ``sources`` may connect; ``tls`` is None on loopback only."""

    channel: str
    address: Address
    sources: tuple[IPv4Network | IPv6Network, ...]
    tls: ListenerTls | None


@dataclass(frozen=True, slots=True)
class Drop:
    """A file drop channel's folder.

    A file is ready when ``<name><marker>`` stands beside it, or without a marker when it has not changed for ``settle_seconds``. Refused
    rows stay for ``keep_hours``.
    """

    channel: str
    folder: Path
    settle_seconds: int
    marker: str | None
    keep_hours: int


@dataclass(frozen=True, slots=True)
class AuditKeeping:
    """How the audit is kept.

    ``writer``: the name of this installation's or replica's own chain, never changed while it lives. ``checkpoints`` and ``spool``: files
    outside the data folder. ``retention_years``: never less than five.
    """

    writer: str
    checkpoints: Path
    spool: Path
    retention_years: int


@dataclass(frozen=True, slots=True)
class Retention:
    """How long rows stay once what they tell of is over: those of the message log in days, Consents and what goes with them in years."""

    log_days: int = 730
    consent_years: int = 10


@dataclass(frozen=True, slots=True)
class DatabaseServer:
    """A PostgreSQL database: a libpq connection URI without a password, and the password, if one is needed."""

    url: str
    password: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class AlertWebhook:
    """An address that alerts are posted to: of one party (agreement and party), or None: all. Bodies are signed with ``secret``."""

    url: str
    party: tuple[str, str] | None
    secret: str | None = field(repr=False)
    token: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class AlertMail:
    """Whom alerts are mailed to, as for a webhook. ``tls`` none is for a relay on loopback only; ``user`` None: no sign-in."""

    host: str
    port: int
    tls: Literal["starttls", "tls", "none"]
    sender: str
    recipients: tuple[str, ...]
    party: tuple[str, str] | None
    user: str | None
    password: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Alerts:
    """What gives cause for an alert, and who is told.

    ``silent_minutes``, by channel id: how long that channel may be silent. More than ``refusals`` within ``refusal_minutes`` are a
    burst. ``webhooks`` and ``mails`` are by a name that both share.
    """

    silent_minutes: Mapping[str, int] = field(default_factory=dict)
    refusals: int = 50
    refusal_minutes: int = 5
    webhooks: Mapping[str, AlertWebhook] = field(default_factory=dict)
    mails: Mapping[str, AlertMail] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OpenIdSignIn:
    """The OpenID provider at which administrators sign in: its issuer identifier, what it knows us as, and which claims tell who
    somebody is and for which parties they may read.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name_claim: str
    rights_claim: str


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request or connection may take.

    ``body_bytes``: an HTTP body. ``mllp_message_bytes``: one framed message. ``mllp_connections``: at once, per listener.
    ``mllp_idle_seconds``: until a silent connection is closed. ``file_bytes``, ``file_rows``: of a dropped file.
    """

    body_bytes: int = 1_048_576
    mllp_message_bytes: int = 1_048_576
    mllp_connections: int = 32
    mllp_idle_seconds: int = 300
    file_bytes: int = 16_777_216
    file_rows: int = 100_000


@dataclass(frozen=True, slots=True)
class Settings:
    """One installation, checked.

    ``public_url`` is the base of our absolute URLs, without a slash at its end. ``tokens`` is the external issuer, if there
    is one. ``trusted_proxies`` may state the client certificate of a connection. ``database`` None: a SQLite file in ``data_dir``. ``clients``, ``endpoints``, ``listeners`` and ``drops`` are keyed by client, system and channel id. ``mapping_overrides`` is a folder laid
    out as the shipped ``mappings``, or None. ``concealment_floor_ms`` is the least time that an empty answer takes, ``upkeep_seconds`` the time between two rounds of upkeep.
    ``cors_origins``: the web origins whose scripts may call the FHIR endpoint.
    """

    config_dir: Path
    data_dir: Path
    listen: Address
    public_url: str
    master_key_file: Path
    dev_issuer: bool
    tokens: TokenIssuer | None
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    clients: Mapping[str, Client]
    endpoints: Mapping[str, Endpoint]
    listeners: Mapping[str, Listener]
    drops: Mapping[str, Drop]
    limits: Limits
    audit: AuditKeeping
    retention: Retention
    alerts: Alerts
    console_sign_in: OpenIdSignIn | None
    database: DatabaseServer | None
    log_level: LogLevel
    concealment_floor_ms: int
    upkeep_seconds: int
    cors_origins: tuple[str, ...]
    agreements: tuple[Agreement, ...]
    mapping_overrides: Path | None
