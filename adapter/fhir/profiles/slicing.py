"""Which slice a repetition belongs to: discriminators by value, pattern, exists, type and profile (FHIR R4, ElementDefinition)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from adapter.fhir.profiles.definitions import Definitions, Element, Structure

_EXTENSION: Final = re.compile(r"extension\('([^']+)'\)")

_Told = tuple[tuple[str, ...], list[Element], list[Element]]
"""The steps of a path, the elements there, and those of them that hold their values to something."""
_Coded = tuple[tuple[str, ...], dict[tuple[str, str], Element]]
"""The steps of a path to a CodeableConcept, and the slice that each Coding in it belongs to."""


class Slicer:
    """Tells slices apart."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._known: dict[tuple[Element, str], _Told] = {}
        self._coded: dict[Element, _Coded | None] = {}

    def slice_of(self, element: Element, value: Any, type_code: str | None) -> Element | None:
        """The slice that a value belongs to; None if to none. ``type_code`` is the value's type where it is one of a choice."""
        if element.slicing is None:
            return None
        if (coded := self._by_coding(element)) is not None:
            return _coded_slice(coded, element, value)
        for candidate in element.slices.values():
            for kind, path in element.slicing.by:
                if not self._meets(kind, path, candidate, value, type_code):
                    break
            else:
                return candidate
        return None

    def _by_coding(self, element: Element) -> _Coded | None:
        """The slices of an element by Coding, found once; None if something else tells some of them apart."""
        if element not in self._coded:
            self._coded[element] = self._indexed(element)
        return self._coded[element]

    def _indexed(self, element: Element) -> _Coded | None:
        kind, path = element.slicing.by[0] if element.slicing and len(element.slicing.by) == 1 else ("", "")
        slices: dict[tuple[str, str], Element] = {}
        steps: tuple[str, ...] = ()
        for candidate in element.slices.values() if kind in ("value", "pattern") else ():
            steps, _, stated = self._at(candidate, path)
            coding = _one_coding(stated[0].pattern) if len(stated) == 1 and stated[0].fixed is None else None
            if coding is None:
                return None
            slices.setdefault(coding, candidate)
        return (steps, slices) if slices else None

    def _meets(self, kind: str, path: str, candidate: Element, value: Any, type_code: str | None) -> bool:
        steps, told, stated = self._at(candidate, path)
        if kind == "type":
            return _has_type(candidate, value, steps, type_code)
        found = list(_values(value, steps))
        if kind == "exists":
            return all(
                (not found) if element.most == 0 else bool(found)
                for element in told
                if element.least or element.most == 0
            )
        if kind == "profile":
            return any(
                isinstance(item, dict) and item.get("resourceType") == self._profiled(element)
                for element in told
                for item in found
            )
        return bool(stated) and all(
            any(self._is_meant(element, item) for item in found) for element in stated
        )

    def _at(self, candidate: Element, path: str) -> _Told:
        """What a slice says at a discriminator's path, found once."""
        known = self._known.get((candidate, path))
        if known is None:
            steps = () if path == "$this" else tuple(_steps(path))
            told = list(self._told(candidate, steps))
            known = self._known[candidate, path] = (
                steps,
                told,
                [element for element in told if _says(element)],
            )
        return known

    def _told(self, element: Element, steps: tuple[str, ...]) -> Iterator[Element]:
        """The elements at a path of a slice, through the profiles of its types where the slice itself says no more."""
        if not steps:
            yield element
            return
        name, *rest = steps
        below = [element, *self._roots(element)]
        for at in below:
            child = at.children.get(name)
            if child is not None:
                before = list(self._told(child, tuple(rest)))
                if any(_says(item) or item.least or item.most == 0 for item in before):
                    yield from before
                    return

    def _roots(self, element: Element) -> Iterator[Element]:
        for kind in element.types:
            for url in kind.profiles:
                if (structure := self._definitions.find(url)) is not None:
                    yield structure.root

    def _profiled(self, element: Element) -> str | None:
        structures: list[Structure] = [
            found for kind in element.types for url in kind.profiles if (found := self._definitions.find(url))
        ]
        return structures[0].type if structures else None

    def _is_meant(self, element: Element, value: Any) -> bool:
        if element.fixed is not None:
            return bool(value == element.fixed)
        if element.pattern is not None:
            return fits(element.pattern, value)
        codes = self._definitions.codes(element.binding or "")
        if codes is not None:
            return any(code in known for _, code in codings(value) for known in codes.values())
        return any(self._children_meant(element, value))

    def _children_meant(self, element: Element, value: Any) -> Iterable[bool]:
        """A pattern that is written out below the element: each child that says something is met."""
        stated = [child for child in element.children.values() if _says(child)]
        if not stated or not isinstance(value, dict):
            return (False,)
        met = (
            any(self._is_meant(child, item) for item in as_items(value.get(child.name))) for child in stated
        )
        return (all(met),)


