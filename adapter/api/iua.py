"""The claims of IHE IUA (ITI-71, JWT token option) that say who asks, held to what the client of ``sambro.yaml`` may claim.

Organisation, unit and practitioner are written ``system|value``, the notation of a FHIR token parameter, in
``extensions.ihe_iua.subject_organization_id``, ``extensions.sambro.unit`` and ``extensions.ihe_iua.national_provider_identifier``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from adapter.domain.errors import IdentityError, TokenRefused
from adapter.domain.identity import Identifier, parse_organization_id
from adapter.domain.purposes import ACT_REASON, EMERGENCY_PURPOSES
from adapter.domain.requester import Requester
from adapter.domain.scopes import covers, is_clinical
from adapter.gate.residual import residual_of
from adapter.settings import Client

_MAX_CODINGS: Final = 20
_IHE: Final = "ihe_"
_UNDERSTOOD: Final = "ihe_iua"
_RESIDUAL: Final = "ihe_pcf"

Extensions = dict[str, dict[str, Any]]


def requester_of(client: Client, claims: Mapping[str, Any]) -> Requester:
    """Who asks, by the claims of a client's verified token; raises TokenRefused for a claim that is malformed or beyond the client's.

    A purpose of emergency access (BTG, ETREAT) is kept, whatever the client may claim: the use case refuses it and alerts. ``ihe_pcf`` is kept
    where all of it is understood. Any other ``ihe_`` extension (``ihe_bppc``) would narrow in ways that are not applied here: refused.
    """
    extensions = claims.get("extensions", {})
    iua = _section(extensions, _UNDERSTOOD)
    if any(name.startswith(_IHE) and name not in (_UNDERSTOOD, _RESIDUAL) for name in extensions):
        raise TokenRefused("token-residual")
    requester = Requester(
        client_id=client.id,
        organization=_organization(iua),
        unit=_identifier(_section(extensions, "sambro").get("unit"), "token-unit"),
        practitioner=_identifier(iua.get("national_provider_identifier"), "token-practitioner"),
        roles=tuple(_codings(iua, "subject_role", "token-role")),
        purposes=tuple(_purposes(iua)),
        scopes=_scopes(claims.get("scope", "")),
        jti=claims["jti"],
        residual=_residual(extensions),
    )
    _hold_to(client, requester)
    return requester


def extensions_of(client: Client, practitioner: Identifier | None = None) -> Extensions:
    """All that a client may claim, as the ``extensions`` of its token, for ``practitioner`` if one is named."""
    iua: dict[str, Any] = {
        "subject_organization_id": _written(client.organization),
        "purpose_of_use": [{"system": ACT_REASON, "code": purpose} for purpose in client.purposes],
        "subject_role": [{"system": system, "code": code} for system, code in client.roles],
    }
    if practitioner is not None:
        iua["national_provider_identifier"] = _written(practitioner)
    return {_UNDERSTOOD: iua, "sambro": {} if client.unit is None else {"unit": _written(client.unit)}}


def _hold_to(client: Client, requester: Requester) -> None:
    """Raise TokenRefused where a token claims more than its client may, or states no purpose for the records that it opens."""
    if requester.organization != client.organization:
        raise TokenRefused("token-organization")
    if client.unit is not None and requester.unit != client.unit:
        raise TokenRefused("token-unit")
    if not set(requester.purposes) <= {*client.purposes, *EMERGENCY_PURPOSES}:
        raise TokenRefused("token-purpose")
    if not requester.purposes and any(map(is_clinical, requester.scopes)):
        raise TokenRefused("token-purpose-missing")
    if not set(requester.roles) <= set(client.roles):
        raise TokenRefused("token-role")
    if not covers(client.scopes, requester.scopes):
        raise TokenRefused("token-scope")


def _section(extensions: object, name: str) -> dict[str, Any]:
    section = extensions.get(name, {}) if isinstance(extensions, dict) else None
    if not isinstance(section, dict):
        raise TokenRefused("token-extensions")
    return section


def _residual(extensions: Mapping[str, Any]) -> str | None:
    if _RESIDUAL not in extensions:
        return None
    claim = orjson.dumps(extensions[_RESIDUAL], option=orjson.OPT_SORT_KEYS).decode()
    try:
        residual_of(claim)
    except ValueError:
        raise TokenRefused("token-residual") from None
    return claim


def _organization(iua: Mapping[str, Any]) -> Identifier:
    identifier = _identifier(iua.get("subject_organization_id"), "token-organization")
    if identifier is None:
        raise TokenRefused("token-organization")
    return identifier


def _identifier(value: object, code: str) -> Identifier | None:
    """An identifier written ``system|value``; None where nothing is written."""
    if value is None:
        return None
    system, bar, text = value.partition("|") if isinstance(value, str) else ("", "", "")
    if not bar:
        raise TokenRefused(code)
    try:
        return parse_organization_id(text, system=system)
    except IdentityError:
        raise TokenRefused(code) from None


def _written(identifier: Identifier) -> str:
    return f"{identifier.system}|{identifier.value}"


def _codings(iua: Mapping[str, Any], claim: str, code: str) -> Iterator[tuple[str, str]]:
    codings = iua.get(claim, [])
    if not isinstance(codings, list) or len(codings) > _MAX_CODINGS:
        raise TokenRefused(code)
    for coding in codings:
        pair = (coding.get("system"), coding.get("code")) if isinstance(coding, dict) else (None, None)
        if not isinstance(pair[0], str) or not isinstance(pair[1], str):
            raise TokenRefused(code)
        yield pair[0], pair[1]


def _purposes(iua: Mapping[str, Any]) -> Iterator[str]:
    for system, purpose in _codings(iua, "purpose_of_use", "token-purpose"):
        if system != ACT_REASON:
            raise TokenRefused("token-purpose")
        yield purpose


def _scopes(value: object) -> frozenset[str]:
    if not isinstance(value, str):
        raise TokenRefused("token-scope")
    return frozenset(value.split())
