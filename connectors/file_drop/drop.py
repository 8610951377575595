"""The file drop of one channel: each file is picked up, each of its rows accepted or refused, and only then the file is done."""

from __future__ import annotations

import asyncio
import csv
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Any, Final

import structlog

from adapter.domain.errors import InputError, Issue, SambroError, Unreachable
from adapter.domain.identity import PersonId
from adapter.domain.log_codes import LogCode
from adapter.exchange.own_form import DocumentReader, Records
from adapter.exchange.ports import Arrival, Reader
from adapter.mapping.flat_csv import Row, read_csv
from adapter.mapping.nested import CONTENT_TYPES
from connectors.file_drop.folder import ROWS, DropFolder, Seen, look_at, read_file
from connectors.file_drop.reader import RowReader

Take = Callable[[bytes, Arrival], Awaitable[str]]
"""Takes one message durably and says what became of it (``accepted``, ``repeated``, ...).

Raises InputError for a message that is refused, Unreachable where nothing was stored.
"""

Refuse = Callable[[str, Sequence[PersonId]], Awaitable[None]]
"""Writes down that a row, or a file, is refused: codes, and the person where it is known. Raises Unreachable where that cannot be written."""

IsPaused = Callable[[], Awaitable[bool]]
"""Whether files are to be left where they are. Raises Unreachable."""

_MOST_ISSUES: Final = 1000
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Pace:
    """Times in seconds: between looks at the folder, before a file that could not be ended is tried again, and how long refused rows stay."""

    poll: float = 2.0
    retry: float = 30.0
    keep: float = 72 * 3600.0


DEFAULT_PACE: Final = Pace()


