"""What nobody read: the fields of a source that no rule used (design.md, rule 5)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from adapter.mapping.evaluation import Run
from adapter.mapping.source import Form
from adapter.mapping.steps import is_blank

Ignored: TypeAlias = dict[str, "Ignored"]
"""Ignored paths as a tree of their steps; an empty one ignores all beneath."""

_HL7V2_STEP: Final = re.compile(r"[.-]")


def ignored_tree(paths: Iterable[str], form: Form) -> Ignored:
    """The tree of a mapping's ``ignored`` paths; of two, the wider counts."""
    tree: Ignored = {}
    for path in sorted(paths, key=len, reverse=True):
        *outer, last = _steps(path, form)
        branch = tree
        for step in outer:
            branch = branch.setdefault(step, {})
        branch[last] = {}
    return tree


def _steps(path: str, form: Form) -> list[str]:
    if form == "csv":
        return [path]
    return _HL7V2_STEP.split(path) if form == "hl7v2" else path.split(".")


def unmapped_fields(run: Run, form: Form, ignored: Ignored) -> tuple[str, ...]:
    """The paths of all fields with a value that were not read, without list indexes, each once, in the source's order."""
    unread = _Unread(run.used, {})
    if form == "hl7v2":
        unread.segments(run.root, ignored)
    elif form == "fhir":
        for resource in run.resources():
            # The type is what selects a resource; it is not a field of it.
            run.used.add((id(resource), "resourceType"))
            kind = str(resource.get("resourceType"))
            unread.members(resource, f"{kind}.", ignored.get(kind))
    else:
        unread.members(run.root, "", ignored)
    return tuple(unread.found)


class _Unread:
    """Walks a source tree beside the tree of ignored paths and collects what is in neither it nor ``used``."""

    def __init__(self, used: set[tuple[int, Any]], found: dict[str, None]) -> None:
        self._used = used
        self.found = found

    def segments(self, holder: Mapping[str, Any], ignored: Ignored) -> None:
        """Walk HL7 v2 segments by name, and those inside them; ``ignored`` always begins at a segment."""
        for name, segments in holder.items():
            beneath = ignored.get(name)
            if beneath is not None and not beneath:
                continue
            for segment in segments:
                fields = {number: value for number, value in segment.items() if number.isdecimal()}
                self.members(fields, f"{name}-", beneath)
                self.segments({key: inner for key, inner in segment.items() if key not in fields}, ignored)

    def members(self, holder: Mapping[str, Any], prefix: str, ignored: Ignored | None) -> None:
        """Walk the members of an object."""
        place, used = id(holder), self._used
        for key, value in holder.items():
            if (place, key) not in used and value is not None:
                self._value(value, prefix + key, None if ignored is None else ignored.get(key))

    def _value(self, value: Any, path: str, ignored: Ignored | None) -> None:
        if ignored is not None and not ignored:
            return
        if isinstance(value, dict):
            self.members(value, f"{path}.", ignored)
        elif isinstance(value, list | tuple):
            for index, member in enumerate(value):
                if (id(value), index) not in self._used:
                    self._value(member, path, ignored)
        elif value is not None and not is_blank(value):
            self.found[path] = None
