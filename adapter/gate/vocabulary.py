"""The standards' code lists that the gate knows; the data is ``vocabulary.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

import yaml

from adapter.gate.request import Code

ACT_REASON: Final = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
ACT_CODE: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
CONFIDENTIALITY: Final = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
PARTICIPATION_TYPE: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
CONSENT_ACTION: Final = "http://terminology.hl7.org/CodeSystem/consentaction"
CONSENT_SCOPE: Final = "http://terminology.hl7.org/CodeSystem/consentscope"
RESOURCE_TYPES: Final = "http://hl7.org/fhir/resource-types"

ACTIONS: Final = frozenset({"access", "disclose", "use"})
EMERGENCY: Final = "ETREAT"


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """``kinds_of`` maps a purpose to the purposes that it is a kind of; ``labels`` are the security labels that can be compared."""

    kinds_of: Mapping[str, frozenset[str]]
    resource_types: frozenset[str]
    labels: frozenset[Code]

    def is_emergency(self, purpose: str) -> bool:
        """Whether a purpose is emergency treatment or a kind of it (BTG): a requester can never open with it."""
        return purpose == EMERGENCY or EMERGENCY in self.kinds_of.get(purpose, frozenset())


@cache
def vocabulary() -> Vocabulary:
    """The vocabulary, read once from the package's data."""
    raw = yaml.safe_load(files("adapter.gate").joinpath("vocabulary.yaml").read_text("utf-8"))
    return Vocabulary(
        kinds_of={code: frozenset(parents) for code, parents in raw["purposes"].items()},
        resource_types=frozenset(raw["resource_types"]),
        labels=frozenset((system, code) for system, codes in raw["labels"].items() for code in codes),
    )
