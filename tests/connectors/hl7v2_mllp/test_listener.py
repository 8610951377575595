"""The listener over real sockets, with foreign clients: order, limits, who may connect, and how it stops."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_network
from itertools import count
from pathlib import Path
from typing import Any

import hl7
import pytest
from hl7.client import MLLPClient

from adapter.domain.errors import ConfigurationError, Issue
from connectors.hl7v2_mllp.ack import AckCode, Acknowledgement
from connectors.hl7v2_mllp.frames import enclose
from connectors.hl7v2_mllp.listener import Handle, Listener, ListenerConfig
from connectors.hl7v2_mllp.tls import Tls
from tests.connectors.hl7v2_mllp.certificates import Authority
from tests.connectors.hl7v2_mllp.messages import oru

LOOPBACK: tuple[Any, ...] = (ip_network("127.0.0.0/8"), ip_network("::1"))


class Intake:
    """Takes every message, when ``gate`` is open, and remembers what and when."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def handle(self, body: bytes) -> Acknowledgement:
        self.bodies.append(body)
        await self.gate.wait()
        return Acknowledgement(AckCode.ACCEPT)


@contextlib.asynccontextmanager
async def listening(
    handle: Handle, refused: list[str] | None = None, **options: Any
) -> AsyncIterator[Listener]:
    """A listener; ``refused`` collects the codes of frames that it rejects."""

    async def refuse(code: str) -> None:
        if refused is not None:
            refused.append(code)

    ids = count(1)
    config = replace(ListenerConfig("journal", "127.0.0.1", 0, LOOPBACK), **options)
    at = datetime(2026, 3, 1, tzinfo=UTC)
    listener = Listener(config, handle, refuse, lambda: at, lambda: f"A{next(ids)}")
    await listener.start()
    try:
        yield listener
    finally:
        await listener.stop()


@contextlib.asynccontextmanager
async def connected(
    listener: Listener, **options: Any
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.port, **options)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def answers(reader: asyncio.StreamReader, number: int) -> list[tuple[str, str]]:
    """Code and echoed control id of the next ACKs, as the foreign parser reads them."""
    found = []
    for _ in range(number):
        frame = await asyncio.wait_for(reader.readuntil(b"\x1c\r"), 5)
        assert frame.startswith(b"\x0b")
        ack = hl7.parse(frame[1:-2].decode("iso-8859-1"))
        found.append((str(ack.segment("MSA")[1]), str(ack.segment("MSA")[2])))
    return found


async def test_a_frame_that_holds_no_message_is_told_of_before_it_is_rejected() -> None:
    refused: list[str] = []
    async with listening(Intake().handle, refused, max_bytes=100) as listener, connected(listener) as wire:
        reader, writer = wire
        writer.write(b"\x0b" + b"x" * 200 + b"\x1c\r")
        [(code, _)] = await answers(reader, 1)
    assert (code, refused) == ("AR", ["message-too-large"])


async def test_a_foreign_client_sends_latin_1_and_is_acknowledged() -> None:
    intake = Intake()
    async with listening(intake.handle) as listener:

        def send() -> bytes:
            with MLLPClient("127.0.0.1", listener.port, encoding="iso-8859-1") as client:
                text = oru(comment="åäö ÅÄÖ").decode("iso-8859-1")
                ack: bytes = client.send_message(hl7.parse(text))
                return ack

        ack = hl7.parse((await asyncio.to_thread(send))[1:-2].decode("iso-8859-1"))
        assert str(ack.segment("MSA")[1]) == "AA"
        assert str(ack["MSH"][0][18]) == "8859/1"
    assert "åäö ÅÄÖ".encode("latin-1") in intake.bodies[0]


async def test_mllp_send_of_the_package_hl7_sends_a_file_of_messages(tmp_path: Path) -> None:
    intake = Intake()
    file = tmp_path / "messages.hl7"
    file.write_bytes(enclose(oru(control_id="M1")) + enclose(oru(control_id="M2")))
    async with listening(intake.handle) as listener:
        code = "from hl7.client import mllp_send; mllp_send()"
        arguments = ["-p", str(listener.port), "-f", str(file), "127.0.0.1"]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, *arguments, stdout=asyncio.subprocess.PIPE
        )
        printed, _ = await process.communicate()
    assert process.returncode == 0
    assert printed.count(b"MSA|AA|M1") == printed.count(b"MSA|AA|M2") == 1
    assert [body.rstrip(b"\r") for body in intake.bodies] == [
        oru(control_id=name).rstrip(b"\r") for name in ("M1", "M2")
    ]


