"""Adding to a file: all of it, or an error that says so."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from adapter.store.appending import append_whole


class Sipping(io.FileIO):
    """A file that takes seven bytes at a time, as a system may."""

    def write(self, content: Any) -> int:
        """See io.FileIO."""
        return super().write(bytes(content)[:7])


def test_what_the_system_takes_in_parts_is_written_whole(tmp_path: Path) -> None:
    with Sipping(tmp_path / "file", "w") as file:
        append_whole(file, b"0123456789" * 3)
    assert (tmp_path / "file").read_bytes() == b"0123456789" * 3
