"""Adding to a file so that it lasts: all of it on the disk, or an OSError."""

from __future__ import annotations

import os
from typing import IO


def append_whole(file: IO[bytes], content: bytes) -> None:
    """Write ``content`` to an unbuffered file and wait until the disk has it.

    Raises OSError; a part of it may then stand at the end of the file.
    """
    rest = memoryview(content)
    while rest:
        # The system may take less than it is given: a full disk, a signal.
        rest = rest[file.write(rest) :]
    os.fsync(file.fileno())
