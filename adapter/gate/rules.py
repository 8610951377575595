"""Release rules: the allow-list of elements as data, compiled against what FHIR R4 defines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

import yaml

Leaf = Literal["plain", "reveals"]
_BASED_ON: Final = {
    **dict.fromkeys(("Subject", "Record", "Place"), "Reference"),
    "PlaceIdentifier": "Identifier",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """What may pass of one object.

    ``plain`` are the elements that pass as they are, ``defined`` every one that R4 defines there, ``extensions`` the URLs that may pass,
    ``referring`` the elements that are a Reference or hold one.
    """

    released: Mapping[str, Shape | Leaf]
    plain: frozenset[str]
    defined: frozenset[str]
    extensions: frozenset[str]
    is_reference: bool
    referring: Mapping[str, Shape]


@dataclass(frozen=True, slots=True)
class ReleaseRules:
    """The compiled rules. ``minimal`` is what any permit carries, ``provenance`` what is said of where records come from; ``protected_name`` and ``protected_without`` are for a Patient with

    protected identity.
    """

    version: str
    resources: Mapping[str, Shape]
    minimal: Mapping[str, Shape]
    provenance: Shape
    protected_name: str
    protected_without: frozenset[str]


@cache
def release_rules() -> ReleaseRules:
    """The rules that the package ships, read once."""
    return compile_rules(_read("release_rules.yaml"))


def compile_rules(raw: Mapping[str, Any]) -> ReleaseRules:
    """Compile rules from their data; raises ValueError or KeyError for a type or element that R4 does not define."""
    compiler = _Compiler(_read("r4_elements.yaml"), raw["types"])
    return ReleaseRules(
        version=raw["version"],
        resources={name: compiler.shape(name, rule) for name, rule in raw["resources"].items()},
        minimal={name: compiler.shape(name, rule) for name, rule in raw["minimal"].items()},
        provenance=compiler.shape("Provenance", raw["provenance"]),
        protected_name=raw["protected"]["name"],
        protected_without=frozenset(raw["protected"]["without"]),
    )


@dataclass(frozen=True, slots=True)
class _Compiler:
    elements: Mapping[str, list[str]]
    types: Mapping[str, Mapping[str, Any]]

    def shape(self, path: str, rule: Mapping[str, Any]) -> Shape:
        # Nested provisions are defined by the outer one.
        defined = frozenset(self.elements[path.replace(".provision.provision", ".provision")])
        named = {name: child for name, child in rule.items() if name != "extension"}
        if undefined := named.keys() - defined:
            raise ValueError(f"{path}: R4 does not define {sorted(undefined)}")
        released = {name: self._child(f"{path}.{name}", child) for name, child in named.items()}
        return Shape(
            released,
            frozenset(name for name, child in released.items() if child == "plain"),
            defined,
            frozenset(rule.get("extension", ())),
            is_reference=path == "Reference",
            referring={
                name: child
                for name, child in released.items()
                if isinstance(child, Shape) and (child.is_reference or child.referring)
            },
        )

    def _child(self, path: str, rule: Any) -> Shape | Leaf:
        if rule == "plain" or rule == "reveals":
            return "plain" if rule == "plain" else "reveals"
        if isinstance(rule, Mapping):
            return self.shape(path, rule)
        return self.shape(_BASED_ON.get(rule, rule), self.types[rule])


def _read(name: str) -> Any:
    return yaml.safe_load(files("adapter.gate").joinpath(name).read_text("utf-8"))
