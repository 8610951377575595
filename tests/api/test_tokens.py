"""Access tokens: what is accepted, and that each check refuses by itself."""

from __future__ import annotations

import base64
import hmac
import itertools
import json
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from adapter.api.development_issuer import DevelopmentIssuer, development_key
from adapter.api.tokens import TokenRefused, TokenVerifier
from adapter.domain.identity import HSA_ID, ORGANISATIONSNUMMER, Identifier
from adapter.domain.purposes import ACT_REASON
from adapter.domain.requester import Requester
from adapter.settings import Client

ISSUER = "https://idp.example.org"
AUDIENCE = "https://sambro.example.org/fhir"
ROLE = ("urn:oid:1.2.752.129.2.2.1.4", "202010")
CLIENTS = {
    "region": Client(
        id="region",
        organization=Identifier(ORGANISATIONSNUMMER, "2321000131"),
        unit=Identifier(HSA_ID, "SE2321000131-E0101"),
        purposes=("TREAT", "COC"),
        roles=(ROLE,),
        scopes=frozenset({"system/Patient.rs", "system/CarePlan.rs"}),
    ),
    "journal": Client(
        id="journal",
        organization=Identifier(ORGANISATIONSNUMMER, "2321000131"),
        unit=None,
        purposes=("TREAT",),
        roles=(),
        scopes=frozenset({"system/Patient.rs"}),
    ),
}
KEY = ECKey.generate_key("P-384", {"kid": "one"})
OTHER = ECKey.generate_key("P-384", {"kid": "other"})

Claims = dict[str, Any]


class Time:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def verifier(time: Time) -> TokenVerifier:
    keys = {"keys": [KEY.as_dict(private=False), OTHER.as_dict(private=False)]}
    return TokenVerifier(ISSUER, AUDIENCE, keys, CLIENTS, time)


def claims(time: Time) -> Claims:
    now = int(time().timestamp())
    return {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "iat": now,
        "nbf": now,
        "exp": now + 300,
        "jti": "6f1c",
        "client_id": "region",
        "scope": "system/Patient.rs",
        "extensions": {
            "ihe_iua": {
                "subject_organization_id": f"{ORGANISATIONSNUMMER}|2321000131",
                "subject_role": [{"system": ROLE[0], "code": ROLE[1]}],
                "purpose_of_use": [{"system": ACT_REASON, "code": "TREAT"}],
                "national_provider_identifier": f"{HSA_ID}|SE2321000131-P01",
            },
            "sambro": {"unit": f"{HSA_ID}|SE2321000131-E0101"},
        },
    }


def signed(body: Claims, key: ECKey | RSAKey = KEY, **header: str) -> str:
    return jwt.encode(
        {"alg": "ES384", "kid": "one", **header}, body, key, algorithms=["ES384", "ES256", "RS384"]
    )


def iua(body: Claims) -> Claims:
    section: Claims = body["extensions"]["ihe_iua"]
    return section


def refusal(verifier: TokenVerifier, token: str) -> str:
    with pytest.raises(TokenRefused) as caught:
        verifier.verify(token)
    return caught.value.code


def test_a_sound_token_says_who_asks(verifier: TokenVerifier, time: Time) -> None:
    assert verifier.verify(signed(claims(time))) == Requester(
        client_id="region",
        organization=Identifier(ORGANISATIONSNUMMER, "2321000131"),
        unit=Identifier(HSA_ID, "SE2321000131-E0101"),
        practitioner=Identifier(HSA_ID, "SE2321000131-P01"),
        roles=(ROLE,),
        purposes=("TREAT",),
        scopes=frozenset({"system/Patient.rs"}),
        jti="6f1c",
    )


def test_an_rsa_key_serves_as_well(time: Time) -> None:
    key = RSAKey.generate_key(2048, {"kid": "rsa"})
    verifier = TokenVerifier(ISSUER, AUDIENCE, {"keys": [key.as_dict(private=False)]}, CLIENTS, time)
    assert verifier.verify(signed(claims(time), key, alg="RS384", kid="rsa")).client_id == "region"


