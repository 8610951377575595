"""Pages: every resource found on one of them, once, whatever came or went in between."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.fhir.pages import Cursor, Page, SortKey
from adapter.fhir.search_parameters import SEARCH_PARAMETERS

KNOWN: Final = {it.name: it for it in SEARCH_PARAMETERS["Observation"]}
DATE, BY_ID = KNOWN["date"], KNOWN["_id"]


def observation(name: str, day: str | None = None) -> dict[str, Any]:
    made = {"resourceType": "Observation", "id": name}
    return made if day is None else made | {"effectiveDateTime": day}


def ids(resources: Any) -> list[str]:
    return [it["id"] for it in resources]


def walked(page: Page, resources: Any) -> list[list[str]]:
    """The ids of each page, by its next link."""
    cut = page.cut(resources)
    onward = [it for it in cut.neighbours if it.relation == "next"]
    rest = walked(Page(page.count, page.order, onward[0]), resources) if onward else []
    return [ids(cut.shown), *rest]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ((), ["a", "b", "c", "d"]),
        ((SortKey(BY_ID, is_descending=True),), ["d", "c", "b", "a"]),
        ((SortKey(DATE),), ["c", "b", "d", "a"]),
        ((SortKey(DATE, is_descending=True),), ["b", "d", "c", "a"]),
    ],
)
def test_resources_are_sorted_and_those_without_a_value_stand_last(
    order: tuple[SortKey, ...], expected: list[str]
) -> None:
    found = [
        observation("d", "2026-02"),
        observation("a"),
        observation("c", "2025"),
        observation("b", "2026-02-01"),
    ]
    assert ids(Page(10, order).cut(found).shown) == expected


DAYS: Final = st.sampled_from([None, "2024", "2025-06", "2025-06-01", "2026-01-01T10:00:00+01:00"])
FOUND: Final = st.dictionaries(st.text("abcdef", min_size=1, max_size=3), DAYS, max_size=12)


@given(FOUND, st.integers(1, 5), st.booleans())
def test_each_resource_is_on_one_page_forth_and_back(
    days: dict[str, str | None], count: int, is_descending: bool
) -> None:
    found = [observation(name, day) for name, day in days.items()]
    order = (SortKey(DATE, is_descending),)
    whole = ids(Page(100, order).cut(found).shown)
    pages = walked(Page(count, order), found)
    assert [name for page in pages for name in page] == whole
    assert all(len(page) == count for page in pages[:-1])
    if len(pages) > 1:
        last = Page(count, order, _cursor_to(pages[-2], found, order, "next")).cut(found)
        [back] = [it for it in last.neighbours if it.relation == "previous"]
        assert ids(Page(count, order, back).cut(found).shown) == pages[-2]


def _cursor_to(page: list[str], found: Any, order: tuple[SortKey, ...], relation: Any) -> Cursor:
    [last] = [it for it in found if it["id"] == page[-1]]
    return Cursor(relation, (*(key.value(last) for key in order), last["id"]))


def test_what_comes_and_goes_between_two_pages_moves_nothing() -> None:
    found = [observation(name) for name in "bdfh"]
    [onward] = Page(2).cut(found).neighbours
    later = [observation(name) for name in "acefh"]
    assert ids(Page(2, cursor=onward).cut(later).shown) == ["e", "f"]


def test_no_page_without_entries_has_neighbours() -> None:
    assert Page(0).cut([observation("a")]).neighbours == ()
    assert Page(5, cursor=Cursor("next", ("z",))).cut([observation("a")]).neighbours == ()


def test_all_on_one_page_has_no_neighbours() -> None:
    for size in (1, 2):
        assert Page(size).cut([observation(name) for name in "ab"[:size]]).neighbours == ()