@dataclass(slots=True)
class _Tally:
    """What has become of a file's rows, or of the records of a document, which are counted from 0.

    ``is_whole``: it is refused as it stands, since these could not all be told apart. ``left`` is a document of the refused records.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    issues: list[dict[str, Any]] = field(default_factory=list)
    refused: list[Row] = field(default_factory=list)
    refused_records: list[int] = field(default_factory=list)
    left: bytes | None = None
    is_whole: bool = False

    def refuse(self, issues: tuple[Issue, ...], row: Row | None, record: int | None) -> None:
        """Count a row, a record, or the file, as refused."""
        self.outcomes["refused"] += 1
        place = {"row": row.number} if row is not None else {} if record is None else {"record": record + 1}
        self.issues += [place | {"path": issue.path, "code": issue.code} for issue in issues]
        del self.issues[_MOST_ISSUES:]
        if record is not None:
            self.refused_records.append(record)
        elif row is None or not row.values:
            self.is_whole = True
        else:
            self.refused.append(row)

    def keep_refused(self, records: Records) -> None:
        """Keep what is refused of a document, when all of it was tried."""
        self.left = records.only(self.refused_records) if self.refused_records else None

    def refused_part(self) -> bytes | None:
        """What is refused, as a file that can be corrected and handed in again."""
        if not self.refused:
            return self.left
        text = StringIO(newline="")
        writer = csv.writer(text, delimiter=";")
        writer.writerow(self.refused[0].values.keys())
        writer.writerows(row.values.values() for row in self.refused)
        return text.getvalue().encode()


@dataclass(slots=True)
class _Reading:
    """How far a file has been read, as it was when ``seen``: each of its rows is taken or refused once, however often it is tried."""

    seen: Seen
    file_id: str
    tally: _Tally = field(default_factory=_Tally)
    rows: int = 0
    is_over: bool = False


class FileDrop:
    """Serves one channel's folder until it is stopped."""

    def __init__(
        self,
        channel: str,
        folder: DropFolder,
        reader: RowReader,
        take: Take,
        refuse: Refuse,
        pace: Pace = DEFAULT_PACE,
        documents: DocumentReader | None = None,
        *,
        is_paused: IsPaused,
    ) -> None:
        self._channel = channel
        self._folder = folder
        self._reader = reader
        self._documents = documents
        self._take = take
        self._refuse = refuse
        self._pace = pace
        self._is_paused = is_paused
        self._stopping = asyncio.Event()
        self._not_before: dict[Path, float] = {}
        self._readings: dict[Path, _Reading] = {}
        self._broken_off = 0
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to look at the folder."""
        self._task = asyncio.create_task(self._run())
        _log.info(LogCode.DROP_STARTED, channel=self._channel)

    async def stop(self) -> None:
        """Take no more rows, and return when the one in hand has ended; what is left of its file goes on at the next start."""
        self._stopping.set()
        if self._task is not None:
            await self._task

    async def look(self) -> None:
        """Pick up what is ready and read what is picked up, unless another process is at it, or the channel is paused.

        A fault of one file or of the folder is logged and holds up no other file.
        """
        try:
            if await self._is_paused():
                return
            await asyncio.to_thread(self._folder.prepare)
            with self._folder.held() as is_ours:
                for path in await asyncio.to_thread(self._picked_up) if is_ours else ():
                    if self._stopping.is_set():
                        return
                    await self._try(path)
        except (OSError, Unreachable) as error:
            self._fault(error)

    async def _try(self, path: Path) -> None:
        if self._not_before.get(path, 0.0) > time.monotonic():
            return
        try:
            await self._read(path)
            self._not_before.pop(path, None)
        except Exception as error:
            self._not_before[path] = time.monotonic() + self._pace.retry
            self._fault(error)

    async def _run(self) -> None:
        while not self._stopping.is_set():
            await self.look()
            try:
                await asyncio.wait_for(self._stopping.wait(), self._pace.poll)
            except TimeoutError:
                continue

    def _picked_up(self) -> list[Path]:
        self._folder.forget_failed(time.time() - self._pace.keep)
        before, self._broken_off = self._broken_off, self._folder.pick_up()
        if self._broken_off > before:
            _log.warning(LogCode.DROP_FAULT, channel=self._channel, fault=None, code="last-line-broken-off")
        found = self._folder.picked_up()
        self._readings = {path: self._readings[path] for path in found if path in self._readings}
        return found

    async def _read(self, path: Path) -> None:
        content = await asyncio.to_thread(read_file, path, self._reader.limits.bytes)
        reading = self._readings.get(path)
        if reading is None or reading.seen != content.seen:
            file_id = self._folder.file_id(path, content.body or repr(content.seen).encode())
            reading = self._readings[path] = _Reading(content.seen, file_id)
        if not reading.is_over and not await self._is_read(path, content.body, reading):
            return
        await asyncio.to_thread(self._finish, path, reading)
        del self._readings[path]
        tally = reading.tally
        codes = sorted({issue["code"] for issue in tally.issues})
        _log.info(
            LogCode.FILE_READ, channel=self._channel, file=reading.file_id, codes=codes, **tally.outcomes
        )

    async def _is_read(self, path: Path, body: bytes | None, reading: _Reading) -> bool:
        """Whether every row was accepted or refused, or the file as a whole; false when the service stops before that."""
        if body is None:
            await self._refused((Issue("", "too-large"),), reading.tally)
        elif not await (
            self._take_rows(body, reading)
            if path.suffix == ROWS
            else self._take_records(body, CONTENT_TYPES[path.suffix[1:]], reading)
        ):
            return False
        seen = await asyncio.to_thread(look_at, path)
        if seen != reading.seen:
            await self._refused((Issue("", "changed-while-read"),), reading.tally)
        reading.seen, reading.is_over = seen, True
        return True

    async def _take_rows(self, body: bytes, reading: _Reading) -> bool:
        try:
            file = await asyncio.to_thread(read_csv, body, self._reader.limits)
            self._reader.catalog.with_columns(self._reader.folder, file.columns)
        except InputError as error:
            await self._refused(error.issues, reading.tally)
            return True
        for row in islice(file.rows, reading.rows, None):
            if self._stopping.is_set():
                return False
            await self._take_row(row, reading)
            reading.rows += 1
        return True

    async def _take_row(self, row: Row, reading: _Reading) -> None:
        persons: list[PersonId] = []
        try:
            arrival = self._reader.arrival(row, f"{reading.file_id}-{row.number}")
            persons.append(arrival.person)
            reading.tally.outcomes[await self._take(row.body(), arrival)] += 1
        except InputError as error:
            await self._refused(error.issues, reading.tally, persons, row=row)

    async def _take_records(self, body: bytes, content_type: str, reading: _Reading) -> bool:
        """The records of a document: the one that it is, or each that its mapping tells of."""
        if self._documents is None:
            raise TypeError("a folder of documents has a reader of them")
        try:
            records = await asyncio.to_thread(
                self._documents.records, body, content_type, self._reader.limits
            )
        except InputError as error:
            await self._refused(error.issues, reading.tally)
            return True
        for number in range(reading.rows, len(records.places)):
            if self._stopping.is_set():
                return False
            await self._take_record(self._documents, records, number, content_type, reading.tally)
            reading.rows += 1
        await asyncio.to_thread(reading.tally.keep_refused, records)
        return True

    async def _take_record(
        self, reader: Reader, records: Records, number: int, content_type: str, tally: _Tally
    ) -> None:
        persons: list[PersonId] = []
        try:
            body = await asyncio.to_thread(records.only, [number])
            arrival = await asyncio.to_thread(reader.read, body, content_type)
            persons.append(arrival.person)
            tally.outcomes[await self._take(body, arrival)] += 1
        except InputError as error:
            record = None if records.each is None else number
            await self._refused(error.issues, tally, persons, record=record)

    async def _refused(
        self,
        issues: tuple[Issue, ...],
        tally: _Tally,
        persons: Sequence[PersonId] = (),
        *,
        row: Row | None = None,
        record: int | None = None,
    ) -> None:
        await self._refuse(" ".join(sorted({issue.code for issue in issues})), persons)
        tally.refuse(issues, row, record)

    def _finish(self, path: Path, reading: _Reading) -> None:
        tally = reading.tally
        report = {"file": reading.file_id, "rows": dict(tally.outcomes), "issues": tally.issues}
        self._folder.finish(path, reading.file_id, report, tally.refused_part(), is_whole=tally.is_whole)

    def _fault(self, error: Exception) -> None:
        code = error.code if isinstance(error, Unreachable) else None
        is_known = isinstance(error, SambroError | OSError)
        log = _log.warning if is_known else _log.error
        log(LogCode.DROP_FAULT, channel=self._channel, fault=type(error).__name__, code=code)
