"""Security labels that we set ourselves, whatever the sender stated (v3-ActCode, v3-Confidentiality, HL7 Sweden)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from adapter.domain.records import PROTECTION_CODES, SECURITY_LABEL, RecordType
from adapter.gate.facts import Facts
from adapter.gate.request import Code
from adapter.gate.vocabulary import ACT_CODE, CONFIDENTIALITY

_RESTRICTED: Final = (CONFIDENTIALITY, "R")
_VERY_RESTRICTED: Final = (CONFIDENTIALITY, "V")
_LABEL_OF: Final = {RecordType.AUDIT: (ACT_CODE, "ETHUD"), RecordType.DUDIT: (ACT_CODE, "ETH")}


def labelled(stated: Facts, protection: frozenset[str]) -> Facts:
    """A resource with its labels set, and the labels that it came with kept beside it for denials.

    AUDIT is ETHUD, DUDIT is ETH, both R (a sender's V stays). A Patient carries the ``protection`` codes that the registry knows.
    """
    labels = _labels(stated, protection)
    if labels == stated.labels:
        return stated
    meta = stated.resource.get("meta")
    security = [{"system": system, "code": code} for system, code in sorted(labels)]
    relabelled = {
        **stated.resource,
        "meta": {**(meta if isinstance(meta, Mapping) else {}), "security": security},
    }
    return Facts(relabelled, stated.labels)


def protection_of(facts: Facts) -> frozenset[str]:
    """The protected-identity codes that a resource itself carries."""
    return frozenset(
        code for system, code in facts.stated_labels if system == SECURITY_LABEL and code in PROTECTION_CODES
    )


def _labels(facts: Facts, protection: frozenset[str]) -> frozenset[Code]:
    if facts.type == "Patient":
        others = frozenset(label for label in facts.labels if label[0] != SECURITY_LABEL)
        return others | {(SECURITY_LABEL, code) for code in protection}
    label = None if facts.record_type is None else _LABEL_OF.get(facts.record_type)
    if label is None:
        return facts.labels
    confidentiality = _VERY_RESTRICTED if _VERY_RESTRICTED in facts.labels else _RESTRICTED
    others = frozenset(stated for stated in facts.labels if stated[0] not in (CONFIDENTIALITY, ACT_CODE))
    return others | {label, confidentiality}
