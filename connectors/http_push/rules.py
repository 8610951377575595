"""What a schema cannot say of a push body: identities, periods, references, the five contents of an active SIP, sums."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from adapter.domain.errors import IdentityError, Issue
from adapter.domain.identity import parse_organization_id, parse_person_id
from adapter.mapping.screening import INSTRUMENTS, check_screening
from connectors.http_push.schema import dotted

Object = Mapping[str, Any]

_LONGEST_LIST: Final = 100
"""The schema's own bound: what lies beyond it is refused unseen."""
_MOST_ITEMS: Final = max(form.items for form in INSTRUMENTS.values())
_ORGANISATION_FIELDS: Final = frozenset({"organisation", "enhet"})


def breaches(tree: Object, today: date) -> Iterator[Issue]:
    """Every broken rule. Parts of a wrong type are passed over: the schema has named them."""
    yield from _identity(_object(tree, "person"), today)
    yield from _everywhere(tree, [])
    yield from _sip(_object(tree, "sip"))
    yield from _screening(_object(tree, "screening"))


def _identity(person: Object, today: date) -> Iterator[Issue]:
    number, system = person.get("id"), person.get("idSystem")
    if not isinstance(number, str) or not isinstance(system, str | None):
        return
    try:
        parse_person_id(number, today=today, system=system)
    except IdentityError as error:
        yield Issue("person.idSystem" if error.code == "identity-system-unknown" else "person.id", error.code)


def _everywhere(node: object, path: list[str | int]) -> Iterator[Issue]:
    if isinstance(node, Mapping):
        yield from _organisations(node, path)
        yield from _period(node, path)
    children = (
        node.items() if isinstance(node, Mapping) else enumerate(node) if isinstance(node, list) else ()
    )
    for step, child in children:
        yield from _everywhere(child, [*path, step])


def _organisations(node: Object, path: Sequence[str | int]) -> Iterator[Issue]:
    for field in sorted(_ORGANISATION_FIELDS & node.keys()):
        if isinstance(node[field], str):
            try:
                parse_organization_id(node[field])
            except IdentityError as error:
                yield Issue(dotted([*path, field]), error.code)


def _period(node: Object, path: Sequence[str | int]) -> Iterator[Issue]:
    try:
        is_reversed = date.fromisoformat(node["slut"]) < date.fromisoformat(node["start"])
    except (KeyError, TypeError, ValueError):
        return
    if is_reversed:
        yield Issue(dotted([*path, "slut"]), "period-reversed")


def _sip(sip: Object) -> Iterator[Issue]:
    yield from _repeated(sip, "sip", "mal", "malId")
    yield from _repeated(sip, "sip", "insatser", "insatsId")
    yield from _goals_that_are_missing(sip)
    if "ersatter" in sip and sip["ersatter"] == sip.get("planId"):
        yield Issue("sip.ersatter", "replaces-itself")
    if sip.get("status") == "aktiv":
        yield from _five_contents(sip)


def _goals_that_are_missing(sip: Object) -> Iterator[Issue]:
    known = _codes(sip, "mal", "malId")
    if None in known:
        return
    for place, measure in enumerate(_objects(sip, "insatser")):
        for nth, goal in enumerate(_list(measure, "malId")):
            if isinstance(goal, str) and goal not in known:
                yield Issue(f"sip.insatser[{place}].malId[{nth}]", "unknown-reference")


def _five_contents(sip: Object) -> Iterator[Issue]:
    """Domain "Records exchanged", SIP: all five are needed before a plan is active."""
    measures = _objects(sip, "insatser")
    answerable, horizons = _codes(sip, "insatser", "ansvarig"), _codes(sip, "mal", "horisont")
    if "problem" not in sip:
        yield Issue("sip.problem", "sip-content-1")
    if not {"kort", "lang"} <= horizons:
        yield Issue("sip.mal", "sip-content-1")
    if not measures:
        yield Issue("sip.insatser", "sip-content-1")
    if not {"kommun", "region"} <= answerable:
        yield Issue("sip.insatser", "sip-content-2")
    for place, measure in enumerate(measures):
        yield from _nobody_answers(measure, f"sip.insatser[{place}].ansvarigEnhet")
    # That nobody else does anything must be said, not left out.
    if sip.get("insatserAvAndra") != ("annan" in answerable):
        yield Issue("sip.insatserAvAndra", "sip-content-3")
    if "huvudansvar" not in sip:
        yield Issue("sip.huvudansvar", "sip-content-4")
    if "samordnare" not in sip:
        yield Issue("sip.samordnare", "sip-content-5")


def _nobody_answers(measure: Object, path: str) -> Iterator[Issue]:
    unit = _object(measure, "ansvarigEnhet")
    if measure.get("ansvarig") in ("kommun", "region") and not _ORGANISATION_FIELDS & unit.keys():
        yield Issue(path, "sip-content-2")
    if measure.get("ansvarig") == "annan" and not unit:
        yield Issue(path, "sip-content-3")


def _screening(screening: Object) -> Iterator[Issue]:
    yield from _repeated(screening, "screening", "svar", "fraga")
    instrument, total = screening.get("instrument"), screening.get("summa")
    if not isinstance(instrument, str) or type(total) is not int:
        return
    answers = [(answer.get("fraga"), answer.get("poang")) for answer in _objects(screening, "svar")]
    scores = {item: score for item, score in answers if type(item) is int and type(score) is int}
    place_of = {f"items.{item}": f"screening.svar[fraga={item}]" for item in range(1, _MOST_ITEMS + 1)}
    place_of |= {f"items.{item}": f"screening.svar[{place}].poang" for place, (item, _) in enumerate(answers)}
    place_of |= {"total": "screening.summa", "instrument": "screening.instrument"}
    for issue in check_screening(instrument, scores, total):
        yield Issue(place_of[issue.path], issue.code)


def _repeated(part: Object, path: str, field: str, key: str) -> Iterator[Issue]:
    keys = [item.get(key) for item in _objects(part, field)]
    for place, own in enumerate(keys):
        if own is not None and own in keys[:place]:
            yield Issue(f"{path}.{field}[{place}].{key}", "duplicate-id")


def _object(node: Object, field: str) -> Object:
    value = node.get(field)
    return value if isinstance(value, Mapping) else {}


def _codes(node: Object, field: str, key: str) -> set[str | None]:
    """The texts that a list's objects have under ``key``; None for one that has none."""
    values = (item.get(key) for item in _objects(node, field))
    return {value if isinstance(value, str) else None for value in values}


def _list(node: Object, field: str) -> list[Any]:
    value = node.get(field)
    return value if isinstance(value, list) else []


def _objects(node: Object, field: str) -> list[Object]:
    """The items of a list of objects, in place: an item of another type counts as an empty one."""
    return [item if isinstance(item, Mapping) else {} for item in _list(node, field)[:_LONGEST_LIST]]
