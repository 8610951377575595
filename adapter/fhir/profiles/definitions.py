"""The distilled definitions (``fhir_profiles/distilled.json``, made by ``make profiles``) as trees of elements, compiled once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

FHIR: Final = "http://hl7.org/fhir/StructureDefinition/"

_ABOUT_CONTAINED: Final = frozenset({"dom-2", "dom-3", "dom-4", "dom-5"})
_ASKING: Final = ("fixed", "pattern", "binding", "max_length", "lowest", "highest", "slicing", "constraints")
_ABSTRACT: Final = frozenset({"Resource", "DomainResource"})
_NO_SPACE: Final = re.compile(r"\S+")
_SLICE_NAME: Final = re.compile(r":[^.]+")

Codes = Mapping[str, frozenset[str]]
"""The codes of a closed ValueSet by system."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """An invariant: its key, a FHIRPath expression, and what it says to a human."""

    key: str
    expression: str
    human: str


@dataclass(frozen=True, slots=True)
class TypeRef:
    """A type that an element may have. ``profiles`` it must then conform to one of, ``targets`` what a Reference may lead to."""

    code: str
    profiles: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    regex: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class Slicing:
    """How the repetitions of an element are told apart: pairs of discriminator type and path."""

    by: tuple[tuple[str, str], ...]
    is_closed: bool


@dataclass(slots=True, eq=False)
class Element:
    """One element of a structure.

    ``name`` is without ``[x]``, ``path`` as FHIRPath. ``is_many``: it is an array in JSON, whatever a profile leaves of it; ``most`` None:
    unbounded. ``keys`` are what it is called in JSON, for each type of a choice its own. ``slices`` are in the order of their definition.
    """

    name: str
    path: str
    is_many: bool = False
    least: int = 0
    most: int | None = None
    types: tuple[TypeRef, ...] = ()
    content: str | None = None
    fixed: Any = None
    pattern: Any = None
    binding: str | None = None
    max_length: int | None = None
    lowest: float | None = None
    highest: float | None = None
    is_summary: bool = False
    is_modifier: bool = False
    constraints: tuple[Constraint, ...] = ()
    about_contained: tuple[Constraint, ...] = ()
    """Those invariants that only what contains resources can break."""
    slicing: Slicing | None = None
    children: dict[str, Element] = field(default_factory=dict)
    slices: dict[str, Element] = field(default_factory=dict)
    keys: tuple[tuple[str, TypeRef | None], ...] = ()
    by_key: dict[str, tuple[Element, TypeRef | None]] = field(default_factory=dict)
    """What a JSON object of this shape may hold: ``valueQuantity`` -> (``value[x]``, Quantity)."""
    required: tuple[Element, ...] = ()
    """The children that may not be left out, or one of whose slices may not."""
    asks: frozenset[str] = frozenset()
    """The fields here by which it asks more of a value than its type."""
    together: Constraint | None = None
    """All constraints in one, where there are several: asked first, since each question costs more than its answer."""
    judges: dict[str, tuple[str, Callable[[Any], bool]]] = field(default_factory=dict)
    """Of some keys the child's name, and what tells whether a value is all that is asked for (``judges.py``)."""


@dataclass(frozen=True, slots=True)
class Structure:
    """A type, or a profile of one."""

    url: str
    type: str
    kind: str
    root: Element
    is_primitive: bool


class Definitions:
    """Every structure and ValueSet of a distillation.

    Raises ValueError for a snapshot that is no tree: a slice or child of an element that is not there.
    """

    def __init__(self, distilled: Mapping[str, Any]) -> None:
        self._structures = {url: _structure(url, item) for url, item in distilled["structures"].items()}
        self._types = {item.type: item for url, item in self._structures.items() if url == FHIR + item.type}
        self._types_at: dict[tuple[str, ...], frozenset[str]] = {}
        self._value_sets: dict[str, Codes] = {
            url: {system: frozenset(codes) for system, codes in by_system.items()}
            for url, by_system in distilled["valueSets"].items()
            if by_system is not None
        }

    def find(self, url: str) -> Structure | None:
        """The structure with a canonical URL, its version left aside."""
        return self._structures.get(url.partition("|")[0])

    def of_type(self, code: str) -> Structure | None:
        """FHIR's own definition of a type."""
        return self._types.get(code)

    def resource(self, code: object) -> Structure | None:
        """FHIR's own definition of a type that a resource can be of; None for an abstract one."""
        found = self.of_type(code) if isinstance(code, str) and code not in _ABSTRACT else None
        return found if found is not None and found.kind == "resource" else None

    def codes(self, value_set: str) -> Codes | None:
        """The codes of a ValueSet; None if it is open or unknown."""
        return self._value_sets.get(value_set)

    def invariants(self) -> dict[str, str]:
        """What each invariant says to a human, by key."""
        return {
            rule.key: rule.human
            for element in self.elements()
            for rule in (*element.constraints, *element.about_contained)
        }

    def elements(self) -> Iterator[Element]:
        """Every element of every structure."""
        below = [structure.root for structure in self._structures.values()]
        while below:
            element = below.pop()
            yield element
            below += [*element.children.values(), *element.slices.values()]

    def types_at(self, targets: tuple[str, ...]) -> frozenset[str]:
        """The resource types that a Reference with such ``targets`` may lead to; none: to any."""
        known = self._types_at.get(targets)
        if known is None:
            names = frozenset(
                found.type if (found := self.find(url)) is not None else url.rpartition("/")[2]
                for url in targets
            )
            known = self._types_at[targets] = frozenset() if "Resource" in names else names
        return known


