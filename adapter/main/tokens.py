"""Whose tokens an installation takes."""

from __future__ import annotations

from datetime import timedelta

from adapter.api.development_issuer import LIFETIME, DevelopmentIssuer, development_key
from adapter.api.tokens import TokenVerifier
from adapter.domain.instants import utc_now
from adapter.main.core import (
    make_data_dir,
    new_id,
)
from adapter.settings import Settings


def development_issuer(settings: Settings) -> DevelopmentIssuer:
    """The issuer of development tokens; only where the settings allow one."""
    make_data_dir(settings)
    key = development_key(settings.data_dir / "development-issuer.pem")
    return DevelopmentIssuer(
        key, f"{settings.public_url}/development", settings.public_url, settings.clients, utc_now, new_id
    )


def verifier(settings: Settings) -> TokenVerifier:
    """The verifier of the configured issuer's tokens, or of the development issuer's."""
    if settings.tokens is None:
        issuer = development_issuer(settings)
        name, audience, lifetime = f"{settings.public_url}/development", settings.public_url, LIFETIME
        return TokenVerifier(name, audience, issuer.jwks(), settings.clients, utc_now, max_lifetime=lifetime)
    tokens = settings.tokens
    return TokenVerifier(
        tokens.issuer,
        tokens.audience,
        tokens.keys,
        settings.clients,
        utc_now,
        max_lifetime=timedelta(seconds=tokens.max_lifetime_seconds),
    )
