"""Sender of HL7 v2 messages over MLLP: one release, one frame, one acknowledgement in the original mode (HL7 2.5, 2.9.2)."""

from __future__ import annotations

import asyncio
import hashlib
import re
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from adapter.exchange.ports import DeliveryFailed
from adapter.gate.enforce import ReleasedBundle
from adapter.gate.notice import Notice
from connectors.hl7v2_mllp.frames import FrameSplitter, enclose

Translate = Callable[[ReleasedBundle], bytes]
"""Turns a release into a message by the recipient's back mapping."""
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

_CHUNK: Final = 65_536
_MAX_ANSWER_BYTES: Final = 65_536
_CONTROL_ID_LENGTH: Final = 20
# HL7 table 0357: what would be no better at another time.
_OF_THE_CONTENT: Final = frozenset({"100", "101", "102", "103", "200", "201", "202", "203", "204", "205"})
_CONDITION: Final = re.compile(r"[0-9]{3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where a system listens; without ``tls`` it is on this machine."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Streams]:
        """A connection, closed at the end. Raises DeliveryFailed ``connect-failed``, and ``connection-lost`` for an OSError within."""
        try:
            reader, writer = await asyncio.open_connection(self.host, self.port, ssl=self.tls)
        except (OSError, ssl.SSLError):
            raise DeliveryFailed("connect-failed", transient=True) from None
        try:
            yield reader, writer
        except OSError:
            raise DeliveryFailed("connection-lost", transient=True) from None
        finally:
            writer.transport.abort()


class MllpSender:
    """exchange.ports.Sender for a system that listens for HL7 v2, a connection for each message.

    ``deadline`` is in seconds and covers one attempt.
    """

    def __init__(self, recipient: Recipient, translate: Translate, *, deadline: float = 20.0) -> None:
        self._recipient = recipient
        self._translate = translate
        self._deadline = deadline

    async def send(self, release: ReleasedBundle, idempotency_key: str) -> None:
        """Returns when the system has answered AA (or CA). MSH-10 follows from ``idempotency_key``: a repeat has the same.

        Raises DeliveryFailed: passing ``timeout``, ``connect-failed``, ``connection-lost``, ``answer-unreadable`` (no ACK of this message: it may have been
        taken); ``ack-ae`` and ``ack-ar``, with the condition of ERR-3 (table 0357) behind: lasting where that or AE without one lays it to the message,
        else passing. Raises MappingError.
        """
        control_id = hashlib.sha256(idempotency_key.encode()).hexdigest()[:_CONTROL_ID_LENGTH].upper()
        message = _with_control_id(self._translate(release), control_id)
        try:
            async with asyncio.timeout(self._deadline), self._recipient.connected() as streams:
                answer = await _exchange(streams, message)
        except TimeoutError:
            raise DeliveryFailed("timeout", transient=True) from None
        check_answer(answer, control_id)

    async def notify(self, notice: Notice, idempotency_key: str) -> None:
        """HL7 v2 has no message for the end of a Consent: raises DeliveryFailed ``notice-not-carried``, lasting, so that somebody is told."""
        raise DeliveryFailed("notice-not-carried", transient=False)


async def _exchange(streams: Streams, message: bytes) -> bytes:
    reader, writer = streams
    writer.write(enclose(message))
    await writer.drain()
    splitter = FrameSplitter(_MAX_ANSWER_BYTES)
    while data := await reader.read(_CHUNK):
        for frame in splitter.feed(data):
            if frame.fault is not None:
                raise DeliveryFailed("answer-unreadable", transient=True)
            return frame.body
        if splitter.ignored > _MAX_ANSWER_BYTES:
            raise DeliveryFailed("answer-unreadable", transient=True)
    raise DeliveryFailed("connection-lost", transient=True)


def check_answer(answer: bytes, control_id: str) -> None:
    """Returns for an ACK that takes the message ``control_id``; raises DeliveryFailed as ``MllpSender.send``."""
    segments = [line.split("|") for line in re.split(r"[\r\n]+", answer.decode("iso-8859-1"))]
    found = [segment for segment in segments if segment[0] == "MSA"]
    code, echoed = (found[0] + ["", "", ""])[1:3] if found else ("", "")
    if segments[0][0] != "MSH" or len(found) != 1 or echoed != control_id:
        raise DeliveryFailed("answer-unreadable", transient=True)
    if code in ("AA", "CA"):
        return
    if code[:1] not in ("A", "C") or code[1:] not in ("E", "R"):
        raise DeliveryFailed("answer-unreadable", transient=True)
    condition = _condition(segments)
    # HL7 2.5, 2.9.2.2: AE tells of the content; AR of reasons apart from it, which may pass.
    is_lasting = condition in _OF_THE_CONTENT or (condition is None and code[1] == "E")
    said = f"ack-a{code[1].lower()}" + (f"-{condition}" if condition else "")
    raise DeliveryFailed(said, transient=not is_lasting)


def _condition(segments: list[list[str]]) -> str | None:
    """ERR-3.1 of the first error, in the form of version 2.5."""
    errors = [segment[3].split("^")[0] for segment in segments if segment[0] == "ERR" and len(segment) > 3]
    return next((code for code in errors if _CONDITION.fullmatch(code)), None)


def _with_control_id(message: bytes, control_id: str) -> bytes:
    header, _, rest = message.partition(b"\r")
    fields = header.split(b"|")
    # MSH-1 is the separator itself.
    fields[9] = control_id.encode()
    return b"|".join(fields) + b"\r" + rest
