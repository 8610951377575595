"""Personal and organisational identifiers. Numbers that are not Sweden's public test numbers are computed, never written."""

from __future__ import annotations

from datetime import date

import pytest

from adapter.domain.errors import IdentityError
from adapter.domain.identity import (
    HSA_ID,
    ORGANISATIONSNUMMER,
    PERSONNUMMER,
    RESERVNUMMER,
    SAMORDNINGSNUMMER,
    Identifier,
    PersonId,
    canonical_system,
    names_person,
    oid_of,
    parse_organization_id,
    parse_person_id,
)

TODAY = date(2026, 11, 22)
TOLVAN = "191212121212"
CHILD = "200302022389"
COORDINATION = "196109732393"
PUBLIC = (
    TOLVAN,
    "196101182803",
    "189002029800",
    CHILD,
    "199002222397",
    "195009072553",
    "200001252386",
    "189602029812",
)


def numbered(born: str, serial: str = "238") -> str:
    """A number for ``born`` (YYYYMMDD) with its check digit."""
    digits = born[2:] + serial
    total = sum(sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(digits))
    return born + serial + str(-total % 10)


def refusal(value: str, system: str | None = None) -> str:
    with pytest.raises(IdentityError) as caught:
        parse_person_id(value, today=TODAY, system=system)
    assert value == "" or value not in str(caught.value)
    return caught.value.code


@pytest.mark.parametrize("place", range(len(PUBLIC)))
def test_public_test_numbers_are_read(place: int) -> None:
    assert parse_person_id(PUBLIC[place], today=TODAY) == PersonId(PERSONNUMMER, PUBLIC[place])


@pytest.mark.parametrize(
    "system",
    [
        PERSONNUMMER,
        "urn:oid:1.2.752.129.2.1.3.1",
        "1.2.752.129.2.1.3.1",
    ],
)
def test_personnummer_is_one_person_under_each_name_of_its_system(system: str) -> None:
    assert parse_person_id(TOLVAN, today=TODAY, system=system) == PersonId(PERSONNUMMER, TOLVAN)


@pytest.mark.parametrize(
    "system", [None, SAMORDNINGSNUMMER, "urn:oid:1.2.752.129.2.1.3.3", "1.2.752.129.2.1.3.3"]
)
def test_samordningsnummer_is_told_by_its_day(system: str | None) -> None:
    person = parse_person_id(COORDINATION, today=TODAY, system=system)
    assert person == PersonId(SAMORDNINGSNUMMER, COORDINATION)
    assert person.birth_date == date(1961, 9, 13)


@pytest.mark.parametrize(
    ("short", "full"),
    [
        (f"{CHILD[2:8]}-{CHILD[8:]}", CHILD),
        (CHILD[2:], CHILD),
        (f"{CHILD[:8]}-{CHILD[8:]}", CHILD),
        (f"{TOLVAN[2:8]}+{TOLVAN[8:]}", TOLVAN),
        (f"{TOLVAN[2:8]}-{TOLVAN[8:]}", "20" + TOLVAN[2:]),
        (f"{PUBLIC[2][2:8]}+{PUBLIC[2][8:]}", PUBLIC[2]),
        (f"{COORDINATION[2:8]}-{COORDINATION[8:]}", COORDINATION),
    ],
    ids=[
        "hyphen",
        "bare",
        "twelve",
        "plus",
        "hyphen-is-the-nearest-century",
        "plus-two-centuries",
        "coordination",
    ],
)
def test_century_comes_from_sign_and_day(short: str, full: str) -> None:
    assert parse_person_id(short, today=TODAY).value == full


def test_a_ten_digit_number_born_today_is_this_century_and_tomorrow_the_last() -> None:
    today, tomorrow = numbered("20261122"), numbered("20261123")
    assert parse_person_id(today[2:], today=TODAY).value == today
    assert parse_person_id(tomorrow[2:], today=TODAY).value == "19" + tomorrow[2:]


