"""What a party may see of the log, as conditions: what it sent, and of the rest the deliveries that were released to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Select, and_, false, literal_column, not_, or_, select, true

from adapter.domain.states import State
from adapter.store.tables import consent, delivery, message

Views = frozenset[tuple[str, str]]
"""Pairs of agreement and party as whom one reads."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """The codes that a reader is not shown: ``codes`` nowhere, and none of what is in one of ``states``."""

    codes: frozenset[str] = frozenset()
    states: frozenset[State] = frozenset()


NOTHING_HIDDEN: Final = Hidden()


def own(views: Views | None) -> ColumnElement[bool]:
    """The messages that the reader's parties sent; ``views`` None: all."""
    return _is_one_of(message.c.agreement, message.c.source_party, views)


def own_delivery(views: Views | None) -> ColumnElement[bool]:
    """The deliveries of what the reader's parties sent; ``views`` None: all."""
    return _is_one_of(delivery.c.agreement, delivery.c.sender_party, views)


def filed_by(views: Views) -> ColumnElement[bool]:
    """The Consents that the reader's parties filed."""
    return _is_one_of(consent.c.agreement, consent.c.registrar_party, views)


def released_to(views: Views) -> ColumnElement[bool]:
    """The deliveries that were released to the reader's parties."""
    return and_(
        delivery.c.released_at.is_not(None),
        _is_one_of(delivery.c.agreement, delivery.c.recipient_party, views),
    )


def shown_delivery(views: Views | None) -> ColumnElement[bool]:
    """The deliveries that the reader may see: of what its parties sent, and released to them."""
    return own_delivery(views) if views is None else or_(own_delivery(views), released_to(views))


def seen(views: Views | None) -> Sequence[ColumnElement[bool]]:
    """The messages that the reader may see."""
    if views is None:
        return ()
    return (or_(own(views), _has_delivery(released_to(views))),)


def seen_in(state: State | None, views: Views | None) -> Iterator[Sequence[ColumnElement[bool]]]:
    """The messages in a state (None: any) that the reader may see, in ways that share no row, each read in the order of an index.

    Only what was delivered is found by walking all messages, newest first: it is too much to sort, and never far away.
    """
    if state is None:
        yield seen(views)
    elif views is None:
        yield (message.c.state == state,)
    elif state is State.DELIVERED:
        received = and_(not_(own(views)), _has_delivery(_released_in(state, views)))
        yield (or_(and_(own(views), message.c.state == state), received),)
    else:
        for pair in sorted(views):
            yield own(frozenset({pair})), message.c.state == state
        in_state = select(delivery.c.message_id).where(_released_in(state, views))
        yield not_(own(views)), message.c.id.in_(in_state)


def _has_delivery(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a message has such a delivery: looked up message by message. For EXISTS beside an OR PostgreSQL would first
    gather the deliveries of all messages.
    """
    found: Select[tuple[Any]] = select(literal_column("1")).where(
        delivery.c.message_id == message.c.id, condition
    )
    return found.limit(1).scalar_subquery().is_not(None)


def _released_in(state: State, views: Views) -> ColumnElement[bool]:
    return and_(delivery.c.state == state, released_to(views))


def _is_one_of(agreement: Column[Any], party: Column[str], views: Views | None) -> ColumnElement[bool]:
    if views is None:
        return true()
    pairs = (and_(agreement == of, party == one) for of, one in sorted(views))
    return or_(false(), *pairs)
