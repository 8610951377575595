"""Checks a resource against FHIR R4 and the profiles that it claims (FHIR R4, "Validating Resources").

Elements, cardinality, types, fixed values and patterns, slices, required bindings, reference targets, invariants. Not checked: codes of
ValueSets that cannot be closed, display texts, and of a narrative's XHTML more than that it is well-formed and holds nothing active.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from adapter.domain.errors import Issue
from adapter.fhir.paths import ROOT
from adapter.fhir.profiles.definitions import Definitions
from adapter.fhir.profiles.findings import Enough, Findings
from adapter.fhir.profiles.judges import set_judges
from adapter.fhir.profiles.primitives import Primitives
from adapter.fhir.profiles.references import References
from adapter.fhir.profiles.slicing import Slicer
from adapter.fhir.profiles.walk import Walk

Resource = Mapping[str, Any]


class ProfileChecker:
    """Checks resources against ``definitions``; made once, used from any thread."""

    def __init__(self, definitions: Definitions) -> None:
        self.definitions = definitions
        self.invariants = definitions.invariants()
        self._primitives = Primitives(definitions.of_type)
        self._slicer = Slicer(definitions)
        set_judges(definitions, self._primitives)

    def check(
        self,
        resource: Resource,
        path: str | None = None,
        profiles: Iterable[str] = (),
        *,
        whole: Resource | None = None,
    ) -> tuple[Issue, ...]:
        """Every fault in one resource as FHIRPath paths and codes, never values; MAX_ISSUES of them end the check.

        The profiles are those of ``meta.profile`` that we know, and ``profiles``. ``path`` stands for the resource; its type if not given.
        ``whole`` is the Bundle that its references may lead within.
        Codes: ``unknown-resource-type``, ``unknown-element``, ``required``, ``too-many-values``, ``type``, ``value``, ``fixed-value``,
        ``pattern``, ``code``, ``reference-target``, ``slice``, ``profile-type``, ``empty``, ``null``, ``duplicate-id``, ``too-deep``,
        ``too-costly`` (not all of it was looked at), and keys of invariants.
        """
        known = self.definitions.resource(resource.get("resourceType"))
        root = path or (ROOT if known is None else known.type)
        findings = Findings(root)
        within = resource if whole is None else whole
        references = References(self.definitions, within)
        walk = Walk(self.definitions, self._primitives, self._slicer, references, findings, within)
        with suppress(Enough):
            walk.resource(resource, root, tuple(profiles))
        return findings.all()

    def knows(self, profile: str) -> bool:
        """Whether resources can be held to that profile."""
        return self.definitions.find(profile) is not None
