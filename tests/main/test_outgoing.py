"""The client of all outgoing wires: systems that hang take no connection that another needs."""

from __future__ import annotations

import asyncio

from adapter.main.service import outgoing

HUNG = 13 * 8


async def test_thirteen_systems_that_hang_keep_no_other_waiting() -> None:
    hanging, end = asyncio.Semaphore(0), asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if b"/hang" in await reader.readline():
            hanging.release()
            await end.wait()
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server, outgoing() as client:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        hung = [asyncio.create_task(client.get(f"{url}/hang")) for _ in range(HUNG)]
        for _ in range(100):
            await hanging.acquire()
        try:
            async with asyncio.timeout(10):
                assert (await client.get(url)).status_code == 204
        finally:
            end.set()
            await asyncio.gather(*hung)
