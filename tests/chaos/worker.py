"""A process that can be killed: ``python -m tests.chaos.worker PLACE FILE [WORKERS|hang [SECONDS]]``, PLACE a SQLite file or a PostgreSQL URI.

Its workers (one, unless WORKERS says otherwise) carry what is accepted to a recipient that writes each delivery, as a line, to the
end of FILE, and answers after so many SECONDS (at once). ``hang``: a delivery never returns.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final
from uuid import uuid4

from sqlalchemy import Connection

from adapter.domain.instants import utc_now
from adapter.exchange.workers import Worker
from adapter.store import inbound, lanes, outbound
from adapter.store.database import Database
from adapter.store.inbound import ClaimedMessage, Processed
from adapter.store.outbound import ClaimedDelivery
from adapter.store.postgres import PostgresDatabase, Server
from adapter.store.sqlite import SqliteDatabase
from tests.store.samples import TRANSLATED, new_delivery

SYSTEM: Final = "ehr"
LEASE: Final = timedelta(seconds=1.5)
_BACKOFF: Final = timedelta(seconds=0.05)
_WIDTH: Final = 4


async def work(
    place: Path | Server, taken: int, *, workers: int, hangs: bool = False, seconds: float = 0.0
) -> None:
    """Work until killed; ``taken`` is the descriptor of the recipient's file, which answers after so many ``seconds``."""
    database = SqliteDatabase(place) if isinstance(place, Path) else PostgresDatabase(place)
    if isinstance(place, Path):
        await database.write(partial(outbound.void_leases, now=utc_now()))
    await asyncio.gather(*(_work(database, taken, hangs, seconds) for _ in range(workers)))


async def _work(database: Database, taken: int, hangs: bool, seconds: float) -> None:
    processing, delivering = pair(database, partial(_deliver, database, taken, hangs, seconds))
    await asyncio.gather(processing.run(), delivering.run())


def pair(
    database: Database, deliver: Callable[[ClaimedDelivery], Awaitable[None]], *, width: int = _WIDTH
) -> tuple[Worker[ClaimedMessage], Worker[ClaimedDelivery]]:
    """The worker that processes, and the one that delivers what it queued."""
    owner = str(uuid4())
    delivering = Worker(
        database,
        utc_now,
        claim=lambda c, now, limit: outbound.claim_outbound(c, SYSTEM, owner, now, LEASE, limit),
        handle=deliver,
        give_back=outbound.release_outbound,
        renew=_renew,
        then=lambda: None,
        width=width,
    )
    processing = Worker(
        database,
        utc_now,
        claim=lambda c, now, limit: inbound.claim_inbound(c, owner, now, LEASE, limit, limit == width),
        handle=partial(_process, database),
        give_back=lambda c, held, retry_at: inbound.release_inbound(c, held, retry_at, "fault", utc_now()),
        renew=_renew,
        then=delivering.wake,
        width=width,
        alone=lambda held: held.claim.cut_off > 0,
    )
    return processing, delivering


def _renew(connection: Connection, held: ClaimedMessage | ClaimedDelivery) -> None:
    lanes.extend(connection, held.claim, LEASE)


async def _process(database: Database, held: ClaimedMessage) -> None:
    new = new_delivery(id=f"to {held.id}", person_key=held.subject_key, idempotency_key=held.idempotency_seed)
    done = Processed(translated=TRANSLATED, deliveries=(new,))
    await database.write(lambda c: inbound.finish_inbound(c, held, done, utc_now()))


async def _deliver(
    database: Database, taken: int, hangs: bool, seconds: float, held: ClaimedDelivery
) -> None:
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
    await asyncio.sleep(seconds)
    await database.write(lambda c: outbound.finish_delivery(c, held, utc_now()))


def main() -> None:
    """The process."""
    where = sys.argv[1]
    place = Server(where) if where.startswith("postgresql:") else Path(where)
    taken = os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    how = sys.argv[3] if sys.argv[3:] else "1"
    workers = 1 if how == "hang" else int(how)
    seconds = float(sys.argv[4]) if sys.argv[4:] else 0.0
    asyncio.run(work(place, taken, workers=workers, hangs=how == "hang", seconds=seconds))


if __name__ == "__main__":
    main()