@pytest.mark.parametrize(
    ("born", "is_accepted"),
    [("18000101", True), ("17991231", False), ("20261122", True), ("20261123", False)],
)
def test_birth_is_from_1800_until_today(born: str, is_accepted: bool) -> None:
    number = numbered(born)
    if is_accepted:
        assert parse_person_id(number, today=TODAY).birth_date == date.fromisoformat(born)
    else:
        assert refusal(number) == "identity-date"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("", "identity-malformed"),
        (TOLVAN[:-1], "identity-malformed"),
        (TOLVAN + "0", "identity-malformed"),
        (f" {TOLVAN}", "identity-malformed"),
        (f"{TOLVAN}\n", "identity-malformed"),
        (f"{TOLVAN[:8]}--{TOLVAN[8:]}", "identity-malformed"),
        (TOLVAN.translate({ord("0") + n: 0x0660 + n for n in range(10)}), "identity-malformed"),
        (TOLVAN.translate({ord("0") + n: 0xFF10 + n for n in range(10)}), "identity-malformed"),
        (TOLVAN[:-1] + str((int(TOLVAN[-1]) + 1) % 10), "identity-check-digit"),
        (numbered("19130229"), "identity-date"),
        (numbered("19131301"), "identity-date"),
        (numbered("19130100"), "identity-date"),
        (numbered("19130160"), "identity-date"),
        (numbered("19130192"), "identity-date"),
    ],
    ids=[
        "empty",
        "eleven digits",
        "thirteen digits",
        "space",
        "newline",
        "two hyphens",
        "Arabic-Indic digits",
        "fullwidth digits",
        "check digit",
        "29 February",
        "month 13",
        "day 0",
        "day 60",
        "day 92",
    ],
)
def test_malformed_numbers_are_refused_without_naming_them(value: str, code: str) -> None:
    assert refusal(value) == code


@pytest.mark.parametrize(
    ("value", "system", "code"),
    [
        (TOLVAN, SAMORDNINGSNUMMER, "identity-system-mismatch"),
        (COORDINATION, PERSONNUMMER, "identity-system-mismatch"),
        (TOLVAN, "http://example.org/mrn", "identity-system-unknown"),
        (TOLVAN, HSA_ID, "identity-system-unknown"),
        (TOLVAN, "", "identity-system-unknown"),
        ("x", RESERVNUMMER, "identity-malformed"),
    ],
    ids=["personnummer", "samordningsnummer", "URI", "HSA-id", "empty", "reserve"],
)
def test_a_stated_system_must_agree(value: str, system: str, code: str) -> None:
    assert refusal(value, system) == code


@pytest.mark.parametrize(
    ("system", "canonical"),
    [
        (RESERVNUMMER, RESERVNUMMER),
        ("1.2.752.74.9.1", RESERVNUMMER),
        ("urn:oid:1.2.752.113.11.0.2.1.1.1", "urn:oid:1.2.752.113.11.0.2.1.1.1"),
        ("1.2.752.269.1.1", "urn:oid:1.2.752.269.1.1"),
    ],
)
def test_reserve_numbers_are_opaque(system: str, canonical: str) -> None:
    person = parse_person_id("EXAMPLE-0001", today=TODAY, system=system)
    assert person == PersonId(canonical, "EXAMPLE-0001")
    assert person.birth_date is None
    assert person.legal_sex is None


@pytest.mark.parametrize(
    ("number", "sex"),
    [(TOLVAN, "male"), (PUBLIC[1], "female"), (CHILD, "female"), (COORDINATION, "male")],
    ids=["odd", "zero", "even", "coordination"],
)
def test_legal_sex_is_the_second_last_digit(number: str, sex: str) -> None:
    assert parse_person_id(number, today=TODAY).legal_sex == sex


def test_a_person_id_never_shows_its_value() -> None:
    person = parse_person_id(TOLVAN, today=TODAY)
    assert TOLVAN not in f"{person} {person!r} {[person]}"
    assert person.as_fhir() == {"system": PERSONNUMMER, "value": TOLVAN}


