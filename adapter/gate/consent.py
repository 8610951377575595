"""FHIR R4 Consent, compiled for decisions (IHE PCF 1.1, Explicit Basic to Advanced, and beyond: docs list the deviations).

Compiling never raises. What cannot be read or evaluated is kept as a fault with its path; a Consent with a fault that still counts
is indeterminate.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, Final

from adapter.domain.errors import Issue
from adapter.domain.identity import Identifier, PersonId
from adapter.domain.instants import start_of_day, stockholm_date
from adapter.domain.records import CONSENT_CATEGORY, ConsentCategory
from adapter.gate.actors import Context, Target
from adapter.gate.consent_head import (
    extensions,
    maturity_is_assessed,
    read_agreement,
    read_categories,
    read_decided_by,
    read_meta,
    read_persons,
    read_scope,
    read_senders,
    read_status,
)
from adapter.gate.facts import as_list
from adapter.gate.provision import Provision, read_root
from adapter.gate.reading import Node, is_bounded
from adapter.gate.references import identifier_of
from adapter.gate.request import BLOCK, Code
from adapter.gate.verdict import Reason, gravest

ENDED: Final = frozenset({"rejected", "inactive", "entered-in-error"})
_ELEMENTS: Final = frozenset(
    {
        "resourceType",
        "meta",
        "language",
        "text",
        "contained",
        "identifier",
        "status",
        "scope",
        "category",
        "patient",
    }
    | {"dateTime", "performer", "organization", "sourceAttachment", "sourceReference", "policy", "policyRule"}
    | {"verification", "provision"}
)


@dataclass(frozen=True)
class CompiledConsent:
    """One Consent as the decision reads it; what depends on it alone is worked out once.

    ``status``, ``is_privacy``, ``categories``, ``persons`` are None where they cannot be read; ``faults`` then says so. ``agreement`` None is
    stated by none. ``senders`` None names nobody. ``minor_fields``: who decided (minor, guardian, both) and whether the maturity fields
    are there.
    """

    id: str = ""
    version: str = ""
    updated_at: datetime | None = None
    identifiers: frozenset[Identifier] = frozenset()
    status: str | None = None
    is_privacy: bool | None = None
    categories: frozenset[Code] | None = None
    persons: frozenset[PersonId] | None = None
    agreement: str | None = None
    senders: tuple[Target, ...] | None = None
    decided_by: str | None = None
    maturity_is_assessed: bool = False
    root: Provision | None = None
    faults: tuple[Issue, ...] = ()

    @cached_property
    def is_block(self) -> bool:
        """Whether it is a block (spärr)."""
        return self.categories is not None and BLOCK in self.categories

    @cached_property
    def is_everywhere(self) -> bool:
        """Whether it narrows every agreement: a block; one that names none, unless it is a permit without exceptions."""
        is_plain = self.root is not None and self.root.effect == "permit" and not self.root.nested
        return self.is_block or (self.agreement is None and (bool(self.faults) or not is_plain))

    @cached_property
    def reference(self) -> tuple[str, str]:
        """Its id and version."""
        return self.id, self.version

    @cached_property
    def fault(self) -> Reason | None:
        """The gravest reason for which it cannot be evaluated, or None."""
        return gravest(Reason(issue.code) for issue in self.faults) if self.faults else None


def unreadable(reason: Reason = Reason.CONSENT_UNREADABLE) -> CompiledConsent:
    """What stands for a Consent that cannot be read at all, or a registry that did not answer wholly."""
    return CompiledConsent(faults=(Issue("Consent", reason.value),))


def compile_consent(
    resource: object,
    *,
    at: datetime | None = None,
    bundle: Mapping[str, Mapping[str, Any]] | None = None,
    full_url: str = "",
) -> CompiledConsent:
    """Compile a Consent; never raises.

    ``at`` resolves the century of ten-digit numbers, which cannot be read without it. ``bundle`` holds the resources of the Bundle that it came in by fullUrl, and
    ``full_url`` its own, against which relative references resolve.
    """
    if (
        not isinstance(resource, Mapping)
        or resource.get("resourceType") != "Consent"
        or not is_bounded(resource)
    ):
        return unreadable()
    try:
        return _compile(Node(resource, "Consent", []), _context(resource, bundle or {}, full_url), at)
    except Exception:  # the last guard: a shape that nobody foresaw must not read as no Consent at all
        return unreadable()


def _compile(node: Node, context: Context, at: datetime | None) -> CompiledConsent:
    node.check(_ELEMENTS)
    stated = extensions(node)
    provision = node.child("provision")
    if provision is None:
        node.fault(Reason.ELEMENT_NOT_EVALUATED, "provision")
    version, updated_at = read_meta(node)
    categories = read_categories(node)
    root = None if provision is None else read_root(provision, context)
    if categories and BLOCK in categories and root and root.effect == "permit":
        node.fault(Reason.ELEMENT_NOT_EVALUATED, "provision.type")
    return CompiledConsent(
        id=node.text("id") or "",
        version=version,
        updated_at=updated_at,
        identifiers=frozenset(filter(None, map(identifier_of, as_list(node.value.get("identifier"))))),
        status=read_status(node),
        is_privacy=read_scope(node),
        categories=categories,
        persons=read_persons(node, context, at),
        agreement=read_agreement(node, stated),
        senders=read_senders(node, context),
        decided_by=read_decided_by(stated),
        maturity_is_assessed=maturity_is_assessed(stated),
        root=root,
        faults=tuple(dict.fromkeys(node.faults)),
    )


def _context(resource: Mapping[str, Any], bundle: Mapping[str, Mapping[str, Any]], full_url: str) -> Context:
    contained = {
        item["id"]: item
        for item in as_list(resource.get("contained"))
        if isinstance(item, Mapping) and isinstance(item.get("id"), str)
    }
    own = f"Consent/{resource.get('id')}"
    base = full_url.removesuffix(own) if full_url.startswith("http") and full_url.endswith(own) else ""
    return Context(contained, bundle, base)


def faults_at_filing(
    resource: object,
    *,
    at: datetime,
    max_months: int = 24,
    bundle: Mapping[str, Mapping[str, Any]] | None = None,
) -> tuple[Issue, ...]:
    """Everything for which a Consent is refused when it is filed: path and code, never a value; empty if nothing.

    Beyond what makes a stored one indeterminate: an unknown category, a permit without ``organization``, a ``period.end`` that is missing
    or more than ``max_months`` months after the start (after ``at`` without one), a minor's permit without the maturity fields, a
    guardian's permit that goes on beyond the 18th birthday, a block that names an agreement, a lifting that lifts nothing, or a
    guardian's block.
    """
    consent = compile_consent(resource, at=at, bundle=bundle)
    if consent.faults or consent.root is None:
        return consent.faults
    if consent.is_block:
        faults = _block_faults(consent, consent.root)
    else:
        faults = _permit_faults(consent, consent.root, at, max_months)
    return tuple(Issue(f"Consent.{path}", code) for path, code in faults)


def _permit_faults(
    consent: CompiledConsent, root: Provision, at: datetime, max_months: int
) -> Iterator[tuple[str, str]]:
    known = {(CONSENT_CATEGORY, category.value) for category in ConsentCategory}
    if consent.categories is None or consent.categories.isdisjoint(known):
        yield "category", "category-unknown"
    if consent.senders is None and root.effect == "permit":
        yield "organization", "required"
    period = root.period
    if period is None or period.end is None:
        yield "provision.period.end", "required"
        return
    first = stockholm_date(at if period.start is None else period.start)
    # The end is exclusive: a consent from the 1st whose last day is the 1st two years later is within the limit.
    if period.end > start_of_day(_months_later(first, max_months) + timedelta(days=1)):
        yield "provision.period.end", "period-too-long"
    if root.effect == "permit":
        yield from _age_faults(consent, max(first, stockholm_date(at)), period.end)


def _age_faults(consent: CompiledConsent, first: date, end: datetime) -> Iterator[tuple[str, str]]:
    """What the age of the person asks of a permit that begins to count on ``first``; ``end`` is exclusive."""
    for born in filter(None, (person.birth_date for person in consent.persons or ())):
        is_minor = _birthday(born, 13) <= first < _birthday(born, 18)
        if is_minor and (consent.decided_by is None or not consent.maturity_is_assessed):
            yield "extension", "maturity-required"
        last = _birthday(born, 18)
        if consent.decided_by in ("guardian", "both") and end > start_of_day(last + timedelta(days=1)):
            yield "provision.period.end", "guardian-ends-at-18"


def _birthday(born: date, age: int) -> date:
    """The day on which somebody has that age: who was born on a leap day, on the 1st of March in other years."""
    try:
        return born.replace(year=born.year + age)
    except ValueError:
        return date(born.year + age, 3, 1)


def _block_faults(consent: CompiledConsent, root: Provision) -> Iterator[tuple[str, str]]:
    if consent.agreement is not None:
        yield "extension", "block-names-agreement"
    if consent.decided_by == "guardian":
        yield "extension", "guardian-cannot-block"
    for place, lifting in enumerate(root.nested):
        if lifting.actors is None:
            yield f"provision.provision[{place}].actor", "required"
        if not lifting.is_a_week_at_most:
            yield f"provision.provision[{place}].period", "period-too-long"


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
