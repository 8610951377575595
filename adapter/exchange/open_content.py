"""Opens what is still held of a message, for an administrator of the party that sent it: an act of its own, written down before it is shown.

Somebody with protected identity is not shown to anybody here, and nobody else than the sending party gets to see anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import orjson
from sqlalchemy import Connection

from adapter.domain.errors import ContentUnreadable
from adapter.exchange.accept import raw_context
from adapter.exchange.administration import Administration
from adapter.exchange.administrators import Administrator
from adapter.exchange.reasons import stated_reason
from adapter.exchange.rights import Right
from adapter.exchange.translation import Translation
from adapter.store import messages
from adapter.store.database import NoSuchRow
from adapter.store.log import LogMessage, message_detail
from adapter.store.messages import ContentKind
from adapter.store.persons import alone_with, protection
from adapter.store.vault import Sealed, Vault

MOST_CHARACTERS: Final = 200_000
"""What is shown of one piece."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Content as text, without characters that steer; ``is_cut``: there is more of it."""

    kind: ContentKind
    text: str
    is_cut: bool


@dataclass(frozen=True, slots=True)
class OpenContent:
    """The use case behind the console's page."""

    administration: Administration
    vault: Vault

    async def __call__(self, by: Administrator, message_id: str, reason: str) -> Sequence[Piece]:
        """What is held of a message.

        Raises InputError without a usable reason, and NoSuchRow alike for what is not there, was wiped, was sent by another party, is about
        somebody with protected identity, or is not for this administrator to open.
        """
        reason = stated_reason(reason)
        read = partial(_read, message_id=message_id, by=by)
        kept = await self.administration.done(
            by.name, "messages-content", read, message_id=message_id, reason=reason
        )
        try:
            return [_piece(kind, _OPENERS[kind](self.vault, message_id, kept[kind])) for kind in sorted(kept)]
        except ContentUnreadable:
            raise NoSuchRow("content") from None


def may_open(by: Administrator, message: LogMessage) -> bool:
    """Whether content of a message is the administrator's to open: by a right of its own, and of the sending party."""
    is_senders = by.views is not None and (message.agreement, message.source_party) in by.views
    return by.may(Right.CONTENT) and is_senders


def _read(connection: Connection, *, message_id: str, by: Administrator) -> Mapping[ContentKind, Sealed]:
    message = message_detail(connection, message_id, by.views)
    if message is None or message.subject_key is None or not may_open(by, message):
        raise NoSuchRow("content")
    alone_with(connection, [message.subject_key])
    kept = messages.held(connection, message_id)
    if not kept or protection(connection, message.subject_key):
        raise NoSuchRow("content")
    return kept


def _opened_raw(vault: Vault, message_id: str, sealed: Sealed) -> str:
    body = vault.open(sealed, context=raw_context(message_id))
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body.decode("iso-8859-1")


def _opened_translated(vault: Vault, message_id: str, sealed: Sealed) -> str:
    resources = Translation.open(vault, message_id, sealed).resources
    return orjson.dumps(resources, option=orjson.OPT_INDENT_2).decode()


_OPENERS: Final[Mapping[ContentKind, Callable[[Vault, str, Sealed], str]]] = {
    ContentKind.RAW: _opened_raw,
    ContentKind.TRANSLATED: _opened_translated,
}


def _piece(kind: ContentKind, text: str) -> Piece:
    # HL7 v2 ends its segments with carriage returns alone.
    lines = text[:MOST_CHARACTERS].replace("\r\n", "\n").replace("\r", "\n")
    shown = "".join(
        sign if sign.isprintable() or sign in "\n\t" else "\N{REPLACEMENT CHARACTER}" for sign in lines
    )
    return Piece(kind, shown, len(text) > MOST_CHARACTERS)
