"""Source paths, compiled: JSON paths with filters, FHIR resource types and ``resolve()``, HL7 v2 ``PID-5.1``, CSV columns.

The syntax is described in docs/mappings.md, "Paths".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from adapter.mapping.evaluation import Evaluator, Run, Scope
from adapter.mapping.source import Form
from adapter.mapping.steps import Match, Step, filtered, is_blank, named, resolve, resources_of

_FILTERS: Final = r"((?:\[[^\[\]=]+=[^\[\]]+\])*)"
_NAME: Final = re.compile(r"(?:'([^'{}]+)'|([^.\[\]{}$^\s']+))" + _FILTERS + r"(?:\.|$)")
_SEGMENT: Final = re.compile(
    r"([A-Z][A-Z0-9]{2})" + _FILTERS + r"(?:-([1-9]\d*)" + _FILTERS + r"(?:\.([1-9]\d*))?(?:\.([1-9]\d*))?)?",
    re.ASCII,
)
_COMPONENT: Final = re.compile(r"\.([1-9]\d*)(?:\.([1-9]\d*))?", re.ASCII)
_PLAIN: Final = frozenset({int, float, bool})
# Which segments stand inside which (source.py).
_INNER_SEGMENTS: Final = {"OBR": frozenset({"OBX", "NTE"}), "OBX": frozenset({"NTE"})}


class PathFault(Exception):
    """A path that cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One enclosing loop, or the root: its path from the root, and its segment where it goes over segments."""

    path: str = ""
    segment: str | None = None


ROOT: Final = Frame()


@dataclass(frozen=True, slots=True)
class Path:
    """A compiled path. ``absolute`` is its form in reports, without filters; ``names`` are its steps where all are plain names.

    ``within`` is the file and line of the fragment that it stands in.
    """

    absolute: str
    depth: int
    steps: tuple[Step, ...]
    names: tuple[str, ...] | None
    segment: str | None
    form: Form
    within: str = ""

    def matches(self, run: Run, scope: Scope) -> list[Match]:
        """Everything at the path, lists flattened."""
        found: list[Match] = [(None, None, scope[self.depth])]
        for step in self.steps:
            found = step(run, found)
        return found

    def first(self, run: Run, scope: Scope) -> Any:
        """The first value at the path that is not absent, or None; it counts as used. May be an object."""
        for match in self.matches(run, scope):
            container, key, value = self._leaf(match)
            if value is not None and not is_blank(value):
                # That an object is there says nothing of what is in it: its fields are used when they are read.
                if not isinstance(value, dict):
                    run.used.add((id(container), key))
                return value
        return None

    def reader(self) -> Evaluator:
        """``first``, in the quickest form for this path."""
        return self.first if self.names is None else _quick_first(self.names, self.depth, self.first)

    def every(self, run: Run, scope: Scope) -> list[Any]:
        """All values at the path that are not absent. Plain values count as used; of objects, what is read of them will."""
        values = []
        for container, key, value in self.matches(run, scope):
            if value is None or is_blank(value):
                continue
            if not isinstance(value, dict):
                run.used.add((id(container), key))
            values.append(value)
        return values

    def _leaf(self, match: Match) -> Match:
        # HL7 v2.5.1 2.5.3: a field without components is its first component, and so on down.
        while self.form == "hl7v2" and isinstance(match[2], dict) and "1" in match[2]:
            match = (match[2], "1", match[2]["1"])
        # An element with attributes is its text, as one without them is.
        if self.form == "xml" and isinstance(match[2], dict) and "#text" in match[2]:
            return (match[2], "#text", match[2]["#text"])
        return match


@dataclass(frozen=True, slots=True)
class Variable:
    """A value of ``let``, read like a path."""

    absolute: str
    within: str = ""

    def first(self, run: Run, _scope: Scope) -> Any:
        """The variable's value, or None."""
        return run.variables.get(self.absolute)

    def reader(self) -> Evaluator:
        """``first``."""
        return self.first

    def every(self, run: Run, _scope: Scope) -> list[Any]:
        """The variable's values: its own, if it is a list."""
        value = run.variables.get(self.absolute)
        return value if isinstance(value, list) else [] if value is None else [value]


