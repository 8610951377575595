"""What a check has found, and how much it may still look at."""

from __future__ import annotations

from typing import Final

from adapter.domain.errors import Issue
from adapter.fhir.paths import MAX_ISSUES

MAX_OBJECTS: Final = 50_000
"""Objects that one check looks at, each as often as it is held to a structure."""


class Enough(Exception):
    """The check is over: there are as many issues as are told, or there was too much to look at."""


class Findings:
    """The issues of one check of the resource at ``path``, each once, in the order in which they were found."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._issues: dict[Issue, None] = {}
        self._objects = 0

    def __len__(self) -> int:
        return len(self._issues)

    def all(self) -> tuple[Issue, ...]:
        """Every issue that stands."""
        return tuple(self._issues)

    def add(self, path: str, code: str) -> None:
        """Tell of a fault. Raises Enough."""
        self._issues[Issue(path, code)] = None
        if len(self._issues) >= MAX_ISSUES:
            raise Enough

    def count_object(self) -> None:
        """Count an object that is looked at. Raises Enough, with the issue ``too-costly``."""
        self._objects += 1
        if self._objects > MAX_OBJECTS:
            self._issues[Issue(self._path, "too-costly")] = None
            raise Enough

    def take_back(self, after: int) -> tuple[Issue, ...]:
        """Let those issues stand no longer that came after the first ``after``."""
        taken = self.all()[after:]
        for issue in taken:
            del self._issues[issue]
        return taken
