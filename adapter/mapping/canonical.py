"""Canonical URLs of the data that makes records, each with its version: what a FHIR Provenance names under ``policy``."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, unquote

_BASE: Final = "https://w3id.org/sambro"


def canonical(kind: str, *names: str, version: str) -> str:
    """``<base>/<kind>/<name>|<version>``; what no URI may hold is percent-encoded."""
    path = "/".join(quote(name, safe="") for name in names)
    return f"{_BASE}/{kind}/{path}|{quote(version, safe='')}"


def name_and_version(url: str) -> tuple[str, str]:
    """The last name of such a URL, and its version."""
    path, _, version = url.partition("|")
    return unquote(path.rpartition("/")[2]), unquote(version)