CHANGES: list[tuple[str, Callable[[Claims], object], str]] = [
    ("another issuer", lambda c: c.update(iss="https://evil.example.org"), "token-iss"),
    ("no issuer", lambda c: c.pop("iss"), "token-claim-missing"),
    ("another audience", lambda c: c.update(aud="https://other.example.org"), "token-aud"),
    ("a longer audience", lambda c: c.update(aud=AUDIENCE + "/"), "token-aud"),
    ("several audiences", lambda c: c.update(aud=[AUDIENCE, "https://other.example.org"]), "token-aud"),
    ("no audience", lambda c: c.pop("aud"), "token-claim-missing"),
    ("expired", lambda c: c.update(iat=c["iat"] - 300, exp=c["iat"] - 11), "token-expired"),
    ("no expiry", lambda c: c.pop("exp"), "token-claim-missing"),
    ("expiry as text", lambda c: c.update(exp=str(c["exp"])), "token-exp"),
    ("never expires", lambda c: c.update(exp=float("inf")), "token-exp"),
    ("lives too long", lambda c: c.update(exp=c["iat"] + 301), "token-lifetime"),
    ("lives beyond reckoning", lambda c: c.update(exp=10**400, iat=c["iat"] - 0.5), "token-lifetime"),
    ("not valid yet", lambda c: c.update(nbf=c["iat"] + 11), "token-nbf"),
    ("issued in the future", lambda c: c.update(iat=c["iat"] + 11), "token-iat"),
    ("no instant of issue", lambda c: c.pop("iat"), "token-claim-missing"),
    ("no jti", lambda c: c.pop("jti"), "token-claim-missing"),
    ("empty jti", lambda c: c.update(jti=""), "token-jti"),
    ("jti with a line break", lambda c: c.update(jti="a\nb"), "token-jti"),
    ("jti as number", lambda c: c.update(jti=7), "token-jti"),
    ("unknown client", lambda c: c.update(client_id="nobody"), "token-client"),
    ("client as list", lambda c: c.update(client_id=["region"]), "token-client"),
    ("no client", lambda c: c.pop("client_id"), "token-client"),
    ("no extensions", lambda c: c.pop("extensions"), "token-organization"),
    ("extensions as text", lambda c: c.update(extensions="x"), "token-extensions"),
    ("IUA claims as list", lambda c: c["extensions"].update(ihe_iua=[]), "token-extensions"),
    (
        "another organisation",
        lambda c: iua(c).update(subject_organization_id=f"{ORGANISATIONSNUMMER}|2120001553"),
        "token-organization",
    ),
    (
        "the number in an unknown system",
        lambda c: iua(c).update(subject_organization_id="http://example.org|2321000131"),
        "token-organization",
    ),
    (
        "an organisation without system",
        lambda c: iua(c).update(subject_organization_id="2321000131"),
        "token-organization",
    ),
    ("no organisation", lambda c: iua(c).pop("subject_organization_id"), "token-organization"),
    ("organisation as object", lambda c: iua(c).update(subject_organization_id={}), "token-organization"),
    (
        "another unit",
        lambda c: c["extensions"]["sambro"].update(unit=f"{HSA_ID}|SE2321000131-E0102"),
        "token-unit",
    ),
    ("no unit", lambda c: c["extensions"].pop("sambro"), "token-unit"),
    ("unit as number", lambda c: c["extensions"]["sambro"].update(unit=1), "token-unit"),
    (
        "practitioner as list",
        lambda c: iua(c).update(national_provider_identifier=["x"]),
        "token-practitioner",
    ),
    (
        "a purpose beyond the client's",
        lambda c: iua(c).update(purpose_of_use=[{"system": ACT_REASON, "code": "HQUALIMP"}]),
        "token-purpose",
    ),
    (
        "a purpose of another system",
        lambda c: iua(c).update(purpose_of_use=[{"system": "http://example.org", "code": "TREAT"}]),
        "token-purpose",
    ),
    ("a bare purpose", lambda c: iua(c).update(purpose_of_use=["TREAT"]), "token-purpose"),
    ("purposes as text", lambda c: iua(c).update(purpose_of_use="TREAT"), "token-purpose"),
    (
        "a flood of purposes",
        lambda c: iua(c).update(purpose_of_use=[{"system": ACT_REASON, "code": "TREAT"}] * 21),
        "token-purpose",
    ),
    (
        "a role beyond the client's",
        lambda c: iua(c).update(subject_role=[{"system": ROLE[0], "code": "1"}]),
        "token-role",
    ),
    ("a scope beyond the client's", lambda c: c.update(scope="system/Patient.rs audit"), "token-scope"),
    ("scopes as list", lambda c: c.update(scope=["system/Patient.rs"]), "token-scope"),
]


@pytest.mark.parametrize(("change", "code"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES])
def test_a_claim_that_is_not_right_is_refused(
    verifier: TokenVerifier, time: Time, change: Callable[[Claims], object], code: str
) -> None:
    body = claims(time)
    change(body)
    assert refusal(verifier, signed(body)) == code


def unsigned(body: Claims, header: Claims) -> str:
    parts = (json.dumps(part).encode() for part in (header, body))
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."


@pytest.mark.parametrize("alg", ["none", "None", "", 7, ["ES384"], None])
def test_an_unsigned_token_is_refused(verifier: TokenVerifier, time: Time, alg: object) -> None:
    assert refusal(verifier, unsigned(claims(time), {"alg": alg, "kid": "one"})) in (
        "token-algorithm",
        "token-malformed",
    )


def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(
    verifier: TokenVerifier, time: Time
) -> None:
    head = unsigned(claims(time), {"alg": "HS256", "kid": "one"})[:-1]
    seal = hmac.digest(KEY.as_pem(private=False), head.encode(), "sha256")
    token = f"{head}.{base64.urlsafe_b64encode(seal).rstrip(b'=').decode()}"
    assert refusal(verifier, token) == "token-algorithm"


