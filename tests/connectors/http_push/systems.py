"""A kommun's system on a loopback socket, as far as the adapter sees of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from adapter.domain.identity import HSA_ID, PERSONNUMMER, Identifier, PersonId
from adapter.gate.enforce import ReleasedBundle
from adapter.gate.request import Side
from tests.connectors.fhir_rest.servers import KOMMUN, REGION, serving
from tests.gate.builders import released

AT = datetime(2026, 11, 16, 8, tzinfo=UTC)
PERSON = PersonId(PERSONNUMMER, "191212121212")


@dataclass
class KommunSystem:
    """Answers each POST by ``answer``; ``received`` are the requests' headers and bodies."""

    answer: Callable[[], Response] = Response
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    async def take(self, request: Request) -> Response:
        self.received.append((dict(request.headers), await request.body()))
        return self.answer()


@asynccontextmanager
async def kommun_system() -> AsyncIterator[KommunSystem]:
    """A running system with one path."""
    system, app = KommunSystem(), Starlette()
    app.add_route("/push", system.take, methods=["POST"])
    async with serving(app) as base:
        system.url = f"{base}/push"
        yield system


def release(sender_unit: str | None = "SE2321000131-E0101") -> ReleasedBundle:
    """A release of nothing to the kommun: what its system gets is the mapping's matter."""
    sender = Side(REGION.organizations, None if sender_unit is None else Identifier(HSA_ID, sender_unit))
    return released([], sender=sender, recipient=KOMMUN, at=AT)
