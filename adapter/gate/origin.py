"""Where released records come from, and by what data they were made: one FHIR R4 Provenance of a release, held to the rules as the records are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from adapter.domain.identity import Identifier
from adapter.domain.instants import as_instant
from adapter.domain.records import CANONICAL
from adapter.gate.facts import codings
from adapter.gate.pruning import Pruner
from adapter.gate.rules import Shape

_PROFILE: Final = f"{CANONICAL}/StructureDefinition/provenance"
_AGENT: Final = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"


@dataclass(frozen=True, slots=True)
class Origin:
    """Of one message: the party that sent it, the data by which its records were made (canonical URLs with version), and when it was received."""

    organization: Identifier
    made_by: tuple[str, ...]
    message_id: str
    received_at: datetime


def provenance_of(
    origin: Origin, released: Sequence[Mapping[str, Any]], shape: Shape
) -> dict[str, Any] | None:
    """The Provenance of what is released; the same for the same message and resources.

    None where nothing but a Patient is released, which leads to the person that the recipient knows. Raises NotReleasable and OutOfBounds.
    """
    records = [resource for resource in released if resource["resourceType"] != "Patient"]
    if not records or not origin.made_by:
        return None
    return Pruner().prune(_stated(origin, records), shape)


def _stated(origin: Origin, records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    targets = [f"{record['resourceType']}/{record['id']}" for record in records]
    # It tells what its records tell, and no less guarded.
    labels = sorted(
        {label for record in records for label in codings(record.get("meta", {}).get("security"))}
    )
    security = [{"system": system, "code": code} for system, code in labels]
    return {
        "resourceType": "Provenance",
        "id": str(uuid5(NAMESPACE_URL, "|".join([_PROFILE, origin.message_id, *targets]))),
        "meta": {"profile": [_PROFILE], **({"security": security} if security else {})},
        "target": [{"reference": target} for target in targets],
        "recorded": as_instant(origin.received_at),
        "policy": list(origin.made_by),
        "agent": [
            _agent("author", {"type": "Organization", "identifier": origin.organization.as_fhir()}),
            _agent("assembler", {"display": "Sambro"}),
        ],
        "entity": [{"role": "source", "what": {"identifier": {"value": origin.message_id}}}],
    }


def _agent(code: str, who: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": {"coding": [{"system": _AGENT, "code": code}]}, "who": dict(who)}
