"""A console over a database file, and browsers signed in to it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Collection
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Protocol
from uuid import uuid4

import pytest
from httpx import ASGITransport, AsyncClient, Response
from starlette.applications import Starlette
from starlette.routing import Mount

from adapter.console.app import build_console
from adapter.exchange.administration import Administration
from adapter.exchange.administrators import SignIn, create_administrator
from adapter.exchange.certificates import Certificate, Use
from adapter.exchange.mapping_bench import MappingBench, sample_readers
from adapter.exchange.ports import DeliveryFailed, Tester
from adapter.exchange.refusals import Refusals
from adapter.exchange.rights import USUAL, Right
from adapter.exchange.single_sign_on import SingleSignOn
from adapter.exchange.trail import Trail
from adapter.exchange.unaudited import Unaudited
from adapter.fhir.check import RecordChecker
from adapter.fhir.profiles.packaged import profile_checker
from adapter.main.wires import reader
from adapter.store.keys import Keyring
from adapter.store.schema import migrate
from adapter.store.sight import Views
from adapter.store.spool import Spool
from adapter.store.sqlite import SqliteDatabase
from adapter.store.vault import SealedVault
from tests.console.samples import AGREEMENT, AGREEMENTS, NOW
from tests.exchange.house import catalog

PASSWORD: Final = "correct horse battery"
KEYRING: Final = Keyring(b"k" * 32)
BENCH: Final = MappingBench(
    catalog=catalog,
    readers=sample_readers(reader),
    agreements=AGREEMENTS,
    checker=RecordChecker(profile_checker()),
)
CERTIFICATE: Final = Certificate(
    AGREEMENT, "region", "alingsås-region", Use.SERVER, NOW + timedelta(days=9, hours=3)
)
TRAIL: Final = Trail(KEYRING, writer="console")


class Outside:
    """The recipients' systems: how they answer is for a test to say."""

    def __init__(self) -> None:
        self.answers = "http-200"

    async def test(self) -> str:
        """See exchange.ports.Tester."""
        if not self.answers.startswith("http-"):
            raise DeliveryFailed(self.answers, transient=True)
        return self.answers


class StandingClock:
    """A clock that moves when a test says so."""

    def __init__(self) -> None:
        self.now = NOW + timedelta(hours=1)

    def __call__(self) -> datetime:
        return self.now


class Browser:
    """An HTTP client that fills in forms as a browser does."""

    def __init__(self, client: AsyncClient) -> None:
        self.client = client

    async def get(self, path: str = "/console/", **headers: str) -> Response:
        """A page, redirects not followed."""
        return await self.client.get(path, headers={"accept-language": "sv", **headers})

    async def post(self, path: str, **fields: str) -> Response:
        """A form."""
        return await self.client.post(path, data=fields)

    async def submit(self, path: str, **fields: str) -> Response:
        """A form with the token of its page, unless ``fields`` bring another."""
        token = form_token(await self.get("/console/live"))
        return await self.post(path, **{"form_token": token, **fields})

    async def sign_in(self, name: str, password: str = PASSWORD, **fields: str) -> Response:
        """Fetch the sign-in page and send its form."""
        token = form_token(await self.get("/console/sign-in"))
        fields = {"form_token": token, "name": name, "password": password, **fields}
        return await self.post("/console/sign-in", **fields)


class Enter(Protocol):
    """Creates an account with these views and signs in to it."""

    async def __call__(self, views: Views | None, rights: Collection[Right] = USUAL) -> Browser: ...


def refusals_of(database: SqliteDatabase, clock: StandingClock, folder: Path) -> Refusals:
    """What writes refusals down, with a spool in ``folder``."""
    spool = Spool(folder / "spool", KEYRING)
    unaudited = Unaudited(database=database, keyring=KEYRING, spool=spool, writer="console", clock=clock)
    return Refusals(database=database, keyring=KEYRING, audit=TRAIL, unaudited=unaudited, clock=clock)


async def create_account(
    database: SqliteDatabase,
    name: str,
    password: str,
    views: Views | None = None,
    *,
    rights: Collection[Right] = USUAL,
    is_first: bool = False,
) -> None:
    """An account, as ``sambro admin create`` makes it."""
    administration = Administration(database=database, audit=TRAIL, clock=lambda: NOW)
    await create_administrator(
        administration, "root", name, password, views, NOW, rights=rights, is_first=is_first
    )


def form_token(page: Response) -> str:
    """The token of a page's form."""
    found = re.search(r'name="form_token" value="([0-9a-f]+)"', page.text)
    assert found is not None
    return found[1]


def listed(page: Response) -> list[str]:
    """The message ids of a page, in its order."""
    return re.findall(r'href="/console/messages/([^"]+)"', page.text)


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    file = tmp_path / "sambro.db"
    migrate(file)
    opened = SqliteDatabase(file)
    yield opened
    await opened.close()


@pytest.fixture
def stopping() -> asyncio.Event:
    return asyncio.Event()


def console_app(
    database: SqliteDatabase,
    clock: StandingClock,
    stopping: asyncio.Event,
    folder: Path,
    provider: SingleSignOn | None = None,
    outside: Tester | None = None,
    *,
    secure_cookies: bool = False,
) -> Starlette:
    """The console over a database, mounted as in service; ``folder`` takes what else it keeps."""
    tester = outside or Outside()
    console = build_console(
        database,
        clock,
        secure_cookies=secure_cookies,
        agreements=AGREEMENTS,
        cursor_key=b"c" * 32,
        stopping=stopping,
        audit=TRAIL,
        sign_in=SignIn(database, TRAIL, clock),
        refusals=refusals_of(database, clock, folder),
        keyring=KEYRING,
        new_id=lambda: str(uuid4()),
        bench=BENCH,
        testers={system.id: tester for agreement in AGREEMENTS for system in agreement.systems},
        vault=SealedVault(folder / "content-keys"),
        certificates=(CERTIFICATE,),
        provider=provider,
    )
    return Starlette(routes=[Mount("/console", console)])


@pytest.fixture
def outside() -> Outside:
    return Outside()


@pytest.fixture
def app(
    database: SqliteDatabase,
    clock: StandingClock,
    stopping: asyncio.Event,
    tmp_path: Path,
    outside: Outside,
) -> Starlette:
    return console_app(database, clock, stopping, tmp_path, outside=outside)


@pytest.fixture
async def browser(app: Starlette) -> AsyncIterator[Browser]:
    async with AsyncClient(transport=ASGITransport(app), base_url="http://console.test") as client:
        yield Browser(client)


@pytest.fixture
async def enter(database: SqliteDatabase, browser: Browser, clock: StandingClock) -> Enter:
    """See Enter."""

    async def enter(views: Views | None, rights: Collection[Right] = USUAL) -> Browser:
        await create_account(database, "admin", PASSWORD, views, rights=rights)
        browser.client.cookies.clear()
        assert (await browser.sign_in("admin")).status_code == 303
        return browser

    return enter
