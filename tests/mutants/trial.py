"""Trials: each mutant in a forked process that holds the collected tests, until one of them fails or all have passed."""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from time import process_time
from typing import Any, Final

import pytest

from tests.mutants.operators import Mutant

_MEMORY: Final = 4 * 2**30
"""Bytes that a trial may map: a mutant that collects without end must not take the machine with it."""


class Outcome(StrEnum):
    """How a trial ended; out of time is what used up far more processor time than the whole suite needs."""

    KILLED = "killed"
    OUT_OF_TIME = "out of time"
    SURVIVED = "survived"


@dataclass(frozen=True, slots=True)
class Trial:
    """A mutant that was tried, and the test that killed it, empty if none did."""

    mutant: Mutant
    outcome: Outcome
    killer: str = ""


class Suite:
    """The collected tests, the quickest first; what has killed a mutant of a function goes first for the next one of that function."""

    def __init__(self, items: Sequence[pytest.Item], preparation: Callable[[], None]) -> None:
        """Run every test once after ``preparation``; raises RuntimeError if one fails though nothing is mutated."""
        self._items = list(items)
        self._killers: defaultdict[str, list[int]] = defaultdict(list)
        pid, answer = _fork(lambda: self._measured(preparation), seconds=3600)
        times = _read(answer)
        _, status = os.waitpid(pid, 0)
        if status or len(times) != len(self._items):
            raise RuntimeError(
                f"fails without any mutant: {self._items[min(len(times), len(self._items) - 1)].nodeid}"
            )
        self.seconds: float = sum(times)
        self._items = [
            item for _, item in sorted(zip(times, self._items, strict=True), key=lambda pair: pair[0])
        ]

    def __len__(self) -> int:
        return len(self._items)

    def tried(
        self, mutants: Sequence[Mutant], processes: int, prepare: Callable[[Mutant], None]
    ) -> Iterator[Trial]:
        """Try every mutant, some at a time; ``prepare`` puts it in place, in the process that tries it."""
        limit, running = int(5 * self.seconds) + 10, dict[int, tuple[Mutant, int]]()
        waiting = list(reversed(mutants))
        while waiting or running:
            while waiting and len(running) < processes:
                mutant = waiting.pop()
                pid, answer = _fork(lambda mutant=mutant: self._first_failure(mutant, prepare), seconds=limit)
                running[pid] = mutant, answer
            pid, status = os.wait()
            mutant, answer = running.pop(pid)
            yield self._trial(mutant, status, _read(answer))

    def _trial(self, mutant: Mutant, status: int, answer: list[Any]) -> Trial:
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
            return Trial(mutant, Outcome.OUT_OF_TIME)
        if status or not answer:
            raise RuntimeError(f"cannot be tried: {mutant.name}")
        (killer,) = answer
        if killer is None:
            return Trial(mutant, Outcome.SURVIVED)
        killers = self._killers[mutant.function]
        killers[:] = [killer, *(other for other in killers if other != killer)]
        return Trial(mutant, Outcome.KILLED, self._items[killer].nodeid)

    def _first_failure(self, mutant: Mutant, prepare: Callable[[Mutant], None]) -> Iterator[int | None]:
        prepare(mutant)
        first = self._killers[mutant.function]
        rest = set(range(len(self._items))) - set(first)
        yield next((index for index in (*first, *sorted(rest)) if not _passes(self._items[index])), None)

    def _measured(self, preparation: Callable[[], None]) -> Iterator[float]:
        preparation()
        for item in self._items:
            before = process_time()
            if not _passes(item):
                return
            yield process_time() - before


def _passes(item: pytest.Item) -> bool:
    failed = item.session.testsfailed
    item.ihook.pytest_runtest_protocol(item=item, nextitem=None)
    return item.session.testsfailed == failed


def _fork(work: Callable[[], Iterator[Any]], *, seconds: int) -> tuple[int, int]:
    """Do work in a child that is silent and bounded; gives its id and where its results come out."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writer)
        return pid, reader
    try:
        _bound(seconds)
        with os.fdopen(writer, "w") as answer:
            json.dump(list(work()), answer)
        os._exit(0)
    finally:
        os._exit(1)


def _bound(seconds: int) -> None:
    silence = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(silence, stream.fileno())
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


def _read(reader: int) -> list[Any]:
    with os.fdopen(reader) as answer:
        text = answer.read()
    return list(json.loads(text)) if text else []
