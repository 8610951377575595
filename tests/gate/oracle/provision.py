"""Does one provision apply? Each of its elements asked in turn, for one request, one purpose and one record.

gate.md, "Deciding" 2, 3 and 7 and the fine points: elements are ANDed, repetitions ORed, a missing element is no limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tests.gate.oracle.words import (
    ACT_CODE,
    ACTION,
    ACTIONS,
    AUDIT_CODES,
    DUDIT,
    KINDS_OF_PURPOSE,
    LABELS,
    PARTICIPATION,
    PURPOSE,
    PURPOSES,
    RECORD_TYPE,
    RESOURCE_TYPE,
    STOCKHOLM,
    TYPES_OF,
    Holds,
    Json,
    Named,
    Unreadable,
    codings,
    covers,
    interval,
    pairs,
    resolve,
)

ELEMENTS = {
    "id", "extension", "type", "period", "actor", "action", "securityLabel", "purpose", "class", "code", "dataPeriod", "data",
    "provision",
}  # fmt: skip
R4_TYPES = {one for types in TYPES_OF.values() for one in types} | {"Encounter", "Condition", "Procedure"}
MEANINGS = {"instance", "related", "dependents", "authoredby"}


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


def check(provision: Json, consent: Json, bundle: Json, *, denies: bool) -> None:
    """Raise Unreadable if anything in the provision cannot be evaluated, whether or not the request would come to it."""
    if not isinstance(provision, dict) or set(provision) - ELEMENTS:
        raise Unreadable("element-not-evaluated")
    if provision.get("type") not in ("permit", "deny"):
        raise Unreadable("element-not-evaluated")
    for name in ("period", "dataPeriod"):
        check_period(provision.get(name, {}))
    if any(value == [] for value in provision.values()):
        raise Unreadable("element-not-evaluated")
    for actor in provision.get("actor", []):
        if (PARTICIPATION, "IRCP") not in codings(actor.get("role", {})):
            raise Unreadable("element-not-evaluated")
        _check_elements(actor, {"id", "extension", "role", "reference"})
        named = resolve(actor.get("reference", {}), consent, bundle)
        if named.kind not in ("", "Organization", "Practitioner", "PractitionerRole"):
            raise Unreadable("actor-unresolved")
    for datum in provision.get("data", []):
        _check_elements(datum, {"id", "extension", "meaning", "reference"})
        if datum.get("meaning") not in MEANINGS or not datum.get("reference"):
            raise Unreadable("element-not-evaluated")
    if denies:
        _check_deny(provision)


def check_period(period: Json) -> None:
    """Raise Unreadable for a Period that cannot be read, or that ends before it starts (FHIR R4 Period, per-1)."""
    limits = [interval(period[name]) for name in ("start", "end") if name in period]
    if len(limits) == 2 and limits[0][0] >= limits[1][1]:
        raise Unreadable("element-not-evaluated")


def _check_elements(element: Json, known: set[str]) -> None:
    if set(element) - known:
        raise Unreadable("element-not-evaluated")


def _check_deny(provision: Json) -> None:
    """In a deny, a code that we do not know could be the very one that is asked for."""
    known = [codings(concept) <= {(ACTION, code) for code in ACTIONS} for concept in provision.get("action", [])]
    known += [
        one.get("system") == PURPOSE and one.get("code") in PURPOSES for one in provision.get("purpose", [])
    ]
    known += [
        one.get("system") == RESOURCE_TYPE and one.get("code") in R4_TYPES for one in provision.get("class", [])
    ]
    known += [
        one.get("code") in LABELS.get(one.get("system"), set()) for one in provision.get("securityLabel", [])
    ]
    known += [bool(concept.get("coding")) for concept in provision.get("action", [])]
    for concept in provision.get("code", []):
        known.append(bool(codings(concept)) and all(_is_known_code(*one) for one in codings(concept)))
    if not all(known):
        raise Unreadable("element-not-evaluated")


def _is_known_code(place: str | None, code: str) -> bool:
    return code in TYPES_OF if place == RECORD_TYPE else place is not None


def applies(provision: Json, question: Question, consent: Json, bundle: Json, *, denies: bool) -> Holds:
    """Whether everything that the provision states is so."""
    return min(
        _in_period(provision, question),
        _recipient(provision, question, consent, bundle, denies=denies),
        _action(provision, question),
        _purpose(provision, question, denies=denies),
        _class(provision, question),
        _code(provision, question),
        _data_period(provision, question, denies=denies),
        _data(provision, question, denies=denies),
        _label(provision, question, denies=denies),
    )


def _yes(answer: bool) -> Holds:
    return Holds.YES if answer else Holds.NO


def _in_period(provision: Json, question: Question) -> Holds:
    return _yes(covers(provision.get("period", {}), question.at))


def _recipient(provision: Json, question: Question, consent: Json, bundle: Json, *, denies: bool) -> Holds:
    if "actor" not in provision:
        return Holds.YES
    named = [resolve(actor["reference"], consent, bundle) for actor in provision["actor"]]
    return max(is_actor(one, question.request["requester"], denies=denies) for one in named)


def is_actor(named: Named, requester: Json, *, denies: bool) -> Holds:
    """Whether a named actor is the requester. What a deny names and the request does not state is UNKNOWN."""
    if named.kind == "PractitionerRole":
        answers = []
        if named.practitioner:
            answers.append(is_actor(named.practitioner, requester, denies=denies))
        if named.organization:
            answers.append(is_actor(named.organization, requester, denies=denies))
        if named.roles:
            stated = {(role["system"], role["code"]) for role in requester.get("roles", [])}
            missing = Holds.UNKNOWN if denies and not stated else Holds.NO
            answers.append(Holds.YES if named.roles & stated else missing)
        return min(answers)
    if named.kind == "Practitioner":
        return is_one_of(named, [requester.get("practitioner")], denies=denies)
    comparable = [requester["organization"], requester.get("unit")]
    if not named.kind:
        comparable.append(requester.get("practitioner"))
    return is_one_of(named, comparable, denies=denies)


def is_one_of(named: Named, stated: list[Any], *, denies: bool) -> Holds:
    """Whether an identifier is among those stated. In a deny, a number of another kind may still mean the same one."""
    if any(named.identifiers & pairs(one) for one in stated):
        return Holds.YES
    systems = {place for place, _ in named.identifiers}
    comparable = all(one and {place for place, _ in pairs(one)} & systems for one in stated)
    return Holds.NO if comparable or not denies else Holds.UNKNOWN


def _action(provision: Json, question: Question) -> Holds:
    if "action" not in provision:
        return Holds.YES
    return _yes(any((ACTION, question.request["action"]) in codings(one) for one in provision["action"]))


def _purpose(provision: Json, question: Question, *, denies: bool) -> Holds:
    if "purpose" not in provision:
        return Holds.YES
    named = {one.get("code") for one in provision["purpose"] if one.get("system") == PURPOSE}
    if denies:
        named |= set().union(*(KINDS_OF_PURPOSE.get(code, set()) for code in named))
    return _yes(question.purpose in named)


def _class(provision: Json, question: Question) -> Holds:
    if "class" not in provision:
        return Holds.YES
    return _yes({"system": RESOURCE_TYPE, "code": question.resource_type} in provision["class"])


def _code(provision: Json, question: Question) -> Holds:
    if "code" not in provision:
        return Holds.YES
    named = set().union(*(codings(concept) for concept in provision["code"]))
    if question.record_type and (RECORD_TYPE, question.record_type) in named:
        return Holds.YES
    others = {one for one in named if one[0] and one[0] != RECORD_TYPE}
    if question.record is None:
        return Holds.SOME if others else Holds.NO
    return _yes(bool(others & codes_of(question.record)))


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


def _data_period(provision: Json, question: Question, *, denies: bool) -> Holds:
    if "dataPeriod" not in provision:
        return Holds.YES
    if question.record is None:
        return Holds.SOME
    days = _days_of(question.record)
    if days is None:
        return _yes(denies)
    first, last = days
    limit = provision["dataPeriod"]
    after_start = "start" not in limit or (first is not None and _first_day(limit["start"]) <= first)
    before_end = "end" not in limit or (last is not None and last <= _last_day(limit["end"]))
    return _yes(after_start and before_end)


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


def _data(provision: Json, question: Question, *, denies: bool) -> Holds:
    if "data" not in provision:
        return Holds.YES
    if question.record is None:
        return Holds.SOME
    return _yes(any(_is_datum(one, question.record, question.others, denies=denies) for one in provision["data"]))


def _is_datum(datum: Json, record: Json, others: list[Json], *, denies: bool) -> bool:
    wanted = datum["reference"].get("reference", "")
    if "://" in wanted:
        wanted = "/".join(wanted.split("/")[-2:]) if denies else ""
    me = f"{record['resourceType']}/{record['id']}"
    match datum["meaning"]:
        case "instance":
            return wanted == me
        case "related":
            named = [one for one in others if f"{one['resourceType']}/{one['id']}" == wanted]
            return wanted == me or any(me in references_in(one) for one in named)
        case "dependents":
            return wanted == me or wanted in references_in(record)
        case _:
            authors = [record.get("author")] if isinstance(record.get("author"), dict) else record.get("author", [])
            authors = authors + (record.get("performer", []) if record["resourceType"] == "Observation" else [])
            same = pairs(datum["reference"].get("identifier"))
            return any((wanted and one.get("reference") == wanted) or same & pairs(one.get("identifier")) for one in authors)


def references_in(value: Any) -> set[str]:
    """Every literal reference that stands anywhere in a resource."""
    if isinstance(value, list):
        return set().union(*(references_in(one) for one in value))
    if not isinstance(value, dict):
        return set()
    own = {value["reference"]} if isinstance(value.get("reference"), str) else set()
    return own.union(*(references_in(one) for one in value.values()))


def _label(provision: Json, question: Question, *, denies: bool) -> Holds:
    if "securityLabel" not in provision:
        return Holds.YES
    named = {(one.get("system"), one.get("code")) for one in provision["securityLabel"] if one.get("system")}
    if question.record is None:
        return Holds.SOME if named else Holds.NO
    if denies and (ACT_CODE, "ETH") in named:
        named.add((ACT_CODE, "ETHUD"))
    labels = {(one.get("system"), one.get("code")) for one in question.record.get("meta", {}).get("security", [])}
    return _yes(bool(named & labels) or (denies and not labels))
