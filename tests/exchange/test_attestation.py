"""Checkpoints against the database: grown, set back, cut off, gone."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from adapter.domain.errors import ConfigurationError
from adapter.exchange.verify_audit import FileFault, Finding, verify_audit
from adapter.store.boundaries import Boundary
from adapter.store.chain import ChainFault
from adapter.store.checkpoints import CheckpointFile
from tests.exchange.bodies import consent
from tests.exchange.house import House, opened
from tests.exchange.logs import alerts


def file_of(house: House, folder: Path) -> CheckpointFile:
    return CheckpointFile(folder / "audit" / "checkpoints.jsonl", house.keyring, house.trail.writer)


def lines(folder: Path) -> list[bytes]:
    return (folder / "audit" / "checkpoints.jsonl").read_bytes().splitlines(keepends=True)


async def findings(house: House, folder: Path) -> list[Finding]:
    found = verify_audit(house.database, house.keyring, file_of(house, folder), house.trail.writer)
    return [finding async for finding in found]


async def grown(house: House, name: str) -> None:
    """A consent filed, and a checkpoint after it."""
    await house.push(consent(name))
    await house.attestation.mark()


async def set_back(folder: Path) -> None:
    """A history in which a backup of the database is put back: two rows, where the last checkpoint saw four."""
    async with opened(folder) as house:
        await grown(house, "S-1")
        await grown(house, "S-2")
    shutil.copy(folder / "sambro.db", folder / "backup.db")
    async with opened(folder) as house:
        await grown(house, "S-3")
        await grown(house, "S-4")
    (folder / "backup.db").rename(folder / "sambro.db")


async def test_a_checkpoint_is_added_when_the_chain_has_grown(house: House, tmp_path: Path) -> None:
    assert await findings(house, tmp_path) == [FileFault("none-yet")]
    await house.attestation.require()
    for step in (1, 2):
        await house.attestation.mark()
        assert len(lines(tmp_path)) == 1, step
        await house.attestation.require()
        assert await findings(house, tmp_path) == []
    await grown(house, "S-1")
    await house.attestation.mark()
    assert len(lines(tmp_path)) == 2
    await grown(house, "S-2")
    assert len(lines(tmp_path)) == 3
    await house.attestation.require()
    assert await findings(house, tmp_path) == []


async def test_a_database_that_was_set_back_is_refused_until_it_is_acknowledged(tmp_path: Path) -> None:
    await set_back(tmp_path)
    async with opened(tmp_path) as house:
        with pytest.raises(ConfigurationError, match=r"row 2; the checkpoint of .*: row 4"):
            await house.attestation.require()
        assert await findings(house, tmp_path) == [ChainFault("test", 3, 4, "missing")]
        before = lines(tmp_path)
        await house.attestation.mark()
        assert lines(tmp_path) == before
        assert await house.attestation.acknowledge() == "rows-missing"
        await house.attestation.require()
        assert await house.attestation.acknowledge() is None
        await grown(house, "S-5")
        [gap] = await findings(house, tmp_path)
        assert isinstance(gap, Boundary)
        assert (gap.after, gap.number) == (2, 4)
        [event] = await house.audit("acknowledgement")
        assert event["outcomeDesc"] == "rows-missing"


async def test_a_file_that_is_gone_is_missed_until_it_is_acknowledged(house: House, tmp_path: Path) -> None:
    await grown(house, "S-1")
    (tmp_path / "audit" / "checkpoints.jsonl").unlink()
    assert await findings(house, tmp_path) == [FileFault("missing")]
    with pytest.raises(ConfigurationError, match="there were checkpoints"):
        await house.attestation.require()
    await house.attestation.mark()
    assert not (tmp_path / "audit" / "checkpoints.jsonl").exists()
    assert await house.attestation.acknowledge() == "checkpoint-file-missing"
    await house.attestation.require()
    assert await findings(house, tmp_path) == []


async def test_a_file_that_lost_its_last_line_is_named(house: House, tmp_path: Path) -> None:
    await grown(house, "S-1")
    await grown(house, "S-2")
    first, _ = lines(tmp_path)
    (tmp_path / "audit" / "checkpoints.jsonl").write_bytes(first)
    assert await findings(house, tmp_path) == [FileFault("cut")]
    for refused in (house.attestation.require, house.attestation.acknowledge):
        with pytest.raises(ConfigurationError, match="last checkpoints are missing"):
            await refused()


@pytest.mark.parametrize("line", [0, 1])
async def test_an_altered_line_is_named_and_the_rows_are_still_compared(
    house: House, tmp_path: Path, line: int
) -> None:
    for name in ("S-1", "S-2", "S-3"):
        await grown(house, name)
    altered = lines(tmp_path)
    altered[line] = altered[line].replace(b'"number":', b'"number":1')
    (tmp_path / "audit" / "checkpoints.jsonl").write_bytes(b"".join(altered))
    await house.attestation.require()
    await house.database.write(lambda c: c.execute(text("DELETE FROM audit WHERE number = 3")))
    assert await findings(house, tmp_path) == [
        ChainFault("test", 3, 3, "missing"),
        FileFault("altered", line + 1),
    ]


async def test_an_altered_last_line_is_refused_at_the_start(house: House, tmp_path: Path) -> None:
    await grown(house, "S-1")
    [line] = lines(tmp_path)
    (tmp_path / "audit" / "checkpoints.jsonl").write_bytes(line.replace(b"test", b"tast"))
    with pytest.raises(ConfigurationError, match="not as it was written"):
        await house.attestation.require()
    before = lines(tmp_path)
    await house.attestation.mark()
    assert lines(tmp_path) == before


async def test_another_database_is_not_taken_for_this_one(house: House, tmp_path: Path) -> None:
    await grown(house, "S-1")
    await house.database.write(lambda c: c.execute(text("UPDATE audit SET mac = event")))
    for refused in (house.attestation.require, house.attestation.acknowledge):
        with pytest.raises(ConfigurationError, match="not the one that the last checkpoint saw"):
            await refused()


async def test_a_row_taken_out_of_the_middle_is_no_restored_backup(house: House, tmp_path: Path) -> None:
    """The row of the checkpoint is gone and later ones stand: nothing that an administrator may take as lost."""
    await grown(house, "S-1")
    await house.push(consent("S-2"))
    await house.database.write(lambda c: c.execute(text("DELETE FROM audit WHERE number = 1")))
    with capture_logs() as logs:
        await house.attestation.mark()
    assert alerts(logs) == ["audit-checkpoint-differs"]
    for refused in (house.attestation.require, house.attestation.acknowledge):
        with pytest.raises(ConfigurationError, match="not the one that the last checkpoint saw"):
            await refused()
    assert await house.audit("acknowledgement") == []


async def test_what_comes_in_before_a_loss_is_acknowledged_is_compared_too(tmp_path: Path) -> None:
    """Rows that were written between the look and the acknowledgement: the boundary would cover them."""
    await set_back(tmp_path)
    async with opened(tmp_path) as house:
        write, pushed = house.database.write, ["S-5", "S-6"]

        async def after_others(op: Any) -> Any:
            while pushed:
                await house.push(consent(pushed.pop()))
            return await write(op)

        house.database.write = after_others
        with pytest.raises(ConfigurationError, match="not the one that the last checkpoint saw"):
            await house.attestation.acknowledge()
        assert await house.audit("acknowledgement") == []


async def test_a_database_that_was_set_back_under_the_service_alerts(tmp_path: Path) -> None:
    await set_back(tmp_path)
    async with opened(tmp_path) as house:
        with capture_logs() as logs:
            await house.attestation.mark()
    assert alerts(logs) == ["audit-rows-missing"]


async def test_each_checkpoint_is_logged_as_it_stands_in_the_file(house: House, tmp_path: Path) -> None:
    with capture_logs() as logs:
        await grown(house, "S-1")
    [line] = lines(tmp_path)
    assert [log for log in logs if log["event"] == "audit-checkpoint"] == [
        {"event": "audit-checkpoint", "log_level": "info", **orjson.loads(line)}
    ]


async def test_rows_before_the_first_checkpoint_alert_at_the_start(house: House) -> None:
    with capture_logs() as logs:
        await house.attestation.require()
    assert alerts(logs) == []
    await house.push(consent())
    with capture_logs() as logs:
        await house.attestation.require()
    assert alerts(logs) == ["audit-checkpoints-begun"]


async def test_a_chain_that_does_not_verify_is_not_purged_and_alerts(house: House) -> None:
    await grown(house, "S-1")
    await house.database.write(lambda c: c.execute(text("UPDATE audit SET kind = 'access'")))
    house.clock.move(days=366 * 6)
    with capture_logs() as logs:
        await house.keep_audit.sweep()
    assert alerts(logs) == ["audit-chain-broken"]
    assert await house.audit_kinds() == ["access"]


async def test_old_rows_are_purged_and_the_rest_verifies(house: House, tmp_path: Path) -> None:
    await grown(house, "S-1")
    house.clock.move(days=366 * 5 - 1)
    await grown(house, "S-2")
    await house.keep_audit.sweep()
    assert len(await house.audit()) == 2
    house.clock.move(days=2)
    await house.keep_audit.sweep()
    assert len(await house.audit()) == 1
    assert await findings(house, tmp_path) == []
    await house.attestation.require()
    house.clock.move(days=366 * 5)
    await house.keep_audit.sweep()
    await house.attestation.require()
    assert await findings(house, tmp_path) == []
    await house.database.write(lambda c: c.execute(text("DELETE FROM audit_boundary")))
    assert await findings(house, tmp_path) == [ChainFault("test", 1, 2, "missing")]


async def test_a_file_that_takes_nothing_stops_nobody_who_runs(house: House, tmp_path: Path) -> None:
    (tmp_path / "audit").write_text("not a folder", encoding="utf-8")
    with capture_logs() as logs:
        await grown(house, "S-1")
    assert alerts(logs) == ["audit-checkpoint-failed"]
    assert await house.audit_kinds() == ["filed"]
    with pytest.raises(ConfigurationError, match="cannot be read"):
        await house.attestation.require()
