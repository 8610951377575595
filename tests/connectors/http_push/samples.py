"""The committed examples of the push format, and a reader that reads them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from importlib.resources import files
from typing import Any

import pytest

from adapter.domain.errors import InputError, Issue
from connectors.http_push.reader import PushReader

EXAMPLES = files("mappings") / "systems" / "neutral_push" / "examples"
JSON = "application/json"
XML = "application/xml"
NAMES = sorted(
    entry.name.removesuffix(".json")
    for entry in EXAMPLES.iterdir()
    if entry.name.endswith(".json") and not entry.name.endswith((".expected.json", ".fhir.json"))
)
BACK_NAMES = sorted(
    entry.name.removesuffix(".fhir.json") for entry in EXAMPLES.iterdir() if entry.name.endswith(".fhir.json")
)


def reader(**bounds: int) -> PushReader:
    return PushReader(lambda: date(2026, 11, 20), **bounds)


def example_bytes(name: str) -> bytes:
    """A committed example, by its file name."""
    return (EXAMPLES / name).read_bytes()


def example(name: str) -> Any:
    """The tree of a committed JSON example."""
    return json.loads(example_bytes(f"{name}.json"))


def changed(name: str, change: Callable[[Any], object]) -> Any:
    """An example's tree after ``change`` has been at it."""
    tree = example(name)
    change(tree)
    return tree


def issues_of(read: Callable[[], object], status: int = 422) -> set[tuple[str, str]]:
    """The paths and codes with which ``read`` is refused, which must be with ``status``."""
    with pytest.raises(InputError) as refused:
        read()
    assert refused.value.status == status
    return {_pair(issue) for issue in refused.value.issues}


def _pair(issue: Issue) -> tuple[str, str]:
    return issue.path, issue.code
