"""The parts of ``sambro.yaml`` that say who may ask: the issuer of tokens, and the clients."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, KeySet, RSAKey

from adapter.domain.fields import Fields
from adapter.domain.identity import HSA_ID, ORGANISATIONSNUMMER, Identifier
from adapter.domain.purposes import PURPOSES
from adapter.domain.scopes import is_scope
from adapter.settings.model import Client, KeySource, TokenIssuer
from adapter.settings.wires import read_file, read_url

_CLIENT_ID: Final = re.compile(r"[0-9A-Za-z._-]{1,64}", re.ASCII)
_ORGANIZATION_KEYS: Final = {"organisationsnummer": ORGANISATIONSNUMMER, "hsa_id": HSA_ID}
_KEY_SOURCES: Final = ("jwks", "jwks_file", "jwks_url")
_NOBODY: Final = Identifier("", "")


def read_token_issuer(
    fields: Fields, folder: Path, dev_issuer: bool, clients: Mapping[str, Client]
) -> TokenIssuer | None:
    """The external issuer, or None where only the development issuer or our own token endpoint gives tokens: there must be one of them."""
    if "tokens" not in fields:
        if not dev_issuer and all(client.keys is None for client in clients.values()):
            fields.fault(
                "tokens", "is missing, so that no token could be verified; add the issuer, or a client's keys"
            )
        return None
    if dev_issuer:
        fields.fault("tokens", "stands beside dev_issuer: true; remove one of them")
    with fields.section("tokens") as tokens:
        return TokenIssuer(
            issuer=tokens.text("issuer"),
            audience=tokens.text("audience"),
            keys=_keys(tokens, folder),
            max_lifetime_seconds=tokens.whole("max_lifetime_seconds", 1, 3600, default=300),
        )


def _keys(fields: Fields, folder: Path) -> KeySource:
    stated = [key for key in _KEY_SOURCES if key in fields]
    if len(stated) != 1:
        fields.fault(stated[0] if stated else "jwks", "state one of jwks, jwks_file and jwks_url")
        return KeySource(None, None)
    if stated == ["jwks_url"]:
        return KeySource(None, read_url(fields, "jwks_url"))
    keys = _keys_of_file(fields, folder) if stated == ["jwks_file"] else _keys_inline(fields)
    if keys is not None and not _are_public_keys(keys):
        fields.fault(
            stated[0], "must be a JWKS of public keys, RSA from 2048 bits or EC, each with a kid of its own"
        )
    return KeySource(keys or {}, None)


def _keys_inline(tokens: Fields) -> Any:
    node = tokens.at("jwks")
    return None if node is None else node.plain()


def _keys_of_file(tokens: Fields, folder: Path) -> Any:
    text = read_file(tokens, "jwks_file", folder)
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        return ""


def _are_public_keys(keys: Any) -> bool:
    """Whether this is a JWKS (RFC 7517 section 5) whose keys are asymmetric, strong, public, and told apart by ``kid``."""
    try:
        # joserfc only warns of a weak key.
        with warnings.catch_warnings(action="error", category=SecurityWarning):
            found = KeySet.import_key_set(keys).keys
    except (JoseError, SecurityWarning, ValueError, TypeError, KeyError, AttributeError):
        return False
    kids = {key.kid for key in found}
    is_public = all(isinstance(key, RSAKey | ECKey) and not key.is_private for key in found)
    return len(kids) == len(found) and is_public


def read_clients(fields: Fields, folder: Path) -> dict[str, Client]:
    """The clients by their ids."""
    sections = fields.named("clients", _CLIENT_ID, "letters, digits, dots, hyphens, at most 64")
    return {client_id: _client(client_id, section, folder) for client_id, section in sections.items()}


def _client(client_id: str, section: Fields, folder: Path) -> Client:
    with section as client:
        scopes = client.texts("scopes")
        for scope in scopes:
            if not is_scope(scope):
                client.fault(
                    "scopes",
                    f"{scope} is not a scope; write system/Type.rs, inbound, audit or release-without-consent",
                )
        return Client(
            id=client_id,
            organization=_organization(client),
            unit=client.organization_id("unit", HSA_ID) if "unit" in client else None,
            purposes=client.choices("purposes", PURPOSES),
            roles=_roles(client),
            scopes=frozenset(scopes),
            keys=_keys(client, folder) if any(key in client for key in _KEY_SOURCES) else None,
            is_certificate_bound=client.flag("certificate_bound", default=False),
        )


def _organization(client: Fields) -> Identifier:
    with client.section("organization", required=True) as organization:
        stated = [key for key in _ORGANIZATION_KEYS if key in organization]
        if len(stated) != 1:
            organization.fault("organisationsnummer", "state either organisationsnummer or hsa_id")
            return _NOBODY
        return organization.organization_id(stated[0], _ORGANIZATION_KEYS[stated[0]]) or _NOBODY


def _roles(client: Fields) -> tuple[tuple[str, str], ...]:
    return tuple(_role(section) for section in client.sections("roles")) if "roles" in client else ()


def _role(section: Fields) -> tuple[str, str]:
    with section as role:
        return role.text("system"), role.text("code")
