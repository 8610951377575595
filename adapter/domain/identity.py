"""Identifiers of persons, organisations and units: URIs and OIDs, both ways, checked strictly.

Personnummer and samordningsnummer follow Skatteverket's rules (SKV 704, 707): twelve digits, a real date (day + 60
for samordningsnummer), a Luhn check digit over the last ten. National and local reserve numbers are opaque.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from adapter.domain.errors import IdentityError

PERSONNUMMER: Final = "http://electronichealth.se/identifier/personnummer"
SAMORDNINGSNUMMER: Final = "http://electronichealth.se/identifier/samordningsnummer"
RESERVNUMMER: Final = "http://electronichealth.se/identifier/nationelltReservnummer"
HSA_ID: Final = "urn:oid:1.2.752.29.4.19"
ORGANISATIONSNUMMER: Final = "urn:oid:2.5.4.97"

# OIDs that are written for a system whose canonical name is another one; both ways where the field needs it.
_OID_OF: Final = {
    PERSONNUMMER: "1.2.752.129.2.1.3.1",
    SAMORDNINGSNUMMER: "1.2.752.129.2.1.3.3",
    RESERVNUMMER: "1.2.752.74.9.1",
    HSA_ID: "1.2.752.29.4.19",
    ORGANISATIONSNUMMER: "2.5.4.97",
}
_SYSTEM_OF: Final = {oid: system for system, oid in _OID_OF.items()} | {
    # RIV-TA writes HSA-ids under its own root: the same ids.
    "1.2.752.129.2.1.4.1": HSA_ID,
}
LOCAL_RESERVE_OIDS: Final = frozenset(
    {
        "1.2.752.113.11.0.2.1.1.1",
        "1.2.752.97.3.1.3",
        "1.2.752.269.1.1",
        "1.2.752.74.9.2",
        "1.2.752.74.9.3",
        "1.2.752.74.9.4",
        "1.2.752.74.9.5",
        "1.2.752.266.1.1.1",
        "1.2.752.266.1.1.2",
        "1.2.752.129.2.1.3.2",
        "1.2.752.129.2.1.2.1",
    }
)

_PERSONAL: Final = re.compile(r"(\d{2})?(\d{2})(\d{2})(\d{2})([-+]?)(\d{4})", re.ASCII)
_USUAL_FORM: Final = re.compile(r"(?<!\d)(?:\d{2})?\d{6}[-+ ]?\d{4}(?!\d)", re.ASCII)
# Digits in groups, as people break numbers: by a sign, a space, a dot.
_GROUPED_DIGITS: Final = re.compile(r"\d+(?:[\W_]{1,3}\d+)*")
_DIGITS: Final = re.compile(r"\d+")
_UUID: Final = re.compile(
    r"(?<![0-9a-f])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f])", re.ASCII | re.IGNORECASE
)
ANY_DAY: Final = date(2099, 12, 31)
"""The day on which every number of these centuries is sound: for where the real one is not at hand."""
_RESERVE: Final = re.compile(r"[0-9A-Z][0-9A-Z-]{3,30}", re.ASCII)
_ORGANISATION: Final = re.compile(r"\d{10}", re.ASCII)
_HSA: Final = re.compile(r"SE\d{10}-[0-9A-Z]{1,20}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Identifier:
    """A FHIR business identifier of an organisation, unit or record: system URI and value."""

    system: str
    value: str

    def as_fhir(self) -> dict[str, str]:
        """The identifier as a FHIR Identifier."""
        return {"system": self.system, "value": self.value}


@dataclass(frozen=True, slots=True)
class PersonId:
    """A person's identifier. Its text form hides the value, so that no log line or traceback can show it."""

    system: str
    value: str

    def __repr__(self) -> str:
        return f"PersonId(system={self.system!r})"

    __str__ = __repr__

    def as_fhir(self) -> dict[str, str]:
        """The identifier as a FHIR Identifier."""
        return {"system": self.system, "value": self.value}

    @property
    def birth_date(self) -> date | None:
        """The date of birth that the number states, or None for a reserve number."""
        if self.system not in (PERSONNUMMER, SAMORDNINGSNUMMER):
            return None
        day = int(self.value[6:8]) - (60 if self.system == SAMORDNINGSNUMMER else 0)
        return date(int(self.value[:4]), int(self.value[4:6]), day)

    @property
    def legal_sex(self) -> Literal["male", "female"] | None:
        """FHIR AdministrativeGender by the second last digit, or None for a reserve number."""
        if self.system not in (PERSONNUMMER, SAMORDNINGSNUMMER):
            return None
        return "male" if int(self.value[10]) % 2 else "female"


def canonical_system(system: str) -> str | None:
    """The canonical URI for a URI, ``urn:oid:`` form or bare OID of an identifier system; None if unknown."""
    oid = system.removeprefix("urn:oid:")
    if oid in _SYSTEM_OF:
        return _SYSTEM_OF[oid]
    if oid in LOCAL_RESERVE_OIDS:
        return f"urn:oid:{oid}"
    return system if system in _OID_OF else None


