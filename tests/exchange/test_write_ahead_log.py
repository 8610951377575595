"""What was wiped is soon gone from the write-ahead log too, although the service goes on."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from adapter.exchange.keep_audit import KeepAudit
from adapter.exchange.unaudited import Unaudited
from adapter.exchange.upkeep import Upkeep
from adapter.store.schema import migrate
from adapter.store.spool import Spool
from adapter.store.sqlite import SqliteDatabase
from tests.store.identity_vault import IdentityVault
from tests.store.marked import carry, holds_mark
from tests.store.samples import KEYRING, after


@pytest.mark.parametrize("sweeps", [0, 1])
async def test_a_sweep_clears_the_write_ahead_log_of_a_running_service(tmp_path: Path, sweeps: int) -> None:
    migrate(tmp_path / "sambro.db")
    database = SqliteDatabase(tmp_path / "sambro.db")
    await carry(database, IdentityVault(), deliver=True)
    clock = partial(after, 60)
    spool = Spool(tmp_path / "spool.jsonl", KEYRING)
    unaudited = Unaudited(database=database, keyring=KEYRING, spool=spool, writer="main", clock=clock)
    keep_audit = KeepAudit(database, KEYRING, unaudited, clock, years=5)
    for _ in range(sweeps):
        forever = timedelta(days=36_500)
        await Upkeep(
            database, IdentityVault(), keep_audit, clock, log_time=forever, consent_time=forever
        ).sweep()
    assert holds_mark(tmp_path) is (sweeps == 0)
    await database.close()
