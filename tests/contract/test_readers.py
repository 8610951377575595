"""What the reader of every wire must pass (docs/connectors.md, "A new one"): add a new connector's reader to READERS."""

from __future__ import annotations

import random
from collections.abc import Iterator
from importlib.resources import files
from typing import Final, NamedTuple

import pytest

from adapter.domain.errors import InputError
from adapter.domain.instants import utc_now
from adapter.exchange.own_form import DocumentReader
from adapter.exchange.ports import Reader
from adapter.main import wires
from adapter.mapping.catalog import load_catalog, packaged_files
from adapter.mapping.flat_csv import CONTENT_TYPE as ROW
from adapter.settings import Limits
from connectors.file_drop.reader import RowReader
from connectors.hl7v2_mllp.reader import CONTENT_TYPE as ER7

PERSON: Final = "191212121212"
LIMITS: Final = Limits()


class Wire(NamedTuple):
    """A reader with a good body, its content type, and the most bytes that it takes."""

    reader: Reader
    body: bytes
    content_type: str
    most: int


def example(name: str) -> bytes:
    return (files("mappings") / "systems" / name).read_bytes()


PUSH: Final = wires.reader("http_push", LIMITS)
READERS: Final = {
    "http_push, JSON": Wire(
        PUSH, example("neutral_push/examples/sip.json"), "application/json", LIMITS.body_bytes
    ),
    "http_push, XML": Wire(
        PUSH, example("neutral_push/examples/sip.xml"), "application/xml", LIMITS.body_bytes
    ),
    "hl7v2_mllp": Wire(
        wires.reader("hl7v2_mllp", LIMITS),
        example("region_hl7v2/examples/oru_r01.audit.hl7"),
        ER7,
        LIMITS.mllp_message_bytes,
    ),
    "file_drop": Wire(
        RowReader(load_catalog(packaged_files()), "kommun_csv", utc_now),
        example("kommun_csv/examples/audit.csv"),
        ROW,
        LIMITS.file_bytes,
    ),
    "own JSON": Wire(
        DocumentReader(
            load_catalog(packaged_files()), "kommun_combine", utc_now, bytes.hex, LIMITS.body_bytes
        ),
        example("kommun_combine/examples/sip.json").replace(b"121212+1212", PERSON.encode()),
        "application/json",
        LIMITS.body_bytes,
    ),
    "own XML": Wire(
        DocumentReader(
            load_catalog(packaged_files()), "kommun_treserva", utc_now, bytes.hex, LIMITS.body_bytes
        ),
        example("kommun_treserva/examples/sip.xml"),
        "application/xml",
        LIMITS.body_bytes,
    ),
}


@pytest.fixture(params=list(READERS.values()), ids=list(READERS))
def wire(request: pytest.FixtureRequest) -> Wire:
    assert isinstance(request.param, Wire)
    return request.param


def refusal(wire: Wire, body: bytes, content_type: str | None = None) -> InputError:
    with pytest.raises(InputError) as caught:
        wire.reader.read(body, content_type or wire.content_type)
    assert caught.value.issues
    return caught.value


def test_a_good_body_names_its_person_and_kind_and_reads_the_same_again(wire: Wire) -> None:
    arrival = wire.reader.read(wire.body, wire.content_type)
    assert arrival.person.value == PERSON
    assert arrival.event
    assert arrival.record_types
    assert arrival.record.tree
    assert wire.reader.read(wire.body, wire.content_type) == arrival


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/octet-stream"])
def test_another_content_type_is_refused(wire: Wire, content_type: str) -> None:
    with pytest.raises(InputError) as caught:
        wire.reader.read(wire.body, content_type)
    assert caught.value.status == 415


def test_too_much_is_refused_before_it_is_read(wire: Wire) -> None:
    assert refusal(wire, wire.body + b" " * wire.most).status == 413


@pytest.mark.parametrize(
    "body", [b"", b" ", b"\0", b"\xff\xfe\x00", b"{}", b"<a/>", b"MSH|", b"a;b\r\n", b"[" * 9999]
)
def test_what_is_no_message_is_refused(wire: Wire, body: bytes) -> None:
    assert refusal(wire, body).status in {400, 415, 422}


def broken(body: bytes) -> Iterator[bytes]:
    """The body cut short, and with bytes changed, dropped and doubled, the same ones each time."""
    dice = random.Random(20261122)  # noqa: S311  not for a secret
    yield from (body[: len(body) * cut // 20] for cut in range(20))
    for _ in range(150):
        at = dice.randrange(len(body))
        yield (
            body[:at]
            + dice.choice([b"", b"\0", b"\xe5", b'"', b"|", b";", b"<", b"9", body[at:]])
            + body[at + 1 :]
        )


def test_a_broken_body_is_read_or_refused_and_a_refusal_tells_no_value(wire: Wire) -> None:
    said: list[str] = []
    for body in broken(wire.body):
        try:
            wire.reader.read(body, wire.content_type)
        except InputError as error:
            said.append(str(error))
    assert len(said) > 20
    assert all(PERSON[2:8] not in text for text in said)


def test_a_wrong_identity_is_refused_by_its_place(wire: Wire) -> None:
    written = b"19121212-1212" if b"19121212-1212" in wire.body else PERSON.encode()
    error = refusal(wire, wire.body.replace(written, b"191212121213"))
    assert error.status == 422
    assert {issue.code for issue in error.issues} == {"identity-check-digit"}
    assert all(issue.path for issue in error.issues)
