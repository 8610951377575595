"""The part of sambro.yaml that says where administrators sign in."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter.settings import OpenIdSignIn
from tests.settings.folder import change, faults, load


def state(config: Path, *lines: str) -> None:
    stated = "\n".join(["console:", "  oidc:", *(f"    {line}" for line in lines), "listeners:"])
    change(config, "listeners:", stated)


def test_local_accounts_alone_unless_stated(config: Path) -> None:
    assert load(config).console_sign_in is None


def test_the_issuer_is_kept_to_the_letter_and_the_secret_read_from_its_file(config: Path) -> None:
    (config / "idp-secret").write_text("secret\n", encoding="utf-8")
    state(
        config,
        "issuer: https://idp.example.org/realm/",
        "client_id: sambro",
        "client_secret_file: idp-secret",
        "rights_claim: parties",
    )
    assert load(config).console_sign_in == OpenIdSignIn(
        "https://idp.example.org/realm/", "sambro", "secret", "sub", "parties"
    )


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("issuer: http://idp.example.org", "must be https"),
        ("issuer: https://idp.example.org", "client_secret_file"),
        ("client_secret: secret", "rights_claim"),
    ],
)
def test_what_would_let_nobody_or_anybody_in_is_a_fault(config: Path, line: str, fault: str) -> None:
    state(config, line)
    assert any(fault in found for found in faults(config))
