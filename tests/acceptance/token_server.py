"""A served installation that takes tokens of an external issuer and gives out its own; and whoever publishes keys to it."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from threading import Thread
from typing import Any, Final

import httpx
import yaml
from joserfc import jwt
from joserfc.jwk import ECKey, Key, RSAKey

from adapter.domain.identity import HSA_ID, ORGANISATIONSNUMMER
from adapter.domain.purposes import ACT_REASON
from tests.acceptance.demonstration import CLONE, PERSONNUMMER, environment, eventually, run, sambro

AGREEMENT: Final = "alingsas-socialmedicinska.yaml"
PERSON: Final = "191212121212"
ISSUER: Final = "https://idp.example.org"
ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CERTIFICATE: Final = b"the DER of a certificate"
THUMBPRINT: Final = base64.urlsafe_b64encode(hashlib.sha256(CERTIFICATE).digest()).rstrip(b"=").decode()
_UNIT: Final = "SE2321000131-E0101"
_numbers = itertools.count()

Json = dict[str, Any]


def client_cert(certificate: bytes = CERTIFICATE) -> dict[str, str]:
    """The header of a proxy that terminated TLS with this client certificate (RFC 9440)."""
    return {"Client-Cert": f":{base64.b64encode(certificate).decode()}:"}


def key(kid: str) -> ECKey:
    """A new P-384 key."""
    return ECKey.generate_key("P-384", {"kid": kid})


@dataclass
class Publisher:
    """JWKS by path on a loopback port; ``asked`` lists the paths that were asked for. A path without keys is 404."""

    server: ThreadingHTTPServer
    keys: dict[str, list[Key]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def url(self, path: str) -> str:
        """Where the keys of a path are published."""
        return f"http://127.0.0.1:{self.server.server_port}/{path}"


@contextmanager
def publishing() -> Iterator[Publisher]:
    """A publisher, up until the end."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.removeprefix("/")
            publisher.asked.append(path)
            if path not in publisher.keys:
                self.send_error(404)
                return
            body = json.dumps({"keys": [one.as_dict(private=False) for one in publisher.keys[path]]}).encode()
            self.send_response(200)
            self.send_header("Cache-Control", "max-age=1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        publisher = Publisher(server)
        Thread(target=server.serve_forever, daemon=True).start()
        yield publisher
        server.shutdown()


@dataclass
class TokenServer:
    """The served installation, the issuer's and the client's keys, and what it logged."""

    folder: Path
    port: int
    publisher: Publisher
    issuer_key: ECKey
    client_key: ECKey
    process: subprocess.Popen[bytes] | None = None

    @property
    def base(self) -> str:
        """Its public URL."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def options(self) -> tuple[str, ...]:
        """The global options of ``sambro`` that point here."""
        return ("--config", str(self.folder / "config"), "--data", str(self.folder / "data"))

    def start(self) -> None:
        """``sambro serve``, until it answers."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603  our own command
                sambro(*self.options, "serve"), cwd=CLONE, env=environment(), stdout=log, stderr=log
            )
        process = self.process
        eventually("it does not start", lambda: self._is_ready() or process.poll() is not None, 90)
        assert process.poll() is None, (self.folder / "log").read_text(encoding="utf-8")

    def stop(self) -> None:
        """SIGTERM, and wait."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=20)

    def codes(self) -> list[str]:
        """The codes of all ``token-refused`` lines so far."""
        lines = (json.loads(line) for line in (self.folder / "log").read_text(encoding="utf-8").splitlines())
        return [line["code"] for line in lines if line["event"] == "token-refused"]

    def claims(self, client: str = "region", **changes: Any) -> Json:
        """The claims of a sound access token of the external issuer, with changes (None: without the claim)."""
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": self.base,
            "iat": now,
            "exp": now + 300,
            "jti": f"token-{next(_numbers)}",
            "client_id": client,
            "scope": "system/Patient.rs",
            "extensions": extensions(),
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def signed(self, claims: Json, key: ECKey | RSAKey | None = None, **header: str) -> str:
        """An access token, signed by the external issuer."""
        named = {"alg": "ES384", "kid": "issuer", **header}
        return jwt.encode(named, claims, key or self.issuer_key, algorithms=["ES384"])

    def search(self, token: str, resource_type: str = "Patient", **headers: str) -> httpx.Response:
        """A search of one person with a token."""
        name = "identifier" if resource_type == "Patient" else "patient.identifier"
        return httpx.post(
            f"{self.base}/fhir/{resource_type}/_search",
            data={name: f"{PERSONNUMMER}|{PERSON}"},
            headers={"Authorization": f"Bearer {token}", "X-Request-Id": "asked", **headers},
        )

    def assertion(
        self, client: str = "system", key: ECKey | None = None, kid: str = "client", **changes: Any
    ) -> str:
        """A client's assertion for the token endpoint, with changes of its claims (None: without the claim)."""
        now = int(time.time())
        claims = {
            "iss": client,
            "sub": client,
            "aud": f"{self.base}/oauth/token",
            "exp": now + 240,
            "jti": f"assertion-{next(_numbers)}",
            **changes,
        }
        stated = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode({"alg": "ES384", "kid": kid}, stated, key or self.client_key, algorithms=["ES384"])

    def ask(
        self, assertion: str, scope: str = "system/Patient.rs", headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """A request for a token."""
        form = {
            "grant_type": "client_credentials",
            "scope": scope,
            "client_assertion_type": ASSERTION,
            "client_assertion": assertion,
        }
        return httpx.post(f"{self.base}/oauth/token", data=form, headers=headers)

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.base}/readyz").status_code == 200
        except httpx.HTTPError:
            return False


