"""The live tail: the stream of new steps, for whom and how long."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from starlette.applications import Starlette

from adapter.console.streams import Streams
from adapter.store.sight import Views
from adapter.store.sqlite import SqliteDatabase
from tests.console.conftest import Browser, Enter, StandingClock
from tests.console.samples import NOW, REGION, accept, attempt, new_delivery, process


class Stream:
    """An open stream: ``until`` reads on until a pattern has come, ``rest`` until it ends."""

    def __init__(self, chunks: asyncio.Queue[bytes | None]) -> None:
        self._chunks = chunks
        self.text = ""

    async def until(self, pattern: str) -> re.Match[str]:
        """What matched."""
        while (found := re.search(pattern, self.text)) is None:
            await self._more()
        return found

    async def goes_on(self) -> bool:
        """Whether its heartbeat comes before its end."""
        while "still here" not in self.text:
            if not await self._more():
                return False
        return True

    async def rest(self) -> str:
        """All that came, once it has ended."""
        while await self._more():
            pass
        return self.text

    async def _more(self) -> bool:
        chunk = await asyncio.wait_for(self._chunks.get(), 5)
        self.text += (chunk or b"").decode()
        return chunk is not None


Open = Callable[..., Any]


@pytest.fixture
def open_stream(app: Starlette, browser: Browser) -> Open:
    """httpx hands over an ASGI answer only when it has ended, so the stream is read from the application itself."""

    @asynccontextmanager
    async def open_stream(query: str = "", **headers: str) -> AsyncIterator[Stream]:
        chunks: asyncio.Queue[bytes | None] = asyncio.Queue()
        cookie = "; ".join(f"{name}={value}" for name, value in browser.client.cookies.items())
        sent = {"cookie": cookie, "host": "console.test"} | {
            k.replace("_", "-"): v for k, v in headers.items()
        }
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": "/console/live/events",
            "raw_path": b"/console/live/events",
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
            "client": ("127.0.0.1", 1),
            "server": ("console.test", 80),
        }

        async def send(message: Any) -> None:
            if message["type"] == "http.response.body":
                await chunks.put(message.get("body", b""))
                if not message.get("more_body", False):
                    await chunks.put(None)

        task = asyncio.create_task(app(scope, _never, send))
        try:
            yield Stream(chunks)
        finally:
            task.cancel()
            await asyncio.wait({task})

    return open_stream


async def _never() -> Any:
    await asyncio.Event().wait()


async def test_a_new_step_arrives_as_a_table_row(
    enter: Enter, database: SqliteDatabase, open_stream: Open
) -> None:
    await enter(None)
    async with open_stream() as stream:
        await stream.until("still here")
        message = await database.write(accept)
        await stream.until(
            rf"id: \S+\nevent: step\ndata: <tr class=\"new\">(.|\n)*/console/messages/{message}\""
        )
        await stream.until("state-withheld")


async def test_a_stream_goes_on_after_the_last_step_that_came(
    enter: Enter, database: SqliteDatabase, open_stream: Open
) -> None:
    await enter(None)
    async with open_stream() as stream:
        await stream.until("still here")
        first = await database.write(accept)
        await stream.until(r"event: step[^§]*event: step[^§]*</tr>\n\n")
    last = re.findall(r"id: (\S+)", stream.text)[-1]
    second = await database.write(accept)
    async with open_stream(last_event_id=last) as stream:
        await stream.until(f"/console/messages/{second}")
    assert first not in stream.text


async def test_the_page_and_its_stream_leave_no_gap(
    enter: Enter, database: SqliteDatabase, open_stream: Open
) -> None:
    before = await database.write(accept)
    page = await (await enter(None)).get("/console/live")
    after = re.search(r'sse-connect="/console/live/events\?(after=[^"]+)"', page.text)
    assert after is not None
    assert before in page.text
    between = await database.write(accept)
    async with open_stream(after[1]) as stream:
        await stream.until(f"/console/messages/{between}")
    assert before not in stream.text


async def test_another_partys_steps_do_not_come(
    enter: Enter, database: SqliteDatabase, open_stream: Open
) -> None:
    await enter(REGION)
    async with open_stream() as stream:
        await stream.until("still here")
        hidden = await database.write(accept)
        shown = await database.write(partial(process, parts=[new_delivery()]))
        await database.write(partial(attempt, now=NOW))
        await stream.until(f"/console/messages/{shown}")
    assert hidden not in stream.text


@pytest.mark.parametrize("views", [None, REGION])
async def test_a_stream_ends_with_its_session(
    enter: Enter, clock: StandingClock, open_stream: Open, views: Views | None
) -> None:
    await enter(views)
    async with open_stream() as stream:
        await stream.until("still here")
        clock.now += timedelta(hours=8)
        assert "event: end" in await stream.rest()


@pytest.mark.parametrize(
    ("open_ones", "holder", "has_room"),
    [
        ([], "kommun", True),
        (["kommun"] * 3, "kommun", True),
        (["kommun"] * 4, "kommun", False),
        (["kommun"] * 4, "region", True),
        ([str(number) for number in range(32)], "region", False),
    ],
)
def test_an_account_takes_no_other_accounts_place(
    open_ones: Sequence[str], holder: str, has_room: bool
) -> None:
    streams = Streams()
    with ExitStack() as stack:
        for one in open_ones:
            stack.enter_context(streams.one(one))
        assert streams.has_room(holder) is has_room
    assert streams.has_room(holder)


async def test_of_streams_opened_at_once_no_more_than_an_accounts_are_kept(
    enter: Enter, open_stream: Open
) -> None:
    await enter(None)
    async with AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(open_stream()) for _ in range(9)]
        assert sum([await stream.goes_on() for stream in opened]) == 4


async def test_a_fifth_stream_of_an_account_is_turned_away(enter: Enter, open_stream: Open) -> None:
    await enter(None)
    async with AsyncExitStack() as stack:
        for _ in range(4):
            await (await stack.enter_async_context(open_stream())).until("still here")
        async with open_stream() as fifth:
            assert await fifth.rest() == ""


async def test_a_stranger_gets_nothing_but_the_end(database: SqliteDatabase, open_stream: Open) -> None:
    await database.write(accept)
    async with open_stream() as stream:
        text = await stream.rest()
    assert "event: end" in text
    assert "event: step" not in text


async def test_a_stream_ends_when_the_service_stops(
    enter: Enter, stopping: asyncio.Event, open_stream: Open
) -> None:
    await enter(None)
    async with open_stream() as stream:
        await stream.until("still here")
        stopping.set()
        assert "event: end" not in await stream.rest()


async def test_without_javascript_the_page_can_reload_itself(enter: Enter) -> None:
    browser = await enter(None)
    assert "<noscript>" in (await browser.get("/console/live")).text
    page = await browser.get("/console/live?refresh")
    assert page.headers["refresh"] == "10"
    assert "sse-connect" not in page.text
    assert "sse-connect" not in (await browser.get("/console/live?paused")).text
