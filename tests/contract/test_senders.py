"""What the sender of every wire must pass (docs/connectors.md, "A new one"): add a new connector's sender to SENDERS."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

import httpx
import pytest

from adapter.domain.instants import utc_now
from adapter.exchange.ports import DeliveryFailed, Sender
from connectors.fhir_rest.sender import FhirSender
from connectors.hl7v2_mllp.sender import MllpSender, Recipient
from connectors.http_push.sender import PushSender
from tests.connectors.fhir_rest.servers import behaving, release
from tests.exchange.bodies import screening
from tests.fhir.plans import goal

Make = Callable[[httpx.AsyncClient, int, float], Sender]
SENDERS: Final[Mapping[str, Make]] = {
    "fhir_rest": lambda client, port, deadline: FhirSender(
        client, f"http://127.0.0.1:{port}/fhir", token="", patient=False, deadline=deadline
    ),
    "http_push": lambda client, port, deadline: PushSender(
        client, f"http://127.0.0.1:{port}/", lambda _: screening(), utc_now, token="", deadline=deadline
    ),
    "hl7v2_mllp": lambda _, port, deadline: MllpSender(
        Recipient("127.0.0.1", port),
        lambda _: b"MSH|^~\\&|S||R||20261116||ORU^R01^ORU_R01|OWN|P|2.5\r",
        deadline=deadline,
    ),
}


async def hangs(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def answers_nothing(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read(65_536)


async def failure(make: Make, port: int, deadline: float) -> tuple[str, bool]:
    async with httpx.AsyncClient() as client:
        with pytest.raises(DeliveryFailed) as caught:
            await make(client, port, deadline).send(release([goal()]), "6f0c1a52-0000-4000-8000-000000000001")
    return caught.value.code, caught.value.transient


@pytest.mark.parametrize("make", SENDERS.values(), ids=list(SENDERS))
async def test_a_recipient_that_hangs_is_tried_again(make: Make) -> None:
    async with behaving(hangs) as port:
        assert await failure(make, port, 0.3) == ("timeout", True)


@pytest.mark.parametrize("make", SENDERS.values(), ids=list(SENDERS))
async def test_a_recipient_that_answers_nothing_is_tried_again(make: Make) -> None:
    async with behaving(answers_nothing) as port:
        assert await failure(make, port, 5.0) == ("connection-lost", True)


@pytest.mark.parametrize("make", SENDERS.values(), ids=list(SENDERS))
async def test_where_nobody_listens_it_is_tried_again(make: Make) -> None:
    async with behaving(hangs) as port:
        pass
    assert await failure(make, port, 5.0) == ("connect-failed", True)
