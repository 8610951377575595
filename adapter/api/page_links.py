"""Links to further pages of a search: made for its answer, and followed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request

from adapter.api.negotiation import agree
from adapter.domain.errors import InputError, Issue
from adapter.domain.requester import Requester
from adapter.exchange.paging import Continuation, Paging
from adapter.fhir.pages import Cursor
from adapter.fhir.search import Search

_PAGE: Final = "_page"
# Some clients add the form to every request, and so to a link.
_BESIDE: Final = frozenset({"_format", "_pretty"})
Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class PageLinks:
    """The links of the endpoint at ``base``, its URL without a slash at its end."""

    paging: Paging
    base: str

    def asked(self, request: Request, requester: Requester, stated: Pairs) -> tuple[Pairs, Cursor | None]:
        """What is searched for: what a request states, or what the link states that it follows.

        Raises InputError: 410 for a link that is no longer good, 400 for parameters beside it.
        """
        tokens = [value for name, value in stated if name == _PAGE]
        if not tokens:
            return stated, None
        if len(tokens) > 1 or {name for name, _ in stated} - _BESIDE != {_PAGE}:
            raise InputError([Issue(f"http.{_PAGE}", "value")], status=400)
        going_on = self.paging.opened(tokens[0], requester, request.path_params["type"])
        agree(request, [*going_on.pairs, *stated])
        return going_on.pairs, going_on.cursor

    def url(self, requester: Requester, search: Search, pairs: Pairs, cursor: Cursor) -> str:
        """The URL of another page of a search that ``pairs`` stated."""
        kept = [pair for pair in pairs if pair[0] not in search.ignored]
        token = self.paging.token(requester, search.resource_type, Continuation(kept, cursor))
        return f"{self.base}/{search.resource_type}?{_PAGE}={token}"
