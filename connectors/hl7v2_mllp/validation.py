"""Validation by hl7apy in a process of its own: tens of milliseconds a message must not hold up the event loop."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.process import BaseProcess
from threading import Lock, Thread

from adapter.domain.errors import Issue
from connectors.hl7v2_mllp.validate import validate


class Validation:
    """One worker process, started at the first message and again if it dies. To be closed."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._pool: ProcessPoolExecutor | None = None

    def run(self, body: bytes, *, is_strict: bool) -> tuple[Issue, ...]:
        """What hl7apy finds; raises BrokenProcessPool if the process dies twice over one message."""
        try:
            return self._started().submit(validate, body, is_strict=is_strict).result()
        except BrokenProcessPool:
            self.close()
            return self._started().submit(validate, body, is_strict=is_strict).result()

    def close(self) -> None:
        """End the worker process."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)

    def _started(self) -> ProcessPoolExecutor:
        with self._lock:
            if self._pool is None:
                # Spawned, not forked: this process has threads and an open database.
                context = multiprocessing.get_context("spawn")
                self._pool = ProcessPoolExecutor(1, mp_context=context, initializer=_end_with_parent)
            return self._pool


def _end_with_parent() -> None:
    """In the worker process: a parent that is killed cannot end it, so it watches for that itself."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        Thread(target=_exit_after, args=(parent,), daemon=True).start()


def _exit_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(0)


class ChannelValidator:
    """A channel's validator (the port ``Validator``) at the strictness of its agreement."""

    def __init__(self, validation: Validation, *, is_strict: bool) -> None:
        self._validation = validation
        self._is_strict = is_strict

    def validate(self, body: bytes) -> tuple[Issue, ...]:
        """See the port; a fault of hl7apy's definitions is one of the message's."""
        return self._validation.run(body, is_strict=self._is_strict)
