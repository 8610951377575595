"""The walk through one resource that a check is: each object held to the structures that say something of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import zip_longest
from typing import Any, Final

from adapter.domain.errors import Issue
from adapter.fhir.paths import path_of
from adapter.fhir.profiles.asked import faults_of_number, faults_of_value
from adapter.fhir.profiles.contained import faults_of_contained
from adapter.fhir.profiles.definitions import Definitions, Element, Structure, TypeRef
from adapter.fhir.profiles.extensions import faults_of_extension
from adapter.fhir.profiles.findings import Findings
from adapter.fhir.profiles.invariants import broken
from adapter.fhir.profiles.primitives import Primitives
from adapter.fhir.profiles.references import References
from adapter.fhir.profiles.slicing import Slicer, as_items

MAX_DEPTH: Final = 60
# They are attributes in XML, or all that an element is: nothing can extend them (FHIR R4, JSON schema).
_NEVER_EXTENDED: Final = frozenset({"_id", "_div"})

Resource = Mapping[str, Any]


class Walk:
    """One walk: ``_root`` is the outermost resource but for Bundles, ``_within`` the one that holds what is at hand.

    Every method tells ``findings`` of the faults, and so may raise Enough.
    """

    def __init__(
        self,
        definitions: Definitions,
        primitives: Primitives,
        slicer: Slicer,
        references: References,
        findings: Findings,
        whole: Resource,
    ) -> None:
        self._definitions = definitions
        self._primitives = primitives
        self._slicer = slicer
        self._references = references
        self._findings = findings
        self._fault = findings.add
        self._root = self._within = whole
        self._depth = 0
        self._walked: set[tuple[str, tuple[str, ...]]] = set()

    def resource(
        self, value: Any, path: str, profiles: tuple[str, ...] = (), *, is_contained: bool = False
    ) -> None:
        """A resource by its type, and by every profile that it claims; once, however many hold what it is in."""
        if (path, profiles) in self._walked:
            return None
        self._walked.add((path, profiles))
        if not isinstance(value, dict):
            return self._fault(path, "type")
        base = self._definitions.resource(value.get("resourceType"))
        if base is None:
            return self._fault(path, "unknown-resource-type")
        self._tell(faults_of_contained(value, path))
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
        found = dict.fromkeys(known for url in urls if (known := self._definitions.find(url)) is not None)
        fitting = [structure for structure in found if structure.type == base.type]
        if len(fitting) < len(found):
            self._fault(f"{path}.meta.profile", "profile-type")
        return fitting

    def _object(self, value: Resource, shape: Element, path: str, *, is_resource: bool = False) -> None:
        if self._depth >= MAX_DEPTH:
            return self._fault(path, "too-deep")
        self._findings.count_object()
        self._depth += 1
        stated = set()
        judges = shape.judges
        for key in value:
            if (judge := judges.get(key)) and judge[1](value[key]) and f"_{key}" not in value:
                stated.add(judge[0])
                continue
            name = key.removeprefix("_")
            if name in shape.by_key and key not in _NEVER_EXTENDED:
                element, kind = shape.by_key[name]
                if key == name or name not in value:
                    self._child(value, name, element, kind, path, is_second=element.name in stated)
                    stated.add(element.name)
            elif not (is_resource and key == "resourceType"):
                self._fault(path_of(path, key), "unknown-element")
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
        if beside is None and f"_{key}" in holder:
            self._fault(path, "null")
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
        if beside is not None and all(item is None for item in beside):
            return self._fault(path, "empty")
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
        for code in faults_of_number(element, in_slices):
            self._fault(path, code)

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
        self._filled(value, path)
        return self._object(value, shape, path)

    def _primitive(self, value: Any, beside: Any, kind: TypeRef, path: str) -> bool:
        """A primitive and what may extend it; whether the value itself is one of the type, or absent for a stated reason."""
        if beside is not None:
            self._beside(beside, path, has_value=value is not None)
        if value is None:
            if beside is None:
                self._fault(path, "null")
            return True
        if self._primitives.judge(kind)(value):
            return True
        self._fault(path, "empty" if value == "" else "value")
        return False

    def _beside(self, beside: Any, path: str, *, has_value: bool) -> None:
        extended = self._definitions.of_type("Element")
        if not isinstance(beside, dict):
            self._fault(path, "type")
        elif extended is not None:
            if not (has_value and beside):
                self._filled(beside, path)
            self._object(beside, extended.root, path)

    def _filled(self, value: Resource, path: str) -> None:
        """ele-1: an id alone is no content."""
        if not value.keys() - {"id"}:
            self._fault(path, "empty")

    def _complex(
        self, value: Resource, element: Element, kind: TypeRef, structure: Structure, path: str
    ) -> None:
        self._filled(value, path)
        profiled = [found.root for url in kind.profiles if (found := self._definitions.find(url)) is not None]
        if kind.code == "Extension":
            profiled = profiled or self._by_url(value)
            self._tell(faults_of_extension(value, path))
        if element.children:
            self._object(value, element, path)
            self._invariants(value, structure.root, path)
        elif not profiled:
            self._object(value, structure.root, path)
        if profiled:
            self._any_of(value, profiled, path)

    def _any_of(self, value: Resource, shapes: list[Element], path: str) -> None:
        """One of several profiles must fit; where none does, the first one's faults are told."""
        before = len(self._findings)
        found = []
        for shape in shapes:
            self._object(value, shape, path)
            found.append(self._findings.take_back(before))
            if not found[-1]:
                return
        self._tell(found[0])

    def _by_url(self, value: Resource) -> list[Element]:
        """The profile of an extension that we know: it holds wherever the extension is used."""
        url = value.get("url")
        known = self._definitions.find(url) if isinstance(url, str) else None
        return [known.root] if known is not None and known.type == "Extension" else []

    def _held_to(self, value: Any, element: Element, kind: TypeRef, path: str) -> None:
        """What an element asks of its value beyond the type."""
        if element.asks:
            for code in faults_of_value(value, element, self._definitions):
                self._fault(path, code)
        if kind.code == "Reference" and not self._references.is_good(value, kind, self._root):
            self._fault(path, "reference-target")
        if not element.children:
            self._invariants(value, element, path)

    def _invariants(self, value: Any, element: Element, path: str) -> None:
        if element.constraints or element.about_contained:
            for key in broken(element, value, self._within, self._root):
                self._fault(path, key)

    def _tell(self, issues: Iterable[Issue]) -> None:
        for issue in issues:
            self._fault(issue.path, issue.code)
