"""What a benchmark gives: figures over several rounds, each against a floor measured in the same rounds, and the budget it has."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from time import perf_counter, thread_time
from typing import Literal

Measure = Callable[[], Awaitable[float]]
Call = Callable[[], Awaitable[object]]
Verdict = Literal["goal", "must", "missed"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One quantity, once per round. ``unit`` is ``/s``, ``us``, ``ms`` or what the figure counts."""

    values: tuple[float, ...]
    unit: str

    @property
    def median(self) -> float:
        """The middle round."""
        return median(self.values)

    @property
    def spread(self) -> tuple[float, float]:
        """The lowest and the highest round."""
        return min(self.values), max(self.values)


@dataclass(frozen=True, slots=True)
class Budget:
    """What ``of`` (the figure itself, or its ratio to the floor) must reach, and should; at most these where ``is_ceiling``."""

    of: Literal["figure", "ratio"]
    must: float
    goal: float | None = None
    is_ceiling: bool = False

    def verdict(self, value: float) -> Verdict:
        """Whether a value reaches the goal, the budget only, or neither."""
        sign = -1 if self.is_ceiling else 1
        if sign * value < sign * self.must:
            return "missed"
        return "must" if self.goal is not None and sign * value < sign * self.goal else "goal"


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table. ``floor`` is what the same work costs without us, or a peer; ``floor_name`` says which."""

    name: str
    figure: Sample
    floor_name: str = ""
    floor: Sample | None = None
    budget: Budget | None = None

    @property
    def ratio(self) -> float | None:
        """Figure to floor, round by round, so that what slows the machine down slows both; the median."""
        if self.floor is None:
            return None
        return median(
            ours / theirs for ours, theirs in zip(self.figure.values, self.floor.values, strict=True)
        )

    @property
    def verdict(self) -> Verdict | None:
        """How it stands to its budget, if it has one."""
        if self.budget is None:
            return None
        value = self.figure.median if self.budget.of == "figure" else self.ratio
        return None if value is None else self.budget.verdict(value)


async def in_rounds(rounds: int, *measures: Measure) -> list[tuple[float, ...]]:
    """Each measure's values: one round to warm up, then ``rounds`` in which every measure has its turn."""
    for measure in measures:
        await measure()
    found = [[await measure() for measure in measures] for _ in range(rounds)]
    return list(zip(*found, strict=True))


async def rate(calls: Sequence[Call], seconds: float) -> float:
    """Calls per second while as many callers as there are ``calls`` call for that long, each waiting for its answer."""
    started = perf_counter()

    async def caller(call: Call) -> int:
        answered = 0
        while perf_counter() < started + seconds:
            await call()
            answered += 1
        return answered

    answered = await asyncio.gather(*map(caller, calls))
    return sum(answered) / (perf_counter() - started)


def microseconds_each(work: Callable[[], object], times: int) -> float:
    """What one call of ``work`` takes of the processor, which it does not leave, as the mean of ``times``."""
    started = thread_time()
    for _ in range(times):
        work()
    return (thread_time() - started) / times * 1e6


async def p95_milliseconds(calls: Sequence[Call]) -> float:
    """What 95 of 100 calls stay below, one after the other."""
    taken = []
    for call in calls:
        started = perf_counter()
        await call()
        taken.append((perf_counter() - started) * 1e3)
    return quantiles(taken, n=20)[-1]
