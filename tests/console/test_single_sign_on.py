"""Sign-in at an OpenID provider, over real sockets: whom it vouches for gets a session with the rights that it states, nobody else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey
from sqlalchemy import Connection, select

from adapter.api.openid_provider import OpenIdProvider
from adapter.domain.errors import InputError, Unreachable
from adapter.exchange import audit_events
from adapter.exchange.administrators import SignIn
from adapter.exchange.audit_kinds import AuditKind
from adapter.exchange.single_sign_on import LASTS
from adapter.store.sqlite import SqliteDatabase
from adapter.store.tables import audit
from tests.console.conftest import (
    TRAIL,
    Browser,
    StandingClock,
    console_app,
    create_account,
)
from tests.console.openid_provider import CLIENT_ID, Provider, providing, single_sign_on
from tests.console.samples import AGREEMENT

KOMMUN = f"{AGREEMENT}#kommun"
BACK = "http://console.test/console/sign-in/oidc/done"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with providing(sub="adm-7", sambro=[KOMMUN]) as provider:
        yield provider


@dataclass
class Visitor:
    """A browser at the console, with a connection of its own to the provider."""

    console: httpx.AsyncClient
    outside: httpx.AsyncClient

    async def to_provider(self, onward: str = "") -> str:
        """Begin; returns where the provider sends the browser back to."""
        begun = await self.console.get("/console/sign-in/oidc", params={"next": onward})
        assert begun.status_code == 303
        return (await self.outside.get(begun.headers["location"])).headers["location"]

    async def sign_in(self, onward: str = "") -> httpx.Response:
        """There and back."""
        return await self.console.get(await self.to_provider(onward))


@pytest.fixture
async def visitor(
    database: SqliteDatabase, clock: StandingClock, provider: Provider, tmp_path: Path
) -> AsyncIterator[Visitor]:
    clock.now = datetime.now(UTC)
    async with httpx.AsyncClient() as outside:
        sign_on = single_sign_on(database, clock, provider, outside, BACK)
        app = console_app(database, clock, asyncio.Event(), tmp_path, sign_on)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://console.test") as console:
            yield Visitor(console, outside)


async def test_a_vouched_for_admin_gets_a_session_and_the_page_that_was_wanted(visitor: Visitor) -> None:
    landed = await visitor.sign_in("/console/overview")
    assert landed.status_code == 200
    assert 'content="0; url=/console/overview"' in landed.text
    cookies = landed.headers.get_list("set-cookie")
    [session] = [cookie for cookie in cookies if cookie.startswith("sambro_session=")]
    assert "HttpOnly" in session
    assert "SameSite=strict" in session
    page = await visitor.console.get("/console/overview")
    assert (page.status_code, "oidc:adm-7" in page.text) == (200, True)


@pytest.mark.parametrize("filter_", ["x" * 3000, '"' * 1000])
async def test_a_page_whose_address_no_cookie_holds_is_forgotten(visitor: Visitor, filter_: str) -> None:
    back = await visitor.to_provider(f"/console/?control={filter_}")
    assert len(visitor.console.cookies["sambro_begun"]) < 4000
    assert 'content="0; url=/console/"' in (await visitor.console.get(back)).text


@pytest.mark.parametrize(
    ("stated", "sees"),
    [
        ([KOMMUN], ["kommun"]),
        ([KOMMUN, f"{AGREEMENT}#region", f"{AGREEMENT}#nobody", 7], ["kommun", "region"]),
        (["*"], "*"),
    ],
)
async def test_rights_are_what_the_claim_states_of_the_parties_that_there_are(
    visitor: Visitor, provider: Provider, database: SqliteDatabase, stated: list[Any], sees: list[str] | str
) -> None:
    provider.claims["sambro"] = stated
    await visitor.sign_in()
    token = visitor.console.cookies["sambro_session"]
    admin = await SignIn(database, TRAIL, lambda: datetime.now(UTC)).administrator(token)
    assert admin is not None
    views = "*" if admin.views is None else sorted(party for _, party in admin.views)
    assert views == sees


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ("iss", "https://another.example.org"),
        ("aud", "another client"),
        ("aud", [CLIENT_ID, "another client"]),
        ("azp", "another client"),
        ("nonce", "another nonce"),
        ("nonce", None),
        ("exp", 1),
        ("iat", None),
        ("sub", None),
        ("sub", "x" * 80),
        ("sub", "191212121212"),
        ("sambro", None),
        ("sambro", KOMMUN),
        ("sambro", [f"{AGREEMENT}#nobody"]),
    ],
)
async def test_a_token_that_is_not_whole_or_gives_no_rights_is_refused_alike(
    visitor: Visitor, provider: Provider, database: SqliteDatabase, change: str, value: object
) -> None:
    provider.changes[change] = value
    await refused(visitor, await visitor.to_provider(), database)


async def test_a_token_signed_by_another_key_is_refused(
    visitor: Visitor, provider: Provider, database: SqliteDatabase
) -> None:
    provider.signs_with = ECKey.generate_key("P-256", {"kid": "one"})
    await refused(visitor, await visitor.to_provider(), database)


Spoil = Callable[[Visitor, str], str]


def with_another_state(_visitor: Visitor, back: str) -> str:
    return back[:-4] + "AAAA"


def without_what_was_kept(visitor: Visitor, back: str) -> str:
    visitor.console.cookies.clear()
    return back


def without_a_code(_visitor: Visitor, back: str) -> str:
    return f"{BACK}?error=access_denied&{back.rpartition('&')[2]}"


@pytest.mark.parametrize("spoil", [with_another_state, without_what_was_kept, without_a_code])
async def test_what_did_not_begin_in_this_browser_is_refused(
    visitor: Visitor, database: SqliteDatabase, spoil: Spoil
) -> None:
    await refused(visitor, spoil(visitor, await visitor.to_provider()), database)


async def test_a_code_is_good_once_and_a_begun_sign_in_for_ten_minutes(
    visitor: Visitor, database: SqliteDatabase, clock: StandingClock
) -> None:
    back, kept = await visitor.to_provider(), visitor.console.cookies["sambro_begun"]
    assert (await visitor.console.get(back)).status_code == 200
    visitor.console.cookies.clear()
    visitor.console.cookies.set("sambro_begun", kept)
    await refused(visitor, back, database)
    late = await visitor.to_provider()
    clock.now += LASTS
    await refused(visitor, late, database)


async def test_other_rights_end_the_sessions_with_the_old_ones(visitor: Visitor, provider: Provider) -> None:
    await visitor.sign_in()
    old = visitor.console.cookies["sambro_session"]
    await visitor.sign_in()
    assert (await seen_with(visitor, old)).status_code == 200
    provider.claims["sambro"] = [f"{AGREEMENT}#region"]
    await visitor.sign_in()
    assert (await seen_with(visitor, old)).status_code == 303


async def test_no_local_account_has_a_providers_name_and_no_password_opens_a_providers_account(
    visitor: Visitor, database: SqliteDatabase
) -> None:
    with pytest.raises(InputError):
        await create_account(database, "oidc:adm-7", "correct horse battery")
    await visitor.sign_in()
    visitor.console.cookies.clear()
    assert (await Browser(visitor.console).sign_in("oidc:adm-7", "")).status_code == 403


async def test_a_provider_that_is_another_than_was_configured_is_said_to_be_unavailable(
    visitor: Visitor, provider: Provider
) -> None:
    provider.issuer = "https://another.example.org"
    assert (await visitor.console.get("/console/sign-in/oidc")).status_code == 503


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_provider_over_https_has_nothing_in_the_clear(name: str, scheme: str) -> None:
    issuer = "https://idp.example.org"
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    stated = {"issuer": issuer} | {one: f"{issuer}/{one}" for one in names}
    stated[name] = f"{scheme}://idp.example.org/x"
    answers = httpx.MockTransport(lambda _: httpx.Response(200, json=stated))
    async with httpx.AsyncClient(transport=answers) as client:
        known = OpenIdProvider(issuer, "sambro", "secret", BACK, client, lambda: datetime.now(UTC))
        asking = known.authorization_url("state", "nonce", "verifier")
        if scheme == "https":
            assert (await asking).startswith("https://")
        else:
            with pytest.raises(Unreachable):
                await asking


async def refused(visitor: Visitor, back: str, database: SqliteDatabase) -> None:
    """The browser comes back, gets no session, and a row says that somebody could not sign in."""
    before = await failures(database)
    answer = await visitor.console.get(back)
    assert answer.status_code == 403
    assert "organisationens konto" in answer.text
    assert "sambro_session" not in "".join(answer.headers.get_list("set-cookie"))
    assert await failures(database) == before + 1


async def seen_with(visitor: Visitor, token: str) -> httpx.Response:
    """The overview as the holder of a session's token gets it."""
    visitor.console.cookies.clear()
    return await visitor.console.get("/console/overview", headers={"cookie": f"sambro_session={token}"})


async def failures(database: SqliteDatabase) -> int:
    """How many sign-ins failed, by the audit."""
    return await database.read(failed_sign_ins)


def failed_sign_ins(connection: Connection) -> int:
    rows = connection.scalars(select(audit.c.event).where(audit.c.kind == AuditKind.SIGN_IN))
    return sum(json.loads(row)["outcome"] != audit_events.SUCCESS for row in rows)
