"""Content with a mark that is found wherever a byte of it was left."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from adapter.store.inbound import Processed, claim_inbound, finish_inbound
from adapter.store.messages import accept
from adapter.store.outbound import claim_outbound, finish_delivery, mark_sending
from adapter.store.sqlite import SqliteDatabase
from adapter.store.vault import Vault
from tests.store.samples import LEASE, NOW, TRACE, new_delivery, new_message

MARK = b"Orange-Giraffe-4711"


def holds_mark(directory: Path) -> bool:
    """Whether a file below it has the mark."""
    return any(MARK in file.read_bytes() for file in directory.rglob("*") if file.is_file())


async def carry(database: SqliteDatabase, vault: Vault, *, deliver: bool) -> None:
    """Carry a message whose content spans several pages of the database."""
    body = MARK * 2000
    new = new_message()
    raw = vault.seal(body, context=f"{new.id}/raw", at=NOW)
    await database.write(partial(accept, new=new, raw=raw))
    [held] = await database.write(lambda c: claim_inbound(c, "w", NOW, LEASE, 1))
    translated = vault.seal(body, context=f"{new.id}/translated", at=NOW)
    done = Processed(translated=translated, keep_raw=True, trace=TRACE, deliveries=(new_delivery(),))
    await database.write(lambda c: finish_inbound(c, held, done, NOW))
    if deliver:
        [one] = await database.write(lambda c: claim_outbound(c, "ehr", "w", NOW, LEASE, 1))
        await database.write(lambda c: mark_sending(c, one, NOW))
        await database.write(lambda c: finish_delivery(c, one, NOW))
