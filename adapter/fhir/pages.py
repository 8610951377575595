"""Which of what was found an answer shows, in what order, and where its neighbours begin (FHIR R4, search.html#sort, #count, #paging).

A page begins after a resource, not at a number: what comes and goes between two pages moves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from typing import Any, Final, Literal

from adapter.fhir.search_criteria import earliest
from adapter.fhir.search_parameters import SearchParameter

Relation = Literal["next", "previous"]
Place = tuple[str | None, ...]
"""What a resource is sorted by: for each key of the order its value, None where it has none; its id is last."""
Resources = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class SortKey:
    """One rule of an order: a date parameter or ``_id``."""

    parameter: SearchParameter
    is_descending: bool = False

    def value(self, resource: Mapping[str, Any]) -> str | None:
        """What a resource is sorted by, as text that sorts as it does; None if it has none."""
        if self.parameter.type == "token":
            return str(resource["id"])
        instant = earliest(self.parameter, resource)
        return None if instant is None else instant.isoformat()


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins or ends: after ``place``, or before it."""

    relation: Relation
    place: Place


@dataclass(frozen=True, slots=True)
class Cut:
    """The resources of a page, and the cursors of its neighbours, where there are such."""

    shown: Resources
    neighbours: tuple[Cursor, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """A page of at most ``count`` resources. ``is_whole``: each is shown with all of its elements."""

    count: int
    order: tuple[SortKey, ...] = ()
    cursor: Cursor | None = None
    is_whole: bool = True

    def cut(self, resources: Resources) -> Cut:
        """This page of what was found, sorted."""
        placed = sorted(((self._place(it), it) for it in resources), key=cmp_to_key(self._compared))
        first, last = self._bounds(placed)
        page = placed[first:last]
        if not page:
            return Cut(())
        neighbours = [Cursor("previous", page[0][0])] if first > 0 else []
        neighbours += [Cursor("next", page[-1][0])] if last < len(placed) else []
        return Cut(tuple(resource for _, resource in page), tuple(neighbours))

    def _bounds(self, placed: Sequence[_Placed]) -> tuple[int, int]:
        if self.cursor is None:
            return 0, min(self.count, len(placed))
        anchor: _Placed = (self.cursor.place, {})
        before = sum(self._compared(it, anchor) < 0 for it in placed)
        if self.cursor.relation == "previous":
            return max(before - self.count, 0), before
        first = before + sum(self._compared(it, anchor) == 0 for it in placed)
        return first, min(first + self.count, len(placed))

    def _place(self, resource: Mapping[str, Any]) -> Place:
        return (*(key.value(resource) for key in self.order), str(resource["id"]))

    def _compared(self, one: _Placed, other: _Placed) -> int:
        """Below zero if one stands before the other. What has no value stands last, in either direction."""
        directions = (*(key.is_descending for key in self.order), False)
        for is_descending, mine, theirs in zip(directions, one[0], other[0], strict=True):
            if mine == theirs:
                continue
            if mine is None or theirs is None:
                return 1 if mine is None else -1
            return -1 if (mine < theirs) is not is_descending else 1
        return 0


_Placed = tuple[Place, Mapping[str, Any]]
ONE: Final = Page(1)
"""The page of a read by id."""
