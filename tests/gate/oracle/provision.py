"""Does one provision apply? Each of its elements asked in turn, for one request, one purpose and one record.

gate.md, "Deciding" 2, 3 and 7 and the fine points: elements are ANDed, repetitions ORed, a missing element is no limit.
"""

from __future__ import annotations

from typing import Any

from tests.gate.oracle.conditions import (
    Question,
    has_code,
    has_label,
    is_among_data,
    is_in_data_period,
    is_of_class,
    yes,
)
from tests.gate.oracle.words import (
    ACTION,
    ACTIONS,
    KINDS_OF_PURPOSE,
    LABELS,
    PARTICIPATION,
    PURPOSE,
    PURPOSES,
    RECORD_TYPE,
    RESOURCE_TYPE,
    TYPES_OF,
    Holds,
    Json,
    Named,
    Unreadable,
    codings,
    covers,
    either,
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


def check(provision: Json, consent: Json, bundle: Json, *, denies: bool) -> None:
    """Raise Unreadable if anything in the provision cannot be evaluated, whether or not the request would come to it."""
    if set(provision) - ELEMENTS:
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
    known = [
        codings(concept) <= {(ACTION, code) for code in ACTIONS} for concept in provision.get("action", [])
    ]
    known += [
        one.get("system") == PURPOSE and one.get("code") in PURPOSES for one in provision.get("purpose", [])
    ]
    known += [
        one.get("system") == RESOURCE_TYPE and one.get("code") in R4_TYPES
        for one in provision.get("class", [])
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


def applies(
    provision: Json, question: Question, consent: Json, bundle: Json, *, denies: bool, excepts: bool = False
) -> Holds:
    """Whether everything that the provision states is so.

    ``denies``: it is a deny, or stands around one, so that what cannot be told of a record counts as so; its own codes take their
    kinds only if it is a deny itself. ``excepts``: it is an exception, so that whom it names must be known.
    """
    takes_kinds = provision["type"] == "deny"
    return min(
        _in_period(provision, question),
        _recipient(provision, question, consent, bundle, denies=denies or excepts),
        _action(provision, question),
        _purpose(provision, question, takes_kinds=takes_kinds),
        is_of_class(provision, question),
        has_code(provision, question, denies=denies),
        is_in_data_period(provision, question, denies=denies),
        is_among_data(provision, question, denies=denies),
        has_label(provision, question, takes_kinds=takes_kinds),
    )


def _in_period(provision: Json, question: Question) -> Holds:
    return yes(covers(provision.get("period", {}), question.at))


def _recipient(provision: Json, question: Question, consent: Json, bundle: Json, *, denies: bool) -> Holds:
    if "actor" not in provision:
        return Holds.YES
    named = [resolve(actor["reference"], consent, bundle) for actor in provision["actor"]]
    return either(is_actor(one, question.request["requester"], denies=denies) for one in named)


def lifts_for(provision: Json, question: Question, consent: Json, bundle: Json) -> Holds:
    """Whether a lifting names the requester's unit or person; a role alone, or the whole organisation, is neither."""
    requester = question.request["requester"]
    answers = []
    for actor in provision.get("actor", []):
        named = resolve(actor["reference"], consent, bundle)
        place = named.organization or Named("", set()) if named.kind == "PractitionerRole" else named
        names_somebody = named.practitioner or (place.identifiers - pairs(requester["organization"]))
        answers.append(is_actor(named, requester, denies=True) if names_somebody else Holds.NO)
    return either(answers)


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
    return yes(any((ACTION, question.request["action"]) in codings(one) for one in provision["action"]))


def _purpose(provision: Json, question: Question, *, takes_kinds: bool) -> Holds:
    if "purpose" not in provision:
        return Holds.YES
    named = {one.get("code") for one in provision["purpose"] if one.get("system") == PURPOSE}
    if takes_kinds:
        named |= set().union(*(KINDS_OF_PURPOSE.get(code, set()) for code in named))
    return yes(question.purpose in named)
