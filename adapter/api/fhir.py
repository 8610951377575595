"""The FHIR R4 endpoint: read, search by GET and POST, receipt of a held answer, release without consent. Answers are bytes.

Starlette routes, not FastAPI's: nothing stands between the released resources and their bytes.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from adapter.api.floor import Floor
from adapter.api.negotiation import Forms, agree
from adapter.api.page_links import PageLinks
from adapter.api.parameters import FORM, MAX_FORM_BYTES, media_type, pairs_of, stated
from adapter.api.preferences import content_tag, is_held, is_lenient
from adapter.api.request import Bearers, caller, request_id
from adapter.api.responses import conceal, is_concealed, refused, respond
from adapter.api.witness import Answers, AnyMethod, NoSuchRoute, Witness, allowed, turned_away
from adapter.domain.errors import InputError, Issue
from adapter.domain.identity import PersonId, could_name_person
from adapter.domain.instants import Clock, stockholm_date
from adapter.domain.records import CANONICAL, NOBODY, OUR_ID, RESOURCE_TYPES
from adapter.domain.requester import Requester
from adapter.domain.scopes import (
    AUDIT,
    AUDIT_ALL,
    READ_AND_SEARCH,
    ScopeMissing,
    require_scope,
    require_scope_on_any,
)
from adapter.exchange.answer import AnswerQuery
from adapter.exchange.audit_query import AuditQuery, Between
from adapter.exchange.confirm_receipt import ConfirmReceipt
from adapter.exchange.question import Found, Question
from adapter.exchange.registry_query import RegistryQuery
from adapter.exchange.release_without_consent import NotAnOfficial, ReleaseWithoutConsent
from adapter.fhir.bundles import searchset
from adapter.fhir.includes import Include
from adapter.fhir.pages import ONE, Page
from adapter.fhir.release_operation import filed_release, read_release
from adapter.fhir.search import Asked, Search, parse_search, persons_named, read_subset
from adapter.fhir.search_parameters import SEARCH_PARAMETERS
from adapter.fhir.subset import Subset, Subsetting

# What a token's residual rules are applied to: records, and the Patient that they are about.
_NARROWED: Final = frozenset(kind for kinds in RESOURCE_TYPES.values() for kind in kinds)
_ANSWERS: Final[Answers] = {NotAnOfficial: (403, "not-an-official")}
Handler = Callable[[Request, Requester, str], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class FhirEndpoint:
    """The routes under ``/fhir``.

    ``base`` is the endpoint's public URL without a slash at its end. Empty answers and 404 wait for ``floor``. Answers are JSON until ``forms`` writes them as they were asked for.
    """

    answer: AnswerQuery
    confirm_receipt: ConfirmReceipt
    registry: RegistryQuery
    release_without_consent: ReleaseWithoutConsent
    audit: AuditQuery
    bearers: Bearers
    clock: Clock
    base: str
    floor: Floor
    forms: Forms
    subsetting: Subsetting
    links: PageLinks
    witness: Witness

    def routes(self) -> list[Route]:
        """The routes, to be added as they are."""
        return [
            Route("/fhir/$confirm-receipt", self.guarded(self._confirm), methods=["POST"]),
            Route("/fhir/$release-without-consent", self.guarded(self._release), methods=["POST"]),
            Route("/fhir/{type}", self.guarded(self._search), methods=["GET"]),
            Route("/fhir/{type}/_search", self.guarded(self._search_by_post), methods=["POST"]),
            Route("/fhir/{type}/{id}", self.guarded(self._read), methods=["GET"]),
            Route("/fhir/{rest:path}", AnyMethod(self.guarded(self._nothing))),
        ]

    async def _search_by_post(self, request: Request, requester: Requester, asked_as: str) -> Response:
        if media_type(request) != FORM:
            raise InputError([Issue("http.Content-Type", "unsupported-media-type")], status=415)
        return await self._search(request, requester, asked_as)

    async def _search(self, request: Request, requester: Requester, asked_as: str) -> Response:
        resource_type = _served_type(request)
        _require_scope(requester, resource_type)
        pairs, cursor = self.links.asked(request, requester, await stated(request))
        search = parse_search(
            resource_type, pairs, today=stockholm_date(self.clock()), is_lenient=is_lenient(request)
        )
        for include in search.includes:
            _require_scope(requester, include.added)
        question = Question(
            requester,
            resource_type,
            await self._person(search.asked),
            _statement(search, pairs),
            asked_as,
            caller=caller(request),
        )
        page = Page(search.count, search.order, cursor, search.subset.is_whole)
        found = await self._found(question, search.matches, page, search.bounds("date"), search.includes)
        if not found.resources:
            conceal(request)
        cut = page.cut(found.resources)
        body = searchset(
            self.base,
            resource_type,
            [self.subsetting.of(resource, search.subset) for resource in cut.shown],
            total=len(found.resources) if search.has_total else None,
            included=found.included,
            pages={it.relation: self.links.url(requester, search, pairs, it) for it in cut.neighbours},
            identifier=_answer_identifier(found),
            ignored=search.ignored,
        )
        return respond(body, 200, asked_as)

    async def _read(self, request: Request, requester: Requester, asked_as: str) -> Response:
        resource_type = _served_type(request)
        _require_scope(requester, resource_type)
        subset = read_subset(resource_type, await stated(request))
        resource_id = request.path_params["id"]
        about = await self.subject(resource_type, resource_id)
        question = Question(requester, resource_type, about, "", asked_as, shown_id(request), caller(request))
        found = await self._found(question, lambda resource: bool(resource["id"] == resource_id), ONE)
        if not found.resources:
            conceal(request)
            return refused(404, asked_as)
        return self.shown(request, found.resources[0], subset, asked_as)

    def shown(
        self, request: Request, resource: Mapping[str, Any], subset: Subset, asked_as: str, **headers: str
    ) -> Response:
        """A resource that was read, with ``headers`` of its own; 304 without it for whoever has it already."""
        body = orjson.dumps(self.subsetting.of(resource, subset))
        held = {"ETag": content_tag(body)} | headers
        if is_held(request, held["ETag"]):
            return respond(b"", 304, asked_as, held)
        return respond(body, 200, asked_as, held)

    async def _found(
        self,
        question: Question,
        matches: Callable[[Mapping[str, Any]], bool],
        page: Page,
        between: Between = (None, None),
        includes: Sequence[Include] = (),
    ) -> Found:
        if question.resource_type == "Consent":
            return await self.registry.search(question, matches)
        if question.resource_type == "AuditEvent":
            return await self.audit.search(question, matches, page, between)
        return await self.answer.search(question, matches, page, includes)

    async def _person(self, asked: Asked) -> PersonId:
        """Whom a search is about. One that names nobody we could know is still asked for, as any unknown person is."""
        person = asked.person
        if asked.patient_id is not None:
            person = await self.answer.person_of("Patient", asked.patient_id)
        return person or PersonId(NOBODY, asked.text)

    async def _confirm(self, request: Request, requester: Requester, asked_as: str) -> Response:
        """``$confirm-receipt``: Parameters with ``answer`` (valueIdentifier), the identifier of a searchset that we gave."""
        require_scope_on_any(requester.scopes, READ_AND_SEARCH)
        answer_id = _confirmed(await self.forms.resource(request, MAX_FORM_BYTES))
        if not await self.confirm_receipt(requester, answer_id, asked_as, caller(request)):
            conceal(request)
            return refused(404, asked_as)
        return respond(orjson.dumps({"resourceType": "Parameters"}), 200, asked_as)

    async def _release(self, request: Request, requester: Requester, asked_as: str) -> Response:
        """``$release-without-consent``: Parameters as fhir.release_operation reads them; only for a named official of the sender."""
        official = await self.release_without_consent.authorize(requester, asked_as)
        parameters = await self.forms.resource(request, MAX_FORM_BYTES)
        release = read_release(parameters, today=stockholm_date(self.clock()))
        filed = await self.release_without_consent(official, release, asked_as)
        return respond(filed_release(filed.id, release, filed.agreement, filed.filed_at), 201, asked_as)

    async def _nothing(self, request: Request, requester: Requester, asked_as: str) -> Response:
        raise NoSuchRoute(request.method)

    def guarded(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """A handler behind its token, whose every error becomes an audit row and an OperationOutcome without a value."""

        async def guarded(request: Request) -> Response:
            request.state.arrived = time.monotonic()
            response = await self._answered(handler, request)
            if is_concealed(request):
                await self.floor.wait(request.state.arrived)
            return response

        return guarded

    async def _answered(self, handler: Handler, request: Request) -> Response:
        asked_as = request_id(request)
        try:
            is_narrowed = request.path_params.get("type") in _NARROWED
            bearer = self.bearers.bearer(request, is_narrowed=is_narrowed)
            requester = request.state.requester = await bearer
            agree(request, await stated(request))
            return await self.forms.rendered(await handler(request, requester, asked_as), request)
        except ClientDisconnect:
            raise
        except Exception as error:
            refusal = turned_away(error, asked_as, _ANSWERS)
        if not hasattr(request.state, "answered_in"):
            # Without a token no form is read: the URL and the headers alone say how it is told.
            with suppress(InputError):
                agree(request, pairs_of(request.scope["query_string"]))
        persons = await self._persons(request)
        status = await self.witness.saw(request, refusal.status, refusal.codes, persons)
        issues = refusal.issues if status == refusal.status else ()
        response = refused(status, asked_as, issues)
        if status == 405:
            response.headers["Allow"] = allowed(request)
        return await self.forms.rendered(response, request)

    async def _persons(self, request: Request) -> Sequence[PersonId]:
        """Whom a refused request names, as far as it can be told: by its parameters, or by the id of a resource."""
        resource_type = request.url.path.removeprefix("/fhir").strip("/").partition("/")[0]
        if resource_type not in SEARCH_PARAMETERS:
            return ()
        try:
            if "id" in request.path_params:
                return [await self.subject(resource_type, request.path_params["id"])]
            asked = persons_named(resource_type, await stated(request), today=stockholm_date(self.clock()))
            return [await self._person(one) for one in asked]
        except Exception:  # whatever it was: the refusal is recorded without a person rather than not at all
            return ()

    async def subject(self, resource_type: str, resource_id: str) -> PersonId:
        """Whom a resource is about; one that we do not know is about somebody whom nobody knows."""
        is_consent = resource_type == "Consent"
        person_of = self.registry.person_of if is_consent else partial(self.answer.person_of, resource_type)
        return await person_of(resource_id) or PersonId(NOBODY, resource_id)


def _served_type(request: Request) -> str:
    resource_type: str = request.path_params["type"]
    if resource_type not in SEARCH_PARAMETERS:
        raise InputError([Issue("http.path", "unknown-resource-type")], status=404)
    return resource_type


def shown_id(request: Request) -> str:
    """The id of a path as the audit repeats it: one that is none of ours could be a personal number."""
    asked: str = request.path_params["id"]
    return asked if OUR_ID.fullmatch(asked) else "unknown"


def _require_scope(requester: Requester, resource_type: str) -> None:
    """Raise ScopeMissing for a type that the token does not open; the audit asks for more than a clinical scope."""
    require_scope(requester.scopes, resource_type, READ_AND_SEARCH)
    if resource_type == "AuditEvent" and requester.scopes.isdisjoint({AUDIT, AUDIT_ALL}):
        raise ScopeMissing(resource_type)


def _statement(search: Search, pairs: Sequence[tuple[str, str]]) -> str:
    """The query for the audit: whatever names the person, or could be a number of one, without its value."""
    return "&".join(
        name if value == search.asked.text or could_name_person(value) else f"{name}={value}"
        for name, value in pairs
        if name not in search.ignored
    )


def _answer_identifier(found: Found) -> dict[str, str] | None:
    """The identifier under which the receipt of something held is confirmed."""
    return None if found.receipt is None else {"system": f"{CANONICAL}/answer", "value": found.receipt}


def _confirmed(parameters: Mapping[str, Any]) -> str:
    try:
        items = parameters["parameter"]
        value = next(it["valueIdentifier"]["value"] for it in items if it["name"] == "answer")
    except (KeyError, TypeError, StopIteration):
        raise InputError([Issue("Parameters.parameter", "required")], status=400) from None
    if not isinstance(value, str):
        raise InputError([Issue("Parameters.parameter.value", "value")], status=400)
    return value
