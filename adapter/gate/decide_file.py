"""``sambro decide``: request, Consents and records as files, the gate's decision as the answer of interfaces.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any, Final

import orjson

from adapter.domain.errors import InputError, Issue
from adapter.domain.instants import as_instant
from adapter.gate.consent import CompiledConsent, compile_consent, unreadable
from adapter.gate.decide_request import read_request
from adapter.gate.decision import Decision, Registered, Verdict, decide
from adapter.gate.enforce import refusal_of
from adapter.gate.facts import as_list
from adapter.gate.release import Filtered, filter_resources
from adapter.gate.rules import ReleaseRules
from adapter.gate.verdict import Reason

_MAX_BYTES: Final = 16_000_000
_MAX_RECORDS: Final = 10_000
_MAX_CONSENTS: Final = 1_000


def decide_from_json(
    request: object, consents: Sequence[bytes], records: bytes | None, at: datetime, *, rules: ReleaseRules
) -> dict[str, Any]:
    """Decide, and filter the records if there are any.

    ``request`` is the parsed request; each of ``consents`` a file with a resource or a Bundle, where whatever cannot be read counts as an
    unreadable Consent; ``records`` a Bundle. Each Consent counts as registered by a party under ``consent_from``.
    Raises InputError for a bad request or records that are no Bundle, naming every faulty field.
    """
    return decide_on(request, read_consents(consents, at), records, at, rules=rules)


def decide_on(
    request: object,
    consents: Iterable[CompiledConsent],
    records: bytes | None,
    at: datetime,
    *,
    rules: ReleaseRules,
) -> dict[str, Any]:
    """The same with Consents that were read already, for several requests about them."""
    asked = read_request(request, at)
    resources = None if records is None else _read_records(records)
    decision = decide(asked, [Registered(consent, True) for consent in consents])
    if resources is None or decision.verdict is not Verdict.PERMIT:
        return _answer(decision, _all_withheld(resources))
    filtered = filter_resources(
        resources,
        decision,
        persons=asked.persons,
        protection=frozenset(),
        protected="withhold",
        rules=rules,
        subjects="trusted",
    )
    return _filtered_answer(decision, resources, filtered)


def _filtered_answer(
    decision: Decision, resources: Sequence[Mapping[str, Any]], filtered: Filtered
) -> dict[str, Any]:
    code = refusal_of(filtered)
    if code is not None:
        refused = replace(decision, verdict=Verdict.DENY, reason=Reason(code), alert=True, scope=())
        return _answer(refused, _all_withheld(resources))
    released = [_name(resource) for resource in filtered.resources]
    return _answer(
        decision, {"released": released, "withheld": [item.reference for item in filtered.withheld]}
    )


def _answer(decision: Decision, references: Mapping[str, list[str]]) -> dict[str, Any]:
    return {
        "verdict": decision.verdict.value,
        "reason": decision.reason.value,
        "consents": [{"id": identity, "version": version} for identity, version in decision.consents],
        "obligations": [
            {"kind": item.kind, "effect": item.effect, "values": list(item.values)}
            for item in decision.obligations
        ],
        "policy": decision.policy,
        "at": as_instant(decision.at),
        **references,
    }


def _all_withheld(resources: Sequence[Mapping[str, Any]] | None) -> dict[str, list[str]]:
    return (
        {} if resources is None else {"released": [], "withheld": [_name(resource) for resource in resources]}
    )


def _name(resource: Mapping[str, Any]) -> str:
    return f"{resource.get('resourceType', '')}/{resource.get('id', '')}"


def _read_records(records: bytes) -> list[Mapping[str, Any]]:
    bundle = _parse(records)
    entries = bundle.get("entry", []) if isinstance(bundle, Mapping) else None
    if (
        not isinstance(bundle, Mapping)
        or bundle.get("resourceType") != "Bundle"
        or not isinstance(entries, list)
    ):
        raise InputError([Issue("records", "not-a-bundle")])
    if len(entries) > _MAX_RECORDS:
        raise InputError([Issue("records.entry", "too-many")])
    resources = [entry.get("resource") if isinstance(entry, Mapping) else None for entry in entries]
    if not all(isinstance(resource, Mapping) for resource in resources):
        raise InputError([Issue("records.entry.resource", "required")])
    return [resource for resource in resources if resource is not None]


def _parse(content: bytes) -> Any:
    """The parsed JSON, or None if it is none, is too large, or nests too deep."""
    try:
        return orjson.loads(content) if len(content) <= _MAX_BYTES else None
    except orjson.JSONDecodeError:
        return None


def read_consents(files: Iterable[bytes], at: datetime) -> list[CompiledConsent]:
    """The Consents of all files; of more than anybody has, one that cannot be read stands for the rest."""
    read = list(
        islice((consent for file in files for consent in _read_consents(file, at)), _MAX_CONSENTS + 1)
    )
    return read if len(read) <= _MAX_CONSENTS else [*read[:-1], unreadable()]


def _read_consents(content: bytes, at: datetime) -> Iterator[CompiledConsent]:
    """The Consents of one file; a Bundle's other resources only resolve references."""
    resource = _parse(content)
    if not isinstance(resource, Mapping) or resource.get("resourceType") != "Bundle":
        yield compile_consent(resource, at=at)
        return
    entries = resource.get("entry", [])
    if (
        not isinstance(entries, list)
        or len(entries) > _MAX_RECORDS
        or not all(isinstance(entry, Mapping) for entry in entries)
    ):
        yield unreadable()
        return
    if _is_incomplete(resource, entries):
        yield unreadable(Reason.REGISTRY_UNAVAILABLE)
    known = {
        entry["fullUrl"]: entry["resource"]
        for entry in entries
        if isinstance(entry.get("fullUrl"), str) and isinstance(entry.get("resource"), Mapping)
    }
    for entry in entries:
        held = entry.get("resource")
        if not isinstance(held, Mapping) or not isinstance(held.get("resourceType"), str):
            yield unreadable()
        elif held["resourceType"] == "Consent":
            url = entry.get("fullUrl")
            yield compile_consent(held, at=at, bundle=known, full_url=url if isinstance(url, str) else "")


def _is_incomplete(bundle: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a registry's answer has further pages, fewer matches than it counts, or says that it failed."""
    links = [link.get("relation") for link in as_list(bundle.get("link")) if isinstance(link, Mapping)]
    total = bundle.get("total")
    kinds = [
        entry["resource"].get("resourceType")
        for entry in entries
        if isinstance(entry.get("resource"), Mapping)
    ]
    is_short = isinstance(total, int) and total > kinds.count("Consent")
    return "next" in links or is_short or "OperationOutcome" in kinds
