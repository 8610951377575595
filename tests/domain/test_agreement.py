"""Questions that the gate and the use cases put to an agreement."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from adapter.domain.agreement import Agreement
from adapter.domain.agreement_file import read_agreements
from adapter.domain.identity import HSA_ID, ORGANISATIONSNUMMER, Identifier

FILE = Path(__file__).parents[2] / "mappings" / "agreements" / "samvux-amal.yaml"


@pytest.fixture(scope="module")
def agreement() -> Agreement:
    return read_agreements({FILE.name: FILE.read_text(encoding="utf-8")})[0]


@pytest.mark.parametrize(
    ("identifier", "party", "unit"),
    [
        (Identifier(ORGANISATIONSNUMMER, "2120001587"), "kommun", None),
        (Identifier(HSA_ID, "SE2120001587-1001"), "kommun", "ifo"),
        (Identifier(HSA_ID, "SE2321000131-E0401"), "region", "vuxenpsykiatri"),
        (Identifier(HSA_ID, "SE2321000131-E0402"), "region", "vardcentral"),
        (Identifier(ORGANISATIONSNUMMER, "SE2120001587-1001"), None, None),
        (Identifier(ORGANISATIONSNUMMER, "2120001553"), None, None),
    ],
)
def test_identifiers_lead_to_their_party_and_unit(
    agreement: Agreement, identifier: Identifier, party: str | None, unit: str | None
) -> None:
    found_party, found_unit = agreement.party_of(identifier), agreement.unit_of(identifier)
    assert (found_party and found_party.id) == party
    assert (found_unit and found_unit.id) == unit


@pytest.mark.parametrize(
    ("day", "is_valid"),
    [
        (date(2025, 12, 31), False),
        (date(2026, 1, 1), True),
        (date(2028, 12, 31), True),
        (date(2029, 1, 1), False),
    ],
)
def test_an_agreement_holds_on_its_first_and_last_day(
    agreement: Agreement, day: date, is_valid: bool
) -> None:
    assert agreement.is_valid_on(day) is is_valid


def test_parts_are_found_by_their_ids(agreement: Agreement) -> None:
    assert agreement.system("samvux-ifo").party == "kommun"
    assert agreement.unit("region", "vardcentral").name == "Vårdcentral Åmål"
