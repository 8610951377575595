"""MLLP framing: whatever packets a stream is cut into, the same messages come out."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.hl7v2_mllp.frames import Frame, FrameSplitter, enclose


def split(*packets: bytes, max_bytes: int = 100) -> tuple[list[Frame], int]:
    splitter = FrameSplitter(max_bytes)
    return [frame for packet in packets for frame in splitter.feed(packet)], splitter.ignored


@pytest.mark.parametrize(
    ("packets", "frames", "ignored"),
    [
        ([b"\x0ba\x1c\r"], [Frame(b"a")], 0),
        ([b"\x0ba\x1c\r\x0bb\x1c\r"], [Frame(b"a"), Frame(b"b")], 0),
        ([b"\x0b", b"a", b"\x1c", b"\r"], [Frame(b"a")], 0),
        ([b"\x0b\x1c\r"], [Frame(b"")], 0),
        ([b"noise\r\n\x0ba\x1c\r\r\nmore"], [Frame(b"a")], 9),
        ([b"\x1c\r\x0ba\x1c\r"], [Frame(b"a")], 1),
        ([b"\x0ba\x0bb\x1c\r"], [Frame(b"a", "frame-broken"), Frame(b"b")], 0),
        ([b"\x0ba", b"\x0bb\x1c\r"], [Frame(b"a", "frame-broken"), Frame(b"b")], 0),
        ([b"\x0ba\x1cb\x1c\r"], [Frame(b"a\x1cb")], 0),
        (
            [b"\x0b" + b"a" * 101 + b"\x1c\r\x0bb\x1c\r"],
            [Frame(b"a" * 100, "message-too-large"), Frame(b"b")],
            2,
        ),
        (
            [b"\x0b" + b"a" * 200, b"aa\x1c\r", b"\x0bb\x1c\r"],
            [Frame(b"a" * 100, "message-too-large"), Frame(b"b")],
            103,
        ),
        ([b"\x0b" + b"a" * 100 + b"\x1c", b"\r"], [Frame(b"a" * 100)], 0),
        ([b"\x0bunfinished"], [], 0),
    ],
)
def test_a_stream_gives_its_frames(packets: list[bytes], frames: list[Frame], ignored: int) -> None:
    assert split(*packets) == (frames, ignored)


_BODIES = st.lists(st.binary(max_size=30).map(lambda body: body.translate(None, b"\x0b\x1c")), max_size=5)


@given(_BODIES, st.lists(st.integers(0, 200), max_size=8))
def test_any_cutting_into_packets_gives_the_same_messages(bodies: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(map(enclose, bodies))
    marks = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    packets = [stream[start:end] for start, end in pairwise(marks)]
    assert split(*packets) == ([Frame(body) for body in bodies], 0)


@given(st.lists(st.binary(max_size=50), max_size=6))
def test_any_bytes_give_bounded_frames_and_one_for_each_start_block_at_most(packets: list[bytes]) -> None:
    frames, _ = split(*packets, max_bytes=10)
    assert all(len(frame.body) <= 10 for frame in frames)
    assert len(frames) <= b"".join(packets).count(b"\x0b")
