"""Whose tokens an installation takes, and those that it gives out itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

import httpx
from starlette.routing import Route

from adapter.api.access_tokens import AccessTokens
from adapter.api.certificate import TlsTerminator
from adapter.api.client_assertion import ClientAssertions, RegisteredClient
from adapter.api.development_issuer import LIFETIME, DevelopmentIssuer, development_key
from adapter.api.keys import FixedKeys, Keys, PublishedKeys, usable_keys
from adapter.api.request import Bearers
from adapter.api.token_endpoint import LIFETIME as GRANTED
from adapter.api.token_endpoint import PATH, TokenEndpoint
from adapter.api.tokens import Issuer, TokenVerifier
from adapter.api.witness import Witness
from adapter.domain.instants import utc_now
from adapter.exchange.issuance import Issuance
from adapter.main.core import Core, make_data_dir, new_id
from adapter.settings import Client, KeySource, Settings
from adapter.store.signing_keys import load_signing_keys

_OWN: Final = "/oauth"
_DEVELOPMENT: Final = "/development"


def development_issuer(settings: Settings) -> DevelopmentIssuer:
    """The issuer of development tokens; only where the settings allow one."""
    make_data_dir(settings)
    key = development_key(settings.data_dir / "development-issuer.pem")
    name = settings.public_url + _DEVELOPMENT
    return DevelopmentIssuer(key, name, settings.public_url, settings.clients, utc_now, new_id)


def bearers(settings: Settings, http: httpx.AsyncClient) -> Bearers:
    """Who may ask: by tokens of the external issuer, of our own endpoint, and in development of the development issuer."""
    return Bearers(TokenVerifier(_issuers(settings, http), utc_now), TlsTerminator(settings.trusted_proxies))


def _issuers(settings: Settings, http: httpx.AsyncClient) -> Iterator[Issuer]:
    registered = _registered(settings)
    if settings.dev_issuer:
        keys = FixedKeys(tuple(usable_keys(development_issuer(settings).jwks())))
        name = settings.public_url + _DEVELOPMENT
        yield Issuer(name, settings.public_url, keys, settings.clients, LIFETIME)
    if settings.tokens is not None:
        tokens = settings.tokens
        others = {name: client for name, client in settings.clients.items() if name not in registered}
        lifetime = timedelta(seconds=tokens.max_lifetime_seconds)
        yield Issuer(tokens.issuer, tokens.audience, _keys(tokens.keys, http), others, lifetime)
    if registered:
        own = FixedKeys(load_signing_keys(settings.master_key_file))
        yield Issuer(settings.public_url + _OWN, settings.public_url, own, registered, GRANTED)


def token_endpoint(core: Core, http: httpx.AsyncClient, witness: Witness) -> list[Route]:
    """The routes of our own token endpoint; none where no client is registered with it."""
    settings = core.settings
    registered = {
        name: RegisteredClient(client, _keys(client.keys, http))
        for name, client in _registered(settings).items()
        if client.keys is not None
    }
    if not registered:
        return []
    signing = load_signing_keys(settings.master_key_file)
    endpoint = TokenEndpoint(
        base=settings.public_url,
        assertions=ClientAssertions(
            registered, settings.public_url + PATH, core.database, core.keyring, utc_now
        ),
        tokens=AccessTokens(signing[0], settings.public_url + _OWN, settings.public_url, utc_now, new_id),
        jwks={"keys": [key.as_dict(private=False, use="sig", alg="ES384") for key in signing]},
        scopes=sorted({scope for one in registered.values() for scope in one.client.scopes}),
        terminator=TlsTerminator(settings.trusted_proxies),
        issuance=Issuance(database=core.database, audit=core.trail, clock=utc_now),
        witness=witness,
    )
    return endpoint.routes()


def needs_signing_key(settings: Settings) -> bool:
    """Whether a client is registered with our own token endpoint."""
    return bool(_registered(settings))


def _registered(settings: Settings) -> dict[str, Client]:
    return {name: client for name, client in settings.clients.items() if client.keys is not None}


def _keys(source: KeySource, http: httpx.AsyncClient) -> Keys:
    if source.url is not None:
        return PublishedKeys(source.url, http)
    return FixedKeys(tuple(usable_keys(source.jwks)))
