"""The consent decision as a careful reader of the rules would make it: slowly, one Consent and one record at a time.

An independent second opinion on ``sambro decide``, written from the specification alone ("The form of a Consent here", "Deciding",
"Fine points"). It takes the same request, Consents and records, builds no obligations, and just asks of every record: may it go?
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from tests.gate.oracle.asked import asked, can_be_released, is_about, name
from tests.gate.oracle.conditions import Question, record_type_of, references_in
from tests.gate.oracle.papers import (
    BLOCK,
    Paper,
    age_of,
    by_agreement,
    check_whole,
    guardian_consent_has_ended,
    guardian_had_a_part,
    is_block,
    is_root_permit,
    lasts_a_week_at_most,
    may_be_in_period,
    newest,
    person,
    read_papers,
    says,
    states_maturity,
)
from tests.gate.oracle.provision import applies, is_one_of, lifts_for
from tests.gate.oracle.words import (
    CATEGORY,
    EMERGENCY,
    PURPOSES,
    SCOPE,
    STATUSES,
    Holds,
    Json,
    Unreadable,
    either,
    opposite,
    pairs,
    resolve,
)

OSL_WAIVER = (CATEGORY, "osl-waiver")
SIP_PLAN = (CATEGORY, "sip-plan")
NEEDS_NO_SIP_CONSENT = {"draft", "revoked"}


@dataclass
class Opinion:
    """What the reader says. ``reasons`` are the codes that the text allows; ``released`` is None where no records were given.

    ``is_open``: the text does not say whether this refusal is a deny or indeterminate, nor its reason, so each is right.
    """

    verdict: str
    reasons: set[str]
    is_open: bool = False
    released: list[str] | None = None
    withheld: list[str] | None = None


@dataclass
class Effect:
    """What one Consent says to one question."""

    permits: Holds = Holds.NO
    denies: Holds = Holds.NO
    lifted: Holds = Holds.NO
    blocks: bool = False
    cannot_say: str = ""


def decide(request: Json, files: list[bytes], records: bytes | None, at: datetime) -> Opinion:
    """The whole decision: every agreement apart, the results united."""
    papers = newest(read_papers(files))
    entries = [entry["resource"] for entry in json.loads(records).get("entry", [])] if records else []
    groups = [_Group(request, group, at, entries) for group in by_agreement(request, papers)]
    opinion = _of_all([group.verdict() for group in groups])
    if records is None:
        return opinion
    released = [one for one in entries if any(group.releases(one) for group in groups)]
    if not released and any(group.lacks_sip_consent(one) for group in groups for one in entries):
        opinion = Opinion("deny", {"sip-consent-missing"})
    opinion.released = [name(one) for one in released]
    opinion.withheld = [name(one) for one in entries if one not in released]
    return opinion


class _Group:
    """The Consents of one agreement, and what they together say to a request."""

    def __init__(self, request: Json, papers: list[Paper], at: datetime, entries: list[Json]) -> None:
        self._request, self._papers, self._at, self._entries = request, papers, at, entries
        stated = {(one["system"], one["code"]) for one in request.get("category", [])}
        self._categories = stated or {OSL_WAIVER}
        self._age = age_of(request["patient"], at)
        self._doubts = {id(paper): self._doubts_of(paper) for paper in papers}

    def verdict(self) -> Opinion:
        """The verdict on the kinds of record that are asked for, no record in hand."""
        kinds = [(kind, of) for kind, of in asked(self._request) if of]
        return _of_all([self._answer(kind, of, None, self._categories) for kind, of in kinds])

    def releases(self, record: Json) -> bool:
        """Whether one record may go; what belongs to a plan that may not go stays with it."""
        if not self._is_permitted(record) or not can_be_released(record):
            return False
        if not is_about(record, self._request["patient"], self._entries):
            return False
        return not self._has_no_sip_consent(record) and not self._stays_with_its_plan(record)

    def lacks_sip_consent(self, record: Json) -> bool:
        """Whether it is permitted but for a ``sip-plan`` Consent: its own, or that of the plan that it belongs to."""
        if not self._is_permitted(record):
            return False
        is_part = can_be_released(record) and is_about(record, self._request["patient"], self._entries)
        return self._has_no_sip_consent(record) or (is_part and self._stays_with_its_plan(record))

    def _stays_with_its_plan(self, record: Json) -> bool:
        """Whether a plan without its Consent, permitted or not, has it as a part, and no plan that may go."""
        plans = [one for one in self._entries if one["resourceType"] == "CarePlan"]
        plans = [one for one in plans if name(record) in references_in(one)]
        kept_back = [one for one in plans if self._has_no_sip_consent(one)]
        return bool(kept_back) and not any(one not in kept_back and self.releases(one) for one in plans)

    def _has_no_sip_consent(self, record: Json) -> bool:
        """Whether it is a plan without a ``sip-plan`` Consent; drafts and revoked plans need none, nor plans that were not asked for."""
        if record["resourceType"] != "CarePlan" or record.get("status") in NEEDS_NO_SIP_CONSENT:
            return False
        if ("CarePlan", "SIP") not in asked(self._request):
            return False
        return self._answer("CarePlan", "SIP", record, {SIP_PLAN}).verdict != "permit"

    def _is_permitted(self, record: Json) -> bool:
        kind, of = record["resourceType"], record_type_of(record)
        if (kind, of) not in asked(self._request):
            return False
        return self._answer(kind, of, record, self._categories).verdict == "permit"

    def _answer(
        self, kind: str, of: str | None, record: Json | None, categories: set[tuple[str, str]]
    ) -> Opinion:
        """Block before deny before indeterminate before permit; every stated purpose needs a permit of its own."""
        purposes = self._request["purpose"]
        if not purposes or any(one in EMERGENCY or one not in PURPOSES for one in purposes):
            return Opinion("deny", {"no-purpose"}, is_open=True)
        counting = [paper for paper in self._papers if self._counts(paper, categories)]
        each = [
            [self._effect(paper, self._question(purpose, kind, of, record)) for paper in counting]
            for purpose in purposes
        ]
        every = [effect for effects in each for effect in effects]
        denying = [
            paper
            for paper, effects in zip(counting, zip(*each, strict=True), strict=True)
            if _denies(effects)
        ]
        if denying:
            # A Consent that denies this, but is in doubt about an exception elsewhere, may be read either way.
            is_open = all(self._doubts[id(paper)] for paper in denying)
            return Opinion(
                "deny", {"blocked" if any(one.blocks for one in every) else "consent-denies"}, is_open
            )
        partly = {"consent-denies", "blocked"} if any(one.denies is not Holds.NO for one in every) else set()
        doubts = set().union(*(self._doubts[id(paper)] for paper in counting))
        if doubts:
            return Opinion("indeterminate", doubts | partly, is_open=bool(partly))
        if not counting:
            return Opinion("deny", {"no-consent"})
        if all(any(one.permits is not Holds.NO for one in effects) for effects in each):
            return Opinion("permit", {"consent"})
        return Opinion("deny", {"no-match"} | partly)

    def _question(self, purpose: str, kind: str, of: str | None, record: Json | None) -> Question:
        return Question(self._request, purpose, self._at, kind, of, record, self._entries)

    def _doubts_of(self, paper: Paper) -> set[str]:
        """Why a Consent cannot be evaluated; one that is in doubt about a part of what is asked is in doubt."""
        doubts: set[str] = set()
        for purpose in self._request["purpose"]:
            kinds = [(kind, of) for kind, of in asked(self._request) if of]
            effects = [self._effect(paper, self._question(purpose, kind, of, None)) for kind, of in kinds]
            doubts |= {effect.cannot_say for effect in effects if effect.cannot_say}
            denies = any(effect.denies is not Holds.NO for effect in effects)
            if denies and any(effect.lifted is Holds.UNKNOWN for effect in effects):
                doubts.add("element-not-evaluated")
        return doubts

    def _counts(self, paper: Paper, categories: set[tuple[str, str]]) -> bool:
        """Not ruled out by what is readable of status, scope, category, person and period."""
        body = paper.body
        if body is None:
            return True
        if body.get("status") in STATUSES - {"active"}:
            return False
        if not says([body["scope"]] if "scope" in body else [], {(SCOPE, "patient-privacy")}):
            return False
        if not says(body.get("category", []), categories | {BLOCK}):
            return False
        if person(paper) not in (None, next(iter(pairs(self._request["patient"])))):
            return False
        return may_be_in_period(body, self._at) and not guardian_consent_has_ended(body, self._age)

    def _effect(self, paper: Paper, question: Question) -> Effect:
        try:
            check_whole(paper)
            self._check_maturity(paper.body or {})
        except Unreadable as unreadable:
            return Effect(cannot_say=unreadable.reason)
        assert paper.body is not None
        body, root = paper.body, paper.body["provision"]
        as_permit = self._base(paper, question, denies=False) if paper.opens else Holds.NO
        as_deny = self._base(paper, question, denies=True)
        if root["type"] == "permit":
            nested = root.get("provision", [])
            denied = [applies(one, question, body, paper.bundle, denies=True) for one in nested]
            return _effect(as_permit, either(min(as_deny, one) for one in denied), Holds.NO, blocks=False)
        lifted = self._exception(paper, question)
        denies = min(as_deny, opposite(lifted))
        permits = Holds.NO if is_block(body) else min(as_permit, lifted)
        return _effect(permits, denies, lifted, blocks=is_block(body) and denies is Holds.YES)

    def _check_maturity(self, body: Json) -> None:
        if 13 <= self._age < 18 and is_root_permit(body) and not states_maturity(body):
            raise Unreadable("element-not-evaluated")

    def _exception(self, paper: Paper, question: Question) -> Holds:
        """Whether a nested permit of a deny applies: its codes exactly; what cannot be told of it is unknown."""
        assert paper.body is not None
        body = paper.body
        if guardian_had_a_part(body) and self._age >= 18:
            return Holds.NO
        nested = body["provision"].get("provision", [])
        holds = either(_applies_as_exception(one, question, paper) for one in nested)
        if holds is not Holds.NO and 13 <= self._age < 18 and not states_maturity(body):
            return Holds.UNKNOWN
        return holds

    def _base(self, paper: Paper, question: Question, *, denies: bool) -> Holds:
        assert paper.body is not None
        root = paper.body["provision"]
        stands = applies(root, question, paper.body, paper.bundle, denies=denies)
        return min(self._sender(paper, denies=denies), stands)

    def _sender(self, paper: Paper, *, denies: bool) -> Holds:
        assert paper.body is not None
        if not paper.body.get("organization"):
            return Holds.YES if denies else Holds.NO
        sender = self._request["sender"]
        named = [resolve(one, paper.body, paper.bundle) for one in paper.body["organization"]]
        stated = [sender["organization"], sender.get("unit")]
        return either(is_one_of(one, stated, denies=denies) for one in named)


def _effect(permits: Holds, denies: Holds, lifted: Holds, *, blocks: bool) -> Effect:
    if Holds.UNKNOWN in (permits, denies):
        return Effect(cannot_say="element-not-evaluated")
    return Effect(permits, denies, lifted, blocks)


def _denies(effects: Iterable[Effect]) -> bool:
    return any(one.denies is Holds.YES for one in effects)


def _applies_as_exception(nested: Json, question: Question, paper: Paper) -> Holds:
    assert paper.body is not None
    holds = applies(nested, question, paper.body, paper.bundle, denies=False, excepts=True)
    if not is_block(paper.body):
        return holds
    if not lasts_a_week_at_most(nested):
        return Holds.NO
    return min(holds, lifts_for(nested, question, paper.body, paper.bundle))


def _of_all(answers: list[Opinion]) -> Opinion:
    """One verdict for all that is asked, or for all agreements: a permit of a part is a permit with an obligation."""
    if any(one.verdict == "permit" for one in answers):
        return Opinion("permit", {"consent"})
    reasons = set().union(*(one.reasons for one in answers))
    doubtful = [one for one in answers if one.verdict == "indeterminate"]
    narrowing = reasons & {"blocked", "consent-denies"}
    if doubtful:
        is_open = bool(narrowing) or any(one.is_open for one in doubtful)
        return Opinion("indeterminate", reasons, is_open)
    is_denied = any(one.reasons <= narrowing for one in answers)
    return Opinion("deny", narrowing if is_denied else reasons, all(one.is_open for one in answers))
