"""The form in which a Consent is filed by FHIR: everything for which one is refused, named by path and code.

The registry keeps what it is given whole, or refuses it by name. What it would not give back, nobody could check.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from adapter.domain.agreement import Agreement, Party
from adapter.domain.errors import InputError, Issue
from adapter.domain.identity import Identifier, PersonId
from adapter.domain.records import AGREEMENT_EXTENSION
from adapter.exchange.consent_keys import names_of
from adapter.exchange.consent_profile import ConsentProfile
from adapter.fhir.models import check_r4b
from adapter.gate.consent import CompiledConsent, compile_consent, faults_at_filing
from adapter.gate.consent_head import person_identifier
from adapter.gate.enforce import disclose_consents
from adapter.gate.rules import ReleaseRules

_ACTIVE: Final = "active"
_PERFORMERS: Final = frozenset({"Patient", "RelatedPerson"})


@dataclass(frozen=True, slots=True)
class Submission:
    """A Consent that may be filed: ``resource`` as it is kept, ``name`` its business identifier (``consent_keys``)."""

    resource: Mapping[str, Any]
    person: PersonId
    name: tuple[str, ...]


def check_form(resource: object, profile: ConsentProfile) -> Mapping[str, Any]:
    """The resource if it has the form of an R4 Consent; raises InputError with every fault of form."""
    if not isinstance(resource, dict) or resource.get("resourceType") != "Consent":
        raise InputError([Issue("Consent", "unreadable")], status=400)
    if issues := check_r4b(resource) or profile.nulls(resource):
        raise InputError(issues)
    return resource


def registrant(
    resource: Mapping[str, Any], organization: Identifier, agreements: Iterable[Agreement], now: datetime
) -> tuple[Agreement, Party]:
    """Under which agreement, and as which party of it, an organisation files a Consent.

    That of the agreement extension; without one, the only one that the organisation is a party of. A block counts in every agreement
    and names none: the first. Raises InputError at ``Consent.extension``: ``agreement-unknown``, ``required``.
    """
    stated = compile_consent(resource, at=now)
    own = [
        (agreement, party)
        for agreement in agreements
        if stated.agreement in (None, agreement.id) and (party := agreement.party_of(organization))
    ]
    if not own:
        raise InputError([Issue("Consent.extension", "agreement-unknown")])
    if len(own) > 1 and not stated.is_block:
        raise InputError([Issue("Consent.extension", "required")])
    return own[0]


def read_submission(
    resource: Mapping[str, Any],
    agreement: Agreement,
    now: datetime,
    rules: ReleaseRules,
    profile: ConsentProfile,
    before: Mapping[str, Any] | None = None,
) -> Submission:
    """A Consent to be filed under an agreement, stamped with it where it names none, in place of the version ``before``.

    Raises InputError with every fault.
    """
    compiled = compile_consent(resource, at=now)
    kept = _stamped(resource, compiled, agreement)
    names, persons = list(names_of(kept)), compiled.persons or frozenset()
    issues = [
        *faults_at_filing(kept, at=now, max_months=agreement.max_consent_months),
        *_head_faults(kept, names, persons),
        *_performer_faults(kept, persons, now),
        *_paper_faults(kept),
    ]
    for person in persons:
        kept |= {"patient": {"identifier": person.as_fhir()}}
        named = {issue.path for issue in issues}
        issues += [lost for lost in _not_kept(kept, person, now, rules) if lost.path not in named]
    issues += list(profile.faults({**resource, **kept}, compiled, issues, before))
    if issues:
        raise InputError(issues)
    [person] = persons
    return Submission(kept, person, names[0])


def _stamped(resource: Mapping[str, Any], compiled: CompiledConsent, agreement: Agreement) -> dict[str, Any]:
    """What is kept: the narrative says the same once more, meta is ours to write."""
    kept = {name: element for name, element in resource.items() if name not in ("id", "meta", "text")}
    stated = kept.get("extension", [])
    names_agreement = any(extension.get("url") == AGREEMENT_EXTENSION for extension in stated)
    if not names_agreement and not compiled.is_block:
        kept["extension"] = [{"url": AGREEMENT_EXTENSION, "valueUri": agreement.id}, *stated]
    return kept


def _head_faults(
    resource: Mapping[str, Any], names: list[tuple[str, ...]], persons: frozenset[PersonId]
) -> Iterator[Issue]:
    if len(names) != 1:
        yield Issue("Consent.identifier", "required")
    if resource.get("status") != _ACTIVE:
        yield Issue("Consent.status", "status-not-filed")
    if len(persons) != 1:
        yield Issue("Consent.patient", "required")


def _performer_faults(
    resource: Mapping[str, Any], persons: frozenset[PersonId], now: datetime
) -> Iterator[Issue]:
    """Who asked for it: the person, or a guardian as RelatedPerson. Staff register a Consent and never give it."""
    for place, performer in enumerate(resource.get("performer", ())):
        path, kind = f"Consent.performer[{place}]", performer.get("type")
        asked_by = person_identifier(performer.get("identifier"), now)
        if kind not in _PERFORMERS:
            yield Issue(f"{path}.type", "performer-not-a-person")
        elif asked_by is None:
            yield Issue(f"{path}.identifier", "required")
        elif (kind == "Patient") != (asked_by in persons):
            yield Issue(f"{path}.identifier", "performer-of-other-kind")


def _paper_faults(resource: Mapping[str, Any]) -> Iterator[Issue]:
    """The paper's place (``url`` or ``title``), never a scan of it."""
    attachment = resource.get("sourceAttachment")
    if attachment is None:
        return
    if "data" in attachment:
        yield Issue("Consent.sourceAttachment.data", "scan-not-kept")
    url = attachment.get("url", "")
    if url.strip().lower().startswith("data:"):
        yield Issue("Consent.sourceAttachment.url", "scan-not-kept")
    if not url and not attachment.get("title"):
        yield Issue("Consent.sourceAttachment", "required")


def _not_kept(
    resource: Mapping[str, Any], person: PersonId, now: datetime, rules: ReleaseRules
) -> Iterator[Issue]:
    """Every element that whoever reads the Consent would not see."""
    released = disclose_consents((resource,), person=person, reader=None, at=now, rules=rules)
    for kept in released.resources:
        yield from _missing("Consent", resource, kept)
    for code in released.alerts:
        yield Issue("Consent", code)


def _missing(path: str, given: Any, kept: Any) -> Iterator[Issue]:
    if isinstance(given, dict):
        for name, element in given.items():
            if name in kept:
                yield from _missing(f"{path}.{name}", element, kept[name])
            else:
                yield Issue(f"{path}.{name}", "element-not-kept")
    elif isinstance(given, list) and len(given) == len(kept):
        for place, item in enumerate(given):
            yield from _missing(f"{path}[{place}]", item, kept[place])
    elif isinstance(given, list):
        yield Issue(path, "element-not-kept")
