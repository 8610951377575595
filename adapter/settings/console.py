"""The part of ``sambro.yaml`` about the console: where administrators sign in."""

from __future__ import annotations

from pathlib import Path

from adapter.domain.fields import Fields
from adapter.settings.model import OpenIdSignIn
from adapter.settings.wires import read_secret, read_url


def read_console_sign_in(fields: Fields, folder: Path) -> OpenIdSignIn | None:
    """The OpenID provider beneath ``console.oidc``, or None: local accounts alone."""
    with fields.section("console") as console:
        if "oidc" not in console:
            return None
        with console.section("oidc") as oidc:
            read_url(oidc, "issuer")
            secret = read_secret(oidc, "client_secret", folder)
            if secret is None:
                oidc.fault("client_secret_file", "is missing; name the file that holds the client's secret")
            return OpenIdSignIn(
                # Compared with what tokens state, a slash at its end included.
                issuer=oidc.text("issuer"),
                client_id=oidc.text("client_id"),
                client_secret=secret or "",
                name_claim=oidc.text("name_claim", "sub"),
                rights_claim=oidc.text("rights_claim"),
            )
