"""Is one record what a provision is about? Its class, code, time, address and labels, one by one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tests.gate.oracle.words import (
    ACT_CODE,
    AUDIT_CODES,
    DUDIT,
    RECORD_TYPE,
    RESOURCE_TYPE,
    STOCKHOLM,
    TYPES_OF,
    Holds,
    Json,
    codings,
    interval,
    pairs,
)


@dataclass
class Question:
    """One thing that is asked: may a record of this type go to this requester, for this purpose, at this instant?

    ``record`` is the record itself, or None while only the kind of record is known. ``others`` are all the records.
    """

    request: Json
    purpose: str
    at: datetime
    resource_type: str
    record_type: str | None
    record: Json | None
    others: list[Json]


def yes(answer: bool) -> Holds:
    return Holds.YES if answer else Holds.NO


def is_of_class(provision: Json, question: Question) -> Holds:
    if "class" not in provision:
        return Holds.YES
    return yes({"system": RESOURCE_TYPE, "code": question.resource_type} in provision["class"])


def has_code(provision: Json, question: Question, *, denies: bool) -> Holds:
    if "code" not in provision:
        return Holds.YES
    named = set().union(*(codings(concept) for concept in provision["code"]))
    if question.record_type and (RECORD_TYPE, question.record_type) in named:
        return Holds.YES
    others = {one for one in named if one[0] and one[0] != RECORD_TYPE}
    if question.record is None:
        return Holds.SOME if others else Holds.NO
    possible = {name for name, types in TYPES_OF.items() if question.resource_type in types}
    if denies and question.record_type is None and named & {(RECORD_TYPE, name) for name in possible}:
        return Holds.YES  # what is of no known record type could be of the one that is denied
    return yes(bool(others & codes_of(question.record)))


def codes_of(record: Json) -> set[tuple[str | None, str]]:
    """The codes that are found in a record's ``code`` and ``category``."""
    categories = record.get("category", [])
    return codings(record.get("code", {})).union(*(codings(one) for one in categories))


def record_type_of(record: Json) -> str | None:
    """The record type that a resource belongs to."""
    if record["resourceType"] != "Observation":
        return next((name for name, types in TYPES_OF.items() if record["resourceType"] in types), None)
    codes = codings(record.get("code", {}))
    if codes & AUDIT_CODES:
        return "AUDIT"
    return "DUDIT" if any(place == DUDIT for place, _ in codes) else None


def is_in_data_period(provision: Json, question: Question, *, denies: bool) -> Holds:
    if "dataPeriod" not in provision:
        return Holds.YES
    if question.record is None:
        return Holds.SOME
    days = _days_of(question.record)
    if days is None:
        return yes(denies)
    first, last = days
    limit = provision["dataPeriod"]
    from_day = _first_day(limit["start"]) if "start" in limit else date.min
    to_day = _last_day(limit["end"]) if "end" in limit else date.max
    first, last = first or date.min, last or date.max
    if denies:  # what lies partly in the period of a deny is not left out of it
        return yes(first <= to_day and from_day <= last)
    return yes(from_day <= first and last <= to_day)


def _days_of(record: Json) -> tuple[date | None, date | None] | None:
    if "effectiveDateTime" in record:
        return _first_day(record["effectiveDateTime"]), _last_day(record["effectiveDateTime"])
    period = record.get("effectivePeriod") or record.get("period")
    if not period:
        return None
    start, end = period.get("start"), period.get("end")
    return (_first_day(start) if start else None), (_last_day(end) if end else None)


def _first_day(text: str) -> date:
    return interval(text)[0].astimezone(STOCKHOLM).date()


def _last_day(text: str) -> date:
    after = interval(text)[1].timestamp() - 1
    return datetime.fromtimestamp(after, STOCKHOLM).date()


def is_among_data(provision: Json, question: Question, *, denies: bool) -> Holds:
    if "data" not in provision:
        return Holds.YES
    if question.record is None:
        return Holds.SOME
    return yes(
        any(_is_datum(one, question.record, question.others, denies=denies) for one in provision["data"])
    )


def _is_datum(datum: Json, record: Json, others: list[Json], *, denies: bool) -> bool:
    """Whether a record is meant. What cannot be told is inside a deny and outside a permit."""
    wanted = datum["reference"].get("reference", "")
    if "://" in wanted:
        wanted = "/".join(wanted.split("/")[-2:]) if denies else ""
    me = f"{record['resourceType']}/{record['id']}"
    if datum["meaning"] == "authoredby":
        return _is_author(datum["reference"], record, denies=denies)
    if wanted == me or datum["meaning"] == "instance":
        return bool(wanted == me)
    at_hand = [one for one in others if wanted == f"{one['resourceType']}/{one['id']}"]
    if datum["meaning"] == "related":
        return any(me in references_in(one) for one in at_hand) or (denies and not at_hand)
    return wanted in references_in(record) or (denies and not at_hand and _names_by_number_only(record))


def _is_author(wanted: Json, record: Json, *, denies: bool) -> bool:
    authors = record.get("author", [])
    authors = [authors] if isinstance(authors, dict) else authors
    authors = authors + (record.get("performer", []) if record["resourceType"] == "Observation" else [])
    if not authors:
        return denies
    return any(_is_same_author(wanted, author, denies=denies) for author in authors)


def _is_same_author(wanted: Json, author: Json, *, denies: bool) -> bool:
    if "identifier" in wanted and "identifier" in author:
        return bool(pairs(wanted["identifier"]) & pairs(author["identifier"]))
    if "reference" in wanted and "reference" in author:
        return bool(wanted["reference"] == author["reference"])
    return denies  # one by its number, the other by its address: they may be the same


def _names_by_number_only(record: Json) -> bool:
    """Whether it refers to anything but persons without an address, so that we cannot tell to what."""
    authors = [record.get("author", {}), *record.get("performer", [])]
    return any("identifier" in one for one in authors)


def references_in(value: Any) -> set[str]:
    """Every literal reference that stands anywhere in a resource."""
    if isinstance(value, list):
        return set().union(*(references_in(one) for one in value))
    if not isinstance(value, dict):
        return set()
    own = {value["reference"]} if isinstance(value.get("reference"), str) else set()
    return own.union(*(references_in(one) for one in value.values()))


def has_label(provision: Json, question: Question, *, takes_kinds: bool) -> Holds:
    if "securityLabel" not in provision:
        return Holds.YES
    named = {(one.get("system"), one.get("code")) for one in provision["securityLabel"] if one.get("system")}
    if question.record is None:
        return Holds.SOME if named else Holds.NO
    if takes_kinds and (ACT_CODE, "ETH") in named:
        named.add((ACT_CODE, "ETHUD"))
    labels = {
        (one.get("system"), one.get("code")) for one in question.record.get("meta", {}).get("security", [])
    }
    return yes(bool(named & labels))