def extensions(**iua: Any) -> Json:
    """The IUA claims of the region's unit, with changes (None: without the claim)."""
    claims = {
        "subject_organization_id": f"{ORGANISATIONSNUMMER}|2321000131",
        "purpose_of_use": [{"system": ACT_REASON, "code": "TREAT"}],
        **iua,
    }
    stated = {name: value for name, value in claims.items() if value is not None}
    return {"ihe_iua": stated, "sambro": {"unit": f"{HSA_ID}|{_UNIT}"}}


@contextmanager
def serving(folder: Path) -> Iterator[TokenServer]:
    """A new installation in ``folder``, served."""
    with publishing() as publisher:
        server = TokenServer(folder, _free_port(), publisher, key("issuer"), key("client"))
        publisher.keys = {"issuer": [server.issuer_key], "client": [server.client_key]}
        publisher.keys["twins"] = [server.client_key, key("client")]
        _configure(server)
        made = run(sambro(*server.options, "keys", "init"), CLONE)
        assert made.returncode == 0, made.stderr
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _configure(server: TokenServer) -> None:
    agreements = server.folder / "config" / "agreements"
    agreements.mkdir(parents=True)
    text = (files("mappings") / "agreements" / AGREEMENT).read_text(encoding="utf-8")
    (agreements / AGREEMENT).write_text(text, encoding="utf-8")
    settings = {
        "listen": {"host": "127.0.0.1", "port": server.port},
        "public_url": server.base,
        "master_key_file": "../keys/master.key",
        "trusted_proxies": ["127.0.0.1/32"],
        "tokens": {"issuer": ISSUER, "audience": server.base, "jwks_url": server.publisher.url("issuer")},
        "clients": {
            "region": _client(),
            "bound": _client(certificate_bound=True),
            "system": _client(jwks_url=server.publisher.url("client")),
            "system-bound": _client(jwks_url=server.publisher.url("client"), certificate_bound=True),
            "twins": _client(jwks_url=server.publisher.url("twins")),
            "away": _client(jwks_url=server.publisher.url("away")),
        },
        "endpoints": {
            "alingsas-ifo": {"url": "http://127.0.0.1:9/push", "query_url": "http://127.0.0.1:9/query"},
            "vgr-journal": {"url": "http://127.0.0.1:9/fhir"},
        },
        "listeners": {"alingsas-region-hl7": {"host": "127.0.0.1", "port": 0, "sources": ["127.0.0.0/8"]}},
    }
    (server.folder / "config" / "sambro.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")


def _client(**more: Any) -> Json:
    return {
        "organization": {"organisationsnummer": "2321000131"},
        "unit": _UNIT,
        "purposes": ["TREAT"],
        "scopes": ["system/Patient.rs", "system/CarePlan.rs"],
        **more,
    }


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port
