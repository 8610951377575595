"""Consent by FHIR REST: create, conditional create, update, read and vread (R4, http.html; IHE PCF, ITI-108). Search is the endpoint's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapter.api.fhir import FhirEndpoint, shown_id
from adapter.api.preferences import preferences
from adapter.api.request import caller
from adapter.api.responses import conceal, refused, respond
from adapter.domain.errors import InputError, Issue
from adapter.domain.identity import Identifier
from adapter.domain.instants import interval_of
from adapter.domain.requester import Requester
from adapter.domain.scopes import READ_AND_SEARCH, require_scope
from adapter.exchange.consent_changes import Step
from adapter.exchange.consent_registry import ConsentRegistry, Registration
from adapter.exchange.question import Found, Question
from adapter.exchange.stopping import Stopped
from adapter.fhir.outcome import ALL_OK, operation_outcome
from adapter.fhir.search import read_subset
from adapter.fhir.subset import Subset

_TYPE: Final = "Consent"
_MAX_BYTES: Final = 262_144
_ETAG: Final = re.compile(r'(?:W/)?"([1-9][0-9]{0,8})"', re.ASCII)
_VERSION: Final = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
STATUS: Final = {
    Step.CREATED: 201,
    Step.EXISTED: 200,
    Step.UPDATED: 200,
    Step.AWAITS_SECOND_PERSON: 202,
}


@dataclass(frozen=True, slots=True)
class ConsentEndpoint:
    """The routes under ``/fhir/Consent`` that ``endpoint`` does not serve; to be added before its own."""

    endpoint: FhirEndpoint
    consents: ConsentRegistry

    def routes(self) -> list[Route]:
        """The routes, to be added as they are."""
        guarded = self.endpoint.guarded
        return [
            Route("/fhir/Consent", guarded(self._create), methods=["POST"]),
            Route("/fhir/Consent/{id}", guarded(self._update), methods=["PUT"]),
            Route("/fhir/Consent/{id}", guarded(self._read), methods=["GET"]),
            Route("/fhir/Consent/{id}/_history/{version}", guarded(self._vread), methods=["GET"]),
        ]

    async def _create(self, request: Request, requester: Requester, asked_as: str) -> Response:
        require_scope(requester.scopes, _TYPE, "c")
        unless = condition(request.headers.get("if-none-exist"))
        body = await self.endpoint.forms.resource(request, _MAX_BYTES)
        registration = await self.consents.create(requester, body, asked_as, unless=unless)
        return self._registered(request, registration, asked_as)

    async def _update(self, request: Request, requester: Requester, asked_as: str) -> Response:
        require_scope(requester.scopes, _TYPE, "u")
        version = stated_version(request.headers.get("if-match"))
        body = await self.endpoint.forms.resource(request, _MAX_BYTES)
        if body.get("id") != request.path_params["id"]:
            raise InputError([Issue("Consent.id", "id-of-path")], status=400)
        registration = await self.consents.update(requester, shown_id(request), version, body, asked_as)
        if registration is None:
            conceal(request)
            return refused(404, asked_as)
        return self._registered(request, registration, asked_as)

    async def _read(self, request: Request, requester: Requester, asked_as: str) -> Response:
        subset = _subset(request)
        question = await self._question(request, requester, asked_as, shown_id(request))
        consent_id = request.path_params["id"]
        found = await self.endpoint.registry.search(question, lambda found: bool(found["id"] == consent_id))
        return await self._found(request, found, subset, asked_as)

    async def _vread(self, request: Request, requester: Requester, asked_as: str) -> Response:
        subset, stated = _subset(request), request.path_params["version"]
        version = int(stated) if _VERSION.fullmatch(stated) else 0
        shown = f"{shown_id(request)}/_history/{version or 'unknown'}"
        question = await self._question(request, requester, asked_as, shown)
        found = await self.endpoint.registry.version(question, request.path_params["id"], version)
        return await self._found(request, found, subset, asked_as)

    async def _question(self, request: Request, requester: Requester, asked_as: str, shown: str) -> Question:
        require_scope(requester.scopes, _TYPE, READ_AND_SEARCH)
        about = await self.endpoint.subject(_TYPE, request.path_params["id"])
        return Question(requester, _TYPE, about, "", asked_as, shown, caller(request))

    async def _found(self, request: Request, found: Found, subset: Subset, asked_as: str) -> Response:
        if not found.resources:
            conceal(request)
            return refused(404, asked_as)
        consent = found.resources[0]
        return self.endpoint.shown(request, consent, subset, asked_as, **version_headers(consent))

    def _registered(self, request: Request, registration: Registration, asked_as: str) -> Response:
        consent, status = registration.resource, STATUS[registration.step]
        headers = version_headers(consent)
        if registration.stopped is not None:
            headers["Sambro-Revocation"] = _told(registration.stopped)
        if registration.step in (Step.CREATED, Step.EXISTED):
            place = f"Consent/{consent['id']}/_history/{consent['meta']['versionId']}"
            headers["Location"] = f"{self.endpoint.base}/{place}"
        if registration.step is Step.AWAITS_SECOND_PERSON:
            waits = Issue("Consent.status", registration.step.value, severity="information")
            return respond(orjson.dumps(operation_outcome([waits])), status, asked_as, headers)
        return respond(_returned(request, consent), status, asked_as, headers)


def _subset(request: Request) -> Subset:
    return read_subset(_TYPE, request.query_params.multi_items())


def _returned(request: Request, consent: Mapping[str, Any]) -> bytes:
    """The body that ``Prefer: return`` asks for: the Consent, unless it says otherwise."""
    match preferences(request).get("return"):
        case "minimal":
            return b""
        case "operationoutcome":
            return orjson.dumps(operation_outcome([ALL_OK]))
    return orjson.dumps(consent)


def _told(stopped: Stopped) -> str:
    """What a narrowing stopped, as a dictionary of RFC 9651: the counts of the push channel's answer."""
    return f"cancelled={stopped.cancelled}, in-flight={stopped.in_flight}, unfinished={stopped.unfinished}"


def stated_version(header: str | None) -> int:
    """The version that an update replaces (RFC 9110, If-Match); without it nobody could tell a lost update (RFC 6585, 428)."""
    if header is None:
        raise InputError([Issue("http.If-Match", "required")], status=428)
    match = _ETAG.fullmatch(header.strip())
    if match is None:
        raise InputError([Issue("http.If-Match", "value")], status=400)
    return int(match[1])


def condition(header: str | None) -> Identifier | None:
    """The one criterion of a conditional create that we know: ``identifier=system|value``, with ``Consent?`` before it or not."""
    if header is None:
        return None
    pairs = parse_qsl(header.strip().removeprefix("?").removeprefix("Consent?"), keep_blank_values=True)
    system, _, value = pairs[0][1].rpartition("|") if len(pairs) == 1 else ("", "", "")
    if not system or not value or pairs[0][0] != "identifier":
        raise InputError([Issue("http.If-None-Exist", "value")], status=400)
    return Identifier(system, value)


def version_headers(consent: Mapping[str, Any]) -> dict[str, str]:
    meta = consent["meta"]
    headers = {"ETag": f'W/"{meta["versionId"]}"'}
    if "lastUpdated" in meta:
        headers["Last-Modified"] = format_datetime(interval_of(meta["lastUpdated"])[0], usegmt=True)
    return headers
