"""The Consents on the table: what was handed in, which version stands, at which agreement, and what each says of itself."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from tests.gate.oracle.provision import check, check_period
from tests.gate.oracle.words import (
    AGREEMENT,
    ASSESSED_BY,
    ASSESSED_ON,
    CATEGORY,
    DECIDED_BY,
    PERSONNUMMER,
    SAMORDNINGSNUMMER,
    STATUSES,
    STOCKHOLM,
    Json,
    Unreadable,
    codings,
    covers,
    interval,
    pairs,
    resolve,
)

CONSENT_ELEMENTS = {
    "resourceType", "id", "meta", "language", "text", "contained", "extension", "identifier", "status", "scope", "category",
    "patient", "dateTime", "performer", "organization", "sourceAttachment", "sourceReference", "policy", "policyRule",
    "verification", "provision",
}  # fmt: skip
BLOCK = (CATEGORY, "sparr")
REVOKED = {"inactive", "rejected", "entered-in-error"}


@dataclass
class Paper:
    """One Consent with the Bundle that it came in; ``body`` is None if the file cannot be read at all."""

    body: Json | None
    bundle: Json = field(default_factory=dict)
    opens: bool = True
    """Whether what it permits counts: not after a revocation of its id or identifier, nor at a foreign agreement."""


def read_papers(files: list[bytes]) -> list[Paper]:
    papers: list[Paper] = []
    for file in files:
        try:
            body = json.loads(file)
        except ValueError:
            body = None
        if isinstance(body, dict) and body.get("resourceType") == "Consent":
            papers.append(Paper(body))
        elif isinstance(body, dict) and body.get("resourceType") == "Bundle":
            found = [entry.get("resource") for entry in body.get("entry", [])]
            papers += [Paper(one, body) for one in found if one and one.get("resourceType") == "Consent"]
            papers += [Paper(None) for one in found if not one]
            if any(link.get("relation") == "next" for link in body.get("link", [])):
                papers.append(Paper(None))  # a second page that nobody fetched
        else:
            papers.append(Paper(None))
    return papers


def newest(papers: list[Paper]) -> list[Paper]:
    """The newest version of each id. What was ever revoked, by its id or an identifier, permits nothing more."""
    bodies = [paper.body for paper in papers if paper.body]
    revoked = [body for body in bodies if body.get("status") in REVOKED]
    ended_ids = {body["id"] for body in revoked if "id" in body}
    ended_numbers = set().union(*(pairs(body.get("identifier")) for body in revoked))
    kept = []
    for paper in papers:
        body = paper.body or {}
        if any(_is_newer(other, body) for other in bodies):
            continue
        paper.opens = body.get("id") not in ended_ids and not pairs(body.get("identifier")) & ended_numbers
        if paper.opens or not is_root_permit(body) or not _is_readable(paper):
            kept.append(paper)
    return kept


def _is_newer(other: Json, body: Json) -> bool:
    return "id" in body and other.get("id") == body["id"] and _version(other) > _version(body)


def _version(body: Json) -> int:
    return int(body.get("meta", {}).get("versionId", 0))


def _agreement(paper: Paper) -> str | None:
    """The agreement that a Consent names; None if it names none. Raises Unreadable if it cannot be told."""
    named = [one for one in (paper.body or {}).get("extension", []) if one.get("url") == AGREEMENT]
    if len(named) > 1 or any(not isinstance(one.get("valueUri"), str) for one in named):
        raise Unreadable("element-not-evaluated")
    return named[0]["valueUri"] if named else None


def by_agreement(request: Json, papers: list[Paper]) -> list[list[Paper]]:
    """The Consents of each agreement that the request is decided on; what names none may stand in all of them."""
    if "agreement" in request:
        return [[one for one in papers if _stands_at(one, request["agreement"], own=True)]]
    groups = []
    for name in {_named_agreement(one) for one in papers}:
        present = [one for one in papers if _stands_at(one, name, own=name is None)]
        # What names no agreement narrows every one, but opens nothing there.
        groups.append([replace(one, opens=one.opens and _named_agreement(one) == name) for one in present])
    return groups or [[]]


def _named_agreement(paper: Paper) -> str | None:
    try:
        return _agreement(paper)
    except Unreadable:
        return None


def _stands_at(paper: Paper, agreement: str | None, *, own: bool) -> bool:
    if paper.body is None:
        return True
    try:
        named = _agreement(paper)
    except Unreadable:
        return True
    if is_block(paper.body):
        return True
    if named is None:
        return own or not _is_only_a_permit(paper)
    return named == agreement


def is_root_permit(body: Json) -> bool:
    provision = body.get("provision")
    return isinstance(provision, dict) and provision.get("type") == "permit"


def _is_only_a_permit(paper: Paper) -> bool:
    """A permit that can be read and denies nothing; all else may deny, and without an agreement it does so in each."""
    assert paper.body is not None
    return is_root_permit(paper.body) and not paper.body["provision"].get("provision") and _is_readable(paper)


def _is_readable(paper: Paper) -> bool:
    try:
        check_whole(paper)
    except Unreadable:
        return False
    return True


def is_block(body: Json) -> bool:
    return BLOCK in _categories(body)


def _categories(body: Json) -> set[tuple[str | None, str]]:
    return set().union(*(codings(concept) for concept in body.get("category", [])))


def check_whole(paper: Paper) -> None:
    """Raise Unreadable if the Consent says anything, anywhere, that is not evaluated."""
    body = paper.body
    if body is None:
        raise Unreadable("consent-unreadable")
    if set(body) - CONSENT_ELEMENTS or body.get("status") not in STATUSES:
        raise Unreadable("element-not-evaluated")
    if not codings(body.get("scope", {})) or not _categories(body) or person(paper) is None:
        raise Unreadable("element-not-evaluated")
    for concept in [body["scope"], *body["category"]]:
        if any(place is None for place, _ in codings(concept)):
            raise Unreadable("element-not-evaluated")
    _agreement(paper)
    for reference in body.get("organization", []):
        resolve(reference, body, paper.bundle)
    root = body.get("provision", {})
    check(root, body, paper.bundle, denies=root.get("type") == "deny")
    for nested in root.get("provision", []):
        check(nested, body, paper.bundle, denies=nested.get("type") == "deny")
        if nested["type"] == root["type"] or "provision" in nested:
            raise Unreadable("element-not-evaluated")
    if is_block(body) and root["type"] != "deny":
        raise Unreadable("element-not-evaluated")


def lasts_a_week_at_most(nested: Json) -> bool:
    """From a start to an end, seven whole days at most."""
    period = nested.get("period", {})
    if "start" not in period or "end" not in period:
        return False
    first = interval(period["start"])[0].astimezone(STOCKHOLM).replace(tzinfo=None)
    after = interval(period["end"])[1].astimezone(STOCKHOLM).replace(tzinfo=None)
    return (after - first).total_seconds() <= 7 * 24 * 3600


def says(concepts: list[Json], wanted: set[tuple[str, str]]) -> bool:
    """Whether a code is, or may be, one of those wanted."""
    found = set().union(*(codings(concept) for concept in concepts))
    if found & wanted:
        return True
    return not found or any((None, code) in found for _, code in wanted)


def person(paper: Paper) -> tuple[str, str] | None:
    body = paper.body or {}
    try:
        return next(iter(resolve(body.get("patient", {}), body, paper.bundle).identifiers))
    except Unreadable:
        return None


def may_be_in_period(body: Json, at: datetime) -> bool:
    provision = body.get("provision")
    if not isinstance(provision, dict):
        return True
    try:
        check_period(provision.get("period", {}))
        return covers(provision.get("period", {}), at)
    except Unreadable:
        return True


def _extension(body: Json, url: str, value: str) -> Any:
    return next((one.get(value) for one in body.get("extension", []) if one.get("url") == url), None)


def states_maturity(body: Json) -> bool:
    """Whether it says who decided, who assessed the minor's maturity, and on which day."""
    decided_by, assessed_by = (
        _extension(body, DECIDED_BY, "valueCode"),
        _extension(body, ASSESSED_BY, "valueString"),
    )
    return (
        decided_by in ("minor", "guardian", "both")
        and bool(assessed_by)
        and bool(_extension(body, ASSESSED_ON, "valueDate"))
    )


def guardian_had_a_part(body: Json) -> bool:
    return _extension(body, DECIDED_BY, "valueCode") in ("guardian", "both")


def guardian_consent_has_ended(body: Json, age: int) -> bool:
    return guardian_had_a_part(body) and is_root_permit(body) and age >= 18


def age_of(patient: Json, at: datetime) -> int:
    """Whole years on the Stockholm day; a number without a date of birth is an adult's."""
    if next(iter(pairs(patient)))[0] not in (PERSONNUMMER, SAMORDNINGSNUMMER):
        return 99
    digits = patient["value"]
    born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]) % 60 or 60)
    today = at.astimezone(STOCKHOLM).date()
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
