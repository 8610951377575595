"""Verify the audit: every chain, and this installation's against its checkpoints, a page at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from adapter.store import checkpoints
from adapter.store.boundaries import Boundary
from adapter.store.chain import ChainFault, ChainWalk, writers
from adapter.store.checkpoints import Checkpoint, CheckpointFile
from adapter.store.database import Database
from adapter.store.keys import Keyring


@dataclass(frozen=True, slots=True)
class FileFault:
    """What is wrong with the checkpoint file: ``missing``, ``cut`` (its last lines), ``unreadable``, or ``altered`` at a ``line``.

    ``none-yet``: no checkpoint was made since the database is one, which is no fault before the service has run.
    """

    code: str
    line: int = 0


Finding: TypeAlias = ChainFault | FileFault | Boundary
"""A Boundary is of rows lost and acknowledged: to be told, and no fault."""


def is_fault(finding: Finding) -> bool:
    """Whether a finding means that something is wrong."""
    return not isinstance(finding, Boundary) and finding.code != "none-yet"


class _Lines:
    """The sound checkpoints of a file, and what was not sound in it."""

    def __init__(self, file: CheckpointFile) -> None:
        self.faults: list[FileFault] = []
        self.last = 0
        self._file = file

    def __iter__(self) -> Iterator[Checkpoint]:
        try:
            for line in self._file.read():
                if isinstance(line, int):
                    self.faults.append(FileFault("altered", line))
                else:
                    self.last = line.number
                    yield line
        except FileNotFoundError:
            self.faults.append(FileFault("missing"))
        except OSError:
            self.faults.append(FileFault("unreadable"))


async def verify_audit(
    database: Database, keyring: Keyring, file: CheckpointFile, writer: str
) -> AsyncIterator[Finding]:
    """Everything that is wrong, as it is found. ``file`` holds the checkpoints of ``writer``; other chains are walked without any."""
    noted = await database.read(partial(checkpoints.noted, writer=writer))
    lines = _Lines(file)
    for name in sorted({*await database.read(writers), writer}):
        walk = ChainWalk(keyring, name, lines if name == writer else ())
        while not walk.is_done:
            for fault in await database.read(walk.page):
                yield fault
        for gap in walk.lost:
            yield gap
    for fault_of_file in lines.faults:
        is_begun = fault_of_file.code != "missing" or noted is not None
        yield fault_of_file if is_begun else FileFault("none-yet")
    if not lines.faults and noted is not None and lines.last < noted:
        yield FileFault("cut")
