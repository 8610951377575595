"""A Consent that is filed by FHIR, held to FHIR R4 and our profile of its kind, whatever it claims."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from adapter.domain.errors import Issue
from adapter.domain.records import CANONICAL, CONSENT_CATEGORY, ConsentCategory
from adapter.fhir.profiles.checker import ProfileChecker
from adapter.gate.consent import CompiledConsent

_OF_KIND: Final = {
    ConsentCategory.OSL_WAIVER: "consent-osl-waiver",
    ConsentCategory.SIP_PLAN: "consent-sip-plan",
    ConsentCategory.BLOCK: "consent-block",
}
_PROFILES: Final = {
    (CONSENT_CATEGORY, category.value): f"{CANONICAL}/StructureDefinition/{name}"
    for category, name in _OF_KIND.items()
}
# Our own invariants: what they ask the gate's reading asks too, and says by element.
_OURS: Final = "sambro-consent-"
_INDEX: Final = re.compile(r"\[[0-9]+\]")


class ConsentProfile:
    """What FHIR R4 and the profile of its kind find wrong with a Consent."""

    def __init__(self, checker: ProfileChecker) -> None:
        self._checker = checker

    def nulls(self, resource: Mapping[str, Any]) -> tuple[Issue, ...]:
        """Where JSON says that nothing is there, which FHIR says by leaving it out; nobody need read it then."""
        return tuple(issue for issue in self._checker.check(resource) if issue.code == "null")

    def faults(
        self,
        resource: Mapping[str, Any],
        compiled: CompiledConsent,
        told: Sequence[Issue],
        before: Mapping[str, Any] | None = None,
    ) -> Iterator[Issue]:
        """The faults in addition to those that are ``told`` already, by other codes.

        ``before`` is the version that is replaced: a fault that it has is let pass, or who filed it before this was asked could not
        narrow it any more.
        """
        profiles = [_PROFILES[it] for it in compiled.categories or () if it in _PROFILES]
        had = {_kind(it) for it in self._checker.check(before, profiles=profiles)} if before else set()
        for issue in self._checker.check(resource, profiles=profiles):
            if _kind(issue) not in had and not _is_told(issue, told):
                yield issue


def _kind(issue: Issue) -> tuple[str, str]:
    """What it is, wherever in a list: the lists of two versions need not be as long."""
    return _INDEX.sub("", issue.path), issue.code


def _is_told(issue: Issue, told: Sequence[Issue]) -> bool:
    """Whether an element is named already, or what holds it is; never by what is said of the whole."""
    return bool(told and issue.code.startswith(_OURS)) or any(
        f"{issue.path}.".startswith((f"{it.path}.", f"{it.path}[")) for it in told if "." in it.path
    )
