"""The consent decision as a careful reader of the rules would make it: slowly, one Consent and one record at a time.

An independent second opinion on ``sambro decide``, written from the specification alone ("The form of a Consent here", "Deciding",
"Fine points"). It takes the same request, Consents and records, builds no obligations, and just asks of every record: may it go?
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from tests.gate.oracle.provision import Question, applies, check, check_period, is_one_of, record_type_of
from tests.gate.oracle.words import (
    AGREEMENT,
    ASSESSED_BY,
    ASSESSED_ON,
    CATEGORY,
    DECIDED_BY,
    EMERGENCY,
    PERSONNUMMER,
    PURPOSES,
    SAMORDNINGSNUMMER,
    SCOPE,
    STATUSES,
    STOCKHOLM,
    TYPES_OF,
    Holds,
    Json,
    Unreadable,
    codings,
    covers,
    interval,
    opposite,
    pairs,
    resolve,
)

CONSENT_ELEMENTS = {
    "resourceType", "id", "meta", "language", "text", "contained", "extension", "identifier", "status", "scope", "category",
    "patient", "dateTime", "performer", "organization", "sourceAttachment", "sourceReference", "policy", "policyRule",
    "verification", "provision",
}  # fmt: skip
BLOCK = (CATEGORY, "sparr")
OSL_WAIVER = (CATEGORY, "osl-waiver")
SIP_PLAN = (CATEGORY, "sip-plan")
NEEDS_NO_SIP_CONSENT = {"draft", "revoked"}
REVOKED = {"inactive", "rejected", "entered-in-error"}


@dataclass
class Opinion:
    """What the reader says. ``reasons`` are the codes that the text allows; ``released`` is None where no records were given.

    ``is_open``: the text does not say whether this refusal is a deny or indeterminate, so either is right.
    """

    verdict: str
    reasons: set[str]
    is_open: bool = False
    released: list[str] | None = None
    withheld: list[str] | None = None


@dataclass
class Paper:
    """One Consent with the Bundle that it came in; ``body`` is None if the file cannot be read at all."""

    body: Json | None
    bundle: Json = field(default_factory=dict)
    has_ended: bool = False
    """It, or another with its id or identifier, was revoked: nothing that it permits counts any more."""


@dataclass
class Effect:
    """What one Consent says to one question."""

    permits: Holds = Holds.NO
    denies: Holds = Holds.NO
    blocks: bool = False
    cannot_say: str = ""


def decide(request: Json, files: list[bytes], records: bytes | None, at: datetime) -> Opinion:
    """The whole decision: every agreement apart, the results united."""
    papers = _newest(_papers(files))
    entries = [entry["resource"] for entry in json.loads(records).get("entry", [])] if records else []
    groups = [_Group(request, group, at, entries) for group in _by_agreement(request, papers)]
    opinion = _of_all([group.verdict() for group in groups])
    if records is None:
        return opinion
    released = [one for one in entries if any(group.releases(one) for group in groups)]
    if not released and any(group.lacks_sip_consent(one) for group in groups for one in entries):
        opinion = Opinion("deny", {"sip-consent-missing"})
    opinion.released = [_name(one) for one in released]
    opinion.withheld = [_name(one) for one in entries if one not in released]
    return opinion


# --- Which Consents are on the table -----------------------------------------------------------------------------------


def _papers(files: list[bytes]) -> list[Paper]:
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


def _newest(papers: list[Paper]) -> list[Paper]:
    """The newest version of each id. What was ever revoked, by its id or an identifier, permits nothing more."""
    bodies = [paper.body for paper in papers if paper.body]
    revoked = [body for body in bodies if body.get("status") in REVOKED]
    ended_ids = {body["id"] for body in revoked if "id" in body}
    ended_numbers = set().union(*(pairs(body.get("identifier")) for body in revoked))
    newest: dict[Any, int] = {}
    for body in bodies:
        newest[body.get("id")] = max(newest.get(body.get("id"), 0), _version(body))
    kept = []
    for paper in papers:
        body = paper.body
        if body is not None:
            if "id" in body and _version(body) < newest[body["id"]]:
                continue
            paper.has_ended = body.get("id") in ended_ids or bool(pairs(body.get("identifier")) & ended_numbers)
        kept.append(paper)
    return kept


def _version(body: Json) -> int:
    return int(body.get("meta", {}).get("versionId", 0))


def _agreement(paper: Paper) -> str | None:
    """The agreement that a Consent names; None if it names none. Raises Unreadable if it cannot be told."""
    named = [one for one in (paper.body or {}).get("extension", []) if one.get("url") == AGREEMENT]
    if len(named) > 1 or any(not isinstance(one.get("valueUri"), str) for one in named):
        raise Unreadable("element-not-evaluated")
    return named[0]["valueUri"] if named else None


def _by_agreement(request: Json, papers: list[Paper]) -> list[list[Paper]]:
    """The Consents of each agreement that the request is decided on; what names none may stand in all of them."""
    if "agreement" in request:
        return [[one for one in papers if _stands_at(one, request["agreement"], own=True)]]
    names = {_named_agreement(one) for one in papers}
    return [[one for one in papers if _stands_at(one, name, own=name is None)] for name in names] or [[]]


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
    if _is_block(paper.body):
        return True
    if named is None:
        return own or not _is_only_a_permit(paper)
    return named == agreement


def _is_root_permit(body: Json) -> bool:
    provision = body.get("provision")
    return isinstance(provision, dict) and provision.get("type") == "permit"


def _is_only_a_permit(paper: Paper) -> bool:
    """A permit that can be read and denies nothing; all else may deny, and without an agreement it does so in each."""
    assert paper.body is not None
    if not _is_root_permit(paper.body) or paper.body["provision"].get("provision"):
        return False
    try:
        _check_whole(paper)
    except Unreadable:
        return False
    return True


def _is_block(body: Json) -> bool:
    return BLOCK in _categories(body)


def _categories(body: Json) -> set[tuple[str | None, str]]:
    return set().union(*(codings(concept) for concept in body.get("category", [])))


# --- One agreement -----------------------------------------------------------------------------------------------------


class _Group:
    """The Consents of one agreement, and what they together say to a request."""

    def __init__(self, request: Json, papers: list[Paper], at: datetime, entries: list[Json]) -> None:
        self._request, self._papers, self._at, self._entries = request, papers, at, entries
        self._categories = {(one["system"], one["code"]) for one in request.get("category", [])} or {OSL_WAIVER}

    def verdict(self) -> Opinion:
        """The verdict on the kinds of record that are asked for, no record in hand."""
        return _of_all([self._answer(kind, name, None, self._categories) for kind, name in _asked(self._request)])

    def releases(self, record: Json) -> bool:
        """Whether one record may go."""
        return self._may_go(record) and not self._plan_lacks_consent(record)

    def lacks_sip_consent(self, record: Json) -> bool:
        """Whether it is only for want of a SIP consent that one record may not go."""
        return self._may_go(record) and self._plan_lacks_consent(record)

    def _may_go(self, record: Json) -> bool:
        kind, name = record["resourceType"], record_type_of(record)
        if (kind, name) not in _asked(self._request) or not _is_about(record, self._request["patient"], self._entries):
            return False
        if _has_modifier_extension(record) or "undefinedInR4" in record:
            return False
        return self._answer(kind, name, record, self._categories).verdict == "permit"

    def _plan_lacks_consent(self, record: Json) -> bool:
        if record["resourceType"] != "CarePlan" or record.get("status") in NEEDS_NO_SIP_CONSENT:
            return False
        return self._answer("CarePlan", "SIP", record, {SIP_PLAN}).verdict != "permit"

    def _answer(self, kind: str, name: str | None, record: Json | None, categories: set[tuple[str, str]]) -> Opinion:
        """Block before deny before indeterminate before permit; every stated purpose needs a permit of its own."""
        counting = [paper for paper in self._papers if self._counts(paper, categories)]
        purposes = self._request["purpose"]
        doubts = set().union(*(self._doubts(paper) for paper in counting))
        effects = {
            purpose: [
                self._effect(paper, Question(self._request, purpose, self._at, kind, name, record, self._entries))
                for paper in counting
            ]
            for purpose in purposes or [""]
        }
        every = [one for answers in effects.values() for one in answers]
        if any(one.blocks for one in every):
            return Opinion("deny", {"blocked"})
        if any(one.denies is Holds.YES for one in every):
            return Opinion("deny", {"consent-denies"})
        partly = {"consent-denies", "blocked"} if any(one.denies is not Holds.NO for one in every) else set()
        states_purpose = bool(purposes) and not any(one in EMERGENCY or one not in PURPOSES for one in purposes)
        if doubts:
            return Opinion("indeterminate", doubts | partly | {"no-purpose"}, is_open=bool(partly) or not states_purpose)
        if not states_purpose:
            return Opinion("deny", {"no-purpose", "no-consent", "no-match"} | partly)
        if not counting:
            return Opinion("deny", {"no-consent"})
        if all(any(one.permits is not Holds.NO for one in answers) for answers in effects.values()):
            return Opinion("permit", {"consent"})
        return Opinion("deny", {"no-match"} | partly)

    def _doubts(self, paper: Paper) -> set[str]:
        """Why a Consent cannot be evaluated; one that is in doubt about a part of what is asked is in doubt."""
        questions = [
            Question(self._request, purpose, self._at, kind, name, None, self._entries)
            for purpose in self._request["purpose"] or [""]
            for kind, name in _asked(self._request)
        ]
        return {one.cannot_say for one in (self._effect(paper, question) for question in questions) if one.cannot_say}

    def _counts(self, paper: Paper, categories: set[tuple[str, str]]) -> bool:
        """Not ruled out by what is readable of status, scope, category, person and period."""
        body = paper.body
        if body is None:
            return True
        if body.get("status") in STATUSES - {"active"}:
            return False
        if not _says([body["scope"]] if "scope" in body else [], {(SCOPE, "patient-privacy")}):
            return False
        if not _says(body.get("category", []), categories | {BLOCK}):
            return False
        if _person(paper) not in (None, next(iter(pairs(self._request["patient"])))):
            return False
        if paper.has_ended and _is_root_permit(body) and not body["provision"].get("provision"):
            return not _is_only_a_permit(paper)
        return _may_be_in_period(body, self._at) and not _guardian_consent_has_ended(body, self._request, self._at)

    def _effect(self, paper: Paper, question: Question) -> Effect:
        try:
            _check_whole(paper)
            if _is_root_permit(paper.body or {}) and 13 <= _age(self._request["patient"], self._at) < 18:
                _check_maturity(paper.body or {})
        except Unreadable as unreadable:
            return Effect(cannot_say=unreadable.reason)
        assert paper.body is not None
        body, root = paper.body, paper.body["provision"]
        as_permit = self._base(paper, question, denies=False)
        as_deny = self._base(paper, question, denies=True)
        if root["type"] == "permit":
            nested = [applies(one, question, body, paper.bundle, denies=True) for one in root.get("provision", [])]
            as_permit = Holds.NO if paper.has_ended else as_permit
            return _effect(as_permit, min(as_deny, max(nested, default=Holds.NO)), blocks=False)
        nested = [_exception(one, question, paper) for one in root.get("provision", [])]
        lifted = max(nested, default=Holds.NO)
        denies = min(as_deny, opposite(lifted))
        permits = Holds.NO if _is_block(body) or paper.has_ended else min(as_permit, lifted)
        return _effect(permits, denies, blocks=_is_block(body) and denies is Holds.YES)

    def _base(self, paper: Paper, question: Question, *, denies: bool) -> Holds:
        assert paper.body is not None
        root = paper.body["provision"]
        return min(
            self._sender(paper, denies=denies), applies(root, question, paper.body, paper.bundle, denies=denies)
        )

    def _sender(self, paper: Paper, *, denies: bool) -> Holds:
        assert paper.body is not None
        if not paper.body.get("organization"):
            return Holds.YES if denies else Holds.NO
        sender = self._request["sender"]
        named = [resolve(one, paper.body, paper.bundle) for one in paper.body["organization"]]
        stated = [sender["organization"], sender.get("unit")]
        return max(is_one_of(one, stated, denies=denies) for one in named)


def _check_whole(paper: Paper) -> None:
    """Raise Unreadable if the Consent says anything, anywhere, that is not evaluated."""
    body = paper.body
    if body is None:
        raise Unreadable("consent-unreadable")
    if set(body) - CONSENT_ELEMENTS or body.get("status") not in STATUSES:
        raise Unreadable("element-not-evaluated")
    if not codings(body.get("scope", {})) or not _categories(body) or _person(paper) is None:
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
    if _is_block(body) and root["type"] != "deny":
        raise Unreadable("element-not-evaluated")


def _effect(permits: Holds, denies: Holds, *, blocks: bool) -> Effect:
    if Holds.UNKNOWN in (permits, denies):
        return Effect(cannot_say="element-not-evaluated")
    return Effect(permits, denies, blocks)


def _exception(nested: Json, question: Question, paper: Paper) -> Holds:
    """Whether a nested permit applies: its codes exactly; whom it names and the request does not state is unknown."""
    assert paper.body is not None
    if _is_block(paper.body) and not _is_lifting(nested):
        return Holds.NO
    exact = applies(nested, question, paper.body, paper.bundle, denies=False)
    wide = applies(nested, question, paper.body, paper.bundle, denies=True)
    return Holds.UNKNOWN if wide is Holds.UNKNOWN else exact


def _is_lifting(nested: Json) -> bool:
    """At most seven whole days, and it names a unit or a person."""
    period = nested.get("period", {})
    if not nested.get("actor") or "start" not in period or "end" not in period:
        return False
    first = interval(period["start"])[0].astimezone(STOCKHOLM).replace(tzinfo=None)
    after = interval(period["end"])[1].astimezone(STOCKHOLM).replace(tzinfo=None)
    return (after - first).total_seconds() <= 7 * 24 * 3600


def _of_all(answers: list[Opinion]) -> Opinion:
    """One verdict for all that is asked, or for all agreements: a permit of a part is a permit with an obligation."""
    permits = [one for one in answers if one.verdict == "permit"]
    if permits:
        return Opinion("permit", {"consent"})
    reasons = set().union(*(one.reasons for one in answers))
    doubtful = [one for one in answers if one.verdict == "indeterminate"]
    plainly_denied = [one for one in answers if one.reasons & {"blocked", "consent-denies"}]
    if doubtful:
        return Opinion("indeterminate", reasons, is_open=bool(plainly_denied) or any(one.is_open for one in doubtful))
    return Opinion("deny", reasons & {"blocked", "consent-denies"} or reasons)


# --- Small questions ---------------------------------------------------------------------------------------------------


def _name(record: Json) -> str:
    return f"{record['resourceType']}/{record['id']}"


def _asked(request: Json) -> set[tuple[str, str | None]]:
    """The kinds of record that are asked for, as (resource type, record type)."""
    kinds: set[tuple[str, str | None]] = {
        (kind, name) for name, types in TYPES_OF.items() for kind in types
    } | {("Observation", None)}
    types, names = request.get("types", []), request.get("recordTypes", [])
    return {(kind, name) for kind, name in kinds if kind in types or name in names}


def _says(concepts: list[Json], wanted: set[tuple[str, str]]) -> bool:
    """Whether a code is, or may be, one of those wanted."""
    found = set().union(*(codings(concept) for concept in concepts))
    if found & wanted:
        return True
    return not found or any((None, code) in found for _, code in wanted)


def _person(paper: Paper) -> tuple[str, str] | None:
    body = paper.body or {}
    try:
        return next(iter(resolve(body.get("patient", {}), body, paper.bundle).identifiers))
    except Unreadable:
        return None


def _may_be_in_period(body: Json, at: datetime) -> bool:
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


def _check_maturity(body: Json) -> None:
    decided_by = _extension(body, DECIDED_BY, "valueCode")
    if decided_by not in ("minor", "guardian", "both") or not _extension(body, ASSESSED_BY, "valueString"):
        raise Unreadable("element-not-evaluated")
    interval(_extension(body, ASSESSED_ON, "valueDate"))


def _guardian_consent_has_ended(body: Json, request: Json, at: datetime) -> bool:
    is_guardians = _extension(body, DECIDED_BY, "valueCode") == "guardian"
    return is_guardians and _is_root_permit(body) and _age(request["patient"], at) >= 18


def _age(patient: Json, at: datetime) -> int:
    """Whole years on the Stockholm day; a number without a date of birth is an adult's."""
    if next(iter(pairs(patient)))[0] not in (PERSONNUMMER, SAMORDNINGSNUMMER):
        return 99
    digits = patient["value"]
    born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]) % 60 or 60)
    today = at.astimezone(STOCKHOLM).date()
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _is_about(record: Json, patient: Json, entries: list[Json]) -> bool:
    if record["resourceType"] == "Patient":
        return bool(pairs(record.get("identifier")) & pairs(patient))
    subject = record.get("subject") or record.get("patient") or record.get("for") or {}
    if pairs(subject.get("identifier")):
        return bool(pairs(subject["identifier"]) & pairs(patient))
    persons = [one for one in entries if one["resourceType"] == "Patient"]
    return any(
        subject.get("reference") == f"Patient/{one['id']}" and pairs(one.get("identifier")) & pairs(patient)
        for one in persons
    )


def _has_modifier_extension(value: Any) -> bool:
    if isinstance(value, list):
        return any(_has_modifier_extension(one) for one in value)
    if not isinstance(value, dict):
        return False
    return "modifierExtension" in value or any(_has_modifier_extension(one) for one in value.values())
