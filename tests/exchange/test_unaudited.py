"""What the database cannot take: spooled, alerted where the spool takes nothing either, and no sweep of upkeep stops another."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from adapter.exchange.unaudited import Unaudited
from adapter.store.spool import MOST_BYTES, Spool
from tests.exchange.bodies import consent
from tests.exchange.house import House
from tests.exchange.logs import alerts


def spooling(house: House, folder: Path, most_bytes: int = MOST_BYTES) -> Unaudited:
    """Over a spool in ``folder/audit``, where the house has its own."""
    return Unaudited(
        database=house.database,
        keyring=house.keyring,
        spool=Spool(folder / "audit" / "spool.jsonl", house.keyring, most_bytes=most_bytes),
        writer=house.trail.writer,
        clock=house.clock,
    )


async def noted(unaudited: Unaudited) -> list[str]:
    """The alerts of one request that could not be audited."""
    with capture_logs() as logs:
        await unaudited.note(
            "GET /fhir/{type}", "request-1", "database-write-failed", client=None, person=None
        )
    assert logs[0]["event"] == "audit-spooled"
    return alerts(logs)


def alter(folder: Path) -> None:
    file = folder / "audit" / "spool.jsonl"
    file.write_bytes(file.read_bytes().replace(b"unaudited", b"unaudible"))


async def test_the_first_request_of_an_outage_alerts(house: House, tmp_path: Path) -> None:
    unaudited = spooling(house, tmp_path)
    assert [await noted(unaudited) for _ in range(2)] == [["audit-unreachable"], []]


async def test_a_spool_that_is_full_alerts(house: House, tmp_path: Path) -> None:
    assert await noted(spooling(house, tmp_path, most_bytes=10)) == ["audit-spool-full"]


async def test_a_spool_that_cannot_be_written_alerts(house: House, tmp_path: Path) -> None:
    (tmp_path / "audit").write_text("not a folder", encoding="utf-8")
    assert await noted(spooling(house, tmp_path)) == ["audit-spool-failed"]


async def test_a_spool_that_was_altered_alerts_when_it_is_written_and_when_it_is_brought_in(
    house: House, tmp_path: Path
) -> None:
    await noted(spooling(house, tmp_path))
    alter(tmp_path)
    after_a_restart = spooling(house, tmp_path)
    assert await noted(after_a_restart) == ["audit-spool-altered"]
    with capture_logs() as logs:
        await after_a_restart.bring_in()
    assert alerts(logs) == ["audit-spool-altered"]
    assert await house.audit() == []
    assert await noted(after_a_restart) == ["audit-unreachable"]


async def old(house: House) -> None:
    """A row past its retention."""
    await house.push(consent())
    house.clock.move(days=366 * 6)


async def test_a_spool_that_cannot_be_read_alerts_and_old_audit_is_purged_all_the_same(
    house: House, tmp_path: Path
) -> None:
    await old(house)
    (tmp_path / "audit" / "spool.jsonl.taken").mkdir(parents=True)
    with capture_logs() as logs:
        await house.keep_audit.sweep()
    assert alerts(logs) == ["audit-spool-failed"]
    assert await house.audit() == []


async def lose_answers(house: House) -> None:
    await house.database.write(lambda c: c.execute(text("ALTER TABLE answer RENAME TO lost")))


async def lose_keys(house: House) -> None:
    house.vault.destroy_unused = None  # type: ignore[method-assign, assignment]


@pytest.mark.parametrize("broken", [lose_answers, lose_keys])
async def test_a_sweep_that_fails_stops_none_of_the_others(
    house: House, broken: Callable[[House], Awaitable[None]]
) -> None:
    await old(house)
    await broken(house)
    with capture_logs() as logs:
        await house.upkeep.sweep()
    assert {line["event"] for line in logs} == {"worker-fault"}
    assert await house.audit() == []
