"""Each token rule against the running server: refused, nothing revealed, and the reason in the log alone."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from adapter.domain.identity import HSA_ID, ORGANISATIONSNUMMER
from adapter.domain.purposes import ACT_REASON
from tests.acceptance.token_server import (
    CERTIFICATE,
    PERSON,
    THUMBPRINT,
    TokenServer,
    client_cert,
    extensions,
    key,
    serving,
)

pytestmark = pytest.mark.acceptance

FOREIGN: Final = f"{ORGANISATIONSNUMMER}|2120001553"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TokenServer]:
    with serving(tmp_path_factory.mktemp("tokens")) as up:
        yield up


def seen(answer: httpx.Response) -> tuple[int, list[tuple[str, str]], bytes]:
    """What a caller sees, less the date."""
    headers = sorted((name, value) for name, value in answer.headers.items() if name != "date")
    return answer.status_code, headers, answer.content


def claimed(**changes: Any) -> Callable[[TokenServer], str]:
    return lambda server: server.signed(server.claims(**changes))


def aged(**seconds: int) -> Callable[[TokenServer], str]:
    """A token whose times lie so many seconds from now."""
    return lambda server: server.signed(
        server.claims() | {name: int(time.time()) + offset for name, offset in seconds.items()}
    )


def unsigned(server: TokenServer, alg: str) -> str:
    parts = ({"alg": alg, "kid": "issuer"}, server.claims())
    return ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts
    )


def by_public_key_as_secret(server: TokenServer) -> str:
    head = unsigned(server, "HS256")
    seal = hmac.digest(server.issuer_key.as_pem(private=False), head.encode(), "sha256")
    return f"{head}.{base64.urlsafe_b64encode(seal).rstrip(b'=').decode()}"


def residual(server: TokenServer) -> str:
    return server.signed(server.claims(extensions=extensions() | {"ihe_pcf": {"residual": []}}))


TOKENS: Final[dict[str, tuple[Callable[[TokenServer], str], str]]] = {
    "wrong aud": (claimed(aud="https://other.example.org"), "token-aud"),
    "another issuer": (claimed(iss="https://evil.example.org"), "token-iss"),
    "unknown kid": (lambda server: server.signed(server.claims(), kid="nobody"), "token-key"),
    "another key": (lambda server: server.signed(server.claims(), key("issuer")), "token-signature"),
    "HS256": (by_public_key_as_secret, "token-algorithm"),
    "none": (lambda server: unsigned(server, "none") + ".", "token-algorithm"),
    "expired": (aged(iat=-311, exp=-11), "token-expired"),
    "not yet valid": (aged(nbf=20), "token-nbf"),
    "issued in the future": (aged(iat=20, exp=120), "token-iat"),
    "too long lived": (aged(exp=600), "token-lifetime"),
    "no jti": (claimed(jti=None), "token-claim-missing"),
    "foreign organisation": (
        claimed(extensions=extensions(subject_organization_id=FOREIGN)),
        "token-organization",
    ),
    "foreign unit": (
        claimed(extensions=extensions() | {"sambro": {"unit": f"{HSA_ID}|SE2321000131-E0102"}}),
        "token-unit",
    ),
    "missing purpose": (claimed(extensions=extensions(purpose_of_use=None)), "token-purpose-missing"),
    "another purpose": (
        claimed(extensions=extensions(purpose_of_use=[{"system": ACT_REASON, "code": "COC"}])),
        "token-purpose",
    ),
    "a scope beyond the client's": (claimed(scope="system/*.rs"), "token-scope"),
    "residual rules": (residual, "token-residual"),
    "a registered client by the external issuer": (claimed(client="system"), "token-client"),
    "no binding where it is required": (claimed(client="bound"), "token-unbound"),
    "missing certificate": (claimed(cnf={"x5t#S256": THUMBPRINT}), "certificate-missing"),
    "oversized": (claimed(pad="x" * 20_000), "token-malformed"),
}


@pytest.mark.parametrize(("token", "code"), TOKENS.values(), ids=TOKENS)
def test_a_token_that_breaks_a_rule_is_the_same_401(
    server: TokenServer, token: Callable[[TokenServer], str], code: str
) -> None:
    answer = server.search(token(server))
    assert server.codes()[-1] == code
    assert answer.status_code == 401
    assert seen(answer) == seen(server.search("x"))
    assert seen(answer) == seen(httpx.post(answer.url, headers={"X-Request-Id": "asked"}))
    assert PERSON not in answer.text


def test_a_sound_token_is_let_in_and_a_small_scope_is_not(server: TokenServer) -> None:
    assert server.search(server.signed(server.claims())).status_code == 200
    small = server.signed(server.claims(scope="system/Patient.r"))
    answers = [server.search(small), server.search(small, "CarePlan")]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert seen(answers[0]) == seen(answers[1])


def test_a_bound_token_needs_its_certificate_from_the_proxy(server: TokenServer) -> None:
    token = server.signed(server.claims("bound", cnf={"x5t#S256": THUMBPRINT}))
    assert server.search(token, **client_cert()).status_code == 200
    wrong = server.search(token, **client_cert(b"another"))
    assert server.codes()[-1] == "certificate-mismatch"
    missing = server.search(token)
    assert server.codes()[-1] == "certificate-missing"
    assert seen(wrong) == seen(missing) == seen(server.search("x"))


def test_a_certificate_stated_from_elsewhere_is_refused_whatever_the_forwarding_headers_say(
    server: TokenServer,
) -> None:
    token = server.signed(server.claims("bound", cnf={"x5t#S256": THUMBPRINT}))
    transport = httpx.HTTPTransport(local_address="127.0.0.2")
    with httpx.Client(transport=transport, base_url=server.base) as elsewhere:
        headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": "127.0.0.1", **client_cert()}
        assert elsewhere.get("/fhir/Patient", headers=headers).status_code == 401
        assert server.codes()[-1] == "certificate-untrusted"


def granted(server: TokenServer, assertion: str, **headers: str) -> str:
    answer = server.ask(assertion, headers=headers)
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["access_token"]
    return token


def test_a_system_client_finds_the_endpoint_gets_a_token_and_searches(server: TokenServer) -> None:
    configuration = httpx.get(f"{server.base}/fhir/.well-known/smart-configuration").json()
    assert configuration["token_endpoint"] == f"{server.base}/oauth/token"
    answer = server.ask(server.assertion())
    granted = answer.json()
    assert (answer.status_code, granted["token_type"], granted["expires_in"]) == (200, "bearer", 300)
    assert "refresh_token" not in granted
    assert server.search(granted["access_token"]).status_code == 200
    assert server.search(granted["access_token"], "CarePlan").status_code == 403


ASSERTIONS: Final[dict[str, tuple[Callable[[TokenServer], str], str]]] = {
    "wrong aud": (lambda server: server.assertion(aud=f"{server.base}/fhir"), "token-aud"),
    "unknown kid": (lambda server: server.assertion(kid="nobody"), "token-key"),
    "two keys with one kid": (lambda server: server.assertion("twins"), "token-key"),
    "another key": (lambda server: server.assertion(key=key("client")), "token-signature"),
    "none": (lambda server: unsigned(server, "none") + ".", "token-client"),
    "expired": (lambda server: server.assertion(exp=int(time.time()) - 11), "token-expired"),
    "too long lived": (lambda server: server.assertion(exp=int(time.time()) + 400), "token-lifetime"),
    "not yet valid": (lambda server: server.assertion(nbf=int(time.time()) + 20), "token-nbf"),
    "no jti": (lambda server: server.assertion(jti=None), "token-claim-missing"),
    "unknown client": (lambda server: server.assertion("nobody"), "token-client"),
    "foreign organisation": (
        lambda server: server.assertion(extensions={"ihe_iua": {"subject_organization_id": FOREIGN}}),
        "token-organization",
    ),
    "missing purpose": (
        lambda server: server.assertion(extensions={"ihe_iua": {"purpose_of_use": []}}),
        "token-purpose-missing",
    ),
    "missing certificate": (lambda server: server.assertion("system-bound"), "certificate-missing"),
    "oversized": (lambda server: server.assertion(pad="x" * 15_000), "token-malformed"),
}


@pytest.mark.parametrize(("assertion", "code"), ASSERTIONS.values(), ids=ASSERTIONS)
def test_an_assertion_that_breaks_a_rule_is_the_same_401(
    server: TokenServer, assertion: Callable[[TokenServer], str], code: str
) -> None:
    answer = server.ask(assertion(server))
    assert server.codes()[-1] == code
    assert (answer.status_code, answer.content) == (401, b'{"error":"invalid_client"}')
    assert seen(answer) == seen(server.ask("x"))


def test_a_scope_beyond_the_client_s_is_refused(server: TokenServer) -> None:
    answer = server.ask(server.assertion(), scope="system/Observation.rs")
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_scope"})


def test_a_client_whose_keys_cannot_be_had_is_told_to_come_back(server: TokenServer) -> None:
    answer = server.ask(server.assertion("away"))
    assert (answer.status_code, answer.json()) == (503, {"error": "temporarily_unavailable"})


def test_without_the_issuer_s_keys_everything_is_503(tmp_path: Path) -> None:
    with serving(tmp_path) as alone:
        del alone.publisher.keys["issuer"]
        token = alone.signed(alone.claims())
        pushed = httpx.post(
            f"{alone.base}/inbound/alingsas-kommun", headers={"Authorization": f"Bearer {token}"}
        )
        assert [alone.search(token).status_code, pushed.status_code] == [503, 503]
        assert alone.publisher.asked == ["issuer"]
        ours = granted(alone, alone.assertion())
        assert alone.search(ours).status_code == 200


def test_a_bound_token_of_ours_needs_its_certificate(server: TokenServer) -> None:
    token = granted(server, server.assertion("system-bound"), **client_cert(CERTIFICATE))
    assert server.search(token, **client_cert()).status_code == 200
    assert server.search(token).status_code == 401


def test_an_assertion_counts_once_after_a_restart_too(server: TokenServer) -> None:
    assertion = server.assertion()
    token = granted(server, assertion)
    server.stop()
    server.start()
    assert server.ask(assertion).status_code == 401
    assert server.codes()[-1] == "token-replayed"
    assert server.search(token).status_code == 200
    assert seen(server.ask(assertion)) == seen(server.ask("x"))


def test_the_issuer_s_new_key_is_found_and_its_withdrawn_key_is_not(server: TokenServer) -> None:
    """The last of the file: the issuer's first key is gone afterwards."""
    new = key("new")
    server.publisher.keys["issuer"] = [new]
    token = server.signed(server.claims(), new, kid="new")
    # Until the URL may be asked again, at most ten seconds.
    until = time.monotonic() + 15
    while server.search(token).status_code == 401:
        assert time.monotonic() < until
        time.sleep(0.2)
    assert server.search(server.signed(server.claims())).status_code == 401
    assert server.codes()[-1] == "token-key"
