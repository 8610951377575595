"""``GET`` and ``POST /fhir/Patient/{id}/$everything`` (FHIR R4, patient-operation-everything.html): what may be released of one person, in one Bundle.

It is what searches of each type would answer, one after the other, each decided and audited as such.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapter.api.fhir import FhirEndpoint, shown_id
from adapter.api.parameters import MAX_FORM_BYTES, stated
from adapter.api.request import caller
from adapter.api.responses import conceal, refused, respond
from adapter.domain.errors import InputError, Issue
from adapter.domain.requester import Requester
from adapter.domain.scopes import READ_AND_SEARCH, ScopeMissing, require_scope
from adapter.exchange.question import Question
from adapter.fhir.bundles import searchset
from adapter.fhir.pages import Page
from adapter.fhir.search_parameters import RECORD_TYPES

_PATIENT: Final = "Patient"
_SETTLED: Final = frozenset({"_format", "_pretty"})
# What the standard gives the operation, and we do not heed.
_UNSUPPORTED: Final = frozenset({"start", "end", "_since", "_count"})
# All of it at once; a receipt is for the answers to searches.
_ALL: Final = Page(1_000_000, is_whole=False)


@dataclass(frozen=True, slots=True)
class EverythingEndpoint:
    """The route of the operation; to be added before ``endpoint``'s own."""

    endpoint: FhirEndpoint

    def routes(self) -> list[Route]:
        """The route, to be added as it is."""
        guarded = self.endpoint.guarded(self._everything)
        return [Route("/fhir/Patient/{id}/$everything", guarded, methods=["GET", "POST"])]

    async def _everything(self, request: Request, requester: Requester, asked_as: str) -> Response:
        """The Patient and the records of the types that ``_type`` names, else of all that the token opens; 404 for whom nobody may ask."""
        require_scope(requester.scopes, _PATIENT, READ_AND_SEARCH)
        types = _types([*await stated(request), *await self._sent(request)], requester)
        patient_id = request.path_params["id"]
        person = await self.endpoint.subject(_PATIENT, patient_id)
        whom = Question(requester, _PATIENT, person, "", asked_as, shown_id(request), caller(request))
        found = list(
            (await self.endpoint.answer.search(whom, lambda it: bool(it["id"] == patient_id))).resources
        )
        if not found:
            conceal(request)
            return refused(404, asked_as)
        for resource_type in types:
            question = Question(
                requester, resource_type, person, "$everything", asked_as, caller=caller(request)
            )
            found += (await self.endpoint.answer.search(question, lambda _: True, _ALL)).resources
        body = searchset(self.endpoint.base, _PATIENT, found, total=len(found))
        return respond(body, 200, asked_as)

    async def _sent(self, request: Request) -> list[tuple[str, str]]:
        """What the body of a POST states (R4, operations.html#executing): nothing, or Parameters."""
        is_sent = "transfer-encoding" in request.headers or request.headers.get("content-length", "0") != "0"
        if request.method != "POST" or not is_sent:
            return []
        parameters = await self.endpoint.forms.resource(request, MAX_FORM_BYTES)
        items = parameters.get("parameter", [])
        if parameters.get("resourceType") != "Parameters" or not isinstance(items, list):
            raise InputError([Issue("Parameters", "required")], status=400)
        return [_pair(item, place) for place, item in enumerate(items)]


def _pair(item: object, place: int) -> tuple[str, str]:
    """A parameter of a body, as the URL would state it."""
    match item:
        case {"name": "_type", "valueCode": str() as kind, **others} if not others:
            return "_type", kind
        case {"name": str() as name} if name in _UNSUPPORTED:
            return name, ""
    raise InputError([Issue(f"Parameters.parameter[{place}]", "unknown-parameter")], status=400)


def _types(pairs: Sequence[tuple[str, str]], requester: Requester) -> list[str]:
    """The types of records to give. Raises ScopeMissing for one that is named and not the token's, InputError (400) for what is none."""
    if unknown := sorted({name for name, _ in pairs} - _SETTLED - {"_type"}):
        raise InputError(map(_refused, unknown), status=400)
    named = [kind for name, value in pairs if name == "_type" for kind in value.split(",")]
    if not set(named) <= RECORD_TYPES | {_PATIENT}:
        raise InputError([Issue("http._type", "value")], status=400)
    for kind in named:
        require_scope(requester.scopes, kind, READ_AND_SEARCH)
    return (
        sorted(set(named) - {_PATIENT})
        if named
        else [it for it in sorted(RECORD_TYPES) if _opens(requester, it)]
    )


def _refused(name: str) -> Issue:
    if name in _UNSUPPORTED:
        return Issue(f"http.{name}", "unsupported-parameter")
    return Issue("http.query", "unknown-parameter")


def _opens(requester: Requester, resource_type: str) -> bool:
    try:
        require_scope(requester.scopes, resource_type, READ_AND_SEARCH)
    except ScopeMissing:
        return False
    return True
