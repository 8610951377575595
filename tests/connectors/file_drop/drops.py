"""A file drop over a folder, with a recipient of rows that remembers them as the accept use case does."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Final

from adapter.domain.errors import InputError, Issue, Unreachable
from adapter.domain.identity import PersonId
from adapter.domain.instants import utc_now
from adapter.exchange.ports import Arrival
from adapter.mapping.catalog import MappingCatalog, load_catalog, packaged_files
from adapter.mapping.flat_csv import Limits
from connectors.file_drop.drop import FileDrop, IsPaused, Pace
from connectors.file_drop.folder import DropFolder
from connectors.file_drop.reader import RowReader

PERSONS: Final = ("191212121212", "199002222397", "200302022389")
HEADER: Final = "Inskrivnings-ID;Personnr;Händelse;Datum;Inskriven;Mottagning HSA-ID;Mottagning"
CATALOG: Final[MappingCatalog] = load_catalog(packaged_files())


def row(number: int, person: str = PERSONS[0]) -> str:
    return f"INS-{number};{person};Inskriven;2026-11-16;;;"


def export(*rows: str) -> bytes:
    return "\r\n".join([HEADER, *rows, ""]).encode("iso-8859-1")


def example(name: str) -> bytes:
    return (files("mappings") / "systems" / "kommun_csv" / "examples" / name).read_bytes()


class Taken:
    """Rows by control id; ``refused`` are record keys that are refused, ``is_down``: nothing can be stored."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[bytes, Arrival]] = {}
        self.refused: set[str] = set()
        self.is_down = False
        self.refusals: list[tuple[str, list[str]]] = []

    async def __call__(self, body: bytes, arrival: Arrival) -> str:
        if self.is_down:
            raise Unreachable("database-locked")
        if arrival.record_key in self.refused:
            raise InputError([Issue("Datum", "not-now")])
        if arrival.control_id in self.rows:
            assert self.rows[arrival.control_id][0] == body
            return "repeated"
        self.rows[arrival.control_id] = (body, arrival)
        return "accepted"

    async def refuse(self, code: str, persons: Sequence[PersonId]) -> None:
        """Remember a refusal, by its codes and persons."""
        if self.is_down:
            raise Unreachable("database-locked")
        self.refusals.append((code, [person.value for person in persons]))

    @property
    def records(self) -> list[str | None]:
        """The record key of each row that was taken, in order."""
        return [arrival.record_key for _, arrival in self.rows.values()]


class Clock:
    """A monotonic clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def digest(content: bytes) -> str:
    return sha256(b"key" + content).hexdigest()


def folder_at(
    path: Path, *, marker: str | None = None, settle_seconds: float = 0.0, clock: Clock | None = None
) -> DropFolder:
    return DropFolder(path, digest, settle_seconds, marker, clock or Clock())


async def never() -> bool:
    return False


def drop_at(
    folder: DropFolder,
    taken: Taken,
    *,
    limits: Limits | None = None,
    keep: float = 3600.0,
    is_paused: IsPaused = never,
) -> FileDrop:
    reader = RowReader(CATALOG, "kommun_csv", utc_now, limits or Limits())
    return FileDrop(
        "kommun-filer",
        folder,
        reader,
        taken,
        taken.refuse,
        Pace(poll=0.01, retry=0.0, keep=keep),
        is_paused=is_paused,
    )


def lying(path: Path) -> list[str]:
    """Everything that lies in a folder, by path, but for the lock."""
    files = (found for found in path.rglob("*") if found.is_file() and found.name != ".lock")
    return sorted(str(found.relative_to(path)) for found in files)
