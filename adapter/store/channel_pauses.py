"""Channels by which no record is taken until somebody lets it go on. Each acceptance of one asks for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select

from adapter.domain.errors import IllegalTransition
from adapter.store.prepared import Prepared
from adapter.store.tables import channel_pause
from adapter.store.upsert import INSERT_OF


@dataclass(frozen=True, slots=True)
class ChannelPause:
    """Of a party's channel in an agreement: since when, by whom, and why (``sealed``)."""

    channel: str
    agreement: str
    party: str
    paused_at: datetime
    by: str
    sealed: bytes


_IS_PAUSED: Final = Prepared(
    select(channel_pause.c.channel).where(channel_pause.c.channel == bindparam("of")), ["of"]
)


def is_paused(connection: Connection, channel: str) -> bool:
    """Whether no record is to be taken by a channel."""
    return _IS_PAUSED.run(connection, {"of": channel}) is not None


def begin(connection: Connection, new: ChannelPause) -> None:
    """Take no record by a channel from now on; raises IllegalTransition if it is paused already."""
    row = {name: getattr(new, name) for name in ChannelPause.__slots__}
    added = INSERT_OF[connection.dialect.name](channel_pause).values(row).on_conflict_do_nothing()
    if connection.execute(added).rowcount != 1:
        raise IllegalTransition("pause")


def end(connection: Connection, channel: str) -> None:
    """Take records again; raises IllegalTransition if it is not paused."""
    if connection.execute(delete(channel_pause).where(channel_pause.c.channel == channel)).rowcount != 1:
        raise IllegalTransition("pause")


def end_all_but(connection: Connection, channels: Collection[str]) -> None:
    """End the pauses of all other channels: no agreement has them any more."""
    connection.execute(delete(channel_pause).where(channel_pause.c.channel.not_in(channels)))


def channel_pauses(connection: Connection) -> Mapping[str, ChannelPause]:
    """Every pause, by channel."""
    columns = [channel_pause.c[name] for name in ChannelPause.__slots__]
    return {row.channel: ChannelPause(*row) for row in connection.execute(select(*columns))}
