"""A backup brought to a new place with the keys that there are: the log is there, content whose key was destroyed is not."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from adapter.domain.errors import ContentUnreadable
from adapter.domain.states import State
from adapter.store import audit
from adapter.store.audit import AuditRow
from adapter.store.chain import ChainWalk
from adapter.store.inbound import Processed, claim_inbound, finish_inbound
from adapter.store.messages import accept
from adapter.store.retention import content_key_days
from adapter.store.tables import content, message
from adapter.store.vault import Sealed, SealedVault
from tests.databases import Databases, Place, transactions
from tests.store.conftest import Run
from tests.store.samples import KEYRING, LEASE, NOW, new_message

LATER = NOW + timedelta(days=2)


@pytest.fixture
def vault(tmp_path: Path) -> SealedVault:
    return SealedVault(tmp_path / "keys" / "master.content")


def backed_up(place: Place, folder: Path, request: pytest.FixtureRequest) -> Place:
    """The database as docs/operations.md backs it up and restores it."""
    if isinstance(place, Path):
        with closing(sqlite3.connect(place)) as source, closing(sqlite3.connect(folder / "b")) as copy:
            source.backup(copy)
        return folder / "b"
    databases: Databases = request.getfixturevalue("postgres")
    return databases.restored(place, folder / "dump")


def arrive(run: Run, vault: SealedVault, name: str, at: datetime) -> None:
    sealed = vault.seal(b"a record", context=name, at=at)
    run(accept, new_message(id=name, subject_key=name, received_at=at), sealed)


def test_the_log_is_there_and_what_was_wiped_cannot_be_read(
    run: Run, place: Place, vault: SealedVault, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    arrive(run, vault, "ended", NOW)
    arrive(run, vault, "waits", LATER)
    run(audit.append, KEYRING, "sambro", [AuditRow(NOW, None, "access", b"{}")])
    restored = backed_up(place, tmp_path, request)
    [held] = run(claim_inbound, "worker", NOW, LEASE, 1)
    run(finish_inbound, held, Processed(state=State.WITHHELD), NOW)
    vault.destroy_unused(run(content_key_days), now=LATER)
    there = SealedVault(
        Path(shutil.copytree(tmp_path / "keys", tmp_path / "new" / "keys")) / "master.content"
    )
    with transactions(restored) as at_new_place:
        names = at_new_place(lambda c: c.scalars(select(message.c.id).order_by(message.c.sequence)).all())
        rows = at_new_place(lambda c: c.execute(select(content)).all())
        walk = ChainWalk(KEYRING, "sambro", ())
        faults = at_new_place(lambda c: list(walk.page(c)))
    assert (names, faults) == (["ended", "waits"], [])
    sealed = {row.message_id: Sealed(row.ciphertext, row.key_day) for row in rows}
    assert there.open(sealed["waits"], context="waits") == b"a record"
    with pytest.raises(ContentUnreadable, match="content-key-destroyed"):
        there.open(sealed["ended"], context="ended")
