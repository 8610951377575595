"""``POST /fhir``: a batch or transaction of Consents to file (FHIR R4, http.html#transaction). A transaction takes effect whole, or not at all."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapter.api.consents import STATUS, condition, stated_version, version_headers
from adapter.api.fhir import FhirEndpoint
from adapter.api.preferences import preferences
from adapter.api.responses import conceal, refused, respond
from adapter.api.witness import AnyMethod, NoSuchRoute, turned_away
from adapter.domain.errors import InputError, Issue
from adapter.domain.records import OUR_ID
from adapter.domain.requester import Requester
from adapter.domain.scopes import require_scope
from adapter.exchange.consent_changes import Step
from adapter.exchange.consent_registry import ConsentRegistry, Registration
from adapter.exchange.consent_wishes import Wish
from adapter.fhir.outcome import ALL_OK, operation_outcome

_MAX_BYTES: Final = 1_048_576
_MOST: Final = 50
_REASONS: Final = {200: "OK", 201: "Created", 202: "Accepted"}

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ConsentBundles:
    """The routes; to be added before those of ``endpoint``."""

    endpoint: FhirEndpoint
    consents: ConsentRegistry

    def routes(self) -> list[Route]:
        """The routes, to be added as they are."""
        guarded = self.endpoint.guarded
        return [
            Route("/fhir", guarded(self._file), methods=["POST"]),
            Route("/fhir", AnyMethod(guarded(self._nothing))),
        ]

    async def _nothing(self, request: Request, _requester: Requester, _asked_as: str) -> Response:
        raise NoSuchRoute(request.method)

    async def _file(self, request: Request, requester: Requester, asked_as: str) -> Response:
        kind, entries = _entries(await self.endpoint.forms.resource(request, _MAX_BYTES))
        if kind == "batch":
            answers = [await self._one(request, requester, n, it, asked_as) for n, it in enumerate(entries)]
            return _answered(kind, answers, asked_as)
        wishes = [_wish(requester, entry, place) for place, entry in enumerate(entries)]
        filed = await self.consents.file(requester, wishes, asked_as, partial(_begin, request))
        if filed is None:
            conceal(request)
            return refused(404, asked_as)
        return _answered(kind, [self._entry(request, it) for it in filed], asked_as)

    async def _one(
        self, request: Request, requester: Requester, place: int, entry: Json, asked_as: str
    ) -> Json:
        """One entry of a batch: what becomes of it says nothing of the others.

        One that finds nothing waits for itself: the difference of many alike would show above one wait of all.
        """
        arrived = time.monotonic()
        try:
            filed = await self.consents.file(requester, [_wish(requester, entry, place)], asked_as)
        except Exception as error:
            refusal = turned_away(error, asked_as, {})
            status = await self.endpoint.witness.saw(request, refusal.status, refusal.codes, ())
            return _refusal(status, refusal.issues if status == refusal.status else ())
        if filed is None:
            await self.endpoint.floor.wait(arrived)
            return _refusal(404)
        return self._entry(request, filed[0])

    def _entry(self, request: Request, registration: Registration) -> Json:
        consent, status = registration.resource, STATUS[registration.step]
        headers = version_headers(consent)
        place = f"Consent/{consent['id']}/_history/{consent['meta']['versionId']}"
        response: Json = {
            "status": f"{status} {_REASONS[status]}",
            "location": f"{self.endpoint.base}/{place}",
            "etag": headers["ETag"],
            "lastModified": consent["meta"]["lastUpdated"],
        }
        if registration.step is Step.AWAITS_SECOND_PERSON:
            waits = Issue("Consent.status", registration.step.value, severity="information")
            return {"response": response | {"outcome": operation_outcome([waits])}}
        match preferences(request).get("return"):
            case "minimal":
                return {"response": response}
            case "operationoutcome":
                return {"response": response | {"outcome": operation_outcome([ALL_OK])}}
        return {"resource": consent, "response": response}


def _begin(request: Request) -> None:
    """Count the wait of a transaction that is concealed from the entry that hides: those before it take time of their own."""
    request.state.arrived = time.monotonic()


def _entries(bundle: Json) -> tuple[str, list[Json]]:
    """The kind and the entries of a Bundle. Raises InputError (400)."""
    kind, entries = bundle.get("type"), bundle.get("entry")
    if bundle.get("resourceType") != "Bundle" or kind not in ("batch", "transaction"):
        raise InputError([Issue("Bundle.type", "bundle-type-not-supported")], status=400)
    if not isinstance(entries, list) or not entries or not all(isinstance(it, dict) for it in entries):
        raise InputError([Issue("Bundle.entry", "required")], status=400)
    if len(entries) > _MOST:
        raise InputError([Issue("Bundle.entry", "too-many-values")], status=400)
    return kind, entries


def _wish(requester: Requester, entry: Json, place: int) -> Wish:
    """What an entry asks for. Raises InputError (400, 428) and ScopeMissing."""
    at, resource, stated = f"Bundle.entry[{place}]", entry.get("resource"), entry.get("request")
    asked: Json = stated if isinstance(stated, dict) else {}
    kind, _, named = str(asked.get("url")).partition("/")
    is_update = asked.get("method") == "PUT"
    if kind != "Consent" or asked.get("method") not in ("POST", "PUT") or bool(named) is not is_update:
        raise InputError([Issue(f"{at}.request", "method-not-supported")], status=400)
    require_scope(requester.scopes, "Consent", "u" if is_update else "c")
    try:
        if not is_update:
            return Wish(resource, unless=condition(_header(asked, "ifNoneExist")), at=at)
        version = stated_version(_header(asked, "ifMatch"))
    except InputError as error:
        raise Wish(resource, at=at).placed(error) from None
    if not isinstance(resource, dict) or resource.get("id") != named:
        raise InputError([Issue(f"{at}.resource.id", "id-of-path")], status=400)
    return Wish(resource, consent_id=named if OUR_ID.fullmatch(named) else "unknown", version=version, at=at)


def _header(asked: Mapping[str, Any], name: str) -> str | None:
    return None if asked.get(name) is None else str(asked[name])


def _refusal(status: int, issues: Sequence[Issue] = ()) -> Json:
    outcome = orjson.loads(refused(status, "", issues).body)
    return {"response": {"status": str(status), "outcome": outcome}}


def _answered(kind: str, answers: list[Json], asked_as: str) -> Response:
    bundle = {"resourceType": "Bundle", "type": f"{kind}-response", "entry": answers}
    return respond(orjson.dumps(bundle), 200, asked_as)
