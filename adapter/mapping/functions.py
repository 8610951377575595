"""The closed list of named functions of the mapping language (docs/mappings.md, "Functions").

Each takes the source value (or all values, or none), its arguments by name, and the message's context, and gives a value or None.
A value that it cannot take is a MappingError whose issues have a path relative to the source value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any, Final, Literal, TypeAlias

from adapter.domain.errors import IdentityError, Issue, MappingError
from adapter.domain.identity import Identifier, PersonId, parse_organization_id, parse_person_id
from adapter.domain.instants import STOCKHOLM, as_instant, interval_of, stockholm_date
from adapter.mapping.evaluation import MappingContext
from adapter.mapping.screening import check_screening, interpretation
from adapter.mapping.steps import as_text

Arguments: TypeAlias = Mapping[str, Any]
"""The arguments that have a value, by name."""
Call: TypeAlias = Callable[[Any, Arguments, MappingContext], Any]

# HL7 v2.5.1 2.A.22 DTM: YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]
_DTM: Final = re.compile(
    r"(\d{4})(?:(\d{2})(?:(\d{2})(?:(\d{2})(\d{2})(?:(\d{2})(?:\.\d{1,4})?)?)?)?)?([+-]\d{4})?", re.ASCII
)
_FHIR_DATE_TIME: Final = re.compile(r"([\d-]+)(?:T([\d:]+)(?:(\.\d{1,4})\d*)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII)
_LOCAL: Final = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?", re.ASCII)
_INTEGER: Final = re.compile(r"[+-]?\d{1,9}(?:[.,]0+)?", re.ASCII)
_DECIMAL: Final = re.compile(r"[+-]?\d{1,9}(?:[.,]\d{1,6})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Function:
    """A function and what a rule must give it: from which source values, and which arguments."""

    call: Call
    source: Literal["one", "every", "none"] = "one"
    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()


def _refusal(code: str, path: str = "") -> MappingError:
    return MappingError([Issue(path, code)])


def _date(value: Any, _arguments: Arguments, _context: MappingContext) -> str:
    text = _fhir_date_time(value)
    return text if "T" not in text else stockholm_date(datetime.fromisoformat(text)).isoformat()


def _date_time(value: Any, _arguments: Arguments, _context: MappingContext) -> str:
    return _fhir_date_time(value)


def _fhir_date_time(value: Any) -> str:
    """A FHIR date or dateTime of HL7 v2 DTM, ISO 8601 or FHIR; without a zone in Stockholm's time."""
    text = as_text(value)
    try:
        match = _DTM.fullmatch(text)
        text = _of_dtm(match) if match is not None else _of_local(text)
        interval_of(text)
    except (ValueError, OverflowError):
        raise _refusal("date-malformed") from None
    return text


def _of_dtm(match: re.Match[str]) -> str:
    year, month, day, hour, minute, second, zone = match.groups()
    if hour is None:
        return "-".join(part for part in (year, month, day) if part)
    return _zoned(f"{year}-{month}-{day}T{hour}:{minute}:{second or '00'}{zone or ''}")


def _of_local(text: str) -> str:
    return _zoned(text) if _LOCAL.fullmatch(text) else text


def _zoned(text: str) -> str:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        # Through UTC, so that an hour that summer time skips becomes one that exists.
        moment = moment.replace(tzinfo=STOCKHOLM).astimezone(UTC).astimezone(STOCKHOLM)
    return moment.isoformat(timespec="seconds")


def _dtm(value: Any, _arguments: Arguments, _context: MappingContext) -> str:
    """HL7 v2 DTM (2.5, 2.A.22) of a date or dateTime: as exact as it is, down to the four decimals that DTM has."""
    match = _FHIR_DATE_TIME.fullmatch(_fhir_date_time(value))
    if match is None:
        raise _refusal("date-malformed")
    day, clock, fraction, zone = match.groups("")
    return (
        day.replace("-", "") + clock.replace(":", "") + fraction + zone.replace("Z", "+0000").replace(":", "")
    )


def _integer(value: Any, _arguments: Arguments, _context: MappingContext) -> int:
    if isinstance(value, bool) or not _INTEGER.fullmatch(as_text(value).strip()):
        raise _refusal("not-an-integer")
    return int(float(as_text(value).strip().replace(",", ".")))


def _decimal(value: Any, _arguments: Arguments, _context: MappingContext) -> float:
    text = as_text(value).strip()
    if isinstance(value, bool) or not _DECIMAL.fullmatch(text):
        raise _refusal("not-a-decimal")
    return float(text.replace(",", "."))


def _sum(values: Any, arguments: Arguments, context: MappingContext) -> int | None:
    return sum(_integer(value, arguments, context) for value in values) if values else None


def _join(values: Any, arguments: Arguments, _context: MappingContext) -> str | None:
    return str(arguments.get("separator", ", ")).join(map(as_text, values)) or None


def _text(value: Any, _arguments: Arguments, _context: MappingContext) -> str:
    return as_text(value)


def _narrative(value: Any, _arguments: Arguments, _context: MappingContext) -> dict[str, str]:
    div = f'<div xmlns="http://www.w3.org/1999/xhtml">{escape(as_text(value))}</div>'
    return {"status": "generated", "div": div}