def oid_of(system: str) -> str | None:
    """The OID of an identifier system, for wires that speak OIDs; None if it has none."""
    if system in _OID_OF:
        return _OID_OF[system]
    oid = system.removeprefix("urn:oid:")
    return oid if oid in LOCAL_RESERVE_OIDS else None


def parse_person_id(value: str, *, today: date, system: str | None = None) -> PersonId:
    """Read a personal identity as it is found in the wild.

    ``value`` may have 10 or 12 digits, with ``-`` or ``+`` (one hundred or older) before the last four. ``system``, when the
    wire states one (URI or OID), must agree with the number; without it the day decides between personnummer and
    samordningsnummer. ``today`` resolves the century of a ten-digit number and forbids dates in the future.

    Raises IdentityError with code ``identity-malformed``, ``identity-system-unknown``, ``identity-check-digit``,
    ``identity-date`` or ``identity-system-mismatch``.
    """
    stated = None if system is None else canonical_system(system)
    if system is not None and (stated is None or stated in (HSA_ID, ORGANISATIONSNUMMER)):
        raise IdentityError("identity-system-unknown")
    if stated is not None and stated not in (PERSONNUMMER, SAMORDNINGSNUMMER):
        if not _RESERVE.fullmatch(value):
            raise IdentityError("identity-malformed")
        return PersonId(stated, value)
    match = _PERSONAL.fullmatch(value)
    if match is None:
        raise IdentityError("identity-malformed")
    century, year, month, day, sign, last = match.groups()
    if not _luhn_holds(year + month + day + last):
        raise IdentityError("identity-check-digit")
    actual = SAMORDNINGSNUMMER if int(day) > 60 else PERSONNUMMER
    born_day = int(day) - 60 if actual == SAMORDNINGSNUMMER else int(day)
    if century is None:
        century = _century(int(year), int(month), born_day, older=sign == "+", today=today)
    _check_date(int(century + year), int(month), born_day, today)
    if stated is not None and stated != actual:
        raise IdentityError("identity-system-mismatch")
    return PersonId(actual, f"{century}{year}{month}{day}{last}")


def names_person(text: str, *, today: date) -> bool:
    """Whether a sound personnummer or samordningsnummer stands in a text that is its writer's to choose, an id for one.

    However its digits are broken into groups, and in whatever script's digits they are written.
    """
    return any(_is_sound(number, today) for number in _of_ten_or_twelve(text))


def could_name_person(text: str) -> bool:
    """Whether what could be such a number stands in a text: in its usual form sound or not, in any other if it is sound on whatever day."""
    return _USUAL_FORM.search(text) is not None or names_person(text, today=ANY_DAY)


def _of_ten_or_twelve(text: str) -> Iterator[str]:
    """Every run of so many digits, neighbouring groups joined, but for those of a UUID."""
    for found in _GROUPED_DIGITS.finditer(_UUID.sub(lambda uuid: uuid[0].replace("-", "x"), text)):
        groups = ["".join(str(int(digit)) for digit in group) for group in _DIGITS.findall(found[0])]
        for start in range(len(groups)):
            joined = ""
            for group in groups[start:]:
                joined += group
                if len(joined) in (10, 12):
                    yield joined
                if len(joined) >= 12:
                    break


def _is_sound(number: str, today: date) -> bool:
    try:
        parse_person_id(number, today=today)
    except IdentityError:
        return False
    return True


def parse_organization_id(value: str, *, system: str | None = None) -> Identifier:
    """Read an organisationsnummer (10 digits, a hyphen allowed) or an HSA-id.

    Raises IdentityError with code ``organization-id-malformed`` or ``organization-id-check-digit``.
    """
    stated = None if system is None else canonical_system(system)
    if system is not None and stated is None:
        raise IdentityError("organization-id-malformed")
    digits = value.replace("-", "", 1) if re.fullmatch(r"\d{6}-\d{4}", value, re.ASCII) else value
    if stated in (None, ORGANISATIONSNUMMER) and _ORGANISATION.fullmatch(digits):
        if not _luhn_holds(digits):
            raise IdentityError("organization-id-check-digit")
        return Identifier(ORGANISATIONSNUMMER, digits)
    if stated in (None, HSA_ID) and _HSA.fullmatch(value):
        return Identifier(HSA_ID, value)
    raise IdentityError("organization-id-malformed")


def _luhn_holds(digits: str) -> bool:
    doubled = (int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(digits))
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0


def _century(year: int, month: int, day: int, *, older: bool, today: date) -> str:
    full = today.year - today.year % 100 + year
    if (full, month, day) > (today.year, today.month, today.day):
        full -= 100
    if older:
        full -= 100
    return f"{full // 100:02d}"


def _check_date(year: int, month: int, day: int, today: date) -> None:
    try:
        born = date(year, month, day)
    except ValueError:
        raise IdentityError("identity-date") from None
    if born.year < 1800 or born > today:
        raise IdentityError("identity-date")
