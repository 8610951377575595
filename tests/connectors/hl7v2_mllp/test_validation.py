"""Validation runs in a process of its own, which is started again when it dies."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator

import pytest

from connectors.hl7v2_mllp.validation import ChannelValidator, Validation
from tests.connectors.hl7v2_mllp.messages import oru


@pytest.fixture
def validation() -> Iterator[Validation]:
    made = Validation()
    yield made
    made.close()


def test_a_sound_message_has_no_faults(validation: Validation) -> None:
    assert ChannelValidator(validation, is_strict=False).validate(oru()) == ()


def test_a_message_without_a_required_segment_is_faulted_by_path_and_code(validation: Validation) -> None:
    body = b"\r".join(line for line in oru().split(b"\r") if not line.startswith(b"OBR"))
    faults = ChannelValidator(validation, is_strict=False).validate(body)
    assert [issue.code for issue in faults] == ["required"]


def test_it_goes_on_after_its_process_was_killed(validation: Validation) -> None:
    validator = ChannelValidator(validation, is_strict=False)
    validator.validate(oru())
    for child in multiprocessing.active_children():
        os.kill(child.pid or 0, signal.SIGKILL)
        child.join(timeout=10)
    assert validator.validate(oru()) == ()