def _person(value: Any, arguments: Arguments, context: MappingContext) -> PersonId:
    try:
        return parse_person_id(
            as_text(value), today=stockholm_date(context.received_at), system=arguments.get("system")
        )
    except IdentityError as error:
        raise _refusal(error.code) from None


def _person_identifier(value: Any, arguments: Arguments, context: MappingContext) -> dict[str, str]:
    return _person(value, arguments, context).as_fhir()


def _person_number(value: Any, arguments: Arguments, context: MappingContext) -> str:
    return _person(value, arguments, context).value


def _organization(value: Any, arguments: Arguments) -> Identifier:
    try:
        return parse_organization_id(as_text(value), system=arguments.get("system"))
    except IdentityError as error:
        raise _refusal(error.code) from None


def _organization_identifier(value: Any, arguments: Arguments, _context: MappingContext) -> dict[str, str]:
    return _organization(value, arguments).as_fhir()


def _organization_reference(value: Any, arguments: Arguments, context: MappingContext) -> dict[str, Any]:
    identifier = _organization(value, arguments)
    agreement = context.agreement
    known = agreement and (agreement.unit_of(identifier) or agreement.party_of(identifier))
    return _reference_to("Organization", identifier, known.name if known else None)


def _reference_to(
    resource_type: str, identifier: Identifier | PersonId, display: str | None
) -> dict[str, Any]:
    reference: dict[str, Any] = {"type": resource_type, "identifier": identifier.as_fhir()}
    return reference if display is None else reference | {"display": display}


def _subject(_value: Any, _arguments: Arguments, context: MappingContext) -> dict[str, Any] | None:
    return None if context.person is None else _reference_to("Patient", context.person, None)


def _subject_identifier(_value: Any, _arguments: Arguments, context: MappingContext) -> dict[str, str] | None:
    return None if context.person is None else context.person.as_fhir()


def _subject_number(_value: Any, _arguments: Arguments, context: MappingContext) -> str | None:
    return None if context.person is None else context.person.value


def _sender_reference(_value: Any, _arguments: Arguments, context: MappingContext) -> dict[str, Any] | None:
    sender = context.sender
    return None if sender is None else _reference_to("Organization", sender.identifiers[0], sender.name)


def _unit_reference(_value: Any, _arguments: Arguments, context: MappingContext) -> dict[str, Any] | None:
    unit = context.unit
    return None if unit is None else _reference_to("Organization", unit.identifier, unit.name)


def _agreement(_value: Any, _arguments: Arguments, context: MappingContext) -> str | None:
    return None if context.agreement is None else context.agreement.id


def _received_at(_value: Any, _arguments: Arguments, context: MappingContext) -> str:
    return as_instant(context.received_at)


def _screening_total(_value: Any, arguments: Arguments, _context: MappingContext) -> int:
    scores: dict[int, int] = {}
    for entry in arguments.get("items") or ():
        if "item" not in entry:
            raise _refusal("required", "items")
        if entry["item"] in scores:
            raise _refusal("item-repeated", f"items.{entry['item']}")
        if "score" not in entry:
            raise _refusal("required", f"items.{entry['item']}")
        scores[entry["item"]] = entry["score"]
    total: int | None = arguments.get("total")
    faults = check_screening(arguments.get("instrument", ""), scores, total)
    if faults:
        raise MappingError(faults)
    return sum(scores.values()) if total is None else total


def _interpretation(value: Any, arguments: Arguments, context: MappingContext) -> dict[str, Any] | None:
    instrument, at = arguments.get("instrument", ""), arguments.get("at")
    return interpretation(arguments["cut_offs"], instrument, value, context.person, at)


_SYSTEM: Final = frozenset({"system"})

FUNCTIONS: Final[Mapping[str, Function]] = {
    "date": Function(_date),
    "date_time": Function(_date_time),
    "dtm": Function(_dtm),
    "integer": Function(_integer),
    "decimal": Function(_decimal),
    "sum": Function(_sum, "every"),
    "join": Function(_join, "every", optional=frozenset({"separator"})),
    "text": Function(_text),
    "narrative": Function(_narrative),
    "person_identifier": Function(_person_identifier, optional=_SYSTEM),
    "person_number": Function(_person_number, optional=_SYSTEM),
    "organization_identifier": Function(_organization_identifier, optional=_SYSTEM),
    "organization_reference": Function(_organization_reference, optional=_SYSTEM),
    "subject": Function(_subject, "none"),
    "subject_identifier": Function(_subject_identifier, "none"),
    "subject_number": Function(_subject_number, "none"),
    "sender_reference": Function(_sender_reference, "none"),
    "unit_reference": Function(_unit_reference, "none"),
    "agreement": Function(_agreement, "none"),
    "received_at": Function(_received_at, "none"),
    "screening_total": Function(
        _screening_total, "none", frozenset({"instrument", "items"}), frozenset({"total"})
    ),
    "interpretation": Function(_interpretation, "one", frozenset({"instrument", "at", "cut_offs"})),
}
