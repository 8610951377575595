"""Whose tokens are taken, and who may state certificates."""

from __future__ import annotations

import base64
import json
import re
from ipaddress import ip_network
from pathlib import Path

import pytest
from joserfc.jwk import ECKey, OctKey

from adapter.settings import (
    KeySource,
)
from tests.settings.folder import change, faults, load


def issuer(config: Path, keys: object) -> None:
    (config / "jwks.json").write_text(json.dumps(keys), encoding="utf-8")
    change(
        config,
        "dev_issuer: true",
        "tokens: {issuer: https://idp.example.org, audience: https://sambro.example.org/fhir, jwks_file: jwks.json}",
    )


def test_an_external_issuer_is_pinned_by_its_public_keys(config: Path) -> None:
    key = ECKey.generate_key("P-384", {"kid": "one"})
    issuer(config, {"keys": [key.as_dict(private=False)]})
    tokens = load(config).tokens
    assert tokens is not None
    assert (tokens.issuer, tokens.max_lifetime_seconds) == ("https://idp.example.org", 300)
    assert tokens.keys == KeySource({"keys": [key.as_dict(private=False)]}, None)


def test_keys_inline_are_read_as_well(config: Path) -> None:
    key = ECKey.generate_key("P-384", {"kid": "one"})
    issuer(config, {})
    change(config, "jwks_file: jwks.json", f"jwks: {json.dumps({'keys': [key.as_dict(private=False)]})}")
    tokens = load(config).tokens
    assert tokens is not None
    assert tokens.keys == KeySource({"keys": [key.as_dict(private=False)]}, None)


# An RSA modulus of 1024 bits.
SHORT = {
    "kty": "RSA",
    "kid": "short",
    "e": "AQAB",
    "n": base64.urlsafe_b64encode(b"\xff" * 128).decode().rstrip("="),
}
PAIR = [ECKey.generate_key("P-384", {"kid": "same"}).as_dict(private=False) for _ in range(2)]


@pytest.mark.parametrize(
    "keys",
    [
        {"keys": []},
        {"keys": "none"},
        {},
        [],
        {"keys": [ECKey.generate_key("P-384").as_dict(private=True)]},
        {"keys": [OctKey.generate_key(256).as_dict()]},
        {"keys": PAIR},
        {"keys": [{"kty": "EC", "crv": "P-384"}]},
        {"keys": [7]},
        {"keys": [SHORT]},
    ],
    ids=[
        "empty",
        "text",
        "nothing",
        "list",
        "private",
        "symmetric",
        "same kid",
        "half a key",
        "number",
        "short RSA",
    ],
)
def test_a_key_set_must_be_public_keys_that_can_be_told_apart(config: Path, keys: object) -> None:
    issuer(config, keys)
    assert [fault.split(": ", 1)[1] for fault in faults(config)] == [
        "jwks_file: must be a JWKS of public keys, RSA from 2048 bits or EC, each with a kid of its own"
    ]


def test_there_is_one_issuer_only(config: Path) -> None:
    issuer(config, {"keys": PAIR[:1]})
    change(config, "tokens:", "dev_issuer: true\ntokens:")
    assert faults(config) == ["sambro.yaml:5: tokens: stands beside dev_issuer: true; remove one of them"]


def test_keys_may_be_published_by_their_owner(config: Path) -> None:
    issuer(config, {})
    change(config, "jwks_file: jwks.json", 'jwks_url: "https://idp.example.org/keys"')
    tokens = load(config).tokens
    assert tokens is not None
    assert tokens.keys == KeySource(None, "https://idp.example.org/keys")


REGISTERED = '    jwks_url: "http://127.0.0.1:9003/keys"\n    certificate_bound: true\n  kommun:'


def test_a_client_with_keys_is_registered_with_our_own_token_endpoint(config: Path) -> None:
    change(config, "  kommun:", REGISTERED)
    change(config, "dev_issuer: true\n", "")
    clients = load(config).clients
    assert clients["region"].keys == KeySource(None, "http://127.0.0.1:9003/keys")
    assert clients["region"].is_certificate_bound
    assert (clients["kommun"].keys, clients["kommun"].is_certificate_bound) == (None, False)


@pytest.mark.parametrize(
    ("stated", "fault"),
    [
        ('jwks_url: "http://keys.example.org/"', "jwks_url: must be https; http only on loopback"),
        ('jwks_url: "keys.json"', "jwks_url: must be an absolute URL: https://host/path"),
        (
            "jwks: {keys: []}",
            "jwks: must be a JWKS of public keys, RSA from 2048 bits or EC, each with a kid of its own",
        ),
        (
            "jwks_file: none.json",
            "jwks_file: cannot be read as UTF-8 text; make the file or correct the name",
        ),
        (
            'jwks_url: "https://idp.example.org"\n    jwks_file: none.json',
            "jwks_file: state one of jwks, jwks_file and jwks_url",
        ),
        ("certificate_bound: 1", "certificate_bound: must be true or false"),
    ],
)
def test_a_fault_of_a_client_s_keys_is_named_with_its_line(config: Path, stated: str, fault: str) -> None:
    change(config, "  kommun:", f"    {stated}\n  kommun:")
    [found] = faults(config)
    assert re.fullmatch(rf"sambro\.yaml:1[0-9]: {re.escape(fault)}", found)


def test_the_proxies_that_may_state_certificates_are_networks(config: Path) -> None:
    assert load(config).trusted_proxies == ()
    change(config, "dev_issuer", "trusted_proxies: [10.1.2.3/32]\ndev_issuer")
    assert load(config).trusted_proxies == (ip_network("10.1.2.3/32"),)
    change(config, "10.1.2.3/32", "10.1.2.3/24")
    assert faults(config) == [
        "sambro.yaml:4: trusted_proxies: 10.1.2.3/24 is not a network; write it as 10.1.2.0/24"
    ]