async def test_two_messages_in_one_packet_are_answered_in_order() -> None:
    intake = Intake()
    async with listening(intake.handle) as listener, connected(listener) as (reader, writer):
        writer.write(enclose(oru(control_id="M1")) + enclose(oru(control_id="M2")))
        assert await answers(reader, 2) == [("AA", "M1"), ("AA", "M2")]
    assert intake.bodies == [oru(control_id="M1"), oru(control_id="M2")]


async def test_one_message_in_three_packets_is_one_message() -> None:
    intake = Intake()
    frame = enclose(oru())
    async with listening(intake.handle) as listener, connected(listener) as (reader, writer):
        for packet in (frame[:40], frame[40:-1], frame[-1:]):
            writer.write(packet)
            await writer.drain()
            await asyncio.sleep(0.02)
        assert await answers(reader, 1) == [("AA", "MSG1")]
    assert intake.bodies == [oru()]


async def test_the_ack_waits_for_the_handler_and_so_does_the_next_message() -> None:
    intake = Intake()
    intake.gate.clear()
    async with listening(intake.handle) as listener, connected(listener) as (reader, writer):
        writer.write(enclose(oru(control_id="M1")) + enclose(oru(control_id="M2")))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.1)
        assert intake.bodies == [oru(control_id="M1")]
        intake.gate.set()
        assert await answers(reader, 2) == [("AA", "M1"), ("AA", "M2")]


async def test_broken_and_too_large_frames_are_rejected_and_the_next_is_taken() -> None:
    intake = Intake()
    async with listening(intake.handle, max_bytes=2_000) as listener, connected(listener) as (reader, writer):
        writer.write(b"noise" + enclose(oru(control_id="M1"))[:-2] + enclose(oru(control_id="M2")))
        writer.write(enclose(oru(control_id="M3", comment="a" * 2_000)) + enclose(oru(control_id="M4")))
        assert await answers(reader, 4) == [("AR", "M1"), ("AA", "M2"), ("AR", "M3"), ("AA", "M4")]
    assert intake.bodies == [oru(control_id="M2"), oru(control_id="M4")]


async def test_an_unforeseen_fault_is_an_error_without_detail() -> None:
    async def broken(body: bytes) -> Acknowledgement:
        raise RuntimeError("191212121212")

    async with listening(broken) as listener, connected(listener) as (reader, writer):
        writer.write(enclose(oru()))
        ack = await asyncio.wait_for(reader.readuntil(b"\x1c\r"), 5)
        assert b"\rMSA|AE|MSG1\rERR|||207^Application internal error^HL70357|E|internal-error\r" in ack
        assert b"191212121212" not in ack


async def test_a_handler_that_takes_too_long_is_an_error() -> None:
    intake = Intake()
    intake.gate.clear()
    async with (
        listening(intake.handle, answer_seconds=0.05) as listener,
        connected(listener) as (reader, writer),
    ):
        writer.write(enclose(oru()))
        assert await answers(reader, 1) == [("AE", "MSG1")]


async def test_issues_reach_the_sender_as_err_segments() -> None:
    async def refuse(body: bytes) -> Acknowledgement:
        return Acknowledgement(
            AckCode.ERROR, (Issue("PID-3", "required"), Issue("OBR-4", "instrument-unknown"))
        )

    async with listening(refuse) as listener, connected(listener) as (reader, writer):
        writer.write(enclose(oru()))
        ack = await asyncio.wait_for(reader.readuntil(b"\x1c\r"), 5)
        assert ack.count(b"\rERR|") == 2


@pytest.mark.parametrize("sent", [b"", enclose(oru())[:-1]])
async def test_a_connection_without_a_whole_message_is_closed_when_idle(sent: bytes) -> None:
    intake = Intake()
    async with (
        listening(intake.handle, idle_seconds=0.05) as listener,
        connected(listener) as (reader, writer),
    ):
        writer.write(sent)
        assert await _is_closed(reader)
    assert intake.bodies == []


async def _is_closed(reader: asyncio.StreamReader) -> bool:
    try:
        return await asyncio.wait_for(reader.read(), 5) == b""
    except ConnectionError:
        return True


@pytest.mark.parametrize("sources", [(), (ip_network("10.0.0.0/8"),), (ip_network("127.0.0.2/32"),)])
async def test_other_sources_are_refused(sources: tuple[Any, ...]) -> None:
    intake = Intake()
    async with listening(intake.handle, sources=sources) as listener, connected(listener) as (reader, writer):
        writer.write(enclose(oru()))
        assert await _is_closed(reader)
    assert intake.bodies == []