def _one_coding(pattern: Any) -> tuple[str, str] | None:
    """System and code of a pattern that is a CodeableConcept of one Coding and states nothing more."""
    match pattern:
        case {"coding": [{"system": str(system), "code": str(code), **more}], **besides} if (
            not more | besides
        ):
            return system, code
    return None


def _coded_slice(coded: _Coded, element: Element, value: Any) -> Element | None:
    """The first slice, in the order of their definition, that one of the value's Codings belongs to."""
    steps, slices = coded
    found = [
        slices[coding]
        for concept in _values(value, steps)
        if isinstance(concept, dict) and isinstance(concept.get("coding"), list)
        for coding in map(_system_and_code, concept["coding"])
        if coding in slices
    ]
    if len(found) < 2:
        return found[0] if found else None
    return next(candidate for candidate in element.slices.values() if candidate in found)


def _system_and_code(coding: Any) -> tuple[str, str] | None:
    match coding:
        case {"system": str(system), "code": str(code)}:
            return system, code
    return None


def fits(pattern: Any, value: Any) -> bool:
    """Whether a value holds all that a pattern states (ElementDefinition.pattern[x])."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(
            name in value and fits(part, value[name]) for name, part in pattern.items()
        )
    if isinstance(pattern, list):
        return isinstance(value, list) and all(any(fits(part, item) for item in value) for part in pattern)
    return bool(value == pattern)


def codings(value: Any) -> Iterator[tuple[str | None, str | None]]:
    """System and code of a code, Coding, CodeableConcept or Quantity."""
    if isinstance(value, str):
        yield None, value
    elif isinstance(value, dict):
        if "coding" in value:
            for coding in as_items(value["coding"]):
                yield from codings(coding)
        elif "code" in value:
            yield value.get("system"), value["code"]


def as_items(value: Any) -> list[Any]:
    """A repeating element, or one that may not repeat, as a list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _says(element: Element) -> bool:
    """Whether an element, or one below it, holds its values to something."""
    if element.fixed is not None or element.pattern is not None or element.binding is not None:
        return True
    return any(_says(child) for child in element.children.values())


def _has_type(candidate: Element, value: Any, steps: tuple[str, ...], type_code: str | None) -> bool:
    codes = {kind.code for kind in candidate.types}
    if not steps:
        return type_code in codes or (isinstance(value, dict) and value.get("resourceType") in codes)
    name = steps[0]
    at = candidate.children.get(name)
    wanted = {kind.code for kind in at.types} if at is not None else set()
    return any(
        isinstance(item, dict) and item.get("resourceType") in wanted for item in _values(value, steps)
    )


def _steps(path: str) -> Iterator[str]:
    """The steps of a discriminator's path; ``extension('url')`` is one of them, ``resolve()`` and ``ofType()`` change nothing here."""
    for part in re.findall(r"extension\('[^']+'\)|[^.()]+(?:\([^)]*\))?", path):
        if not part.startswith(("resolve(", "ofType(", "$this")):
            yield part


def _values(value: Any, steps: tuple[str, ...]) -> Iterator[Any]:
    if not steps:
        yield value
        return
    if not isinstance(value, dict):
        return
    name, rest = steps[0], steps[1:]
    extension = _EXTENSION.fullmatch(name)
    if extension:
        items = [
            item
            for item in as_items(value.get("extension"))
            if isinstance(item, dict) and item.get("url") == extension[1]
        ]
    elif name in value:
        items = as_items(value[name])
    else:
        items = [
            part
            for key, part in value.items()
            if key.startswith(name) and key[len(name) : len(name) + 1].isupper()
        ]
    for item in items:
        yield from _values(item, rest)
