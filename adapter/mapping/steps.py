"""The steps of compiled source paths: each takes what was found so far and gives what is found one step on."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from adapter.mapping.evaluation import Run

Match: TypeAlias = tuple[Any, Any, Any]
"""Container, key or index in it, value."""
Step: TypeAlias = Callable[[Run, list[Match]], list[Match]]

_FILTER: Final = re.compile(r"\[([^\[\]=]+)=([^\[\]]+)\]")


def is_blank(value: Any) -> bool:
    """Whether a value is text that says nothing: empty or blank."""
    return isinstance(value, str) and (not value or value.isspace())


def named(name: str, *, or_itself: bool = False) -> Step:
    """Into the member ``name`` of objects, lists flattened; ``or_itself`` gives what is no object back as it is."""

    def step(run: Run, found: list[Match]) -> list[Match]:
        matches: list[Match] = []
        for match in found:
            value = match[2]
            if isinstance(value, dict):
                _flatten(value, name, value.get(name), matches)
            elif or_itself:
                matches.append(match)
        return matches

    return step


def _flatten(container: Any, key: Any, value: Any, matches: list[Match]) -> None:
    if isinstance(value, list | tuple):
        for index, member in enumerate(value):
            _flatten(value, index, member, matches)
    elif value is not None:
        matches.append((container, key, value))


def filtered(text: str | None) -> list[Step]:
    """The steps that keep what has each filter's value: ``[path=value|value]``, any number of them."""
    return [_filter(left, frozenset(values.split("|"))) for left, values in _FILTER.findall(text or "")]


def _filter(left: str, wanted: frozenset[str]) -> Step:
    names = () if left == "." else tuple(left.split("."))
    steps = [named(name, or_itself=name == "1") for name in names]

    def step(run: Run, found: list[Match]) -> list[Match]:
        return [match for match in found if holds(run, match)]

    def holds(run: Run, match: Match) -> bool:
        inner = [match]
        for take in steps:
            inner = take(run, inner)
        for container, key, value in inner:
            if _text_of(value) in wanted:
                run.used.add((id(container), key))
                return True
        return False

    return step


def _text_of(value: Any) -> str:
    while isinstance(value, dict) and "1" in value:
        value = value["1"]
    return as_text(value)


def as_text(value: Any) -> str:
    """A scalar as text: booleans as JSON writes them."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def resources_of(resource_type: str) -> Step:
    """From anywhere to the source's resources of a type."""

    def step(run: Run, found: list[Match]) -> list[Match]:
        return [
            (None, None, resource)
            for resource in run.resources()
            if resource.get("resourceType") == resource_type
        ]

    return step


def resolve(run: Run, found: list[Match]) -> list[Match]:
    """From References to the resources that they name, where the source has them."""
    matches: list[Match] = []
    for _, _, value in found:
        reference = value.get("reference") if isinstance(value, dict) else None
        resource = run.resolve(reference) if isinstance(reference, str) else None
        if resource is not None:
            run.used.add((id(value), "reference"))
            matches.append((None, None, resource))
    return matches
