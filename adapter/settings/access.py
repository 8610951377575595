"""The parts of ``sambro.yaml`` that say who may ask: the issuer of tokens, and the clients."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey

from adapter.domain.fields import Fields
from adapter.domain.identity import HSA_ID, ORGANISATIONSNUMMER, Identifier
from adapter.domain.purposes import PURPOSES
from adapter.domain.scopes import is_scope
from adapter.settings.model import Client, TokenIssuer
from adapter.settings.wires import read_file

_CLIENT_ID: Final = re.compile(r"[0-9A-Za-z._-]{1,64}", re.ASCII)
_ORGANIZATION_KEYS: Final = {"organisationsnummer": ORGANISATIONSNUMMER, "hsa_id": HSA_ID}
_NOBODY: Final = Identifier("", "")


def read_token_issuer(fields: Fields, folder: Path, dev_issuer: bool) -> TokenIssuer | None:
    """The external issuer, or None where the development issuer takes its place: there must be exactly one of them."""
    if "tokens" not in fields:
        if not dev_issuer:
            fields.fault("tokens", "is missing, so that no token could be verified; add the issuer")
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


def _keys(tokens: Fields, folder: Path) -> dict[str, Any]:
    has_file, has_inline = "jwks_file" in tokens, "jwks" in tokens
    if has_file == has_inline:
        tokens.fault("jwks", "state either jwks or jwks_file")
        return {}
    key = "jwks_file" if has_file else "jwks"
    keys = _keys_of_file(tokens, folder) if has_file else _keys_inline(tokens)
    if keys is not None and not _are_public_keys(keys):
        tokens.fault(key, "must be a JWKS of public keys, each with a kid of its own")
    return keys or {}


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
    """Whether this is a JWKS (RFC 7517 section 5) whose keys are asymmetric, public, and told apart by ``kid``."""
    try:
        found = KeySet.import_key_set(keys).keys
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return False
    kids = {key.kid for key in found}
    return len(kids) == len(found) and not any(isinstance(key, OctKey) or key.is_private for key in found)


def read_clients(fields: Fields) -> dict[str, Client]:
    """The clients by their ids."""
    sections = fields.named("clients", _CLIENT_ID, "letters, digits, dots, hyphens, at most 64")
    return {client_id: _client(client_id, section) for client_id, section in sections.items()}


def _client(client_id: str, section: Fields) -> Client:
    with section as client:
        scopes = client.texts("scopes")
        for scope in scopes:
            if not is_scope(scope):
                client.fault("scopes", f"{scope} is not a scope; write system/Type.rs, inbound or audit")
        return Client(
            id=client_id,
            organization=_organization(client),
            unit=client.organization_id("unit", HSA_ID) if "unit" in client else None,
            purposes=client.choices("purposes", PURPOSES),
            roles=_roles(client),
            scopes=frozenset(scopes),
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
