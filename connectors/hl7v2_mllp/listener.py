"""The MLLP listener of one inbound channel: who may connect, and what each message is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

import structlog

from adapter.domain.errors import ConfigurationError, Fault, Issue
from adapter.domain.instants import Clock
from adapter.domain.log_codes import LogCode
from connectors.hl7v2_mllp.ack import INTERNAL_ERROR, AckCode, Acknowledgement, frame_refused, write_ack
from connectors.hl7v2_mllp.connection import Connection
from connectors.hl7v2_mllp.frames import Frame, enclose
from connectors.hl7v2_mllp.tls import Tls

Handle = Callable[[bytes], Awaitable[Acknowledgement]]
"""Takes one message durably and says what to answer."""

Refuse = Callable[[str], Awaitable[None]]
"""Is told the code for which a frame is rejected, before it is."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ListenerConfig:
    """Where a channel listens and what it takes.

    ``port`` 0 takes a free one. ``sources`` are the networks that may connect; none are everybody's refusal. Without ``tls``
    ``host`` must be a loopback address. ``max_bytes`` caps a message; times are in seconds: ``idle`` without a whole message,
    ``answer`` for the handler, ``stop`` for the messages in hand.
    """

    channel: str
    host: str
    port: int
    sources: tuple[IPv4Network | IPv6Network, ...]
    tls: Tls | None = None
    max_bytes: int = 1_048_576
    max_connections: int = 64
    idle_seconds: float = 600.0
    answer_seconds: float = 30.0
    stop_seconds: float = 10.0


class Listener:
    """Serves one channel: each message goes to ``handle``, and its ACK out after that has returned.

    ``refuse`` hears of frames that hold no message. ``clock`` dates the ACKs and ``new_control_id`` gives each its MSH-10 (at most 20 characters for versions before 2.7).
    """

    def __init__(
        self,
        config: ListenerConfig,
        handle: Handle,
        refuse: Refuse,
        clock: Clock,
        new_control_id: Callable[[], str],
    ) -> None:
        self._config = config
        self._handle = handle
        self._refuse = refuse
        self._clock = clock
        self._new_control_id = new_control_id
        self._server: asyncio.Server | None = None
        self._serving: dict[asyncio.Task[None], Connection] = {}

    @property
    def port(self) -> int:
        """The port that it listens on, once started."""
        if self._server is None:
            raise RuntimeError("the listener is not started")
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def start(self) -> None:
        """Listen. Raises ConfigurationError for plain MLLP off loopback or unusable TLS files, OSError for a port in use."""
        config = self._config
        if config.tls is None and not _is_loopback(config.host):
            message = (
                f"host {config.host}: MLLP without TLS is served on a loopback address only; configure tls"
            )
            raise ConfigurationError([Fault(f"channel {config.channel}", 0, message)])
        context = config.tls.context() if config.tls else None
        self._server = await asyncio.start_server(self._accept, config.host, config.port, ssl=context)
        _log.info(LogCode.LISTENER_STARTED, channel=config.channel, port=self.port)

    async def stop(self) -> None:
        """Take no more connections or messages, answer those in hand, and close; what takes too long is cut off."""
        if self._server is None:
            return
        self._server.close()
        for connection in self._serving.values():
            connection.stop()
        if self._serving:
            _, unfinished = await asyncio.wait(self._serving, timeout=self._config.stop_seconds)
            for task in unfinished:
                task.cancel()
        await self._server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reason = self._refusal(writer)
        if reason is not None:
            _log.warning(LogCode.CONNECTION_REFUSED, channel=self._config.channel, reason=reason)
            writer.transport.abort()
            return
        connection = Connection(
            reader,
            writer,
            self._answer,
            max_bytes=self._config.max_bytes,
            idle_seconds=self._config.idle_seconds,
        )
        task = asyncio.get_running_loop().create_task(connection.serve())
        self._serving[task] = connection
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        connection = self._serving.pop(task)
        if connection.ignored:
            _log.warning(LogCode.BYTES_IGNORED, channel=self._config.channel, count=connection.ignored)

    def _refusal(self, writer: asyncio.StreamWriter) -> str | None:
        """Why a connection is not served, as a code; None if it is."""
        if not self._is_source(writer.get_extra_info("peername")):
            return "source-not-allowed"
        if self._config.tls and not self._config.tls.takes(writer.get_extra_info("peercert")):
            return "subject-not-allowed"
        if len(self._serving) >= self._config.max_connections:
            return "too-many-connections"
        return None

    def _is_source(self, peername: tuple[str, int] | None) -> bool:
        if not peername:
            return False
        address = ip_address(peername[0].partition("%")[0])
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in network for network in self._config.sources)

    async def _answer(self, frame: Frame) -> bytes:
        answer = await self._handled(frame)
        return enclose(write_ack(frame.body, answer, self._clock(), self._new_control_id()))

    async def _handled(self, frame: Frame) -> Acknowledgement:
        try:
            async with asyncio.timeout(self._config.answer_seconds):
                if frame.fault:
                    await self._refuse(frame.fault)
                    return frame_refused(frame.fault)
                return await self._handle(frame.body)
        except Exception as error:
            _log.error(LogCode.REQUEST_FAULT, channel=self._config.channel, fault=type(error).__name__)
            return Acknowledgement(AckCode.ERROR, (Issue("", INTERNAL_ERROR),))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