def _quick_first(names: tuple[str, ...], depth: int, otherwise: Evaluator) -> Evaluator:
    """Reads a path of plain names through objects only; wherever it meets a list, ``otherwise`` reads.

    Most reads of a message go this way: exact types are compared because that is what makes it quick.
    """
    *outer, last = names

    def first(run: Run, scope: Scope) -> Any:
        holder = scope[depth]
        for name in outer:
            if holder.__class__ is not dict:
                return None if holder is None else otherwise(run, scope)
            holder = holder.get(name)
        if holder.__class__ is not dict:
            return None if holder is None else otherwise(run, scope)
        value = holder.get(last)
        if value.__class__ is str:
            if not value or value.isspace():
                return None
        elif value is None:
            return None
        elif value.__class__ not in _PLAIN:
            return otherwise(run, scope)
        run.used.add((id(holder), last))
        return value

    return first


def compile_path(text: str, form: Form, frames: tuple[Frame, ...]) -> Path:
    """Compile a path that stands within ``frames`` (innermost first, the root last). Raises PathFault."""
    if text == ".":
        return Path(frames[0].path, 0, (), None, None, form)
    if form == "csv":
        return _column(text)
    depth = 0
    if text.startswith("$."):
        depth, text = len(frames) - 1, text[2:]
        frames = frames[-1:]
    while text.startswith("^."):
        depth, text = depth + 1, text[2:]
        if depth >= len(frames):
            raise PathFault("^ goes beyond the outermost loop")
    if form == "hl7v2":
        return _hl7v2_path(text, depth, frames)
    return _json_path(text, form, depth, frames)


def _column(text: str) -> Path:
    """A column of the row, by its whole name: it may hold spaces and dots."""
    return Path(text, -1, (named(text),), (text,), None, "csv")


def _json_path(text: str, form: Form, depth: int, frames: tuple[Frame, ...]) -> Path:
    tokens = _tokens(text)
    steps: list[Step] = []
    plain = True
    prefix = frames[min(depth, len(frames) - 1)].path
    for place, (name, filters) in enumerate(tokens):
        if form == "fhir" and place == 0 and name[0].isupper():
            steps.append(resources_of(name))
            plain, depth, prefix = False, -1, ""
        elif form == "fhir" and name == "resolve()":
            steps.append(resolve)
            plain = False
        else:
            steps.append(named(name))
        steps.extend(filtered(filters))
        plain = plain and not filters
    names = tuple(name for name, _ in tokens)
    absolute = ".".join((prefix, *names) if prefix else names)
    return Path(absolute, depth, tuple(steps), names if plain else None, None, form)


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, at = [], 0
    while at < len(text):
        match = _NAME.match(text, at)
        if match is None:
            break
        tokens.append((match[1] or match[2], match[3]))
        at = match.end()
    if not tokens or at < len(text) or text.endswith("."):
        raise PathFault(
            f"the path {text} cannot be read; write names with dots between, as plan.mål.text, and those with blanks in 'quotes'"
        )
    return tokens


def _hl7v2_path(text: str, depth: int, frames: tuple[Frame, ...]) -> Path:
    component = _COMPONENT.fullmatch(text)
    if component is not None:
        return _path_in_repetition(component, text, depth, frames)
    match = _SEGMENT.fullmatch(text)
    if match is None:
        raise PathFault(f"the path {text} cannot be read")
    segment, segment_filters, number, field_filters, *components = match.groups()
    depth, is_current = _frame_of(segment, depth, frames)
    steps = [] if is_current else [named(segment)]
    steps.extend(filtered(segment_filters))
    if number is not None:
        steps.extend([named(number), *filtered(field_filters), *_components(components)])
    absolute = (
        "-".join((segment, ".".join(part for part in (number, *components) if part))) if number else segment
    )
    return Path(absolute, depth, tuple(steps), None, segment if number is None else None, "hl7v2")


def _path_in_repetition(match: re.Match[str], text: str, depth: int, frames: tuple[Frame, ...]) -> Path:
    frame = frames[min(depth, len(frames) - 1)]
    if "-" not in frame.path:
        raise PathFault(f"the path {text} stands in no loop over repetitions")
    return Path(frame.path + text, depth, tuple(_components(match.groups())), None, None, "hl7v2")


def _frame_of(segment: str, depth: int, frames: tuple[Frame, ...]) -> tuple[int, bool]:
    """The depth to read a segment from, and whether the item there is that segment itself."""
    for at, frame in enumerate(frames[depth:], depth):
        if frame.segment == segment:
            return at, True
        if frame.segment is not None and segment in _INNER_SEGMENTS.get(frame.segment, ()):
            return at, False
    return -1, False


def _components(numbers: Any) -> list[Step]:
    return [named(number, or_itself=number == "1") for number in numbers if number]
