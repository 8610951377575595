"""The region's HL7 v2 messages, sent by a foreign client, reach the kommun in its own format."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import hl7
import pytest

from tests.acceptance.demonstration import Demonstration, eventually, run
from tests.acceptance.messages import control_id, oru
from tests.acceptance.mllp import exchange, framed

pytestmark = pytest.mark.acceptance

COMMENT = "Går på återbesök i öppenvården, önskar åtgärd av Åsa Öst Ä"


def received(demo: Demonstration, comment: str) -> dict[str, Any]:
    """The one push body with a comment that the kommun has received."""
    eventually("the result did not arrive", lambda: demo.received_with("kommun", comment))
    [row] = demo.received_with("kommun", comment)
    assert row["contentType"] == "application/json"
    body: dict[str, Any] = json.loads(row["body"])
    return body


def mllp_send(demo: Demonstration, file: Path) -> subprocess.CompletedProcess[str]:
    """The command of the package hl7 sends a file of framed messages and prints what it is answered."""
    mllp = demo.info["mllp"]
    command = [
        str(Path(sys.executable).with_name("mllp_send")),
        "--port",
        str(mllp["port"]),
        "--file",
        str(file),
    ]
    return run([*command, mllp["host"]], file.parent)


def test_a_result_sent_by_a_foreign_client_arrives_with_its_letters_whole(
    demo: Demonstration, tmp_path: Path
) -> None:
    person, control = demo.info["persons"]["consented"], control_id()
    file = tmp_path / "result.mllp"
    file.write_bytes(framed(oru(person, control, f"{COMMENT} {control}")))
    sent = mllp_send(demo, file)
    assert (sent.returncode, sent.stderr) == (0, "")
    ack = hl7.parse(sent.stdout.strip("\x0b\x1c\r\n").replace("\n", "\r"))
    assert [str(ack["MSA"][0][place]) for place in (1, 2)] == ["AA", control]
    body = received(demo, control)
    assert (body["kind"], body["person"]["id"]) == ("screening", person)
    assert (body["screening"]["instrument"], body["screening"]["summa"]) == ("AUDIT", 17)
    assert f"{COMMENT} {control}" in body["screening"]["kommentar"]


@pytest.mark.parametrize("packets", ["two messages in one", "one message in three"])
def test_packets_need_not_be_messages(demo: Demonstration, packets: str) -> None:
    person = demo.info["persons"]["consented"]
    controls = [control_id() for _ in range(2 if packets == "two messages in one" else 1)]
    stream = b"".join(framed(oru(person, control, f"{COMMENT} {control}")) for control in controls)
    third = len(stream) // 3
    parts = [stream] if len(controls) == 2 else [stream[:third], stream[third:-1], stream[-1:]]
    answers = exchange(demo, parts, len(controls))
    assert [answer.split(b"MSA|")[1].split(b"\r")[0] for answer in answers] == [
        f"AA|{control}".encode() for control in controls
    ]
    for control in controls:
        assert f"{COMMENT} {control}" in received(demo, control)["screening"]["kommentar"]


def test_a_message_above_the_cap_is_rejected_and_the_connection_goes_on(demo: Demonstration) -> None:
    person, large, small = demo.info["persons"]["consented"], control_id(), control_id()
    parts = [framed(oru(person, large, "a" * 2_000_000)), framed(oru(person, small, f"{COMMENT} {small}"))]
    refused, taken = exchange(demo, parts, 2)
    assert f"MSA|AR|{large}".encode() in refused
    assert b"message-too-large" in refused
    assert f"MSA|AA|{small}".encode() in taken
    received(demo, small)
    assert not demo.received_with("kommun", large)
