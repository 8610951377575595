"""One serving process for one data directory."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType

from adapter.domain.errors import ConfigurationError, Fault


class ServiceLock:
    """An exclusive lock on a file, held by the one process that runs listeners and workers; the system drops it at its death.

    A context manager. Raises ConfigurationError on entry if another process holds it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1

    def __enter__(self) -> ServiceLock:
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._descriptor)
            message = "another serve or worker uses this data directory: stop it first"
            raise ConfigurationError([Fault(str(self._path), 0, message)]) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        os.close(self._descriptor)
