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
from functools import partial
from time import process_time
from typing import Any, Final

import pytest

from tests.mutants.graft import GraftError
from tests.mutants.operators import Mutant

_MEMORY: Final = 4 * 2**30
"""Bytes that a trial may map: a mutant that collects without end must not take the machine with it."""
_IMPORT: Final = -1
"""In place of the test that failed: the mutated module does not even load."""


class Outcome(StrEnum):
    """How a trial ended; out of time is what used up far more processor time than the whole suite needs."""

    KILLED = "killed"
    OUT_OF_TIME = "out of time"
    SURVIVED = "survived"


@dataclass(frozen=True, slots=True)
class Trial:
    """A mutant that was tried, and the test that killed it: ``import`` if it did not even load, empty if none did."""

    mutant: Mutant
    outcome: Outcome
    killer: str = ""


class Suite:
    """The collected tests, quickest first; what killed a mutant of a function goes first for the next one of that function."""

    def __init__(self, items: Sequence[pytest.Item], prepare: Callable[[], None]) -> None:
        """Run every test once, after ``prepare``; raises RuntimeError if one fails though nothing is mutated."""
        self._killers: defaultdict[str, list[int]] = defaultdict(list)
        pid, answer = _fork(partial(_measured, items, prepare), seconds=3600)
        times = _read(answer)
        os.waitpid(pid, 0)
        if len(times) < len(items):
            raise RuntimeError(f"fails without any mutant: {items[len(times)].nodeid}")
        self.seconds: float = sum(times)
        self._tests = [items[place] for place in sorted(range(len(items)), key=times.__getitem__)]

    def __len__(self) -> int:
        return len(self._tests)

    def tried(
        self, mutants: Sequence[Mutant], processes: int, prepare: Callable[[Mutant], None]
    ) -> Iterator[Trial]:
        """Try mutants, some at a time; ``prepare`` puts one in place, in the process that tries it.

        Raises RuntimeError if a trial comes to no end of its own.
        """
        limit, running = int(5 * self.seconds) + 10, dict[int, tuple[Mutant, int]]()
        waiting = list(reversed(mutants))
        while waiting or running:
            while waiting and len(running) < processes:
                mutant = waiting.pop()
                pid, answer = _fork(partial(self._first_failure, mutant, prepare), seconds=limit)
                running[pid] = mutant, answer
            pid, status = os.wait()
            mutant, answer = running.pop(pid)
            yield self._ended(mutant, status, _read(answer))

    def _ended(self, mutant: Mutant, status: int, answer: list[Any]) -> Trial:
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
            return Trial(mutant, Outcome.OUT_OF_TIME)
        if status or not answer:
            raise RuntimeError(f"cannot be tried: {mutant.name}")
        (killer,) = answer
        if killer is None:
            return Trial(mutant, Outcome.SURVIVED)
        if killer == _IMPORT:
            return Trial(mutant, Outcome.KILLED, "import")
        self._killers[mutant.function].insert(0, killer)
        return Trial(mutant, Outcome.KILLED, self._tests[killer].nodeid)

    def _first_failure(self, mutant: Mutant, prepare: Callable[[Mutant], None]) -> Iterator[int | None]:
        try:
            prepare(mutant)
        except GraftError:
            raise
        except Exception:
            yield _IMPORT
            return
        order = dict.fromkeys([*self._killers[mutant.function], *range(len(self._tests))])
        yield next((place for place in order if not _passes(self._tests[place])), None)


def _measured(items: Sequence[pytest.Item], prepare: Callable[[], None]) -> Iterator[float]:
    prepare()
    for item in items:
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
