"""Access tokens: what is accepted, and that each check refuses by itself."""

from __future__ import annotations

import base64
import hmac
import itertools
import json
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from adapter.api.development_issuer import DevelopmentIssuer, development_key
from adapter.api.keys import FixedKeys, usable_keys
from adapter.api.tokens import Issuer, TokenVerifier
from adapter.domain.errors import TokenRefused
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
    return verifier_of(time, KEY, OTHER)


def verifier_of(
    time: Time, *keys: ECKey | RSAKey, max_lifetime: timedelta = timedelta(minutes=5)
) -> TokenVerifier:
    """A verifier of one issuer with these keys."""
    published = {"keys": [key.as_dict(private=False) for key in keys]}
    issuer = Issuer(ISSUER, AUDIENCE, FixedKeys(tuple(usable_keys(published))), CLIENTS, max_lifetime)
    return TokenVerifier([issuer], time)


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


async def refusal(verifier: TokenVerifier, token: str, thumbprint: str | None = None) -> str:
    with pytest.raises(TokenRefused) as caught:
        await verifier.verify(token, thumbprint)
    return caught.value.code


async def test_a_sound_token_says_who_asks(verifier: TokenVerifier, time: Time) -> None:
    assert await verifier.verify(signed(claims(time))) == Requester(
        client_id="region",
        organization=Identifier(ORGANISATIONSNUMMER, "2321000131"),
        unit=Identifier(HSA_ID, "SE2321000131-E0101"),
        practitioner=Identifier(HSA_ID, "SE2321000131-P01"),
        roles=(ROLE,),
        purposes=("TREAT",),
        scopes=frozenset({"system/Patient.rs"}),
        jti="6f1c",
    )


async def test_an_rsa_key_serves_as_well(time: Time) -> None:
    key = RSAKey.generate_key(2048, {"kid": "rsa"})
    verifier = verifier_of(time, key)
    requester = await verifier.verify(signed(claims(time), key, alg="RS384", kid="rsa"))
    assert requester.client_id == "region"


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
    ("a wider scope than the client's", lambda c: c.update(scope="system/Patient.crs"), "token-scope"),
    ("scopes for every type", lambda c: c.update(scope="system/*.rs"), "token-scope"),
    ("a scope with a query", lambda c: c.update(scope="system/Patient.rs?_id=1"), "token-scope"),
    ("no purpose", lambda c: iua(c).pop("purpose_of_use"), "token-purpose-missing"),
    ("an empty list of purposes", lambda c: iua(c).update(purpose_of_use=[]), "token-purpose-missing"),
    ("residual rules of nobody", lambda c: c["extensions"].update(ihe_pcf={}), "token-residual"),
    ("residual rules, not an object", lambda c: c["extensions"].update(ihe_pcf=[]), "token-residual"),
    ("rules of an older profile", lambda c: c["extensions"].update(ihe_bppc={}), "token-residual"),
    ("bound to a key of its own", lambda c: c.update(cnf={"jkt": "x"}), "token-cnf"),
    ("bound twice", lambda c: c.update(cnf={"x5t#S256": "x", "jkt": "x"}), "token-cnf"),
    ("bound to nothing", lambda c: c.update(cnf={}), "token-cnf"),
    ("bound to a number", lambda c: c.update(cnf={"x5t#S256": 7}), "token-cnf"),
    ("issued before all time", lambda c: c.update(iat=-(10**400)), "token-iat"),
    ("scopes as list", lambda c: c.update(scope=["system/Patient.rs"]), "token-scope"),
]


@pytest.mark.parametrize(("change", "code"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES])
async def test_a_claim_that_is_not_right_is_refused(
    verifier: TokenVerifier, time: Time, change: Callable[[Claims], object], code: str
) -> None:
    body = claims(time)
    change(body)
    assert await refusal(verifier, signed(body)) == code


def unsigned(body: Claims, header: Claims) -> str:
    parts = (json.dumps(part).encode() for part in (header, body))
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."


@pytest.mark.parametrize("alg", ["none", "None", "", 7, ["ES384"], None])
async def test_an_unsigned_token_is_refused(verifier: TokenVerifier, time: Time, alg: object) -> None:
    assert await refusal(verifier, unsigned(claims(time), {"alg": alg, "kid": "one"})) in (
        "token-algorithm",
        "token-malformed",
    )