async def test_connections_above_the_cap_are_refused_until_one_ends() -> None:
    intake = Intake()
    async with listening(intake.handle, max_connections=1) as listener:
        async with connected(listener) as (reader, writer):
            writer.write(enclose(oru()))
            assert await answers(reader, 1) == [("AA", "MSG1")]
            async with connected(listener) as (second, _):
                assert await _is_closed(second)
        await asyncio.sleep(0.05)
        async with connected(listener) as (reader, writer):
            writer.write(enclose(oru()))
            assert await answers(reader, 1) == [("AA", "MSG1")]


async def test_stopping_answers_the_message_in_hand_and_takes_no_other() -> None:
    intake = Intake()
    intake.gate.clear()
    async with (
        listening(intake.handle) as listener,
        connected(listener) as (idle, _),
        connected(listener) as (reader, writer),
    ):
        writer.write(enclose(oru(control_id="M1")) + enclose(oru(control_id="M2")))
        while not intake.bodies:
            await asyncio.sleep(0.01)
        stopping = asyncio.create_task(listener.stop())
        await asyncio.sleep(0.05)
        assert not stopping.done()
        intake.gate.set()
        await stopping
        assert await answers(reader, 1) == [("AA", "M1")]
        assert await _is_closed(reader)
        assert await _is_closed(idle)
    assert intake.bodies == [oru(control_id="M1")]


async def test_stopping_does_not_wait_for_ever() -> None:
    intake = Intake()
    intake.gate.clear()
    async with (
        listening(intake.handle, stop_seconds=0.05) as listener,
        connected(listener) as (reader, writer),
    ):
        writer.write(enclose(oru()))
        while not intake.bodies:
            await asyncio.sleep(0.01)
        await asyncio.wait_for(listener.stop(), 2)
        assert await _is_closed(reader)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "journal.example"])  # noqa: S104  it must not be served
async def test_plain_mllp_off_loopback_does_not_start(host: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        async with listening(Intake().handle, host=host):
            pytest.fail("it listens")
    assert [fault.file for fault in caught.value.faults] == ["channel journal"]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


def _tls(authority: Authority, *subjects: str) -> Tls:
    certificate, key = authority.issue("adapter")
    return Tls(certificate, key, authority.certificate, frozenset(subjects))


def _client(authority: Authority, name: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authority.certificate)
    context.check_hostname = False
    if name is not None:
        context.load_cert_chain(*authority.issue(name))
    return context


@pytest.mark.parametrize(
    "subjects", [(), ("commonName=journal",), ("serialNumber=journal", "commonName=other")]
)
async def test_a_client_with_a_certificate_that_is_listed_is_served(
    authority: Authority, subjects: tuple[str, ...]
) -> None:
    intake = Intake()
    async with (
        listening(intake.handle, tls=_tls(authority, *subjects)) as listener,
        connected(listener, ssl=_client(authority, "journal")) as (reader, writer),
    ):
        writer.write(enclose(oru()))
        assert await answers(reader, 1) == [("AA", "MSG1")]


@pytest.mark.parametrize("name", [None, "stranger", "self-made"])
async def test_a_client_without_a_listed_certificate_is_not_served(
    authority: Authority, tmp_path: Path, name: str | None
) -> None:
    intake = Intake()
    context = _client(authority, None if name == "self-made" else name)
    if name == "self-made":
        context.load_cert_chain(*Authority(tmp_path).issue("journal"))
    async with listening(intake.handle, tls=_tls(authority, "commonName=journal")) as listener:
        with contextlib.suppress(OSError):
            async with connected(listener, ssl=context) as (reader, writer):
                writer.write(enclose(oru()))
                assert await asyncio.wait_for(reader.read(), 5) == b""
    assert intake.bodies == []


@pytest.mark.parametrize(
    "missing", [{name: Path("nothing.pem")} for name in ("certificate", "key", "client_authorities")]
)
async def test_tls_files_that_cannot_be_used_keep_it_from_starting(
    authority: Authority, missing: dict[str, Any]
) -> None:
    certificate, key = authority.issue("adapter")
    tls = Tls(certificate, key, authority.certificate)
    assert tls.context().verify_mode is ssl.CERT_REQUIRED
    with pytest.raises(ConfigurationError):
        replace(tls, **missing).context()
