"""A small OpenID provider on a loopback port: discovery, keys, authorization, codes that are good once, with PKCE."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Final
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, Key

from adapter.api.openid_provider import OpenIdProvider
from adapter.domain.instants import Clock
from adapter.exchange.administrators import SignIn
from adapter.exchange.single_sign_on import SingleSignOn
from adapter.store.database import Database
from tests.console.conftest import KEYRING, TRAIL
from tests.console.samples import AGREEMENTS

CLIENT_ID: Final = "sambro console"
SECRET: Final = "a-secret:with+a&colon"

Json = dict[str, Any]


@dataclass
class Provider:
    """What it says of whoever signs in: ``claims``, with ``changes`` to a sound ID token (None: without the claim)."""

    issuer: str
    claims: Json
    changes: Json = field(default_factory=dict)
    key: Key = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "one"}))
    signs_with: Key | None = None
    now: Callable[[], float] = time.time
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def published(self, path: str) -> Json | None:
        """What stands at a path."""
        endpoints = {
            "authorization_endpoint": "authorize",
            "token_endpoint": "token",
            "jwks_uri": "keys",
        }
        documents: dict[str, Json] = {
            "/.well-known/openid-configuration": {
                "issuer": self.issuer,
                **{name: f"{self.issuer}/{end}" for name, end in endpoints.items()},
            },
            "/keys": {"keys": [self.key.as_dict(private=False)]},
        }
        return documents.get(path)

    def authorize(self, query: str) -> str:
        """Whoever asks has signed in at once; returns where they are sent back to."""
        asked = {name: value for name, [value] in parse_qs(query, strict_parsing=True).items()}
        assert (asked["response_type"], asked["client_id"], asked["scope"]) == ("code", CLIENT_ID, "openid")
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, authorization: str, form: str) -> Json | None:
        """The answer to a code, None to one that is not good."""
        asked = {name: value for name, [value] in parse_qs(form, strict_parsing=True).items()}
        given = base64.b64decode(authorization.removeprefix("Basic ")).decode().split(":")
        begun = self.codes.pop(asked["code"], None)
        if begun is None or [unquote_plus(word) for word in given] != [CLIENT_ID, SECRET]:
            return None
        digest = hashlib.sha256(asked["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (challenge, asked["redirect_uri"]) != (begun["code_challenge"], begun["redirect_uri"]):
            return None
        return {"token_type": "Bearer", "access_token": "unused", "id_token": self._id_token(begun["nonce"])}

    def _id_token(self, nonce: str) -> str:
        now = int(self.now())
        sound = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": nonce}
        stated = {
            name: value for name, value in (sound | self.claims | self.changes).items() if value is not None
        }
        return jwt.encode({"alg": "ES256", "kid": "one"}, stated, self.signs_with or self.key)


def single_sign_on(
    database: Database, clock: Clock, provider: Provider, client: httpx.AsyncClient, redirect_uri: str
) -> SingleSignOn:
    """The console's side of it, for the parties of the tests' agreements."""
    return SingleSignOn(
        provider=OpenIdProvider(
            issuer=provider.issuer,
            client_id=CLIENT_ID,
            client_secret=SECRET,
            redirect_uri=redirect_uri,
            client=client,
            clock=clock,
        ),
        sign_in=SignIn(database, TRAIL, clock),
        keyring=KEYRING,
        clock=clock,
        name_claim="sub",
        rights_claim="sambro",
        parties={(one.id, party.id) for one in AGREEMENTS for party in one.parties},
    )


@contextmanager
def providing(**claims: Any) -> Iterator[Provider]:
    """A provider that says this of everybody, up until the end."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            if asked.path == "/authorize":
                self.send_response(303)
                self.send_header("Location", provider.authorize(asked.query))
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                self._answer(provider.published(asked.path), 404)

        def do_POST(self) -> None:
            form = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._answer(provider.token(self.headers["Authorization"], form), 400)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

        def _answer(self, body: Json | None, otherwise: int) -> None:
            text = json.dumps(body or {"error": "invalid_grant"}).encode()
            self.send_response(otherwise if body is None else 200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider = Provider(f"http://127.0.0.1:{server.server_port}", claims)
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield provider
        server.shutdown()
