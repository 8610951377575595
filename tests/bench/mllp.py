"""MLLP accept behind the early gate, over real sockets, against a listener that only acknowledges."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from ipaddress import ip_network
from itertools import count, cycle
from pathlib import Path
from typing import Final

from adapter.demo import records
from adapter.demo.installation import REGION_CHANNEL, Installation, install
from adapter.domain.identity import PersonId
from adapter.domain.instants import utc_now
from adapter.main import assembly, wires
from connectors.hl7v2_mllp.ack import AckCode, Acknowledgement
from connectors.hl7v2_mllp.frames import enclose
from connectors.hl7v2_mllp.listener import Listener, ListenerConfig
from tests.bench.child import serving
from tests.bench.house import opened_house
from tests.bench.measure import Budget, Measure, Row, Sample, in_rounds, rate
from tests.bench.persons import persons

_PEOPLE: Final = 100
_ROUNDS: Final = 5
_SECONDS: Final = 0.8
_HOST: Final = "127.0.0.1"
_ID: Final = "CONTROL"


async def rows(folder: Path, *, full: bool) -> AsyncIterator[Row]:
    """Of persons with and without consent, over one connection and over eight."""
    consenting, others = list(persons(_PEOPLE)), list(persons(_PEOPLE, start=_PEOPLE))
    with serving(_listen, (install(folder / "data"), consenting)) as (port, echo):
        for at_once in (1, 8):
            for name, people in (("withheld", others), ("permitted", consenting)):
                async with AsyncExitStack() as stack:
                    ours = [await stack.enter_async_context(Client(port, people)) for _ in range(at_once)]
                    floor = [await stack.enter_async_context(Client(echo, people)) for _ in range(at_once)]
                    accepted, echoed = await in_rounds(_ROUNDS, _rate(ours), _rate(floor))
                yield Row(
                    f"MLLP accept, {name}, {at_once} connection{'s' * (at_once > 1)}",
                    Sample(accepted, "/s"),
                    "ACK without accept",
                    Sample(echoed, "/s"),
                    Budget("figure", 2000) if at_once > 1 else None,
                )


def _rate(clients: list[Client]) -> Measure:
    return lambda: rate([client.send for client in clients], _SECONDS)


class Client:
    """A sender with a connection of its own. Each message has a control id of its own; every ACK must say AA."""

    _numbers = count()

    def __init__(self, port: int, people: list[PersonId]) -> None:
        self._port = port
        frame = enclose(records.oru_r01("PERSON", _ID, utc_now(), 17))
        self._frames = cycle([frame.replace(b"PERSON", person.value.encode()) for person in people])

    async def __aenter__(self) -> Client:
        self._reader, self._writer = await asyncio.open_connection(_HOST, self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def send(self) -> None:
        """Send one message and wait for its acknowledgement."""
        control_id = f"c{next(self._numbers)}".encode()
        self._writer.write(next(self._frames).replace(_ID.encode(), control_id))
        answer = await self._reader.readuntil(b"\x1c\r")
        if b"MSA|AA|" not in answer:
            raise RuntimeError("a message was not accepted")


async def _listen(given: tuple[Installation, list[PersonId]], ready: Callable[[object], None]) -> None:
    installation, consenting = given
    async with opened_house(installation) as house:
        await house.consent(consenting)
        settings = house.core.settings
        (listener,) = wires.listeners(settings, house.inboxes, house.accept, assembly.refusals(house.core))
        config = ListenerConfig(REGION_CHANNEL, _HOST, 0, (ip_network("127.0.0.0/8"),))
        echo = Listener(config, _acknowledge, _refuse, utc_now, lambda: "echo")
        for one in (listener, echo):
            await one.start()
        ready((listener.port, echo.port))
        await asyncio.Event().wait()


async def _refuse(_code: str) -> None:
    pass


async def _acknowledge(_body: bytes) -> Acknowledgement:
    return Acknowledgement(AckCode.ACCEPT)