@pytest.mark.parametrize(
    ("system", "oid"),
    [
        (PERSONNUMMER, "1.2.752.129.2.1.3.1"),
        (SAMORDNINGSNUMMER, "1.2.752.129.2.1.3.3"),
        (RESERVNUMMER, "1.2.752.74.9.1"),
        (HSA_ID, "1.2.752.29.4.19"),
        (ORGANISATIONSNUMMER, "2.5.4.97"),
        ("urn:oid:1.2.752.74.9.5", "1.2.752.74.9.5"),
    ],
)
def test_systems_and_oids_translate_both_ways(system: str, oid: str) -> None:
    assert oid_of(system) == oid
    assert canonical_system(oid) == canonical_system(f"urn:oid:{oid}") == canonical_system(system) == system


def test_both_roots_of_hsa_ids_are_one_system_and_unknown_ones_none() -> None:
    assert canonical_system("1.2.752.129.2.1.4.1") == HSA_ID
    assert canonical_system("1.2.752.129.2.1.4.2") is None
    assert oid_of("http://example.org/mrn") is None


@pytest.mark.parametrize(
    ("value", "system", "expected"),
    [
        ("212000-1553", None, Identifier(ORGANISATIONSNUMMER, "2120001553")),
        ("2120001553", "2.5.4.97", Identifier(ORGANISATIONSNUMMER, "2120001553")),
        ("2120001553", ORGANISATIONSNUMMER, Identifier(ORGANISATIONSNUMMER, "2120001553")),
        ("SE2120001553-1001", None, Identifier(HSA_ID, "SE2120001553-1001")),
        ("SE2120001553-1001", HSA_ID, Identifier(HSA_ID, "SE2120001553-1001")),
        ("SE2120001553-1001", "urn:oid:1.2.752.129.2.1.4.1", Identifier(HSA_ID, "SE2120001553-1001")),
        ("SE2120001553-1001", "1.2.752.129.2.1.4.1", Identifier(HSA_ID, "SE2120001553-1001")),
    ],
)
def test_organisation_identifiers_are_read(value: str, system: str | None, expected: Identifier) -> None:
    assert parse_organization_id(value, system=system) == expected


@pytest.mark.parametrize(
    ("value", "system", "code"),
    [
        ("2120001554", None, "organization-id-check-digit"),
        ("21200-01553", None, "organization-id-malformed"),
        ("٢120001553", None, "organization-id-malformed"),
        ("SE2120001553-1001", ORGANISATIONSNUMMER, "organization-id-malformed"),
        ("2120001553", HSA_ID, "organization-id-malformed"),
        ("2120001553", "http://example.org/org", "organization-id-malformed"),
        ("SE2120001553-1001", "http://example.org/org", "organization-id-malformed"),
        ("se2120001553-1001", None, "organization-id-malformed"),
        ("", None, "organization-id-malformed"),
    ],
)
def test_faulty_organisation_identifiers_are_refused(value: str, system: str | None, code: str) -> None:
    with pytest.raises(IdentityError) as caught:
        parse_organization_id(value, system=system)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("191212121212", True),
        ("1212121212", True),
        ("19121212-1212", True),
        ("121212+1212", True),
        ("SIP-196109732393/2", True),
        ("2026-1;189602029812", True),
        ("19121212 1212", True),
        ("1912 1212 1212", True),
        ("121212:1212", True),
        ("1912121212-12", True),
        ("req-1912-12-12-1212", True),
        ("19121212.1212/3", True),
        ("19121212 - 1212", True),
        ("１９１２１２１２１２１２", True),
        ("19121212 - - 1212", False),
        ("1912121212121", False),
        ("191212x121212", False),
        ("00121212-1212-4012-8012-191212121212", True),
        ("00000012-1212-1212-8a12-1212abcdef01", False),
        ("191212121213", False),
        ("20261122133015", False),
        ("0191212121212", False),
        ("SE2321000131-E0101", False),
        ("6f0c1a52-0000-4000-8000-000000000001", False),
        ("", False),
    ],
)
def test_a_number_is_found_in_a_text_that_its_writer_chose(text: str, is_one: bool) -> None:
    assert names_person(text, today=TODAY) is is_one
