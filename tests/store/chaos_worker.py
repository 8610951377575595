"""A worker that can be killed: ``python -m tests.store.chaos_worker PLACE FILE [hang]``, PLACE a SQLite file or a PostgreSQL URI.

It carries what is accepted to a recipient that writes each delivery, as a line, to the end of FILE.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final
from uuid import uuid4

from adapter.domain.instants import utc_now
from adapter.exchange.workers import Worker
from adapter.store import inbound, outbound
from adapter.store.database import Database
from adapter.store.inbound import ClaimedMessage, Processed
from adapter.store.outbound import ClaimedDelivery
from adapter.store.postgres import Server
from tests.databases import Place, open_database
from tests.store.samples import TRANSLATED, new_delivery

LEASE: Final = timedelta(seconds=1.5)
_BACKOFF: Final = timedelta(seconds=0.05)
_WIDTH: Final = 4


async def work(place: Place, taken: int, *, hangs: bool) -> None:
    """Work until killed; ``taken`` is the descriptor of the recipient's file. ``hangs``: a delivery never returns."""
    database = open_database(place)
    owner = str(uuid4())
    if isinstance(place, Path):
        await database.write(partial(outbound.void_leases, now=utc_now()))
    delivering = Worker(
        database,
        utc_now,
        claim=lambda c, now, limit: outbound.claim_outbound(c, owner, now, LEASE, limit),
        handle=partial(_deliver, database, taken, hangs),
        give_back=outbound.release_outbound,
        then=lambda: None,
        width=_WIDTH,
    )
    processing = Worker(
        database,
        utc_now,
        claim=lambda c, now, limit: inbound.claim_inbound(c, owner, now, LEASE, limit),
        handle=partial(_process, database),
        give_back=lambda c, held, retry_at: inbound.release_inbound(c, held, retry_at, "fault", utc_now()),
        then=delivering.wake,
        width=_WIDTH,
    )
    await asyncio.gather(processing.run(), delivering.run())


async def _process(database: Database, held: ClaimedMessage) -> None:
    new = new_delivery(id=f"to {held.id}", person_key=held.subject_key, idempotency_key=held.idempotency_seed)
    done = Processed(translated=TRANSLATED, deliveries=(new,))
    await database.write(lambda c: inbound.finish_inbound(c, held, done, utc_now()))


async def _deliver(database: Database, taken: int, hangs: bool, held: ClaimedDelivery) -> None:
    await database.write(lambda c: outbound.mark_sending(c, held, utc_now()))
    if not hangs and random.random() < 0.1:  # noqa: S311 - not a secret
        await database.write(
            lambda c: outbound.fail_delivery(c, held, utc_now() + _BACKOFF, "busy", utc_now())
        )
        return
    # One write to the end of a file is whole or not at all, and outlives whoever made it.
    os.write(taken, f"{held.person_key} {held.message_id} {held.idempotency_key}\n".encode())
    if hangs:
        await asyncio.Event().wait()
    await database.write(lambda c: outbound.finish_delivery(c, held, utc_now()))


def main() -> None:
    """The process."""
    place = Server(sys.argv[1]) if sys.argv[1].startswith("postgresql:") else Path(sys.argv[1])
    taken = os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    asyncio.run(work(place, taken, hangs=sys.argv[3:] == ["hang"]))


if __name__ == "__main__":
    main()
