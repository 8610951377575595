"""What a record that a source's system wrote in FHIR claims to be once it is ours: the profiles that it is held to, and its labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from adapter.domain.records import CANONICAL
from adapter.mapping.native_screening import FORM, instrument_of
from adapter.mapping.screening import CutOffs
from adapter.mapping.words import coded, without_sentences

Resource = Mapping[str, Any]

VERSION: Final = "0.1.0"
"""That of our profiles (fhir_profiles/sushi-config.yaml)."""
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


def made_by(resources: Sequence[Resource], cut_offs: CutOffs | None) -> frozenset[str]:
    """The profiles of ours that records claim and the cut-offs of their bands, with versions: no mapping made such records."""
    claimed = [profile for resource in resources for profile in resource.get("meta", {}).get("profile", ())]
    ours = {f"{profile}|{VERSION}" for profile in claimed if profile.startswith(_PROFILE)}
    has_band = any("interpretation" in resource for resource in resources)
    return frozenset(ours if cut_offs is None or not has_band else {*ours, cut_offs.url})
