"""The sender over real sockets: what the recipient gets, and which answers and failures pass."""

from __future__ import annotations

import asyncio
import json
import ssl
from datetime import UTC, datetime
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import pytest

from adapter.domain.errors import Issue
from adapter.exchange.ports import DeliveryFailed
from adapter.exchange.translate import Translate
from adapter.gate.enforce import ReleasedBundle
from adapter.gate.notice import notice_of_end
from adapter.mapping import hl7v2
from adapter.mapping.catalog import load_catalog, packaged_files
from adapter.store.keys import Keyring
from connectors.hl7v2_mllp.ack import AckCode, Acknowledgement
from connectors.hl7v2_mllp.frames import enclose
from connectors.hl7v2_mllp.probe import MllpProbe
from connectors.hl7v2_mllp.sender import MllpSender, Recipient, check_answer
from connectors.hl7v2_mllp.tls import ClientTls, Tls
from tests.connectors.fhir_rest.servers import AT, KOMMUN, REGION, Serve, behaving
from tests.connectors.hl7v2_mllp.certificates import Authority
from tests.connectors.hl7v2_mllp.test_listener import Intake, listening
from tests.exchange.parties import alingsas
from tests.gate.builders import released

EXAMPLE: Final = files("mappings") / "systems" / "region_hl7v2" / "examples" / "oru_r01_back.audit.fhir.json"


def release() -> ReleasedBundle:
    """An AUDIT result that the kommun's unit sends the region."""
    bundle = json.loads(EXAMPLE.read_bytes())
    entries = bundle["entry"] if bundle["resourceType"] == "Bundle" else [{"resource": bundle}]
    resources = [it["resource"] for it in entries]
    audit = frozenset({"AUDIT"})
    return released(resources, sender=KOMMUN, recipient=REGION, at=AT, record_types=audit)


def message(_release: ReleasedBundle) -> bytes:
    return b"MSH|^~\\&|S||R||20261116||ORU^R01^ORU_R01|OWN|P|2.5\rPID|1\r"


def sender_to(port: int, *, deadline: float = 5.0, tls: ssl.SSLContext | None = None) -> MllpSender:
    return MllpSender(Recipient("127.0.0.1", port, tls), message, deadline=deadline)


async def fails(sender: MllpSender) -> tuple[str, bool]:
    with pytest.raises(DeliveryFailed) as caught:
        await sender.send(release(), "key-1")
    return caught.value.code, caught.value.transient


async def test_the_recipient_gets_the_message_of_its_back_mapping() -> None:
    intake = Intake()
    own = {
        path: text
        for path, text in packaged_files().items()
        if path.startswith(("systems/region_hl7v2/", "terminology/", "concept_maps/", "fragments/"))
    }
    to_message = Translate(load_catalog(own), Keyring(b"k" * 32)).message
    translate = partial(to_message, "region_hl7v2", alingsas())
    async with listening(intake.handle) as listener:
        sender = MllpSender(Recipient("127.0.0.1", listener.port), translate)
        for _ in range(2):
            await sender.send(release(), "key-1")
        await sender.send(release(), "key-2")
    first, again, other = [hl7v2.parse(body).tree for body in intake.bodies]
    assert hl7v2.field(first, "MSH-9.1") == "ORU"
    assert hl7v2.field(first, "PID-3") == "191212121212"
    ids = [hl7v2.field(tree, "MSH-10") for tree in (first, again, other)]
    assert ids[0] == ids[1] != ids[2]
    assert len(ids[0]) == 20


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (Acknowledgement(AckCode.ERROR, (Issue("PID-3", "required"),)), ("ack-ae-101", False)),
        (Acknowledgement(AckCode.REJECT, (Issue("MSH-9", "event-unsupported"),)), ("ack-ar-201", False)),
        (Acknowledgement(AckCode.ERROR, (Issue("", "internal-error"),)), ("ack-ae-207", True)),
        (Acknowledgement(AckCode.ERROR), ("ack-ae", False)),
        (Acknowledgement(AckCode.REJECT), ("ack-ar", True)),
    ],
)
async def test_what_the_recipient_does_not_take_fails_for_good_or_for_now(
    answer: Acknowledgement, failure: tuple[str, bool]
) -> None:
    async def handle(_body: bytes) -> Acknowledgement:
        return answer

    async with listening(handle) as listener:
        assert await fails(sender_to(listener.port)) == failure


def ack(code: str, control_id: str = "ID", err: str = "") -> bytes:
    return f"MSH|^~\\&|R||S||20261116||ACK|1|P|2.5\rMSA|{code}|{control_id}\r{err}".encode()


