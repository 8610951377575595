"""One resource, cut down to what the release rules name; built anew, so that nothing of the source is shared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from adapter.domain.errors import SambroError
from adapter.gate.reading import objects_in
from adapter.gate.rules import Leaf, Shape

Keeper = Callable[[dict[str, Any]], dict[str, Any] | None]
"""Gives what may be left of a pruned Reference, or None."""

_ANYWHERE: Final = frozenset({"id", "extension", "modifierExtension"})
_PRIMITIVE: Final = (str, int, float)


class NotReleasable(SambroError):
    """The resource holds something that could change its meaning; ``code`` is the alert."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(slots=True)
class Pruner:
    """Prunes one resource. ``reveals`` turns True when free text, a place or a unit passed."""

    reveals: bool = False

    def prune(self, value: Mapping[str, Any], shape: Shape) -> dict[str, Any]:
        """What may pass of a resource, or of an object in one.

        Raises NotReleasable for a modifier extension, or an element that R4 does not define, and OutOfBounds.
        """
        pruned: dict[str, Any] = {}
        plain, released = shape.plain, shape.released
        for name, content in value.items():
            if name in plain and isinstance(content, str):
                pruned[name] = content
                continue
            rule = released.get(name)
            kept = self._unnamed(name, content, shape) if rule is None else self._element(content, rule)
            if kept or isinstance(kept, _PRIMITIVE):
                pruned[name] = kept
        return pruned

    def _element(self, content: object, rule: Shape | Leaf) -> Any:
        if isinstance(content, list):
            return [item for item in [self._single(item, rule) for item in content] if item != {}]
        return self._single(content, rule)

    def _single(self, content: object, rule: Shape | Leaf) -> Any:
        if isinstance(rule, Shape):
            if not isinstance(content, dict):
                raise NotReleasable("element-undefined")
            return self.prune(content, rule)
        if not isinstance(content, _PRIMITIVE):
            raise NotReleasable("element-undefined")
        if rule == "reveals":
            self.reveals = True
        return content

    def _unnamed(self, name: str, content: object, shape: Shape) -> list[dict[str, Any]] | None:
        """What passes of an element without a rule: nothing but an extension; it must not change the meaning of what is left."""
        kept = self._extensions(content, shape) if name == "extension" else None
        if changes_meaning({name: content}):
            raise NotReleasable("modifier-extension")
        element = name.removeprefix("_")
        if element not in shape.defined and element not in _ANYWHERE:
            raise NotReleasable("element-undefined")
        return kept

    def _extensions(self, content: object, shape: Shape) -> list[dict[str, Any]]:
        """The extensions that a rule names and that hold nothing but one primitive value."""
        items = content if isinstance(content, list) else []
        return [
            dict(item)
            for item in items
            if isinstance(item, dict)
            and item.get("url") in shape.extensions
            and len(item) == 2
            and all(
                name == "url" or (name.startswith("value") and isinstance(value, _PRIMITIVE))
                for name, value in item.items()
            )
        ]


def changes_meaning(value: object) -> bool:
    """Whether a modifier extension or implicit rules stand anywhere in parsed JSON; raises OutOfBounds."""
    return any(item.get("modifierExtension") or item.get("implicitRules") for item in objects_in(value))


def without_references(value: Mapping[str, Any], shape: Shape, keep: Keeper) -> dict[str, Any]:
    """The same, each Reference replaced by what ``keep`` leaves of it; what is empty then goes too."""
    cleaned = dict(value)
    for name, inner in shape.referring.items():
        if name in cleaned:
            cleaned[name] = _kept(cleaned[name], inner, keep)
            if not cleaned[name]:
                del cleaned[name]
    return cleaned


def _kept(value: Any, shape: Shape, keep: Keeper) -> Any:
    if isinstance(value, list):
        return [kept for item in value if (kept := _kept(item, shape, keep))]
    return keep(value) if shape.is_reference else without_references(value, shape, keep)
