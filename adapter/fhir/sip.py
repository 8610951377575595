"""Codes and canonical URLs of a coordinated individual plan (samordnad individuell plan, SIP) in FHIR R4.

The plan is a CarePlan: ``description`` is the problem, ``goal`` its goals, each ``activity.detail`` a measure with one
responsible ``performer`` (identifier, display and whose it is), ``author`` the Organization with overall responsibility (by identifier),
``careTeam`` the team in which a participant's role says who coordinates.
"""

from __future__ import annotations

from typing import Final

from adapter.domain.records import CANONICAL

TYPE_OF_CARE_PLAN: Final = "https://fhir.inera.se/CodeSystem/typeofcareplan-cs"
SIP: Final = "SIP"
CARE_TEAM_ROLE: Final = f"{CANONICAL}/CodeSystem/care-team-role"
COORDINATOR: Final = "samordnare"
CASE_MANAGER: Final = "case-manager"
COORDINATING_ROLES: Final = frozenset({COORDINATOR, CASE_MANAGER})
RESPONSIBLE_PARTY: Final = f"{CANONICAL}/StructureDefinition/responsible-party"
"""Extension on a measure's performer, valueCode: one of PARTIES, or ``other``."""
PARTIES: Final = frozenset({"kommun", "region"})
