"""What is kept of how a message was mapped: which mapping read it, and which source field became which element. Never a value."""

from __future__ import annotations

from functools import partial
from typing import Final

from sqlalchemy import select

from adapter.domain.states import State
from adapter.exchange.receipt import Receipt
from adapter.store import field_traces, tables
from adapter.store.columns import FieldPair
from adapter.store.log import LogMessage
from tests.exchange.bodies import TOLVAN, consent, oru_r01, revocation, screening
from tests.exchange.house import House

HL7: Final = "https://w3id.org/sambro/mapping/region_hl7v2/region-hl7v2-oru-r01|"


async def read(house: House, receipt: Receipt) -> tuple[LogMessage, tuple[FieldPair, ...] | None]:
    """A message once it is processed, and its trace."""
    await house.process()
    message = await house.message(receipt)
    return message, await house.database.read(partial(field_traces.rows, digest=message.trace))


async def traces(house: House) -> list[str]:
    """All that is kept of traces, as it stands in the database."""
    return await house.database.read(
        lambda c: [str(tuple(row)) for row in c.execute(select(tables.field_trace))]
    )


async def test_a_message_names_its_mapping_and_where_its_fields_went(house: House) -> None:
    await house.push(consent())
    message, fields = await read(house, await house.send(oru_r01()))
    assert message.mapping is not None
    assert message.mapping.startswith(HL7)
    assert fields is not None
    assert {("OBX-5", "Observation.$total"), ("OBR-7", "Observation.$at")} <= set(fields)
    assert len(set(fields)) == len(fields)


async def test_messages_of_one_mapping_share_a_trace_without_a_value(house: House) -> None:
    await house.push(consent())
    for receipt in (
        await house.send(oru_r01("VGR-1", total=6)),
        await house.send(oru_r01("VGR-2", total=31)),
    ):
        assert (await read(house, receipt))[1]
    [kept] = await traces(house)
    for value in (TOLVAN, "VGR-1", "AUDIT-TOTAL", "2026"):
        assert value not in kept


async def test_what_is_withheld_leaves_no_trace(house: House) -> None:
    early = await house.push(screening())
    await house.push(consent())
    late = await house.push(screening("SCR-2"))
    house.database.meanwhile = lambda: house.push(revocation())
    for receipt in (early, late):
        message, fields = await read(house, receipt)
        assert (message.state, message.mapping, message.trace, fields) == (State.WITHHELD, None, None, None)
    assert await traces(house) == []


async def test_what_the_mapping_refused_names_the_mapping(house: House) -> None:
    await house.push(consent())
    message, fields = await read(house, await house.send(oru_r01().replace(b"AUDIT-TOTAL", b"OTHER-TOTAL")))
    assert (message.state, message.trace, fields) == (State.INVALID, None, None)
    assert (message.mapping or "").startswith(HL7)
