"""Who asks: what a verified token says of its bearer."""

from __future__ import annotations

from dataclasses import dataclass

from adapter.domain.identity import Identifier


@dataclass(frozen=True, slots=True)
class Requester:
    """The bearer of a verified token.

    ``purposes`` are v3 ActReason codes, all of which must be permitted. ``scopes`` are SMART scopes (``system/Patient.rs``) and
    our own ``inbound`` (push), ``audit`` and
    ``release-without-consent``. ``jti`` is the token's id, for the audit. ``residual`` are the rules that narrow what the token opens, as the JSON
    of its ``ihe_pcf`` extension; None: there are none.
    """

    client_id: str
    organization: Identifier
    unit: Identifier | None
    practitioner: Identifier | None
    roles: tuple[tuple[str, str], ...]
    purposes: tuple[str, ...]
    scopes: frozenset[str]
    jti: str
    residual: str | None = None
