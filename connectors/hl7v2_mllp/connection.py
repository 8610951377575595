"""One MLLP connection: its messages in order, one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from connectors.hl7v2_mllp.frames import Frame, FrameSplitter

_CHUNK: Final = 65_536


class Connection:
    """Answers each frame before it takes the next; what comes meanwhile waits in the socket.

    ``answer`` makes a frame's answer, as bytes to send. A connection that completes no frame, or does not take its answer, for
    ``idle_seconds`` is closed.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        answer: Callable[[Frame], Awaitable[bytes]],
        *,
        max_bytes: int,
        idle_seconds: float,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._answer = answer
        self._splitter = FrameSplitter(max_bytes)
        self._idle_seconds = idle_seconds
        self._is_busy = False
        self._is_stopping = False

    @property
    def ignored(self) -> int:
        """How many bytes came outside frames."""
        return self._splitter.ignored

    async def serve(self) -> None:
        """Returns when the connection has ended, whoever ended it, and is closed."""
        try:
            while frames := await self._receive():
                self._is_busy = True
                for frame in frames:
                    await self._send(await self._answer(frame))
                    if self._is_stopping:
                        return
                self._is_busy = False
        except (TimeoutError, OSError):
            # Idle or lost: an answer that did not arrive makes the sender repeat its message.
            self._writer.transport.abort()
        finally:
            self._writer.close()

    def stop(self) -> None:
        """Answer the message in hand and take no other."""
        self._is_stopping = True
        if not self._is_busy:
            self._writer.close()

    async def _receive(self) -> list[Frame]:
        """The next frames, at least one; none when the other side has ended."""
        async with asyncio.timeout(self._idle_seconds):
            while data := await self._reader.read(_CHUNK):
                if frames := self._splitter.feed(data):
                    return frames
        return []

    async def _send(self, answer: bytes) -> None:
        self._writer.write(answer)
        async with asyncio.timeout(self._idle_seconds):
            await self._writer.drain()
