"""A screening as a source's system wrote it in FHIR: which instrument it is of, and its band, which is always ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from adapter.domain.records import CANONICAL, DUDIT_SYSTEM, RecordType
from adapter.mapping.evaluation import MappingContext
from adapter.mapping.screening import CutOffs, interpretation

Resource = Mapping[str, Any]

FORM: Final = "QuestionnaireResponse"
_PROFILE: Final = f"{CANONICAL}/StructureDefinition/"
_BAND: Final = frozenset({"interpretation", "_interpretation"})
_CODE: Final = ("system", "version", "code")


class Screening(NamedTuple):
    """An instrument, the record type of its results, and the profile that they are held to."""

    instrument: str
    record_type: RecordType
    profile: str


_SCREENINGS: Final[Mapping[tuple[object, object], Screening]] = {
    ("http://loinc.org", "75624-7"): Screening("AUDIT", RecordType.AUDIT, f"{_PROFILE}observation-audit"),
    ("http://loinc.org", "75626-2"): Screening("AUDIT-C", RecordType.AUDIT, f"{_PROFILE}observation-audit-c"),
    (DUDIT_SYSTEM, "dudit-total"): Screening("DUDIT", RecordType.DUDIT, f"{_PROFILE}observation-dudit"),
}


_FORMS: Final = {f"{CANONICAL}/Questionnaire/{it.instrument.lower()}": it for it in _SCREENINGS.values()}


def instrument_of(screening: Resource) -> Screening | None:
    """The instrument of an Observation, by its code, or of a QuestionnaireResponse; None if it is no screening that we exchange, or more than one."""
    if screening.get("resourceType") == FORM:
        return _FORMS.get(str(screening.get("questionnaire")).partition("|")[0])
    code = screening.get("code")
    codings = code.get("coding", ()) if isinstance(code, Mapping) else ()
    found = {
        _SCREENINGS.get((coding.get("system"), coding.get("code")))
        for coding in codings
        if isinstance(coding, Mapping)
    } - {None}
    return found.pop() if len(found) == 1 else None


def with_our_band(observation: Resource, context: MappingContext, cut_offs: CutOffs | None) -> dict[str, Any]:
    """A result with the band that our table gives its total, as on any other wire; without one where the table gives none.

    Of a ``protected`` person the band is its code and the table's version, without words.
    """
    rest = {name: value for name, value in observation.items() if name not in _BAND}
    form, total, at = (
        instrument_of(observation),
        observation.get("valueInteger"),
        observation.get("effectiveDateTime"),
    )
    if cut_offs is None or form is None or not isinstance(total, int) or not isinstance(at, str):
        return rest
    band = interpretation(cut_offs, form.instrument, total, context.person, at)
    if band is not None and context.protected:
        band = {"coding": [{name: coding[name] for name in _CODE} for coding in band["coding"]]}
    return rest if band is None else rest | {"interpretation": [band]}


def is_same_band(stated: Resource, ours: Resource) -> bool:
    """Whether two forms of a result fall in the same bands, by code."""
    return _bands(stated) == _bands(ours)


def _bands(observation: Resource) -> frozenset[object]:
    codings = [one for concept in observation.get("interpretation", ()) for one in concept.get("coding", ())]
    return frozenset(coding.get("code") for coding in codings)
