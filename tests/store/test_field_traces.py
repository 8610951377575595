"""Field traces are kept once each, and are bounded."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from adapter.store import field_traces
from adapter.store.columns import FieldPair
from adapter.store.log import LogMessage, message_detail
from adapter.store.tables import field_trace
from tests.store.conftest import Run
from tests.store.samples import MAPPING, TRACE, new_delivery
from tests.store.steps import accept, process, push


def detail(run: Run, message_id: str) -> LogMessage:
    found = run(message_detail, message_id)
    assert found is not None
    return found


def trace(run: Run, message_id: str) -> tuple[FieldPair, ...] | None:
    return run(field_traces.rows, detail(run, message_id).trace)


def test_a_message_has_its_mapping_and_its_trace(run: Run) -> None:
    message_id = push(run, new_delivery())
    assert (detail(run, message_id).mapping, trace(run, message_id)) == (MAPPING, TRACE)


def test_messages_that_were_mapped_alike_share_a_trace(run: Run) -> None:
    for fields in (TRACE, TRACE, TRACE[:1]):
        accept(run)
        process(run, new_delivery(), trace=fields)
    assert run(lambda c: c.scalar(select(func.count()).select_from(field_trace))) == 2


def test_fhir_that_no_mapping_read_is_told_from_what_was_never_mapped(run: Run) -> None:
    [message_id] = accept(run)
    assert trace(run, message_id) is None
    process(run, new_delivery(), trace=())
    assert trace(run, message_id) == ()


@pytest.mark.parametrize("beyond", [0, 1])
def test_a_long_trace_is_cut_and_says_so(run: Run, beyond: int) -> None:
    most = field_traces.MOST_ROWS
    pairs = [(f"field{number}", "Basic.id") for number in range(most + beyond)]
    kept = run(field_traces.rows, run(field_traces.keep, pairs)) or ()
    assert (kept[:most], kept[most:]) == (tuple(pairs[:most]), (field_traces.MORE,) * beyond)
