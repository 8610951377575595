"""What a party may see of the log, as conditions: what it sent, and of the rest the deliveries that were released to it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Column, ColumnElement, and_, exists, false, or_, true

from adapter.store.tables import delivery, message

Views = frozenset[tuple[str, str]]
"""Pairs of agreement and party as whom one reads."""


def own(views: Views | None) -> ColumnElement[bool]:
    """The messages that the reader's parties sent; ``views`` None: all."""
    return _is_one_of(message.c.agreement, message.c.source_party, views)


def own_delivery(views: Views | None) -> ColumnElement[bool]:
    """The deliveries of what the reader's parties sent; ``views`` None: all."""
    return _is_one_of(delivery.c.agreement, delivery.c.sender_party, views)


def released_to(views: Views) -> ColumnElement[bool]:
    """The deliveries that were released to the reader's parties."""
    return and_(
        delivery.c.released_at.is_not(None),
        _is_one_of(delivery.c.agreement, delivery.c.recipient_party, views),
    )


def seen(views: Views | None) -> Sequence[ColumnElement[bool]]:
    """The messages that the reader may see."""
    if views is None:
        return ()
    return (or_(own(views), exists().where(delivery.c.message_id == message.c.id, released_to(views))),)


def _is_one_of(agreement: Column[str], party: Column[str], views: Views | None) -> ColumnElement[bool]:
    if views is None:
        return true()
    pairs = (and_(agreement == of, party == one) for of, one in sorted(views))
    return or_(false(), *pairs)
