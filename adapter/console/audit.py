"""What the console writes into the audit: each view before it is shown, each refusal before it is answered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import uuid4

from starlette.requests import Request
from starlette.routing import Route

from adapter.domain.errors import Unreachable
from adapter.exchange.administration import Administration
from adapter.exchange.refusals import Refusal, Refusals
from adapter.store.log import LogMessage

_FORBIDDEN = 403


@dataclass(frozen=True, slots=True)
class ConsoleAudit:
    """Writes rows for one console."""

    administration: Administration
    refusals: Refusals

    async def looked(
        self,
        request: Request,
        name: str,
        screen: str,
        filters: Iterable[str] = (),
        message: LogMessage | None = None,
        person_key: str | None = None,
    ) -> None:
        """The administrator ``name`` looks at a screen; raises Unreachable, and then nothing is shown.

        ``person_key``: whom what is shown concerns, unless it is a message, which says so itself.
        """
        seen_from = caller(request)
        await self.administration.looked(
            name,
            screen,
            tuple(filters),
            person_key=person_key if message is None else message.subject_key,
            message_id=None if message is None else message.id,
            caller=seen_from,
        )

    async def refused(self, request: Request, status: int, code: str) -> int:
        """A request is answered with ``status``; returns what to answer, 503 where it cannot be written down.

        What is no page of the console leaves no row.
        """
        endpoint = request.scope.get("endpoint")
        pages = (route for route in request.app.routes if isinstance(route, Route))
        route = next((page for page in pages if page.endpoint is endpoint), None)
        if route is None:
            return status
        name = f"{request.method} {request.scope.get('root_path', '')}{route.path}"
        is_serious = status == _FORBIDDEN or status >= 500
        refusal = Refusal(name, "operation", code, str(uuid4()), is_serious, caller=caller(request))
        try:
            await self.refusals.record(refusal)
        except Unreachable:
            return 503
        return status


def caller(request: Request) -> str | None:
    """The network address of the browser, or of the proxy in front."""
    return None if request.client is None else request.client.host