def _structure(url: str, item: Mapping[str, Any]) -> Structure:
    root: Element | None = None
    for raw in item["elements"]:
        element = _element(raw)
        if root is None:
            root = element
        else:
            _place(root, raw["id"], element)
    if root is None:
        raise ValueError(f"{url}: no elements")
    _index(root)
    return Structure(url, item["type"], item["kind"], root, item["kind"] == "primitive-type")


def _element(raw: Mapping[str, Any]) -> Element:
    most, slicing = raw["max"], raw.get("slicing")
    name = raw["id"].rpartition(".")[2].partition(":")[0]
    rules = [Constraint(it["key"], it["expression"], it["human"]) for it in raw.get("constraints", ())]
    types = tuple(_type(kind, name) for kind in raw.get("types", ()))
    return Element(
        name=name.removesuffix("[x]"),
        path=_SLICE_NAME.sub("", raw["id"]),
        keys=_keys(name, types),
        is_many=raw.get("many", False),
        least=raw.get("min", 0),
        most=None if most == "*" else int(most),
        types=types,
        content=raw.get("content"),
        fixed=raw.get("fixed"),
        pattern=raw.get("pattern"),
        binding=raw.get("binding"),
        max_length=raw.get("maxLength"),
        lowest=raw.get("minValue"),
        highest=raw.get("maxValue"),
        is_summary=raw.get("summary", False),
        is_modifier=raw.get("modifier", False),
        constraints=tuple(rule for rule in rules if rule.key not in _ABOUT_CONTAINED),
        about_contained=tuple(rule for rule in rules if rule.key in _ABOUT_CONTAINED),
        slicing=None
        if slicing is None
        else Slicing(tuple((kind, path) for kind, path in slicing["by"]), slicing["rules"] == "closed"),
    )


def _type(kind: Mapping[str, Any], name: str) -> TypeRef:
    code, regex = kind["code"], kind.get("regex")
    pattern = None if regex is None else re.compile(regex, re.ASCII if code != "string" else 0)
    if name == "id" and code == "string":
        # Element.id: R4 says that it holds no spaces, in words alone.
        pattern = _NO_SPACE
    return TypeRef(code, tuple(kind.get("profiles", ())), tuple(kind.get("targets", ())), pattern)


def _place(root: Element, identifier: str, element: Element) -> None:
    """Hang an element where its id says: ``Observation.component:systolic.code``."""
    at = root
    *above, last = [part.partition(":") for part in identifier.split(".")[1:]]
    for name, _, slice_name in above:
        child = at.children[name.removesuffix("[x]")]
        at = child.slices[slice_name] if slice_name else child
    name, _, slice_name = last
    if slice_name:
        at.children[name.removesuffix("[x]")].slices[slice_name] = element
    else:
        at.children[element.name] = element


def _keys(name: str, types: tuple[TypeRef, ...]) -> tuple[tuple[str, TypeRef | None], ...]:
    if not name.endswith("[x]"):
        return ((name, types[0] if types else None),)
    stem = name.removesuffix("[x]")
    return tuple((stem + kind.code[0].upper() + kind.code[1:], kind) for kind in types)


def _index(element: Element) -> None:
    children = element.children.values()
    element.by_key = {key: (child, kind) for child in children for key, kind in child.keys}
    element.required = tuple(child for child in children if child.least or _needs_a_slice(child))
    element.asks = frozenset(name for name in _ASKING if getattr(element, name) not in (None, ()))
    if len(element.constraints) > 1:
        element.together = Constraint(
            "", " and ".join(f"({rule.expression})" for rule in element.constraints), ""
        )
    for below in (*children, *element.slices.values()):
        _index(below)


def _needs_a_slice(element: Element) -> bool:
    return element.most != 0 and any(sliced.least for sliced in element.slices.values())
