"""One resource, cut down to what the release rules name; built anew, so that nothing of the source is shared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from adapter.domain.errors import SambroError
from adapter.gate.references import is_reference
from adapter.gate.rules import Leaf, Shape

Keeper = Callable[[dict[str, Any]], dict[str, Any] | None]
"""Gives what may be left of a pruned Reference, or None."""

_ANYWHERE: Final = frozenset({"id", "extension", "modifierExtension"})


class NotReleasable(SambroError):
    """The resource holds something that could change its meaning; ``code`` is the alert."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(slots=True)
class Pruner:
    """Prunes one resource. ``reveals`` turns True when free text, a place or a unit passed."""

    reveals: bool = False

    def prune(self, resource: Mapping[str, Any], shape: Shape) -> dict[str, Any]:
        """What may pass; raises NotReleasable for a modifier extension, or an element that R4 does not define."""
        if changes_meaning(resource):
            raise NotReleasable("modifier-extension")
        return self._object(resource, shape)

    def _object(self, value: Mapping[str, Any], shape: Shape) -> dict[str, Any]:
        pruned: dict[str, Any] = {}
        for name, content in value.items():
            if name.removeprefix("_") not in shape.defined and name.removeprefix("_") not in _ANYWHERE:
                raise NotReleasable("element-undefined")
            rule = shape.released.get(name)
            kept = self._extensions(content, shape) if name == "extension" else self._element(content, rule)
            if kept is not None and kept != [] and kept != {}:
                pruned[name] = kept
        return pruned

    def _element(self, content: object, rule: Shape | Leaf | None) -> Any:
        if rule is None:
            return None
        if isinstance(content, list):
            kept = [self._single(item, rule) for item in content]
            return [item for item in kept if item is not None and item != {}]
        return self._single(content, rule)

    def _single(self, content: object, rule: Shape | Leaf) -> Any:
        if isinstance(rule, str):
            if not isinstance(content, str | int | float):
                raise NotReleasable("element-undefined")
            self.reveals = self.reveals or rule == "reveals"
            return content
        if not isinstance(content, dict):
            raise NotReleasable("element-undefined")
        return self._object(content, rule)

    def _extensions(self, content: object, shape: Shape) -> list[dict[str, Any]]:
        """The extensions that a rule names and that hold nothing but one primitive value."""
        items = content if isinstance(content, list) else []
        return [
            dict(item)
            for item in items
            if isinstance(item, dict)
            and item.get("url") in shape.extensions
            and len(item) == 2
            and all(isinstance(value, str | int | float) for value in item.values())
        ]


def changes_meaning(value: object) -> bool:
    """Whether a modifier extension or implicit rules stand anywhere; the value must be bounded in depth."""
    if isinstance(value, dict):
        if value.get("modifierExtension") or value.get("implicitRules"):
            return True
        return any(changes_meaning(child) for child in value.values() if isinstance(child, dict | list))
    return isinstance(value, list) and any(map(changes_meaning, value))


def without_references(value: dict[str, Any], keep: Keeper) -> dict[str, Any]:
    """The same, each Reference replaced by what ``keep`` leaves of it; what is empty then goes too."""
    return {name: kept for name, child in value.items() if (kept := _kept(child, keep)) not in (None, [], {})}


def _kept(value: Any, keep: Keeper) -> Any:
    if isinstance(value, list):
        return [kept for item in value if (kept := _kept(item, keep)) not in (None, {})]
    if not isinstance(value, dict):
        return value
    return keep(value) if is_reference(value) else without_references(value, keep)
