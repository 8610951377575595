"""The region's journal, simulated: a FHIR R4 server in memory that takes transactions and shows what it holds."""

from __future__ import annotations

import re
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from adapter.demo.simulated import SimulatedSystem, json_object
from adapter.domain.errors import Issue
from adapter.domain.instants import Clock, as_instant, utc_now
from adapter.fhir.models import check_r4b
from adapter.fhir.outcome import operation_outcome

_FHIR_JSON: Final = "application/fhir+json"
_CONDITION: Final = re.compile(r"(?:identifier|_tag)=[^|&]+\|[^|&]+")

Resource = dict[str, Any]


class Refused(Exception):
    """A transaction that is not taken; nothing of it is kept."""

    def __init__(self, status: int, *issues: Issue) -> None:
        self.status = status
        self.issues = issues
        super().__init__(status)


def build_region(token: str, clock: Clock = utc_now) -> Starlette:
    """The application; every route but ``/received`` and ``/simulate`` asks for ``token``.

    ``POST /fhir`` (and ``/``) takes a transaction; ``GET /fhir/{type}`` answers with everything of that type.
    """
    system = SimulatedSystem(token, clock)
    store = Store(clock)
    answers: dict[str, Resource] = {}

    async def take(request: Request) -> Response:
        body = await system.receive(request)
        key = request.headers.get("idempotency-key", "")
        try:
            answer = answers.get(key) or store.apply(_read(body))
        except Refused as refusal:
            return JSONResponse(operation_outcome(refusal.issues), refusal.status, media_type=_FHIR_JSON)
        if key:
            answers[key] = answer
        return JSONResponse(answer, media_type=_FHIR_JSON)

    async def show(request: Request) -> Response:
        held = store.of_type(request.path_params["resource_type"])
        entries = [{"resource": resource} for resource in held]
        bundle = {"resourceType": "Bundle", "type": "searchset", "total": len(held), "entry": entries}
        return JSONResponse(bundle, media_type=_FHIR_JSON)

    return system.app({("POST", "/"): take, ("POST", "/fhir"): take, ("GET", "/fhir/{resource_type}"): show})


class Store:
    """Resources by ``Type/id``, with ids, versions and times of its own."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._resources: dict[str, Resource] = {}
        self._made = 0

    def of_type(self, resource_type: str) -> list[Resource]:
        """Everything that is held of one type."""
        return [
            resource for resource in self._resources.values() if resource["resourceType"] == resource_type
        ]

    def apply(self, bundle: Resource) -> Resource:
        """Take a whole transaction or, with Refused, nothing of it; returns the transaction-response."""
        entries = bundle["entry"]
        targets = [self._target(entry) for entry in entries]
        links = {entry["fullUrl"]: target for entry, target in zip(entries, targets, strict=True)}
        taken = [self._keep(entry, target, links) for entry, target in zip(entries, targets, strict=True)]
        return {"resourceType": "Bundle", "type": "transaction-response", "entry": taken}

    def _target(self, entry: Resource) -> str:
        """The ``Type/id`` that an entry is about: the one that its condition finds, or a new one."""
        resource_type, condition = _condition(entry)
        found = self._find(resource_type, condition) if condition else []
        if len(found) > 1:
            raise Refused(412, Issue("Bundle.entry.request", "multiple-matches"))
        self._made += 1
        return found[0] if found else f"{resource_type}/{self._made}"

    def _find(self, resource_type: str, condition: str) -> list[str]:
        parameter, _, token = condition.partition("=")
        system, _, value = token.partition("|")
        return [
            reference
            for reference, resource in self._resources.items()
            if resource["resourceType"] == resource_type and (system, value) in _known_by(resource, parameter)
        ]

    def _keep(self, entry: Resource, target: str, links: dict[str, str]) -> Resource:
        earlier = self._resources.get(target)
        if earlier is None or entry["request"]["method"] == "PUT":
            version = int(earlier["meta"]["versionId"]) + 1 if earlier else 1
            resource: Resource = _relinked(entry["resource"], links)
            resource["id"] = target.partition("/")[2]
            resource["meta"] = resource.get("meta", {}) | {
                "versionId": str(version),
                "lastUpdated": as_instant(self._clock()),
            }
            self._resources[target] = resource
        location = f"{target}/_history/{self._resources[target]['meta']['versionId']}"
        return {"response": {"status": "200 OK" if earlier else "201 Created", "location": location}}


def _read(body: bytes) -> Resource:
    """The transaction in a body; raises Refused for anything else."""
    bundle = json_object(body)
    if bundle is None:
        raise Refused(400, Issue("Bundle", "unreadable"))
    issues = check_r4b(bundle)
    if issues:
        raise Refused(422, *issues)
    if bundle["resourceType"] != "Bundle" or bundle["type"] != "transaction":
        raise Refused(400, Issue("Bundle.type", "value"))
    for place, entry in enumerate(bundle.get("entry", [])):
        if not {"fullUrl", "resource", "request"} <= entry.keys():
            raise Refused(400, Issue(f"Bundle.entry[{place}]", "required"))
    return bundle


def _condition(entry: Resource) -> tuple[str, str | None]:
    """An entry's type and its condition ``parameter=system|value``: of a conditional update or create; None for a plain create."""
    request, resource_type = entry["request"], entry["resource"]["resourceType"]
    if request["method"] == "PUT":
        asked = request["url"].removeprefix(f"{resource_type}?")
    elif request["method"] == "POST" and request["url"] == resource_type:
        if "ifNoneExist" not in request:
            return resource_type, None
        asked = request["ifNoneExist"]
    else:
        raise Refused(400, Issue("Bundle.entry.request", "value"))
    if not _CONDITION.fullmatch(asked):
        raise Refused(400, Issue("Bundle.entry.request", "value"))
    return resource_type, asked


def _known_by(resource: Resource, parameter: str) -> set[tuple[str | None, str | None]]:
    """What a search by ``identifier`` or ``_tag`` finds a resource by."""
    if parameter == "_tag":
        return {(tag.get("system"), tag.get("code")) for tag in resource.get("meta", {}).get("tag", ())}
    return {(own.get("system"), own.get("value")) for own in resource.get("identifier", ())}


def _relinked(element: Any, links: dict[str, str]) -> Any:
    """A copy of an element whose references to entries of the transaction point at what they became."""
    if isinstance(element, list):
        return [_relinked(item, links) for item in element]
    if not isinstance(element, dict):
        return element
    copy = {name: _relinked(value, links) for name, value in element.items()}
    if isinstance(target := copy.get("reference"), str):
        copy["reference"] = links.get(target, target)
    return copy
