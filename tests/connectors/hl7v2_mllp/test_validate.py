"""hl7apy's opinion of a message, as codes."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from adapter.domain.errors import Issue
from connectors.hl7v2_mllp.validate import validate
from tests.connectors.hl7v2_mllp.messages import PERSON, a31, a40, message, oru


@pytest.mark.parametrize("body", [oru(), a31(), a40(), oru().replace(b"\r", b"\n")])
@pytest.mark.parametrize("is_strict", [True, False])
def test_messages_as_the_standard_has_them_are_valid(body: bytes, is_strict: bool) -> None:
    assert validate(body, is_strict=is_strict) == ()


@pytest.mark.parametrize(
    ("body", "is_strict", "issues"),
    [
        (oru(pid=""), False, (Issue("PID-3", "required"),)),
        (message("ADT^A31^ADT_A05", f"PID|||{PERSON}||A^B"), False, (Issue("EVN", "required"),)),
        (oru().replace(b"|M\r", b"|M~F\r"), False, (Issue("PID-8", "repeated"),)),
        (oru().replace(b"20260301100000", b"hej"), False, ()),
        (oru().replace(b"20260301100000", b"hej"), True, (Issue("MSH", "hl7apy-value-error"),)),
        (oru(control_id="9" * 200), True, (Issue("MSH", "hl7apy-max-length-reached"),)),
        (oru().replace(b"|2.5|", b"|2.9|"), False, (Issue("MSH", "hl7apy-unsupported-version"),)),
    ],
)
def test_a_fault_is_a_code_without_a_value(body: bytes, is_strict: bool, issues: tuple[Issue, ...]) -> None:
    assert validate(body, is_strict=is_strict) == issues


def test_it_runs_in_a_worker_process() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert pool.submit(validate, oru(pid=""), is_strict=False).result() == (Issue("PID-3", "required"),)
