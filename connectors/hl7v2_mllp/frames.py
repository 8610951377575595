"""MLLP frames: start block VT, message, end block FS CR (HL7 Minimal Lower Layer Protocol, release 1). No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

VT: Final = b"\x0b"
FS_CR: Final = b"\x1c\r"
FRAME_BROKEN: Final = "frame-broken"
MESSAGE_TOO_LARGE: Final = "message-too-large"


@dataclass(frozen=True, slots=True)
class Frame:
    """One message as it came; with a ``fault`` it cannot be taken, and the body is what came of it."""

    body: bytes
    fault: str | None = None


class FrameSplitter:
    """Splits one connection's bytes into frames, each start block giving exactly one.

    ``max_bytes`` caps a body. A start block inside a frame breaks that frame and starts the next one. Bytes outside frames, and
    what follows of a frame that is too large, are dropped and counted in ``ignored``, line ends excepted.
    """

    def __init__(self, max_bytes: int) -> None:
        self.ignored = 0
        self._max_bytes = max_bytes
        self._body = bytearray()
        self._is_inside = False

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that these bytes complete or break."""
        before, *after_starts = data.split(VT)
        frames = self._continue(before)
        for part in after_starts:
            if self._is_inside:
                frames.append(self._end(len(self._body), FRAME_BROKEN))
            self._is_inside = True
            frames += self._continue(part)
        return frames

    def _continue(self, data: bytes) -> list[Frame]:
        """Take bytes that hold no start block."""
        if not self._is_inside:
            self._ignore(data)
            return []
        # Packets may cut an end block in two.
        search_from = max(len(self._body) - 1, 0)
        self._body += data
        end = self._body.find(FS_CR, search_from)
        if (end if end >= 0 else len(self._body) - 1) > self._max_bytes:
            return [self._end(self._max_bytes, MESSAGE_TOO_LARGE)]
        return [self._end(end)] if end >= 0 else []

    def _end(self, size: int, fault: str | None = None) -> Frame:
        frame = Frame(bytes(self._body[:size]), fault)
        self._ignore(bytes(self._body[size:]).removeprefix(FS_CR))
        self._body.clear()
        self._is_inside = False
        return frame

    def _ignore(self, data: bytes) -> None:
        self.ignored += len(data.translate(None, b"\r\n"))


def enclose(body: bytes) -> bytes:
    """A message in its frame."""
    return VT + body + FS_CR
