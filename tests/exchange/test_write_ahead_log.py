"""What was wiped is soon gone from the write-ahead log too, although the service goes on."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from adapter.exchange.upkeep import Upkeep
from adapter.store.schema import migrate
from adapter.store.sqlite import SqliteDatabase
from tests.store.identity_vault import IdentityVault
from tests.store.samples import NOW
from tests.store.test_nothing_at_rest import carry, holds_mark


@pytest.mark.parametrize("sweeps", [0, 1])
async def test_a_sweep_clears_the_write_ahead_log_of_a_running_service(tmp_path: Path, sweeps: int) -> None:
    migrate(tmp_path / "sambro.db")
    database = SqliteDatabase(tmp_path / "sambro.db")
    await carry(database, IdentityVault(), deliver=True)
    for _ in range(sweeps):
        await Upkeep(database, IdentityVault(), lambda: NOW + timedelta(minutes=1)).sweep()
    assert holds_mark(tmp_path) is (sweeps == 0)
    await database.close()
