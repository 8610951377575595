"""What must conform: the shipped examples, the outputs of the mappings' own examples, and the AuditEvents that the service makes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

from adapter.domain.identity import HSA_ID, ORGANISATIONSNUMMER, Identifier
from adapter.domain.records import CANONICAL
from adapter.domain.requester import Requester
from adapter.exchange import audit_events, audit_requests
from adapter.gate.decision import POLICY, Decision, Reason, Verdict
from adapter.gate.origin import Origin

Resource = dict[str, Any]

_AT: Final = datetime(2026, 11, 16, 9, 15, tzinfo=UTC)
_ACT: Final = audit_events.Act(
    _AT, "0f5b7c2a4e1d4c56a1f2b3c4d5e6f708", "6f1c9c1e-2f1b-4d55-9d6a-3b7b1a2c4d5e"
)
_KOMMUN: Final = Identifier(HSA_ID, "SE2120001553-1001")
_REGION: Final = Identifier(HSA_ID, "SE2321000131-E0101")
_ENDS: Final = audit_events.Ends(_KOMMUN, _REGION, Identifier(ORGANISATIONSNUMMER, "2321000131"))
ORIGIN: Final = Origin(
    Identifier(ORGANISATIONSNUMMER, "2120001553"),
    ("https://w3id.org/sambro/mapping/neutral_push/neutral-push-sip|1",),
    _ACT.request_id,
    _AT,
)
_REQUESTER: Final = Requester(
    client_id="region-ehr",
    organization=_REGION,
    unit=_REGION,
    practitioner=None,
    roles=(),
    purposes=("TREAT",),
    scopes=frozenset({"system/CarePlan.rs"}),
    jti="4b1d7c52",
)


def example(name: str) -> Resource:
    """A fresh copy of a shipped example, by its file name without ``.json``."""
    return _read(files("fhir_profiles") / "examples" / f"{name}.json")


def good() -> dict[str, tuple[Resource, tuple[str, ...]]]:
    """All of what follows by name, with the profiles that each is held to besides those that it claims."""
    return {
        **{f"example {name}": (resource, ()) for name, resource in examples().items()},
        **{f"mapped {name}": (bundle, ()) for name, bundle in mapped().items()},
        **{f"audit row {name}": (event, (profile,)) for name, profile, event in audit_rows()},
    }


def examples() -> dict[str, Resource]:
    """Every shipped example, by file name without ``.json``."""
    return {file.name.removesuffix(".json"): _read(file) for file in _json_in("fhir_profiles", "examples")}


def mapped() -> dict[str, Resource]:
    """Every FHIR Bundle that a mapping's own example gives, by ``folder/name``."""
    return {
        f"{folder.name}/{file.name.removesuffix('.expected.json')}": bundle
        for folder in (files("mappings") / "systems").iterdir()
        for file in _json_in("mappings", "systems", folder.name, "examples")
        if file.name.endswith(".expected.json") and (bundle := _read(file)).get("resourceType") == "Bundle"
    }


def audit_rows() -> Iterator[tuple[str, str, Resource]]:
    """AuditEvents as the service writes them: name, the profile of its form, the event."""
    permit = Decision(Verdict.PERMIT, Reason.CONSENT, (("c1", "1"),), POLICY, _AT, alert=False)
    refusal = Decision(Verdict.DENY, Reason.NO_CONSENT, (), POLICY, _AT, alert=False)
    for name, decision in (("permit", permit), ("no-consent", refusal)):
        event = audit_events.authorization(_ACT, decision, _ENDS, ["TREAT"], client=None, refused=None)
        yield _row(f"authorization-{name}", "audit-authorization", event)
    disclosure = audit_events.disclosure(_ACT, _ENDS, ["Observation/1"])
    yield _row("disclosure", "audit-disclosure", disclosure)
    search = audit_requests.query(
        _ACT, _REQUESTER, "CarePlan", "patient.identifier", audit_events.MINOR_FAILURE
    )
    yield _row("search", "audit-access", search)
    read = audit_requests.read(_ACT, _REQUESTER, "CarePlan", "1", audit_events.SUCCESS)
    yield _row("read", "audit-access", read)
    filing = audit_events.filing(_ACT, _KOMMUN, "sip", None, audit_events.SUCCESS)
    yield _row("filing", "audit-filing", filing)
    receipt = audit_requests.receipt(_ACT, _REQUESTER, audit_events.SUCCESS)
    yield _row("receipt", "audit-operation", receipt)
    yield _row("validation", "audit-operation", audit_requests.validation(_ACT, _REQUESTER))


def _row(name: str, profile: str, event: Resource) -> tuple[str, str, Resource]:
    # What it says of BALP's profiles is BALP's package to judge, which is not carried here.
    event.pop("meta", None)
    return name, f"{CANONICAL}/StructureDefinition/{profile}", event


def _json_in(package: str, *folders: str) -> list[Traversable]:
    folder = files(package).joinpath(*folders)
    if not folder.is_dir():
        return []
    return sorted((it for it in folder.iterdir() if it.name.endswith(".json")), key=lambda it: it.name)


def _read(file: Traversable) -> Resource:
    resource: Resource = json.loads(file.read_text(encoding="utf-8"))
    return resource
