"""Canonical URLs of the data that makes records, each with its version: what a FHIR Provenance names under ``policy``."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

_BASE: Final = "https://w3id.org/sambro"


def canonical(kind: str, *names: str, version: str) -> str:
    """``<base>/<kind>/<name>|<version>``; what no URI may hold is percent-encoded."""
    path = "/".join(quote(name, safe="") for name in names)
    return f"{_BASE}/{kind}/{path}|{quote(version, safe='')}"
