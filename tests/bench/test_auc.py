"""The classifier's area and interval, on groups of which the answer is known."""

from __future__ import annotations

from random import Random

import pytest

from tests.bench.auc import auc


@pytest.mark.parametrize(
    ("first", "second", "area"),
    [
        ([3, 4], [1, 2], 1.0),
        ([1, 2], [3, 4], 0.0),
        ([1, 2], [1, 2], 0.5),
        ([2, 2], [2, 2], 0.5),
        ([1, 4], [2, 3], 0.5),
        ([2, 4], [1, 3], 0.75),
    ],
)
def test_it_is_how_often_one_of_the_first_group_has_more(
    first: list[float], second: list[float], area: float
) -> None:
    assert auc(first, second).value == area


def test_of_equal_groups_about_19_in_20_intervals_hold_one_half() -> None:
    rng = Random(1)  # noqa: S311  a sample, not a secret
    held = 0
    for _ in range(400):
        low, high = auc([rng.random() for _ in range(100)], [rng.random() for _ in range(100)]).interval
        held += low <= 0.5 <= high
    assert 368 <= held <= 392


def test_a_small_shift_is_found_in_a_large_sample() -> None:
    rng = Random(2)  # noqa: S311  a sample, not a secret
    shifted = [rng.gauss(0.1, 1) for _ in range(5_000)]
    assert auc(shifted, [rng.gauss(0, 1) for _ in range(5_000)]).interval[0] > 0.5
