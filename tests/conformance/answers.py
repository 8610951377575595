"""What goes out: answers of the endpoint to representative requests, each as JSON and as XML, and the transactions that are sent to a recipient."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import orjson
from lxml import etree

from adapter.domain.records import CANONICAL
from adapter.fhir.bundles import notice, transaction
from adapter.fhir.search_parameters import SEARCH_PARAMETERS
from adapter.gate.origin import provenance_of
from adapter.gate.rules import release_rules
from tests.api import consents, official
from tests.api.bridge import Bridge, bridged
from tests.conformance.samples import ORIGIN, example, mapped
from tests.exchange.bodies import TOLVAN, Json, consent, enrolment, plan_consent, screening, sip

FORMS_ASKED: Final = ("json", "xml")
_ASKED: Final = {"patient.identifier": TOLVAN}
_DELIVERED: Final = frozenset({"CarePlan", "Observation"})
_HERE: Final = ("http://hl7.org/fhir/", CANONICAL, "http://hl7.se/fhir/ig/base/")
_XML: Final = {"f": "http://hl7.org/fhir"}


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: what httpx is given besides path, method and the caller's token. ``status`` is that of its answer."""

    path: str
    status: int = 200
    client: str | None = "region"
    method: str = "GET"
    request: Json = field(default_factory=dict)

    async def of(self, bridge: Bridge, form: str) -> bytes:
        """The answer in a form."""
        headers = {"Accept": f"application/fhir+{form}"} | self.request.get("headers", {})
        answer = await bridge.fhir(self.path, self.client, self.method, **self.request | {"headers": headers})
        assert answer.status_code == self.status, f"{self.path}: {answer.status_code} {answer.text}"
        return answer.content


def _posted(body: Any, media_type: str = "application/fhir+json") -> Json:
    return {"content": orjson.dumps(body), "headers": {"Content-Type": media_type}}


def _searched(**params: str) -> Json:
    return {"params": _ASKED | params}


def _without(resource: Json, element: str) -> Json:
    return {name: value for name, value in resource.items() if name != element}


_REFUSALS: Final = {
    "no token": Ask("CarePlan", 401, None),
    "not allowed": Ask("CarePlan", 403, "kommun", request=_searched()),
    "nobody named": Ask("CarePlan", 400),
    "unknown parameter": Ask("CarePlan", 400, request=_searched(colour="red")),
    "unknown id": Ask("CarePlan/5f0e6b1c-0000-8000-8000-000000000000", 404),
    "unknown type": Ask("Medication", 404),
    "not served": Ask("CarePlan/1", 405, method="DELETE"),
    "page that is gone": Ask("CarePlan", 410, request={"params": {"_page": "x"}}),
    "other content": Ask("CarePlan/$validate", 415, method="POST", request=_posted({}, "text/plain")),
    "unreadable": Ask("CarePlan/$validate", 400, method="POST", request=_posted([])),
    "faulty Consent": Ask(
        "Consent",
        422,
        "kommun-registers",
        "POST",
        _posted(_without(consents.consent(), "provision")),
    ),
}
_REQUESTS: Final = {
    **{
        f"search of {name}": Ask(name, request=_searched())
        for name in SEARCH_PARAMETERS
        if name not in ("AuditEvent", "Patient")
    },
    "search of Patient": Ask("Patient", request={"params": {"identifier": TOLVAN}}),
    "search of AuditEvent": Ask("AuditEvent", client="auditor", request=_searched(_count="20")),
    "search with nothing found": Ask("Goal", request=_searched(**{"lifecycle-status": "rejected"})),
    "search, one a page": Ask("Goal", request=_searched(_count="1")),
    "search, counted alone": Ask("Goal", request=_searched(_summary="count")),
    "search with what is included": Ask("CarePlan", request=_searched(_include="CarePlan:*")),
    "search with what refers to it": Ask("CarePlan", request=_searched(_revinclude="Task:focus")),
    "search by POST": Ask("CarePlan/_search", method="POST", request={"data": _ASKED}),
    "CapabilityStatement": Ask("metadata", client=None),
    "good plan": Ask("CarePlan/$validate", method="POST", request=_posted(example("CarePlan-plan"))),
    "plan without its problem": Ask(
        "CarePlan/$validate",
        method="POST",
        request=_posted(_without(example("CarePlan-plan"), "description")),
    ),
    **{f"refusal, {name}": ask for name, ask in _REFUSALS.items()},
}


