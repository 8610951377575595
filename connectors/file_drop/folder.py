"""The folder of a channel: what is ready in it, its pick-up, and what is left when a file is read.

``work`` holds what is picked up, ``failed`` what was refused, ``done`` a receipt of each file that was taken whole. Every step is a rename within the
folder, so that a process that is killed leaves a file where it was or where it goes. Our own names are keyed digests: the sender's may hold a person's number.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from adapter.domain.errors import ConfigurationError, Fault

ROWS: Final = ".csv"
"""The ending of a file of rows; any other file is one document."""
_ERRORS: Final = ".errors.json"
_PARTS: Final = ("work", "done", "failed")
_MOST_NAMES: Final = 10_000
_PART: Final = ".part"
_READY: Final = ".ready"
_LOCK: Final = ".lock"
_PROBE: Final = ".sambro-check"

Seen = tuple[int, int, int]
"""Of a file: inode, size, and when it was last written, in nanoseconds."""


@dataclass(slots=True)
class DropFolder:
    """One channel's folder.

    A file is ready when ``<name><marker>`` stands beside it, or, without a marker, when nothing about it has changed for ``settle_seconds`` of ours;
    one of rows must end with its last line, too. ``digest`` is keyed. ``endings`` are those of the files that the channel reads, in lower case.
    """

    path: Path
    digest: Callable[[bytes], str]
    settle_seconds: float
    marker: str | None = None
    monotonic: Callable[[], float] = time.monotonic
    endings: frozenset[str] = frozenset({ROWS})
    _since: dict[str, tuple[Seen, float]] = field(default_factory=dict)

    def prepare(self) -> None:
        """Make the parts of the folder. Raises OSError."""
        for part in _PARTS:
            (self.path / part).mkdir(mode=0o750, exist_ok=True)

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Whether this process alone works in the folder meanwhile: another replica may be at it. Raises OSError."""
        with (self.path / "work" / _LOCK).open("ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    def pick_up(self) -> int:
        """Move every file that is ready to ``work``; one whose namesake is there still waits. Raises OSError.

        Returns how many have settled in the middle of a line, and so wait.
        """
        works = {name: self._work(name) for name in sorted(self._names()) if _ending(name) in self.endings}
        self._since = {name: known for name, known in self._since.items() if name in works}
        for ready in (self.path / "work").glob(f"*{_READY}"):
            is_taken = any(ready.with_suffix(ending).exists() for ending in self.endings)
            if is_taken or not any(ready == work.with_suffix(_READY) for work in works.values()):
                ready.unlink()
        broken_off = 0
        for name, work in works.items():
            if not work.exists() and self._is_ready(name, work):
                if self.marker is None and _is_cut_off(self.path / name):
                    broken_off += 1
                else:
                    self._take(name, work)
        return broken_off

    def picked_up(self) -> list[Path]:
        """The files in ``work``, those longest there first. Raises OSError."""
        files = [path for path in (self.path / "work").iterdir() if path.suffix in self.endings]
        return sorted(files, key=lambda path: (path.stat().st_mtime_ns, path.name))

    def file_id(self, work: Path, body: bytes) -> str:
        """What names a file ever after: the same for the same name and content, and telling neither."""
        return self._key(f"{work.stem}\n".encode() + body)

    def finish(
        self, work: Path, file_id: str, report: Mapping[str, Any], refused: bytes | None, *, is_whole: bool
    ) -> None:
        """End a file: ``refused`` and its report to ``failed``, or all of it where that is ``is_whole``; else a receipt to ``done``. Raises OSError."""
        failed = self.path / "failed" / f"{file_id}{work.suffix}"
        errors = failed.with_suffix(_ERRORS)
        if is_whole or refused is not None:
            self._write(errors, json.dumps(report, ensure_ascii=False, indent=1).encode())
            if refused is not None and not is_whole:
                self._write(failed, refused)
        else:
            errors.unlink(missing_ok=True)
            failed.unlink(missing_ok=True)
            self._write(self.path / "done" / f"{file_id}.json", json.dumps(report, indent=1).encode())
        if is_whole:
            os.rename(work, failed)
        else:
            work.unlink()

    def forget_failed(self, older_than: float) -> None:
        """Remove what has lain in ``failed`` since before an instant (seconds of the epoch), also what a kill left half written.

        The reports, which name nobody, stay.
        """
        for path in (self.path / "failed").iterdir():
            if path.name.endswith(_ERRORS) or path.suffix not in {*self.endings, _PART}:
                continue
            if path.stat().st_ctime < older_than:
                path.unlink(missing_ok=True)

    def check(self, channel: str) -> None:
        """Raises ConfigurationError where files cannot be picked up from the folder."""
        probe = self.path / _PROBE
        try:
            self.prepare()
            probe.touch()
            os.replace(probe, self.path / "work" / _PROBE)
            (self.path / "work" / _PROBE).unlink()
        except OSError as error:
            what = "is no folder" if not self.path.is_dir() else "cannot be written to"
            message = f"folder of the channel {channel} {what} ({type(error).__name__}); make it, or give us the right"
            raise ConfigurationError([Fault("sambro.yaml drops", 0, message)]) from None

    def _names(self) -> set[str]:
        with os.scandir(self.path) as entries:
            names = {entry.name for entry, _ in zip(entries, range(_MOST_NAMES), strict=False)}
        return {name for name in names if not name.startswith(".")}

    def _is_ready(self, name: str, work: Path) -> bool:
        try:
            found = (self.path / name).lstat()
        except FileNotFoundError:
            return False
        if not stat.S_ISREG(found.st_mode):
            return False
        if self.marker is not None:
            return (self.path / f"{name}{self.marker}").exists() or work.with_suffix(_READY).exists()
        seen, now = _seen(found), self.monotonic()
        before, since = self._since.get(name, (None, now))
        if before != seen:
            self._since[name] = (seen, since := now)
        return now - since >= self.settle_seconds

    def _take(self, name: str, work: Path) -> None:
        """The marker goes first: a kill in between leaves a file that is known to be ready, and no marker for its successor."""
        ready = work.with_suffix(_READY)
        if self.marker is not None and not ready.exists():
            os.rename(self.path / f"{name}{self.marker}", ready)
        os.rename(self.path / name, work)
        ready.unlink(missing_ok=True)
        self._since.pop(name, None)

    def _work(self, name: str) -> Path:
        return self.path / "work" / f"{self._key(os.fsencode(name))}{_ending(name)}"

    def _key(self, content: bytes) -> str:
        return self.digest(b"file drop\n" + content)[:32]

    def _write(self, path: Path, content: bytes) -> None:
        """Whole or not at all, also where the power fails."""
        part = path.with_suffix(_PART)
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)


@dataclass(frozen=True, slots=True)
class Content:
    """What a file held when it was read; ``body`` is None where that is too much."""

    body: bytes | None
    seen: Seen


def read_file(path: Path, most: int) -> Content:
    """The content of a file of at most ``most`` bytes. Raises OSError."""
    with path.open("rb") as file:
        seen = _seen(os.fstat(file.fileno()))
        body = file.read(most + 1)
    return Content(None if len(body) > most else body, seen)


def look_at(path: Path) -> Seen:
    """A file as it is now: another than before, if somebody has written to it. Raises OSError."""
    return _seen(path.stat())


def _is_cut_off(path: Path) -> bool:
    """Whether a file of rows ends within a line; of a document its reader tells."""
    if _ending(path.name) != ROWS:
        return False
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - 1, 0))
        return file.read(1) not in (b"\n", b"\r")


def _ending(name: str) -> str:
    return os.path.splitext(name)[1].lower()


def _seen(found: os.stat_result) -> Seen:
    return found.st_ino, found.st_size, found.st_mtime_ns
