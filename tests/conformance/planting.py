"""How a fault is planted in a shipped example."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.conformance.samples import Resource, example


@dataclass(frozen=True, slots=True)
class Planted:
    """One fault: its name, the example it is planted in, and what it must be found by."""

    name: str
    example: str
    plant: Callable[[Resource], object]
    finding: str

    def resource(self) -> Resource:
        """The example with its fault."""
        resource = example(self.example)
        self.plant(resource)
        return resource


def without(*path: str | int) -> Callable[[Resource], object]:
    def plant(resource: Resource) -> None:
        element: Any = resource
        for step in path[:-1]:
            element = element[step]
        del element[path[-1]]

    return plant


def having(value: object, *path: str | int) -> Callable[[Resource], object]:
    def plant(resource: Resource) -> None:
        element: Any = resource
        for step in path[:-1]:
            element = element[step]
        if isinstance(element, list) and path[-1] == len(element):
            element.append(value)
        else:
            element[path[-1]] = value

    return plant


def both(*plants: Callable[[Resource], object]) -> Callable[[Resource], object]:
    return lambda resource: [plant(resource) for plant in plants]