async def answers(folder: Path) -> dict[str, bytes]:
    """Every answer by name, which ends with its form."""
    async with bridged(folder) as bridge:
        await _filled(bridge)
        found = {
            f"answer {name}, {form}": await ask.of(bridge, form)
            for name, ask in _REQUESTS.items()
            for form in FORMS_ASKED
        }
        async for name, ask in _of_what_is_found(found):
            for form in FORMS_ASKED:
                found[f"answer {name}, {form}"] = await ask.of(bridge, form)
        async for name, body in _filings(bridge):
            found[f"answer {name}"] = body
    return {name: _judged_here(body) for name, body in found.items()}


def sent() -> dict[str, bytes]:
    """The transactions that a recipient's FHIR server is sent, by name."""
    made = {
        "notice": notice("c-1", datetime(2026, 11, 16, 8, tzinfo=UTC), "6f1c9c1e-2f1b-4d55-9d6a-3b7b1a2c4d5e")
    }
    for name, bundle in mapped().items():
        resources = [entry["resource"] for entry in bundle["entry"]]
        if _DELIVERED & {resource["resourceType"] for resource in resources}:
            rule = release_rules().provenance
            provenance = provenance_of(ORIGIN, resources, rule)
            made[name] = transaction(resources, patient=True, provenance=provenance)
    return {f"sent {name}": orjson.dumps(body) for name, body in made.items()}


async def _filled(bridge: Bridge) -> None:
    """A person about whom there is a record of every type."""
    for body in (consent(), plan_consent(), enrolment("inskrivning"), sip(), screening()):
        await bridge.push(body)
    await bridge.house.work()
    bridge.house.source.records = [screening("SCR-2")]


async def _of_what_is_found(found: dict[str, bytes]) -> AsyncIterator[tuple[str, Ask]]:
    """Reads of what the searches have found, and everything of the person."""
    for name in SEARCH_PARAMETERS:
        bundle = orjson.loads(found[f"answer search of {name}, json"])
        client = "auditor" if name == "AuditEvent" else "region"
        for entry in bundle["entry"][:1]:
            yield f"read of {name}", Ask(f"{name}/{entry['resource']['id']}", client=client)
            if name == "Patient":
                yield "everything", Ask(f"Patient/{entry['resource']['id']}/$everything")


async def _filings(bridge: Bridge) -> AsyncIterator[tuple[str, bytes]]:
    """What is said to who files: once for each form, since no two filings are alike."""
    for form in FORMS_ASKED:
        accept = {"Accept": f"application/fhir+{form}"}
        filed = await consents.filed(bridge, consents.consent(f"C-{form}"))
        created = await consents.post(bridge, consents.consent(f"D-{form}"), **accept)
        yield f"Consent created, {form}", _good(created)
        outcome = await consents.post(
            bridge, consents.consent(f"E-{form}"), Prefer="return=OperationOutcome", **accept
        )
        yield f"Consent created and told of, {form}", _good(outcome)
        headers = consents.MEDIA_TYPE | accept | {"If-Match": 'W/"1"'}
        updated = await bridge.fhir(
            f"Consent/{filed['id']}", "kommun-registers", "PUT", json=filed, headers=headers
        )
        yield f"Consent updated, {form}", _good(updated)
    yield "release without consent, json", _good(await official.file(bridge))


def _good(answer: httpx.Response) -> bytes:
    assert answer.is_success, answer.text
    return answer.content


def _judged_here(body: bytes) -> bytes:
    """The answer without the profiles that are not carried here: what it says of BALP's and PCF's is for their packages to judge."""
    if body.startswith(b"{"):
        resource = orjson.loads(body)
        _forget(resource)
        return orjson.dumps(resource)
    root = etree.fromstring(body)
    for meta in root.findall(".//f:meta", _XML):
        for profile in meta.findall("f:profile", _XML):
            if not str(profile.get("value")).startswith(_HERE):
                meta.remove(profile)
    for holder in root.xpath("descendant-or-self::*[f:meta[not(*)]]", namespaces=_XML):
        holder.remove(holder[[child.tag for child in holder].index(f"{{{_XML['f']}}}meta")])
    return etree.tostring(root)


def _forget(value: Any) -> None:
    if isinstance(value, list):
        for item in value:
            _forget(item)
    elif isinstance(value, dict):
        meta = value.get("meta")
        if isinstance(meta, dict) and "profile" in meta:
            meta["profile"] = [url for url in meta["profile"] if url.startswith(_HERE)]
            if not meta["profile"]:
                del meta["profile"]
            if not meta:
                del value["meta"]
        for part in value.values():
            _forget(part)