@pytest.mark.parametrize("taken", [ack("AA"), ack("CA"), ack("AA").replace(b"\r", b"\r\n")])
def test_what_takes_the_message(taken: bytes) -> None:
    check_answer(taken, "ID")


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (ack("AA", "OTHER"), ("answer-unreadable", True)),
        (ack("ZZ"), ("answer-unreadable", True)),
        (ack(""), ("answer-unreadable", True)),
        (b"", ("answer-unreadable", True)),
        (b"MSA|AA|ID\r", ("answer-unreadable", True)),
        (b"MSH|^~\\&|R\r", ("answer-unreadable", True)),
        (ack("AA") + b"MSA|AE|ID\r", ("answer-unreadable", True)),
        (ack("CR", err="ERR||MSH^1^9|200^x^HL70357|E\r"), ("ack-ar-200", False)),
        (ack("AR", err="ERR|||207|E\r"), ("ack-ar-207", True)),
        (ack("AE", err="ERR|||206^Locked|E\r"), ("ack-ae-206", True)),
        (ack("AE", err="ERR|MSH^1^9^201\r"), ("ack-ae", False)),
        (ack("AE", err="ERR|||191212121212|E\r"), ("ack-ae", False)),
    ],
)
def test_any_other_answer_is_a_failure_without_a_value(answer: bytes, failure: tuple[str, bool]) -> None:
    with pytest.raises(DeliveryFailed) as caught:
        check_answer(answer, "ID")
    assert (caught.value.code, caught.value.transient) == failure


async def hangs(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def ends(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\x1c\r")


async def breaks_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\x1c\r")
    writer.write(enclose(ack("AA"))[:-1])
    await writer.drain()


async def never_ends(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\x1c\r")
    writer.write(b"\x0b" + b"x" * 70_000)
    await writer.drain()
    await reader.read()


@pytest.mark.parametrize(
    ("serve", "deadline", "code"),
    [
        (hangs, 0.2, "timeout"),
        (ends, 5.0, "connection-lost"),
        (breaks_off, 5.0, "connection-lost"),
        (never_ends, 5.0, "answer-unreadable"),
    ],
)
async def test_where_no_acknowledgement_comes_it_is_tried_again(
    serve: Serve, deadline: float, code: str
) -> None:
    async with behaving(serve) as port:
        assert await fails(sender_to(port, deadline=deadline)) == (code, True)


async def test_where_nobody_listens_it_is_tried_again() -> None:
    async with behaving(hangs) as port:
        pass
    assert await fails(sender_to(port)) == ("connect-failed", True)
    with pytest.raises(DeliveryFailed, match="connect-failed"):
        await MllpProbe(Recipient("127.0.0.1", port), 5.0).test()


async def test_a_probe_connects_and_sends_nothing() -> None:
    intake = Intake()
    async with listening(intake.handle) as listener:
        assert await MllpProbe(Recipient("127.0.0.1", listener.port), 5.0).test() == "connected"
    assert intake.bodies == []


async def test_a_notice_is_not_carried_and_says_so() -> None:
    notice = notice_of_end("5b7c1d9e-0f6a-8c3b-9d2e-4a1f00000001", datetime(2026, 11, 16, tzinfo=UTC))
    with pytest.raises(DeliveryFailed) as caught:
        await sender_to(1).notify(notice, "key-1")
    assert (caught.value.code, caught.value.transient) == ("notice-not-carried", False)


async def test_over_tls_both_show_who_they_are(tmp_path: Path) -> None:
    ours, theirs = Authority(tmp_path), Authority(_folder(tmp_path, "other"))
    server, client, stranger = ours.issue("localhost"), ours.issue("bridge"), theirs.issue("stranger")
    intake = Intake()
    options: dict[str, Any] = {"tls": Tls(*server, ours.certificate), "host": "localhost"}
    async with listening(intake.handle, **options) as listener:
        good, untrusted, unknown = (
            Recipient("localhost", listener.port, ClientTls(*own, trusted).context())
            for own, trusted in (
                (client, ours.certificate),
                (client, theirs.certificate),
                (stranger, ours.certificate),
            )
        )
        await MllpSender(good, message).send(release(), "key-1")
        assert await fails(MllpSender(untrusted, message)) == ("connect-failed", True)
        assert (await fails(MllpSender(unknown, message)))[0] in ("connect-failed", "connection-lost")
    assert len(intake.bodies) == 1


def _folder(path: Path, name: str) -> Path:
    (path / name).mkdir()
    return path / name