async def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(
    verifier: TokenVerifier, time: Time
) -> None:
    head = unsigned(claims(time), {"alg": "HS256", "kid": "one"})[:-1]
    seal = hmac.digest(KEY.as_pem(private=False), head.encode(), "sha256")
    token = f"{head}.{base64.urlsafe_b64encode(seal).rstrip(b'=').decode()}"
    assert await refusal(verifier, token) == "token-algorithm"


@pytest.mark.parametrize(
    ("key", "kid", "code"),
    [
        (OTHER, "one", "token-signature"),
        (KEY, "other", "token-signature"),
        (KEY, "third", "token-key"),
    ],
    ids=["the other key under this name", "this key under the other name", "a name that nobody has"],
)
async def test_the_kid_must_lead_to_the_key_that_signed(
    verifier: TokenVerifier, time: Time, key: ECKey, kid: str, code: str
) -> None:
    assert await refusal(verifier, signed(claims(time), key, kid=kid)) == code


async def test_without_a_kid_there_must_be_one_key_only(verifier: TokenVerifier, time: Time) -> None:
    token = jwt.encode({"alg": "ES384"}, claims(time), KEY, algorithms=["ES384"])
    assert await refusal(verifier, token) == "token-key"
    assert (await verifier_of(time, KEY).verify(token)).client_id == "region"


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
async def test_what_is_no_token_is_refused(verifier: TokenVerifier, token: str) -> None:
    assert await refusal(verifier, token) == "token-malformed"


async def test_one_changed_character_breaks_the_seal(verifier: TokenVerifier, time: Time) -> None:
    head, body, seal = signed(claims(time)).split(".")
    assert (
        await refusal(verifier, f"{head}.{body}.{'A' if seal[0] != 'A' else 'B'}{seal[1:]}")
        == "token-signature"
    )


@pytest.mark.parametrize("purpose", ["BTG", "ETREAT"])
async def test_emergency_purposes_are_kept_for_the_use_case_to_refuse(
    verifier: TokenVerifier, time: Time, purpose: str
) -> None:
    body = claims(time)
    iua(body)["purpose_of_use"].append({"system": ACT_REASON, "code": purpose})
    assert (await verifier.verify(signed(body))).purposes == ("TREAT", purpose)


async def test_a_client_without_a_unit_of_its_own_states_one_or_none(
    verifier: TokenVerifier, time: Time
) -> None:
    body = claims(time) | {"client_id": "journal"}
    iua(body)["subject_role"] = []
    assert (await verifier.verify(signed(body))).unit == Identifier(HSA_ID, "SE2321000131-E0101")
    del body["extensions"]["sambro"]
    assert (await verifier.verify(signed(body))).unit is None


async def test_a_verified_token_is_remembered_only_until_it_expires(
    verifier: TokenVerifier, time: Time
) -> None:
    token = signed(claims(time))
    first = await verifier.verify(token)
    time.now += timedelta(seconds=299)
    assert await verifier.verify(token) is first
    time.now += timedelta(seconds=11)
    assert await refusal(verifier, token) == "token-expired"


async def test_a_development_token_lives_twelve_hours_and_claims_what_the_client_may(time: Time) -> None:
    numbers = itertools.count()
    issuer = DevelopmentIssuer(KEY, ISSUER, AUDIENCE, CLIENTS, time, lambda: f"id-{next(numbers)}")
    verifier = verifier_of(time, KEY, max_lifetime=timedelta(hours=12))
    token = issuer.mint("region")
    assert await verifier.verify(token) == Requester(
        client_id="region",
        organization=CLIENTS["region"].organization,
        unit=CLIENTS["region"].unit,
        practitioner=None,
        roles=(ROLE,),
        purposes=("TREAT", "COC"),
        scopes=CLIENTS["region"].scopes,
        jti="id-0",
    )
    assert (await verifier.verify(issuer.mint("journal"))).jti == "id-1"
    time.now += timedelta(hours=12, seconds=10)
    assert await refusal(verifier, token) == "token-expired"


async def test_a_development_token_lives_too_long_for_operation(verifier: TokenVerifier, time: Time) -> None:
    issuer = DevelopmentIssuer(KEY, ISSUER, AUDIENCE, CLIENTS, time, lambda: "id")
    assert await refusal(verifier, issuer.mint("region")) == "token-lifetime"


