"""Acknowledgements: the verdict on a message, and the ACK as hl7apy reads it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message
from hypothesis import given
from hypothesis import strategies as st

from adapter.domain.errors import InputError, Issue
from adapter.exchange.ports import Arrival
from connectors.hl7v2_mllp.ack import AckCode, Acknowledgement, acknowledge, frame_refused, write_ack
from connectors.hl7v2_mllp.reader import Hl7Reader
from tests.connectors.hl7v2_mllp.messages import oru

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
READER = Hl7Reader(lambda: AT)


def written(body: bytes, code: AckCode, *issues: Issue) -> bytes:
    return write_ack(body, Acknowledgement(code, issues), AT, "ACK7")


def read(ack: bytes) -> Any:
    """The ACK by a foreign reader that checks every data type and length."""
    text = ack.decode("iso-8859-1")
    return parse_message(text, validation_level=VALIDATION_LEVEL.STRICT, force_validation=True)


async def test_a_message_that_was_taken_is_accepted() -> None:
    taken: list[tuple[bytes, Arrival]] = []

    async def take(body: bytes, arrival: Arrival) -> None:
        taken.append((body, arrival))

    assert await acknowledge(oru(), READER, take) == Acknowledgement(AckCode.ACCEPT)
    assert [(body, arrival.control_id) for body, arrival in taken] == [(oru(), "MSG1")]


@pytest.mark.parametrize(
    ("body", "code", "issue"),
    [
        (oru(pid=""), AckCode.ERROR, Issue("PID-3", "required")),
        (oru(comment="\\Q\\"), AckCode.ERROR, Issue("NTE-3", "escape-malformed")),
        (oru().replace(b"ORU^R01", b"ORU^R03", 1), AckCode.REJECT, Issue("MSH-9", "event-unsupported")),
        (oru().replace(b"8859/1", b"UNICODE UTF-8"), AckCode.REJECT, Issue("MSH-18", "charset-mismatch")),
        (b"hello", AckCode.REJECT, Issue("MSH", "not-hl7v2")),
    ],
)
async def test_content_faults_are_errors_and_all_else_is_rejected(
    body: bytes, code: AckCode, issue: Issue
) -> None:
    async def take(_: bytes, __: Arrival) -> None:
        pytest.fail("a refused message was taken")

    assert await acknowledge(body, READER, take) == Acknowledgement(code, (issue,))


async def test_a_refusal_by_the_use_case_is_an_error() -> None:
    async def take(_: bytes, __: Arrival) -> None:
        raise InputError([Issue("OBX-5", "sum-mismatch")])

    assert await acknowledge(oru(), READER, take) == Acknowledgement(
        AckCode.ERROR, (Issue("OBX-5", "sum-mismatch"),)
    )


def test_the_ack_answers_the_message_and_goes_the_other_way() -> None:
    ack = read(written(oru(control_id="A\\T\\B"), AckCode.ACCEPT))
    assert [child.name for child in ack.children] == ["MSH", "MSA"]
    header = {child.name: child.to_er7() for child in ack.msh.children}
    assert header == {
        "MSH_1": "|",
        "MSH_2": "^~\\&",
        "MSH_3": "SAMBRO",
        "MSH_4": "SE2120001439-K01",
        "MSH_5": "JOURNAL",
        "MSH_6": "SE2321000131-E0101",
        "MSH_7": "20260301120000+0000",
        "MSH_9": "ACK^R01^ACK",
        "MSH_10": "ACK7",
        "MSH_11": "P",
        "MSH_12": "2.5",
        "MSH_18": "8859/1",
    }
    assert ack.msa.to_er7() == "MSA|AA|A\\T\\B"


@pytest.mark.parametrize(
    ("issue", "err"),
    [
        (Issue("PID-3", "required"), "ERR||PID^1^3|101^Required field missing^HL70357|E|required"),
        (
            Issue("OBR[2]-4", "instrument-unknown"),
            "ERR||OBR^2^4|103^Table value not found^HL70357|E|instrument-unknown",
        ),
        (
            Issue("PID-3[2].4.1", "x", "warning"),
            "ERR||PID^1^3^2^4^1|207^Application internal error^HL70357|W|x",
        ),
        (Issue("ZSP", "refusal"), "ERR||ZSP^1|207^Application internal error^HL70357|E|refusal"),
        (
            Issue("segment[2]", "segment-malformed"),
            "ERR|||100^Segment sequence error^HL70357|E|segment-malformed||segment[2]",
        ),
        (Issue("a|b\r", "x"), "ERR|||207^Application internal error^HL70357|E|x||a\\F\\b\\X0D\\"),
    ],
)
def test_each_issue_is_an_err_segment(issue: Issue, err: str) -> None:
    ack = written(oru(), AckCode.ERROR, issue, Issue("PID-5", "y"))
    assert ack.decode().split("\r")[2] == err
    assert len(read(ack).err) == 2


@pytest.mark.parametrize(
    ("code", "condition"),
    [
        ("event-unsupported", "201^"),
        ("processing-id-unsupported", "202^"),
        ("version-unsupported", "203^"),
        ("identity-check-digit", "102^"),
        ("identity-ambiguous", "204^"),
        ("internal-error", "207^"),
    ],
)
def test_codes_have_the_condition_that_table_0357_has_for_them(code: str, condition: str) -> None:
    assert read(written(oru(), AckCode.REJECT, Issue("MSH", code))).err.err_3.to_er7().startswith(condition)


def test_an_unreadable_message_is_rejected_without_an_echo() -> None:
    ack = write_ack(b"nonsense", frame_refused("frame-broken"), AT, "ACK7").decode()
    assert ack.startswith("MSH|^~\\&|||||20260301120000+0000||ACK|ACK7|P|2.5\rMSA|AR|\rERR||MSH^1|")


def test_the_acks_text_is_in_the_messages_charset_and_its_own_encoding_characters() -> None:
    body = "MSH#*+%$#JÖRN*1.2*ISO#|#SAMBRO#X#20260301##ORU*R01#1#P#2.5######8859/1\r".encode("latin-1")
    header = written(body, AckCode.ACCEPT).split(b"\r")[0].split(b"|")
    assert header[4:6] == ["JÖRN^1.2^ISO".encode("latin-1"), b"\\F\\"]


def test_what_could_break_the_frame_is_not_echoed() -> None:
    ack = written(oru(control_id="\\X0B\\A").replace(b"JOURNAL", b"J" * 300), AckCode.REJECT)
    assert b"J" * 20 not in ack
    assert b"\x0b" not in ack


@given(st.binary(max_size=200))
def test_any_bytes_get_one_whole_ack(junk: bytes) -> None:
    segments = written(oru()[:60] + junk, AckCode.REJECT).split(b"\r")
    assert [segment[:3] for segment in segments] == [b"MSH", b"MSA", b""]
    assert not any(byte < 0x20 for segment in segments for byte in segment)
