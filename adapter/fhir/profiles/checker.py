"""Checks a resource against FHIR R4 and the profiles that it claims (FHIR R4, "Validating Resources").

Elements, cardinality, types, fixed values and patterns, slices, required bindings, reference targets, invariants. Not checked: codes of
ValueSets that cannot be closed, display texts, and of a narrative's XHTML more than that it is well-formed and holds nothing active.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import zip_longest
from typing import Any, Final

from adapter.domain.errors import Issue
from adapter.fhir.profiles.definitions import Definitions, Element, Structure, TypeRef
from adapter.fhir.profiles.invariants import broken
from adapter.fhir.profiles.judges import set_judges
from adapter.fhir.profiles.primitives import Primitives
from adapter.fhir.profiles.references import References
from adapter.fhir.profiles.slicing import Slicer, as_items, codings, fits

MAX_DEPTH: Final = 60
MAX_ISSUES: Final = 200
# A key that nobody defined is shown only if it can be an element's name: it might be a value.
_NAME: Final = re.compile(r"_?[a-z][A-Za-z]{0,63}")

Resource = Mapping[str, Any]


class ProfileChecker:
    """Checks resources against ``definitions``; made once, used from any thread."""

    def __init__(self, definitions: Definitions) -> None:
        self.definitions = definitions
        self.invariants = definitions.invariants()
        self.primitives = Primitives(definitions.of_type)
        self.slicer = Slicer(definitions)
        set_judges(definitions, self.primitives)

    def check(
        self,
        resource: Resource,
        path: str | None = None,
        profiles: Iterable[str] = (),
        *,
        whole: Resource | None = None,
    ) -> tuple[Issue, ...]:
        """Every fault in one resource as FHIRPath paths and codes, never values; at most MAX_ISSUES.

        The profiles are those of ``meta.profile`` that we know, and ``profiles``. ``path`` stands for the resource; its type if not given.
        ``whole`` is the Bundle that its references may lead within.
        Codes: ``unknown-resource-type``, ``unknown-element``, ``required``, ``too-many-values``, ``type``, ``value``, ``fixed-value``,
        ``pattern``, ``code``, ``reference-target``, ``slice``, ``profile-type``, ``empty``, ``null``, ``too-deep``, and keys of invariants.
        """
        walk = _Walk(self, resource if whole is None else whole)
        walk.resource(resource, path or str(resource.get("resourceType", "Resource")), tuple(profiles))
        return tuple(dict.fromkeys(walk.issues))

    def knows(self, profile: str) -> bool:
        """Whether resources can be held to that profile."""
        return self.definitions.find(profile) is not None


class _Walk:
    """One walk through a resource: ``_root`` is the outermost one but for Bundles, ``_within`` the one that holds what is at hand."""

    def __init__(self, checker: ProfileChecker, whole: Resource) -> None:
        self.issues: list[Issue] = []
        self._definitions = checker.definitions
        self._primitives = checker.primitives
        self._slicer = checker.slicer
        self._references = References(checker.definitions, whole)
        self._root = self._within = whole
        self._depth = 0

    def resource(
        self, value: Any, path: str, profiles: tuple[str, ...] = (), *, is_contained: bool = False
    ) -> None:
        """A resource by its type, and by every profile that it claims."""
        if not isinstance(value, dict):
            return self._fault(path, "type")
        kind = value.get("resourceType")
        base = self._definitions.of_type(kind) if isinstance(kind, str) else None
        if base is None or base.kind != "resource":
            return self._fault(path, "unknown-resource-type")
        outer = self._root, self._within
        self._root, self._within = self._root if is_contained else value, value
        for structure in self._claimed(value, base, path, profiles) or (base,):
            self._object(value, structure.root, path, is_resource=True)
        self._root, self._within = outer
        return None

    def _claimed(
        self, value: Resource, base: Structure, path: str, profiles: tuple[str, ...]
    ) -> list[Structure]:
        meta = value.get("meta")
        stated = as_items(meta.get("profile")) if isinstance(meta, dict) else []
        urls = dict.fromkeys([*filter(lambda url: isinstance(url, str), stated), *profiles])
        found = [known for url in urls if (known := self._definitions.find(url)) is not None]
        fitting = [structure for structure in found if structure.type == base.type]
        if len(fitting) < len(found):
            self._fault(f"{path}.meta.profile", "profile-type")
        return fitting

    def _object(self, value: Resource, shape: Element, path: str, *, is_resource: bool = False) -> None:
        if self._depth >= MAX_DEPTH:
            return self._fault(path, "too-deep")
        if len(value) < 2 and not value.keys() - {"id"} and not is_resource:
            self._fault(path, "empty")
        self._depth += 1
        stated = set()
        judges = shape.judges
        for key in value:
            if (judge := judges.get(key)) and judge[1](value[key]) and f"_{key}" not in value:
                stated.add(judge[0])
                continue
            name = key.removeprefix("_")
            if name in shape.by_key:
                element, kind = shape.by_key[name]
                if key == name or name not in value:
                    self._child(value, name, element, kind, path, is_second=element.name in stated)
                    stated.add(element.name)
            elif not (is_resource and key == "resourceType"):
                self._fault(f"{path}.{key}" if _NAME.fullmatch(key) else path, "unknown-element")
        for element in shape.required:
            if element.name not in stated:
                self._counted(element, [], f"{path}.{element.name}")
        self._depth -= 1
        return self._invariants(value, shape, path)

    def _child(
        self,
        holder: Resource,
        key: str,
        element: Element,
        kind: TypeRef | None,
        path: str,
        *,
        is_second: bool,
    ) -> None:
        """What an object holds under a key, and of a primitive's extensions under ``_key``."""
        path = f"{path}.{element.name}"
        values, beside = holder.get(key), holder.get(f"_{key}")
        if is_second:
            return self._fault(path, "too-many-values")
        if not element.is_many:
            if element.most == 0:
                self._fault(path, "too-many-values")
            own = self._slice_of(element, values, kind, path)
            if element.slicing is not None:
                self._counted(element, [own], path)
            return self._value(values, beside, own or element, kind, path)
        if not isinstance(values, list | None) or not isinstance(beside, list | None):
            return self._fault(path, "null" if key in holder and values is None else "type")
        if not values and not beside:
            return self._fault(path, "null" if values is None else "empty")
        return self._repetitions(list(zip_longest(values or (), beside or ())), element, kind, path)

    def _repetitions(
        self, values: list[tuple[Any, Any]], element: Element, kind: TypeRef | None, path: str
    ) -> None:
        in_slices = []
        for place, (value, beside) in enumerate(values):
            at = f"{path}[{place}]"
            own = self._slice_of(element, value, kind, at)
            in_slices.append(own)
            self._value(value, beside, own or element, kind, at)
        self._counted(element, in_slices, path)

    def _slice_of(self, element: Element, value: Any, kind: TypeRef | None, path: str) -> Element | None:
        if element.slicing is None:
            return None
        own = self._slicer.slice_of(element, value, kind.code if kind else None)
        if own is None and element.slicing.is_closed:
            self._fault(path, "slice")
        return own

    def _counted(self, element: Element, in_slices: list[Element | None], path: str) -> None:
        """Cardinality of an element whose repetitions belong to ``in_slices``, and of its slices."""
        if len(in_slices) < element.least:
            self._fault(path, "required")
        if element.most is not None and len(in_slices) > element.most:
            self._fault(path, "too-many-values")
        for sliced in element.slices.values() if element.most != 0 else ():
            count = sum(own is sliced for own in in_slices)
            if count < sliced.least:
                self._fault(path, "required")
            if sliced.most is not None and count > sliced.most:
                self._fault(path, "too-many-values")

    def _value(self, value: Any, beside: Any, element: Element, kind: TypeRef | None, path: str) -> None:
        if kind is None:
            return self._content(value, element, path)
        allowed = (
            kind
            if kind in element.types
            else next((own for own in element.types if own.code == kind.code), None)
        )
        structure = self._definitions.of_type(kind.code)
        if allowed is None or structure is None:
            return self._fault(path, "type")
        if structure.is_primitive:
            is_good = self._primitive(value, beside, allowed, path)
            if not element.asks or value is None or not is_good:
                return None
        elif beside is not None:
            self._fault(path, "type")
        elif structure.kind == "resource":
            return self.resource(value, path, allowed.profiles, is_contained=element.name == "contained")
        elif not isinstance(value, dict):
            return self._fault(path, "null" if value is None else "type")
        else:
            self._complex(value, element, allowed, structure, path)
        return self._held_to(value, element, allowed, path)

    def _content(self, value: Any, element: Element, path: str) -> None:
        """An element that is shaped as another of the same structure (``contentReference``)."""
        if not isinstance(value, dict):
            return self._fault(path, "type")
        *_, steps = (element.content or "").rpartition("#")
        name, *below = steps.split(".")
        structure = self._definitions.of_type(name)
        if structure is None:
            return self._fault(path, "type")
        shape = structure.root
        for step in below:
            shape = shape.children[step]
        return self._object(value, shape, path)

    def _primitive(self, value: Any, beside: Any, kind: TypeRef, path: str) -> bool:
        """A primitive and what may extend it; whether the value itself is one of the type, or absent for a stated reason."""
        if beside is not None:
            self._beside(beside, path)
        if value is None:
            if beside is None:
                self._fault(path, "null")
            return True
        if self._primitives.judge(kind)(value):
            return True
        self._fault(path, "empty" if value == "" else "value")
        return False

    def _beside(self, beside: Any, path: str) -> None:
        extended = self._definitions.of_type("Element")
        if not isinstance(beside, dict):
            self._fault(path, "type")
        elif extended is not None:
            self._object(beside, extended.root, path)

    def _complex(
        self, value: Resource, element: Element, kind: TypeRef, structure: Structure, path: str
    ) -> None:
        profiled = [found.root for url in kind.profiles if (found := self._definitions.find(url)) is not None]
        if element.children:
            self._object(value, element, path)
            self._invariants(value, structure.root, path)
        elif not profiled:
            self._object(value, structure.root, path)
        if profiled:
            self._any_of(value, profiled, path)
        if kind.code == "Extension":
            self._extension(value, profiled, path)

    def _any_of(self, value: Resource, shapes: list[Element], path: str) -> None:
        """One of several profiles must fit; where none does, the first one's faults are told."""
        before = len(self.issues)
        found: list[list[Issue]] = []
        for shape in shapes:
            self._object(value, shape, path)
            found.append(self.issues[before:])
            del self.issues[before:]
            if not found[-1]:
                return
        self.issues += found[0]

    def _extension(self, value: Resource, held_to: list[Element], path: str) -> None:
        """ext-1: an extension has a value or extensions, not both; a profile that we know holds wherever it is used."""
        has_value = any(key.lstrip("_").startswith("value") for key in value)
        if has_value == ("extension" in value):
            self._fault(path, "ext-1")
        url = value.get("url")
        known = self._definitions.find(url) if isinstance(url, str) else None
        if known is not None and known.type == "Extension" and known.root not in held_to:
            self._object(value, known.root, path)

    def _held_to(self, value: Any, element: Element, kind: TypeRef, path: str) -> None:
        """What an element asks of its value beyond the type."""
        if element.asks:
            self._asked(value, element, path)
        if kind.code == "Reference" and not self._references.is_good(value, kind, self._root):
            self._fault(path, "reference-target")
        if not element.children:
            self._invariants(value, element, path)

    def _asked(self, value: Any, element: Element, path: str) -> None:
        if element.fixed is not None and value != element.fixed:
            self._fault(path, "fixed-value")
        if element.pattern is not None and not fits(element.pattern, value):
            self._fault(path, "pattern")
        if not _is_within(value, element):
            self._fault(path, "value")
        if element.binding is not None and value is not None and not self._is_bound(value, element.binding):
            self._fault(path, "code")

    def _is_bound(self, value: Any, value_set: str) -> bool:
        codes = self._definitions.codes(value_set)
        if codes is None:
            return True
        if isinstance(value, str):
            return any(value in known for known in codes.values())
        return any(code in codes.get(system or "", ()) for system, code in codings(value))

    def _invariants(self, value: Any, element: Element, path: str) -> None:
        if element.constraints or element.about_contained:
            for key in broken(element, value, self._within, self._root):
                self._fault(path, key)

    def _fault(self, path: str, code: str) -> None:
        if len(self.issues) < MAX_ISSUES:
            self.issues.append(Issue(path, code))


def _is_within(value: Any, element: Element) -> bool:
    """Length and bounds (ElementDefinition.maxLength, minValue[x], maxValue[x]); they say nothing of values of other types."""
    if isinstance(value, str):
        return element.max_length is None or len(value) <= element.max_length
    if not isinstance(value, int | float | Decimal):
        return True
    return (element.lowest is None or value >= element.lowest) and (
        element.highest is None or value <= element.highest
    )