@pytest.mark.parametrize(
    ("key", "kid", "code"),
    [
        (OTHER, "one", "token-signature"),
        (KEY, "other", "token-signature"),
        (KEY, "third", "token-key"),
    ],
    ids=["the other key under this name", "this key under the other name", "a name that nobody has"],
)
def test_the_kid_must_lead_to_the_key_that_signed(
    verifier: TokenVerifier, time: Time, key: ECKey, kid: str, code: str
) -> None:
    assert refusal(verifier, signed(claims(time), key, kid=kid)) == code


def test_without_a_kid_there_must_be_one_key_only(verifier: TokenVerifier, time: Time) -> None:
    token = jwt.encode({"alg": "ES384"}, claims(time), KEY, algorithms=["ES384"])
    assert refusal(verifier, token) == "token-key"
    alone = TokenVerifier(ISSUER, AUDIENCE, {"keys": [KEY.as_dict(private=False)]}, CLIENTS, time)
    assert alone.verify(token).client_id == "region"


@pytest.mark.parametrize(
    "token",
    ["", "a", "a.b", "a.b.c", "a.b.c.d.e", "..", "é.é.é", "\udcff", "x" * 20_000],
    ids=[
        "empty",
        "one part",
        "two parts",
        "no JSON",
        "five parts",
        "dots",
        "no ASCII",
        "surrogate",
        "too long",
    ],
)
def test_what_is_no_token_is_refused(verifier: TokenVerifier, token: str) -> None:
    assert refusal(verifier, token) == "token-malformed"


def test_one_changed_character_breaks_the_seal(verifier: TokenVerifier, time: Time) -> None:
    head, body, seal = signed(claims(time)).split(".")
    assert refusal(verifier, f"{head}.{body}.{'A' if seal[0] != 'A' else 'B'}{seal[1:]}") == "token-signature"


@pytest.mark.parametrize("purpose", ["BTG", "ETREAT"])
def test_emergency_purposes_are_kept_for_the_use_case_to_refuse(
    verifier: TokenVerifier, time: Time, purpose: str
) -> None:
    body = claims(time)
    iua(body)["purpose_of_use"].append({"system": ACT_REASON, "code": purpose})
    assert verifier.verify(signed(body)).purposes == ("TREAT", purpose)


def test_a_client_without_a_unit_of_its_own_states_one_or_none(verifier: TokenVerifier, time: Time) -> None:
    body = claims(time) | {"client_id": "journal"}
    iua(body)["subject_role"] = []
    assert verifier.verify(signed(body)).unit == Identifier(HSA_ID, "SE2321000131-E0101")
    del body["extensions"]["sambro"]
    assert verifier.verify(signed(body)).unit is None


def test_a_verified_token_is_remembered_only_until_it_expires(verifier: TokenVerifier, time: Time) -> None:
    token = signed(claims(time))
    first = verifier.verify(token)
    time.now += timedelta(seconds=299)
    assert verifier.verify(token) is first
    time.now += timedelta(seconds=11)
    assert refusal(verifier, token) == "token-expired"


def test_a_development_token_lives_twelve_hours_and_claims_what_the_client_may(time: Time) -> None:
    numbers = itertools.count()
    issuer = DevelopmentIssuer(KEY, ISSUER, AUDIENCE, CLIENTS, time, lambda: f"id-{next(numbers)}")
    verifier = TokenVerifier(ISSUER, AUDIENCE, issuer.jwks(), CLIENTS, time, max_lifetime=timedelta(hours=12))
    token = issuer.mint("region")
    assert verifier.verify(token) == Requester(
        client_id="region",
        organization=CLIENTS["region"].organization,
        unit=CLIENTS["region"].unit,
        practitioner=None,
        roles=(ROLE,),
        purposes=("TREAT", "COC"),
        scopes=CLIENTS["region"].scopes,
        jti="id-0",
    )
    assert verifier.verify(issuer.mint("journal")).jti == "id-1"
    time.now += timedelta(hours=12, seconds=10)
    assert refusal(verifier, token) == "token-expired"


def test_a_development_token_lives_too_long_for_operation(verifier: TokenVerifier, time: Time) -> None:
    issuer = DevelopmentIssuer(KEY, ISSUER, AUDIENCE, CLIENTS, time, lambda: "id")
    assert refusal(verifier, issuer.mint("region")) == "token-lifetime"


def test_the_published_key_set_holds_no_private_key(time: Time) -> None:
    issuer = DevelopmentIssuer(KEY, ISSUER, AUDIENCE, CLIENTS, time, lambda: "id")
    assert [sorted(key) for key in issuer.jwks()["keys"]] == [["crv", "kid", "kty", "x", "y"]]


def test_the_development_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "development.pem"
    first = development_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert development_key(path).as_dict(private=False) == first.as_dict(private=False)
