"""The token endpoint for system clients: what it grants, and that each rule refuses by itself."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import httpx
import orjson
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from adapter.domain.identity import HSA_ID, ORGANISATIONSNUMMER
from adapter.domain.purposes import ACT_REASON
from tests.api.bridge import BASE, CLIENT_KEY, Bridge
from tests.exchange.bodies import TOLVAN

TOKEN_URL: Final = f"{BASE}/oauth/token"
TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CERTIFICATE: Final = b"the DER of a certificate"
HEADER: Final = {"Client-Cert": f":{base64.b64encode(CERTIFICATE).decode()}:"}
THUMBPRINT: Final = base64.urlsafe_b64encode(hashlib.sha256(CERTIFICATE).digest()).rstrip(b"=").decode()
_numbers = itertools.count()

Json = dict[str, Any]


def claims(bridge: Bridge, client: str = "system") -> Json:
    now = int(bridge.house.clock().timestamp())
    return {"iss": client, "sub": client, "aud": TOKEN_URL, "exp": now + 300, "jti": f"jti-{next(_numbers)}"}


def signed(body: Json, key: ECKey | RSAKey = CLIENT_KEY, **header: Any) -> str:
    named = {"alg": "ES384", "kid": "client", **header}
    return jwt.encode(
        {name: value for name, value in named.items() if value is not None},
        body,
        key,
        algorithms=["ES384", "RS384", "RS256"],
    )


def form(assertion: str, **changes: str | None) -> dict[str, str]:
    fields = {
        "grant_type": "client_credentials",
        "scope": "system/Patient.rs",
        "client_assertion_type": TYPE,
        "client_assertion": assertion,
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not None}


async def ask(bridge: Bridge, fields: dict[str, str], **headers: str) -> httpx.Response:
    return await bridge.http.post("/oauth/token", data=fields, headers=headers)


async def granted(bridge: Bridge, body: Json | None = None, **changes: str) -> Json:
    answer = await ask(bridge, form(signed(body or claims(bridge)), **changes))
    assert answer.status_code == 200, answer.text
    payload: Json = orjson.loads(_decoded(answer.json()["access_token"].split(".")[1]))
    return payload


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


async def test_a_signed_assertion_gives_a_token_that_opens_what_it_says(bridge: Bridge) -> None:
    answer = await ask(bridge, form(signed(claims(bridge))))
    token = answer.json().pop("access_token")
    assert {name: value for name, value in answer.json().items() if name != "access_token"} == {
        "token_type": "bearer",
        "expires_in": 300,
        "scope": "system/Patient.rs",
    }
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    bearer = {"Authorization": f"Bearer {token}"}
    assert (await bridge.fhir(f"Patient?identifier={TOLVAN}", None, headers=bearer)).status_code == 200
    assert (
        await bridge.fhir(f"CarePlan?patient.identifier={TOLVAN}", None, headers=bearer)
    ).status_code == 403
    bridge.house.clock.now += timedelta(seconds=310)
    assert (await bridge.fhir(f"Patient?identifier={TOLVAN}", None, headers=bearer)).status_code == 401


async def test_the_token_claims_what_the_client_is_pinned_to(bridge: Bridge) -> None:
    token = await granted(bridge)
    assert token["client_id"] == token["sub"] == "system"
    assert token["exp"] - token["iat"] == 300
    assert token["extensions"] == {
        "ihe_iua": {
            "subject_organization_id": f"{ORGANISATIONSNUMMER}|2321000131",
            "purpose_of_use": [
                {"system": ACT_REASON, "code": "TREAT"},
                {"system": ACT_REASON, "code": "COC"},
            ],
            "subject_role": [],
        },
        "sambro": {"unit": f"{HSA_ID}|SE2321000131-E0101"},
    }


async def test_an_assertion_may_name_the_user_and_fewer_purposes(bridge: Bridge) -> None:
    stated = {
        "purpose_of_use": [{"system": ACT_REASON, "code": "COC"}],
        "national_provider_identifier": f"{HSA_ID}|SE2321000131-P01",
    }
    token = await granted(bridge, claims(bridge) | {"extensions": {"ihe_iua": stated}})
    iua = token["extensions"]["ihe_iua"]
    assert {name: iua[name] for name in stated} == stated
    assert iua["subject_organization_id"] == f"{ORGANISATIONSNUMMER}|2321000131"


async def test_an_assertion_counts_once(bridge: Bridge) -> None:
    assertion = signed(claims(bridge))
    answers = await asyncio.gather(*(ask(bridge, form(assertion)) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]
    bridge.house.clock.now += timedelta(seconds=309)
    assert (await ask(bridge, form(assertion))).status_code == 401


async def test_two_clients_may_use_the_same_jti(bridge: Bridge) -> None:
    first, second = claims(bridge), claims(bridge, "system-bound")
    second["jti"] = first["jti"]
    assert (await ask(bridge, form(signed(first)))).status_code == 200
    assert (await ask(bridge, form(signed(second)), **HEADER)).status_code == 200


OTHER: Final = ECKey.generate_key("P-384", {"kid": "client"})
UNKNOWN: Final = ECKey.generate_key("P-384", {"kid": "unknown"})
RSA: Final = RSAKey.generate_key(2048, {"kid": "client"})


def foreign(claim: str, value: object) -> Callable[[Json], object]:
    return lambda c: c.update(extensions={"ihe_iua": {claim: value}})


CHANGES: Final[list[tuple[str, Callable[[Json], object]]]] = [
    ("another audience", lambda c: c.update(aud=f"{BASE}/fhir")),
    ("several audiences", lambda c: c.update(aud=[TOKEN_URL, BASE])),
    ("no audience", lambda c: c.pop("aud")),
    ("expired", lambda c: c.update(exp=c["exp"] - 311)),
    ("lives too long", lambda c: c.update(exp=c["exp"] + 11)),
    ("never expires", lambda c: c.pop("exp")),
    ("not valid yet", lambda c: c.update(nbf=c["exp"] - 289)),
    ("issued in the future", lambda c: c.update(iat=c["exp"] - 289)),
    ("no jti", lambda c: c.pop("jti")),
    ("empty jti", lambda c: c.update(jti="")),
    ("another subject", lambda c: c.update(sub="system-bound")),
    ("no subject", lambda c: c.pop("sub")),
    ("an unknown client", lambda c: c.update(iss="nobody", sub="nobody")),
    ("a client without keys", lambda c: c.update(iss="region", sub="region")),
    ("no issuer", lambda c: c.pop("iss")),
    ("another organisation", foreign("subject_organization_id", f"{ORGANISATIONSNUMMER}|2120001553")),
    ("no purpose", foreign("purpose_of_use", [])),
    ("another purpose", foreign("purpose_of_use", [{"system": ACT_REASON, "code": "HQUALIMP"}])),
    ("another role", foreign("subject_role", [{"system": "urn:oid:1.2", "code": "1"}])),
    ("another unit", lambda c: c.update(extensions={"sambro": {"unit": f"{HSA_ID}|SE2321000131-E0102"}})),
    ("residual rules", lambda c: c.update(extensions={"ihe_pcf": {"residual": []}})),
    ("extensions as list", lambda c: c.update(extensions=[])),
    ("a section as text", lambda c: c.update(extensions={"ihe_iua": "x"})),
]


async def refused(bridge: Bridge, fields: dict[str, str], **headers: str) -> None:
    """401, the same bytes whatever the reason was."""
    answer = await ask(bridge, fields, **headers)
    assert (answer.status_code, answer.content) == (401, b'{"error":"invalid_client"}')
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("change", [row[1] for row in CHANGES], ids=[row[0] for row in CHANGES])
async def test_an_assertion_with_a_wrong_claim_is_refused(
    bridge: Bridge, change: Callable[[Json], object]
) -> None:
    body = claims(bridge)
    change(body)
    await refused(bridge, form(signed(body)))


@pytest.mark.parametrize(
    ("key", "header"),
    [
        (OTHER, {}),
        (UNKNOWN, {"kid": "unknown"}),
        (CLIENT_KEY, {"kid": None}),
        (RSA, {"alg": "RS384"}),
        (RSA, {"alg": "RS256"}),
    ],
    ids=[
        "another key under this kid",
        "an unknown kid",
        "no kid",
        "another kind of key",
        "another algorithm",
    ],
)
async def test_an_assertion_that_no_registered_key_signed_is_refused(
    bridge: Bridge, key: ECKey | RSAKey, header: Json
) -> None:
    await refused(bridge, form(signed(claims(bridge), key, **header)))


@pytest.mark.parametrize("assertion", ["x", "a.b.c", "x" * 20_000], ids=["one part", "no JSON", "too long"])
async def test_what_is_no_assertion_is_refused(bridge: Bridge, assertion: str) -> None:
    await refused(bridge, form(assertion))


@pytest.mark.parametrize(
    ("scope", "is_granted"),
    [
        ("system/Patient.r", True),
        ("system/*.rs", True),
        ("system/Patient.rs system/CarePlan.s", True),
        ("", False),
        (" ", False),
        ("system/Patient.cruds", False),
        ("system/Patient.rs inbound", False),
        ("system/Patient.rs?_id=1", False),
        ("user/Patient.rs", False),
        ("system/Patient.read", False),
    ],
)
async def test_scopes_are_granted_whole_or_not_at_all(bridge: Bridge, scope: str, is_granted: bool) -> None:
    answer = await ask(bridge, form(signed(claims(bridge)), scope=scope))
    if is_granted:
        assert (answer.status_code, set(answer.json()["scope"].split())) == (200, set(scope.split()))
    else:
        assert (answer.status_code, answer.json()) == (400, {"error": "invalid_scope"})


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"grant_type": "authorization_code"}, "unsupported_grant_type"),
        ({"grant_type": None}, "invalid_request"),
        ({"grant_type": ""}, "invalid_request"),
        ({"client_assertion_type": "jwt"}, "invalid_request"),
        ({"client_assertion_type": None}, "invalid_request"),
        ({"client_assertion": None}, "invalid_request"),
        ({"client_secret": "secret"}, "invalid_request"),
        ({"scope": None}, "invalid_scope"),
        ({"more": "x" * 40_000}, "invalid_request"),
    ],
)
async def test_a_request_of_another_form_is_refused(
    bridge: Bridge, changes: dict[str, str | None], error: str
) -> None:
    answer = await ask(bridge, form(signed(claims(bridge)), **changes))
    assert (answer.status_code, answer.json()) == (400, {"error": error})


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"{}", "application/json"),
        (b"grant_type=a&grant_type=b", "application/x-www-form-urlencoded"),
        ("grant_type=\xe5".encode("latin-1"), "application/x-www-form-urlencoded"),
        (b"&".join(b"%d=1" % n for n in range(21)), "application/x-www-form-urlencoded"),
        (b"", ""),
    ],
    ids=["JSON", "a field twice", "no ASCII", "a flood of fields", "nothing"],
)
async def test_only_a_form_with_each_field_once_is_read(
    bridge: Bridge, content: bytes, media_type: str
) -> None:
    answer = await bridge.http.post("/oauth/token", content=content, headers={"Content-Type": media_type})
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"})


async def test_a_second_means_of_authentication_is_refused(bridge: Bridge) -> None:
    answer = await ask(bridge, form(signed(claims(bridge))), Authorization="Basic eDp5")
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"})


async def test_the_client_id_of_the_form_must_be_the_assertion_s(bridge: Bridge) -> None:
    await refused(bridge, form(signed(claims(bridge)), client_id="system-bound"))
    assert (await ask(bridge, form(signed(claims(bridge)), client_id="system"))).status_code == 200


async def test_a_token_is_bound_to_the_certificate_that_the_proxy_states(bridge: Bridge) -> None:
    await refused(bridge, form(signed(claims(bridge, "system-bound"))))
    answer = await ask(bridge, form(signed(claims(bridge, "system-bound"))), **HEADER)
    token = answer.json()["access_token"]
    assert orjson.loads(_decoded(token.split(".")[1]))["cnf"] == {"x5t#S256": THUMBPRINT}
    bearer = {"Authorization": f"Bearer {token}"}
    asked = f"Patient?identifier={TOLVAN}"
    assert (await bridge.fhir(asked, None, headers=bearer | HEADER)).status_code == 200
    other = {"Client-Cert": f":{base64.b64encode(b'another').decode()}:"}
    answers = [await bridge.fhir(asked, None, headers=bearer | more) for more in ({}, other)]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].content == answers[1].content


@pytest.mark.parametrize("value", ["", "::", "x", ":%%%:", "MIIB"], ids=repr)
async def test_a_certificate_in_another_form_is_refused(bridge: Bridge, value: str) -> None:
    await refused(bridge, form(signed(claims(bridge))), **{"Client-Cert": value})


async def test_a_certificate_from_elsewhere_than_the_proxy_is_refused(bridge: Bridge) -> None:
    transport = httpx.ASGITransport(app=bridge.app, client=("127.0.0.2", 1))
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as elsewhere:
        answer = await elsewhere.post("/oauth/token", data=form(signed(claims(bridge))), headers=HEADER)
        assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})
        bearer = {"Authorization": f"Bearer {bridge.token('region')}"}
        search = f"/fhir/Patient?identifier={TOLVAN}"
        assert (await elsewhere.get(search, headers=bearer)).status_code == 200
        assert (await elsewhere.get(search, headers=bearer | HEADER)).status_code == 401


@pytest.mark.parametrize("path", ["/.well-known/", "/fhir/.well-known/"])
async def test_smart_configuration_says_where_and_how_tokens_are_got(bridge: Bridge, path: str) -> None:
    configuration = (await bridge.http.get(f"{path}smart-configuration")).json()
    assert configuration["token_endpoint"] == TOKEN_URL
    assert configuration["grant_types_supported"] == ["client_credentials"]
    assert configuration["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert configuration["token_endpoint_auth_signing_alg_values_supported"] == ["RS384", "ES384"]
    published = (await bridge.http.get(configuration["jwks_uri"])).json()
    assert [set(key) & {"d"} for key in published["keys"]] == [set()]
