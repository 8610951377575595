"""After the last delivery no byte of the content is left in any file; what was acknowledged survives a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from adapter.store.sqlite import SqliteDatabase
from adapter.store.tables import message
from adapter.store.vault import SealedVault
from tests.databases import Kind
from tests.store.identity_vault import IdentityVault
from tests.store.marked import carry, holds_mark


@pytest.fixture
def engine() -> Kind:
    """These tests read the files of one kind of database."""
    return "sqlite"


async def test_delivered_content_leaves_no_bytes_behind(database: SqliteDatabase, path: Path) -> None:
    await carry(database, IdentityVault(), deliver=True)
    assert await database.checkpoint()
    assert not holds_mark(path.parent)


async def test_the_scan_would_find_a_missing_wipe(database: SqliteDatabase, path: Path) -> None:
    await carry(database, IdentityVault(), deliver=False)
    assert await database.checkpoint()
    assert holds_mark(path.parent)


async def test_waiting_content_is_sealed(database: SqliteDatabase, path: Path, tmp_path: Path) -> None:
    await carry(database, SealedVault(tmp_path / "keys"), deliver=False)
    assert not holds_mark(tmp_path)


ACCEPT_FOR_EVER = """
import asyncio, sys
from functools import partial
from pathlib import Path
from adapter.store.messages import accept
from adapter.store.sqlite import SqliteDatabase
from tests.store.marked import MARK, carry, holds_mark
from tests.store.samples import RAW, new_message

async def client(database):
    while True:
        new = new_message()
        await database.write(partial(accept, new=new, raw=RAW))
        print(new.id, flush=True)

async def main():
    database = SqliteDatabase(Path(sys.argv[1]))
    await asyncio.gather(*(client(database) for _ in range(8)))

asyncio.run(main())
"""


@pytest.mark.parametrize("acknowledged", [1, 200])
async def test_what_was_acknowledged_survives_a_kill(path: Path, acknowledged: int) -> None:
    command = [sys.executable, "-c", ACCEPT_FOR_EVER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        seen = {process.stdout.readline().strip() for _ in range(acknowledged)}
        os.kill(process.pid, signal.SIGKILL)
        # What it had printed before the kill was acknowledged too; the last line may be cut.
        seen |= {line.strip() for line in process.stdout if line.endswith("\n")}
    database = SqliteDatabase(path)
    kept = await database.read(
        lambda c: c.execute(select(message.c.id, message.c.position).order_by(message.c.position)).all()
    )
    await database.close()
    assert seen <= {row.id for row in kept}
    assert [row.position for row in kept] == list(range(1, len(kept) + 1))
