"""The checker of the profiles that the package ships."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import orjson

from adapter.fhir.profiles.checker import ProfileChecker
from adapter.fhir.profiles.definitions import Definitions
from adapter.fhir.profiles.shapes import Shape, shapes_of


def packaged_shapes(resource_type: str, profiles: Sequence[str]) -> list[Shape]:
    """The shapes of a resource of that type with these profiles, as ``shapes_of``."""
    return shapes_of(profile_checker().definitions, resource_type, profiles)


@cache
def profile_checker() -> ProfileChecker:
    """FHIR R4 and our profiles, compiled once (``fhir_profiles/distilled.json``)."""
    return ProfileChecker(Definitions(orjson.loads((files("fhir_profiles") / "distilled.json").read_bytes())))
