"""The checker of the profiles that the package ships."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import orjson

from adapter.fhir.profiles.checker import ProfileChecker
from adapter.fhir.profiles.definitions import Definitions


@cache
def profile_checker() -> ProfileChecker:
    """FHIR R4 and our profiles, compiled once (``fhir_profiles/distilled.json``)."""
    return ProfileChecker(Definitions(orjson.loads((files("fhir_profiles") / "distilled.json").read_bytes())))
