"""Purposes of use: the codes of HL7 v3 ActReason that an agreement or a client may state."""

from __future__ import annotations

from typing import Final

ACT_REASON: Final = "http://terminology.hl7.org/CodeSystem/v3-ActReason"

PURPOSES: Final = (
    "TREAT",
    "COC",
    "CAREMGT",
    "HQUALIMP",
    "HOUTCOMS",
    "PATADMIN",
    "PATSFTY",
)
EMERGENCY_PURPOSES: Final = frozenset({"BTG", "ETREAT"})
"""Never in an agreement or a client's list: a requester who states one is refused, and that alerts."""
