"""What a record that a source's system wrote in FHIR claims to be once it is ours: the profiles that it is held to, and its labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from adapter.domain.records import CANONICAL
from adapter.mapping.native_screening import FORM, instrument_of
from adapter.mapping.words import coded, without_sentences

Resource = Mapping[str, Any]

_PROFILE: Final = f"{CANONICAL}/StructureDefinition/"
_SE_BASE_PATIENT: Final = "http://hl7.se/fhir/ig/base/StructureDefinition/SEBasePatient"
_PROFILES: Final[Mapping[str, tuple[str, ...]]] = {
    "CarePlan": (f"{_PROFILE}sip",),
    "Goal": (f"{_PROFILE}sip-goal",),
    "CareTeam": (f"{_PROFILE}sip-care-team",),
    "Task": (f"{_PROFILE}sip-follow-up",),
    FORM: (f"{_PROFILE}screening-response",),
    "EpisodeOfCare": (f"{_PROFILE}enrolment",),
    "Patient": (f"{_PROFILE}patient", _SE_BASE_PATIENT),
}


def claims_of(resource: Resource, *, protected: bool) -> dict[str, Any]:
    """The ``meta`` of a record: the profiles that hold for it, and its source's labels by their codes (of a ``protected`` person none that may say anything).

    What else a server says there means nothing here.
    """
    meta = resource.get("meta")
    stated = meta.get("security") if isinstance(meta, Mapping) else None
    instrument = instrument_of(resource) if resource["resourceType"] == "Observation" else None
    own = _PROFILES.get(resource["resourceType"], ()) if instrument is None else (instrument.profile,)
    labels = [coded(label) for label in (stated if isinstance(stated, list) else [stated] if stated else [])]
    made = {"profile": list(own), "security": list(without_sentences(labels)) if protected else labels}
    return {name: value for name, value in made.items() if value}