def test_the_published_key_set_holds_no_private_key(time: Time) -> None:
    issuer = DevelopmentIssuer(KEY, ISSUER, AUDIENCE, CLIENTS, time, lambda: "id")
    assert [sorted(key) for key in issuer.jwks()["keys"]] == [["crv", "kid", "kty", "x", "y"]]


def test_the_development_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "development.pem"
    first = development_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert development_key(path).as_dict(private=False) == first.as_dict(private=False)


async def test_scopes_may_be_narrower_than_the_client_s(verifier: TokenVerifier, time: Time) -> None:
    requester = await verifier.verify(signed(claims(time) | {"scope": "system/Patient.r system/CarePlan.s"}))
    assert requester.scopes == {"system/Patient.r", "system/CarePlan.s"}


async def test_pushing_needs_no_purpose_since_the_agreement_states_it(time: Time) -> None:
    pushing = {"region": replace(CLIENTS["region"], scopes=frozenset({"inbound"}))}
    issuer = Issuer(ISSUER, AUDIENCE, FixedKeys([KEY]), pushing, timedelta(minutes=5))
    body = claims(time) | {"scope": "inbound"}
    del iua(body)["purpose_of_use"]
    assert (await TokenVerifier([issuer], time).verify(signed(body))).purposes == ()


async def test_a_bound_token_is_good_with_its_certificate_alone(verifier: TokenVerifier, time: Time) -> None:
    token = signed(claims(time) | {"cnf": {"x5t#S256": "thumbprint"}})
    assert await refusal(verifier, token) == "certificate-missing"
    assert (await verifier.verify(token, "thumbprint")).client_id == "region"
    assert await refusal(verifier, token) == "certificate-missing"
    assert await refusal(verifier, token, "another") == "certificate-mismatch"
    assert (await verifier.verify(token, "thumbprint")).client_id == "region"


async def test_a_client_may_be_held_to_bound_tokens(time: Time) -> None:
    bound = {"region": replace(CLIENTS["region"], is_certificate_bound=True)}
    issuer = Issuer(ISSUER, AUDIENCE, FixedKeys([KEY]), bound, timedelta(minutes=5))
    verifier = TokenVerifier([issuer], time)
    assert await refusal(verifier, signed(claims(time)), "thumbprint") == "token-unbound"
    token = signed(claims(time) | {"cnf": {"x5t#S256": "thumbprint"}})
    assert (await verifier.verify(token, "thumbprint")).client_id == "region"


async def test_an_issuer_speaks_for_its_own_clients_with_its_own_keys(time: Time) -> None:
    minutes = timedelta(minutes=5)
    alone = {name: client for name, client in CLIENTS.items() if name == "journal"}
    second = Issuer("https://other.example.org", AUDIENCE, FixedKeys([OTHER]), alone, minutes)
    verifier = TokenVerifier([Issuer(ISSUER, AUDIENCE, FixedKeys([KEY]), CLIENTS, minutes), second], time)
    foreign = claims(time) | {"iss": second.name}
    assert await refusal(verifier, signed(foreign, OTHER, kid="other")) == "token-client"
    assert await refusal(verifier, signed(foreign)) == "token-key"
    assert await refusal(verifier, signed(claims(time), OTHER, kid="other")) == "token-key"


async def test_two_keys_with_one_kid_verify_nothing(time: Time) -> None:
    twin = ECKey.generate_key("P-384", {"kid": "one"})
    assert await refusal(verifier_of(time, KEY, twin), signed(claims(time))) == "token-key"


@pytest.mark.parametrize(
    "changes",
    [{"use": "enc"}, {"key_ops": ["sign"]}, {"alg": "ES256"}],
    ids=["for encryption", "for signing", "for another algorithm"],
)
async def test_a_key_verifies_only_what_it_is_for(time: Time, changes: dict[str, Any]) -> None:
    published = {"keys": [{**KEY.as_dict(private=False), **changes}]}
    issuer = Issuer(ISSUER, AUDIENCE, FixedKeys(tuple(usable_keys(published))), CLIENTS, timedelta(minutes=5))
    assert await refusal(TokenVerifier([issuer], time), signed(claims(time))) == "token-key"
