"""Acts on a message by the console's forms, and what stands of them in the audit."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import orjson
from httpx import Response
from sqlalchemy import Connection, select

from adapter.domain.states import State
from adapter.store.log import message_detail
from adapter.store.sqlite import SqliteDatabase
from adapter.store.tables import audit
from tests.console.conftest import Browser
from tests.console.samples import NOW, attempt, new_delivery, process

WHY: Final = "Mottagaren har rättat sin tabell"


async def a_dead_letter(database: SqliteDatabase, **changes: Any) -> str:
    """A message whose delivery was refused; its id."""
    message = await database.write(partial(process, parts=[new_delivery()], **changes))
    await database.write(partial(attempt, now=NOW, fails="http-400"))
    return message


async def act(browser: Browser, message: str, word: str, **fields: str) -> Response:
    """Send the form of an act."""
    return await browser.submit(f"/console/messages/{message}/{word}", **{"reason": WHY, **fields})


async def state_of(database: SqliteDatabase, message: str) -> State:
    """How a message stands."""
    found = await database.read(partial(message_detail, message_id=message))
    assert found is not None
    return found.state


def acts_in_audit(connection: Connection, on: str = "messages") -> list[str]:
    """The codes of the acts on one kind of thing, in their order."""
    rows = connection.scalars(select(audit.c.event).where(audit.c.kind == "administration"))
    codes = [orjson.loads(row)["subtype"][0]["code"] for row in rows]
    return [code for code in codes if code.startswith(f"{on}-")]
