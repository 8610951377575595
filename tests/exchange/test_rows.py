"""Rows of a dropped file through the bridge: each is decided by its own person's consent, mapped, and delivered or withheld."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Final

import pytest

from adapter.domain.errors import InputError
from adapter.domain.states import State
from adapter.exchange.receipt import Outcome, Receipt
from adapter.mapping.flat_csv import CONTENT_TYPE, read_csv
from connectors.file_drop.reader import RowReader
from tests.exchange.bodies import OTHER, TOLVAN, Json, consent
from tests.exchange.house import House, catalog, opened
from tests.exchange.parties import alingsas

FILES: Final = "alingsas-filer"
AUDIT: Final = "kommun_csv/examples/audit.csv"


def with_files(tree: Json) -> None:
    tree["channels"][FILES] = {
        "party": "kommun",
        "unit": "ifo-utforare",
        "connector": "file_drop",
        "mapping": "kommun_csv",
    }


async def hand_in(house: House, body: bytes, name: str = "file") -> list[Receipt]:
    """Each row of a file, as the file drop hands it over."""
    reader = RowReader(catalog(), "kommun_csv", house.clock)
    house.readers[FILES] = reader
    receipts = []
    for row in read_csv(body).rows:
        message = row.body()
        arrival = replace(reader.read(message, CONTENT_TYPE), control_id=f"{name}-{row.number}")
        receipts.append(await house.accept(house.inboxes[FILES], message, CONTENT_TYPE, arrival))
    return receipts


def example(name: str) -> bytes:
    return (files("mappings") / "systems" / name).read_bytes()


def with_row_of(body: bytes, person: str) -> bytes:
    """The file with a second row, another person's."""
    [_, row, _] = body.split(b"\r\n")
    return body + row.replace(b"19121212-1212", person.encode()).replace(b"-0099", b"-0100") + b"\r\n"


async def test_each_row_goes_by_its_own_persons_consent(tmp_path: Path) -> None:
    async with opened(tmp_path, alingsas(with_files)) as house:
        await house.push(consent(person=TOLVAN))
        receipts = await hand_in(house, with_row_of(example(AUDIT), OTHER))
        await house.work()
        states = [(await house.message(receipt)).state for receipt in receipts]
        assert states == [State.DELIVERED, State.WITHHELD]
        [release] = house.region.taken
        [observation] = release.resources
        assert observation["valueInteger"] == 17


async def test_the_same_file_again_changes_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path, alingsas(with_files)) as house:
        await house.push(consent())
        for outcome in (Outcome.ACCEPTED, Outcome.REPEATED):
            [receipt] = await hand_in(house, example(AUDIT))
            assert receipt.outcome is outcome
            await house.work()
        assert len(house.region.taken) == 1


async def test_a_row_that_closes_the_enrolment_ends_what_stood_on_it(tmp_path: Path) -> None:
    async with opened(tmp_path, alingsas(with_files)) as house:
        await house.push(consent())
        [receipt] = await hand_in(house, example("kommun_csv/examples/enrolment.closed.csv"))
        assert receipt.outcome is Outcome.IN_FORCE
        [row] = await hand_in(house, example(AUDIT), "another file")
        await house.work()
        assert (await house.message(row)).state is State.WITHHELD


async def test_a_unit_of_another_party_is_refused_by_its_place_in_the_envelope(tmp_path: Path) -> None:
    async with opened(tmp_path, alingsas(with_files)) as house:
        body = example(AUDIT).replace(b"SE2120001553-1001", b"SE2321000131-E0101")
        with pytest.raises(InputError) as caught:
            await hand_in(house, body)
        assert [(issue.path, issue.code) for issue in caught.value.issues] == [
            ("envelope.unit", "unit-unknown")
        ]
