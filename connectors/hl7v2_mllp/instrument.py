"""Which record types an event carries; for results by the instrument that OBR-4 names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from adapter.domain.errors import InputError, Issue
from adapter.domain.records import RecordType
from adapter.mapping.hl7v2 import part
from adapter.mapping.screening import INSTRUMENTS

_OF_EVENT: Final = {"ADT^A31": frozenset({RecordType.PERSON}), "ADT^A40": frozenset[RecordType]()}
# LOINC's panels of AUDIT and AUDIT-C: two instruments of one record type.
_LOINC: Final = {"72110-0": RecordType.AUDIT, "72109-2": RecordType.AUDIT}
_LOCAL: Final = {name: form.record_type for name, form in INSTRUMENTS.items()}


def record_types(tree: Mapping[str, Any], event: str) -> frozenset[RecordType]:
    """The record types of a message. Raises InputError (422) for each OBR-4 that is neither AUDIT, AUDIT-C nor DUDIT, or a second of its kind:

    what a recipient gets holds one result of an instrument.
    """
    if event in _OF_EVENT:
        return _OF_EVENT[event]
    orders = tree.get("OBR", ())
    found = [_instrument(order) for order in orders]
    issues = [
        Issue(
            "OBR-4" if place == 1 else f"OBR[{place}]-4",
            "instrument-unknown" if instrument is None else "instrument-repeated",
        )
        for place, instrument in enumerate(found, 1)
        if instrument is None or instrument in found[: place - 1]
    ]
    if issues or not orders:
        raise InputError(issues or [Issue("OBR", "required")])
    return frozenset(instrument for instrument in found if instrument is not None)


def _instrument(order: Mapping[str, Any]) -> RecordType | None:
    """By OBR-4's code or its alternate code (CE.1 with CE.3, CE.4 with CE.6; coding systems of table 0396)."""
    for repetition in order.get("4", ()):
        for code, system in ((1, 3), (4, 6)):
            instrument = _coded(part(repetition, code), part(repetition, system))
            if instrument is not None:
                return instrument
    return None


def _coded(code: str, system: str) -> RecordType | None:
    if system == "LN":
        return _LOINC.get(code)
    is_local = system in ("", "L") or system.startswith("99")
    return _LOCAL.get(code.upper()) if is_local else None
