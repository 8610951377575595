"""What the checker needs of FHIR's own definitions and of ours, and nothing else, from their snapshots."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

Json = Mapping[str, Any]

FHIR: Final = "http://hl7.org/fhir/StructureDefinition/"
_TYPE_OF: Final = f"{FHIR}structuredefinition-fhir-type"
_REGEX: Final = f"{FHIR}regex"
_SYSTEM: Final = "http://hl7.org/fhirpath/System."
RESOURCES: Final = frozenset(
    {
        "Resource",
        "DomainResource",
        "AuditEvent",
        "Bundle",
        "CapabilityStatement",
        "CarePlan",
        "CareTeam",
        "CodeSystem",
        "Composition",
        "ConceptMap",
        "Condition",
        "Consent",
        "DocumentReference",
        "EpisodeOfCare",
        "Goal",
        "HealthcareService",
        "List",
        "Location",
        "MessageHeader",
        "Observation",
        "OperationOutcome",
        "Organization",
        "Parameters",
        "Patient",
        "Practitioner",
        "PractitionerRole",
        "Provenance",
        "Questionnaire",
        "QuestionnaireResponse",
        "RelatedPerson",
        "ServiceRequest",
        "Task",
        "ValueSet",
    }
)
"""The resource types that can be checked; every data type can."""
# Structural, and so common that the checker does them itself; the last are about XHTML, which it reads by its own means.
_NATIVE: Final = {"ele-1", "ext-1", "ref-1", "txt-1", "txt-2"}


def distilled(definitions: Iterable[Json]) -> dict[str, Any]:
    """The structures and the closed sets of codes among ``definitions``, in the checker's form.

    ``definitions`` are StructureDefinitions with snapshots, ValueSets and CodeSystems. Raises ValueError for what the checker cannot do.
    """
    found = list(definitions)
    structures = {
        item["url"]: _structure(item)
        for item in found
        if item["resourceType"] == "StructureDefinition" and _is_wanted(item)
    }
    bound = sorted(_bindings(structures.values()))
    sets = _ValueSets(found)
    return {"structures": structures, "valueSets": {url: sets.expanded(url) for url in bound}}


def _is_wanted(definition: Json) -> bool:
    if definition.get("derivation") == "constraint":
        return not definition["url"].startswith(FHIR)
    return definition["kind"] in ("primitive-type", "complex-type") or definition["type"] in RESOURCES


def _structure(definition: Json) -> dict[str, Any]:
    elements = [_element(item) for item in definition["snapshot"]["element"]]
    for element in elements:
        if definition["kind"] == "resource" and element["id"] == f"{definition['type']}.id":
            element["types"] = [{"code": "id"}]  # R4's own snapshots call a resource's id a string
    return _stated(
        type=definition["type"],
        kind=definition["kind"],
        elements=elements,
    )


def _element(item: Json) -> dict[str, Any]:
    binding = item.get("binding", {})
    return _stated(
        id=item["id"],
        min=item["min"] or None,
        max=item["max"],
        many=item["base"]["max"] not in ("0", "1") or None,
        types=[_type(kind) for kind in item.get("type", ())],
        content=item.get("contentReference"),
        fixed=_value_of(item, "fixed"),
        pattern=_value_of(item, "pattern"),
        binding=_bare(binding.get("valueSet", "")) if binding.get("strength") == "required" else None,
        constraints=[_constraint(rule) for rule in item.get("constraint", ()) if _is_checked(rule)],
        slicing=_slicing(item.get("slicing")),
        maxLength=item.get("maxLength"),
        minValue=_bound(item, "minValue"),
        maxValue=_bound(item, "maxValue"),
        summary=item.get("isSummary") or None,
        modifier=item.get("isModifier") or None,
    )


def _type(kind: Json) -> dict[str, Any]:
    code, regex = kind["code"], None
    for extension in kind.get("extension", ()):
        if extension["url"] == _TYPE_OF and code.startswith(_SYSTEM):
            code = extension.get("valueUrl") or extension["valueUri"]
        if extension["url"] == _REGEX:
            regex = extension["valueString"]
    return _stated(
        code=code.removeprefix(_SYSTEM),
        profiles=[_bare(url) for url in kind.get("profile", ())],
        targets=[_bare(url) for url in kind.get("targetProfile", ())],
        regex=regex,
    )


def _constraint(rule: Json) -> dict[str, Any]:
    return {name: rule[name] for name in ("key", "expression", "human")}


def _is_checked(rule: Json) -> bool:
    return rule["severity"] == "error" and rule["key"] not in _NATIVE and "expression" in rule


def _slicing(slicing: Json | None) -> dict[str, Any] | None:
    if slicing is None:
        return None
    by = [[it["type"], it["path"]] for it in slicing.get("discriminator", ())]
    return {"by": by, "rules": slicing["rules"]}


def _bound(item: Json, prefix: str) -> float | None:
    bound = _value_of(item, prefix)
    if bound is not None and not isinstance(bound, int | float):
        raise ValueError(f"{item['id']}: {prefix} of what is no number")
    return bound


def _value_of(item: Json, prefix: str) -> Any:
    return next(
        (item[name] for name in item if name.startswith(prefix) and name[len(prefix) :][:1].isupper()), None
    )


def _stated(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None and value != []}


def _bare(url: str) -> str:
    return url.partition("|")[0]


def _bindings(structures: Iterable[Json]) -> Iterator[str]:
    seen = {
        element["binding"]
        for structure in structures
        for element in structure["elements"]
        if "binding" in element
    }
    yield from seen


class _ValueSets:
    """Expands the sets that can be told from their definitions; any other is open, and no code of it is refused."""

    def __init__(self, definitions: Iterable[Json]) -> None:
        known = list(definitions)
        self._sets = {item["url"]: item for item in known if item["resourceType"] == "ValueSet"}
        self._systems = {item["url"]: item for item in known if item["resourceType"] == "CodeSystem"}

    def expanded(self, url: str) -> dict[str, list[str]] | None:
        """Codes by system; None if the set cannot be closed."""
        compose = self._sets.get(url, {}).get("compose")
        if compose is None:
            return None
        codes: dict[str, set[str]] = {}
        for include in compose.get("include", ()):
            part = self._included(include)
            if part is None:
                return None
            for system, found in part.items():
                codes.setdefault(system, set()).update(found)
        for exclude in compose.get("exclude", ()):
            part = self._included(exclude)
            if part is None:
                return None
            for system, found in part.items():
                codes.get(system, set()).difference_update(found)
        return {system: sorted(found) for system, found in sorted(codes.items())}

    def _included(self, include: Json) -> dict[str, set[str]] | None:
        parts = [self.expanded(_bare(url)) for url in include.get("valueSet", ())]
        if "system" in include:
            codes = self._of_system(include)
            parts.append(None if codes is None else {include["system"]: sorted(codes)})
        if not parts or any(part is None for part in parts):
            return None
        sets = [
            {(system, code) for system, codes in (part or {}).items() for code in codes} for part in parts
        ]
        met: dict[str, set[str]] = {}
        for system, code in set.intersection(*sets):
            met.setdefault(system, set()).add(code)
        return met

    def _of_system(self, include: Json) -> set[str] | None:
        if "concept" in include:
            return {concept["code"] for concept in include["concept"]}
        system = self._systems.get(include["system"])
        if system is None or system.get("content") != "complete":
            return None
        tree = dict(_concepts(system.get("concept", ()), ()))
        for rule in include.get("filter", ()):
            if rule["op"] not in ("is-a", "descendent-of"):
                return None
            own = {rule["value"]} if rule["op"] == "is-a" else set()
            tree = {code: above for code, above in tree.items() if rule["value"] in above or code in own}
        return set(tree)


def _concepts(concepts: Iterable[Json], above: tuple[str, ...]) -> Iterator[tuple[str, frozenset[str]]]:
    for concept in concepts:
        parents = {
            prop["valueCode"]
            for prop in concept.get("property", ())
            if prop["code"] in ("subsumedBy", "parent")
        }
        yield concept["code"], frozenset(above) | parents
        yield from _concepts(concept.get("concept", ()), (*above, concept["code"]))
