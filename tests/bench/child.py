"""A server in a process of its own, so that what is measured does not share its interpreter with who measures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Final, TypeVar

import uvloop

T = TypeVar("T")
Serve = Callable[[T, Callable[[object], None]], Coroutine[None, None, None]]
"""Serves until it is cancelled; calls back with what the other side needs (ports) as soon as it can be reached."""

_START_SECONDS: Final = 60


@contextmanager
def serving(serve: Serve[T], given: T) -> Iterator[tuple[int, ...]]:
    """Run ``serve(given, ready)``, a function of a module, in a child process until the block ends; gives what it told as ready."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_run, args=(serve, given, theirs), daemon=True)
    process.start()
    try:
        if not ours.poll(_START_SECONDS):
            raise TimeoutError("the server did not start")
        yield ours.recv()
    finally:
        process.terminate()
        process.join()


def _run(serve: Serve[T], given: T, pipe: Connection) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(given, pipe.send))
