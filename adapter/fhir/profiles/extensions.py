"""What an Extension must be whatever its profile (FHIR R4 2.1.0.6)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from adapter.domain.errors import Issue

_IN_AN_EXTENSION: Final = re.compile(r"xtension\[\d+]\.extension\[\d+]$")
_ABSOLUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def faults_of_extension(value: Mapping[str, Any], path: str) -> Iterator[Issue]:
    """``ext-1``: a value or extensions, not both. ``value``: the url is absolute, but for a part of another extension."""
    has_value = any(key.lstrip("_").startswith("value") for key in value)
    if has_value == ("extension" in value):
        yield Issue(path, "ext-1")
    url = value.get("url")
    if isinstance(url, str) and not _ABSOLUTE.match(url) and not _IN_AN_EXTENSION.search(path):
        yield Issue(f"{path}.url", "value")
