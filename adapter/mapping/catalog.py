"""All mappings: read from the package and a folder of the site's own, compiled, found by folder and event."""

from __future__ import annotations

from collections import abc
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from adapter.domain.errors import ConfigurationError, Fault, InputError, Issue, MappingError
from adapter.domain.located import locate
from adapter.mapping.concept_maps import FOLDER as CONCEPT_MAPS
from adapter.mapping.fragments import load_fragments
from adapter.mapping.mapping import Mapping, compile_mapping
from adapter.mapping.nested import Document
from adapter.mapping.repeated import Repeated
from adapter.mapping.screening import CutOffs
from adapter.mapping.source import Form, Source
from adapter.mapping.tables import Terminology, load_terminology
from adapter.mapping.targets import TargetShapes
from adapter.mapping.template import Target

FRAGMENTS: Final = "fragments"
_CONCEPT_MAP: Final = "ConceptMap-"
_CUT_OFFS: Final = "screening"
_ANSWERS: Final = "fhir-forms-answers"


@dataclass(frozen=True, slots=True)
class MappingCatalog:
    """Compiled mappings by folder of ``mappings/systems``, event and target, and by name.

    ``cut_offs`` give the bands of screenings that come as FHIR, for which there is no mapping.
    """

    by_event: abc.Mapping[tuple[str, str, str], Mapping]
    by_name: abc.Mapping[str, Mapping]
    cut_offs: CutOffs | None = None

    def select(self, folder: str, event: str, target: Target = "fhir") -> Mapping:
        """The mapping for an event in a folder; ``target`` ``push`` is the way back, whose events are record types.

        Raises MappingError with code ``no-mapping``.
        """
        try:
            return self.by_event[folder, event, target]
        except KeyError:
            raise MappingError([Issue("", "no-mapping")]) from None

    def with_columns(self, folder: str, columns: abc.Collection[str]) -> Mapping:
        """The mapping of a folder for a CSV file with these columns.

        Raises InputError (422): ``column-missing`` for what the nearest one lacks, ``kind-ambiguous``, ``kind-unknown``.
        """
        known = [one for one in self.all() if one.columns and one.folder == folder]
        lacking = [(sorted(set(one.columns) - set(columns)), one) for one in known]
        whole = [one for missing, one in lacking if not missing]
        if len(whole) == 1:
            return whole[0]
        near = [missing for missing, one in lacking if len(missing) < len(one.columns)]
        if whole or not near:
            raise InputError([Issue("", "kind-ambiguous" if whole else "kind-unknown")])
        raise InputError(Issue(name, "column-missing") for name in min(near, key=len))

    def for_document(self, folder: str, document: Document, received_at: datetime) -> tuple[Mapping, Source]:
        """The mapping of a folder for a document of one record, and the record in that mapping's names.

        Raises InputError: 415 ``form-not-of-channel``, 422 ``kind-ambiguous``, ``kind-unknown``, ``not-one-record``.
        """
        mapping, record = self._recognised(folder, document, received_at)
        if mapping.each is not None:
            mapping.each.require_one(document)
        return mapping, record

    def each_of(self, folder: str, document: Document, received_at: datetime) -> Repeated | None:
        """What repeats in a document, by the folder's mappings; raises InputError as ``for_document`` where these name different things."""
        first, *others = self._of_form(folder, document)
        if all(one.each == first.each for one in others):
            return first.each
        return self._recognised(folder, document, received_at)[0].each

    def _of_form(self, folder: str, document: Document) -> list[Mapping]:
        known = [one for one in self.all() if one.source == document.form and one.folder == folder]
        if not known:
            raise InputError([Issue("", "form-not-of-channel")], 415)
        return known

    def _recognised(self, folder: str, document: Document, received_at: datetime) -> tuple[Mapping, Source]:
        known = self._of_form(folder, document)
        records = [(one, Source(document.form, document.tree(one.namespaces))) for one in known]
        found = [(one, record) for one, record in records if one.recognises(record.tree, received_at)]
        if len(found) != 1:
            raise InputError([Issue("", "kind-ambiguous" if found else "kind-unknown")])
        return found[0]

    def forms(self, folder: str) -> frozenset[Form]:
        """The forms that a folder's mappings to FHIR read."""
        return frozenset(one.source for one in self.all() if one.target == "fhir" and one.folder == folder)

    def named(self, name: str) -> Mapping:
        """The mapping with that name. Raises MappingError with code ``no-mapping``."""
        try:
            return self.by_name[name]
        except KeyError:
            raise MappingError([Issue("", "no-mapping")]) from None

    @property
    def answers(self) -> Mapping:
        """The mapping of a screening's form to its result, however the form comes. Raises MappingError with code ``no-mapping``."""
        return self.named(_ANSWERS)

    def all(self) -> tuple[Mapping, ...]:
        """Every mapping, by name."""
        return tuple(self.by_name[name] for name in sorted(self.by_name))


def packaged_files(override: Path | None = None) -> dict[str, str]:
    """The YAML files of the package ``mappings`` and our ConceptMaps by path, those in ``override`` in place of their namesakes."""
    found = _concept_maps() | _files(files("mappings"))
    if override is not None:
        found |= _files(override)
    return found


def load_mappings(
    texts: abc.Mapping[str, str], terminology: Terminology, shapes: TargetShapes | None = None
) -> MappingCatalog:
    """Compile mapping files: ``texts`` by path (``systems/<folder>/<file>.yaml``); ``shapes`` are what their resources are held to.

    Raises ConfigurationError with all faults of all files.
    """
    faults: list[Fault] = []
    mappings: list[Mapping] = []
    for path, text in sorted(texts.items()):
        try:
            mappings.append(compile_mapping(locate(text, path), terminology, shapes))
        except ConfigurationError as error:
            faults.extend(error.faults)
    catalog = _catalog(mappings, terminology.cut_offs.get(_CUT_OFFS), faults)
    if faults:
        raise ConfigurationError(faults)
    return catalog


def load_catalog(texts: abc.Mapping[str, str], shapes: TargetShapes | None = None) -> MappingCatalog:
    """Compile terminology and mappings together: ``texts`` as ``packaged_files`` gives them; ``shapes`` as ``load_mappings`` takes them.

    Raises ConfigurationError with all faults of all files; faulty terminology hides faults of the fragments and mappings that use it.
    """
    concept_maps = {path: text for path, text in texts.items() if path.endswith(".json")}
    tables, fragments, mappings = (
        {path: text for path, text in texts.items() if path.startswith(folder) and path.endswith(".yaml")}
        for folder in ("terminology/", f"{FRAGMENTS}/", "systems/")
    )
    terminology = load_terminology(tables, concept_maps)
    shared = replace(terminology, fragments=load_fragments(fragments, concept_maps))
    return load_mappings(mappings, shared, shapes)


def _catalog(mappings: list[Mapping], cut_offs: CutOffs | None, faults: list[Fault]) -> MappingCatalog:
    by_event: dict[tuple[str, str, str], Mapping] = {}
    by_name: dict[str, Mapping] = {}
    for mapping in mappings:
        if by_name.setdefault(mapping.name, mapping) is not mapping:
            faults.append(
                Fault(mapping.file, 1, f"the name {mapping.name} is taken by {by_name[mapping.name].file}")
            )
        for event in mapping.events:
            first = by_event.setdefault((mapping.folder, event, mapping.target), mapping)
            if first is not mapping:
                faults.append(Fault(mapping.file, 1, f"{event} is mapped by {first.file} already"))
    faults.extend(_alike(mappings))
    faults.extend(_untold(mappings))
    return MappingCatalog(by_event, by_name, cut_offs)


def _alike(mappings: list[Mapping]) -> Iterator[Fault]:
    """Mappings of a folder that a file could not be told apart by: the columns of one are all among another's."""
    for mapping in mappings:
        for other in mappings:
            is_beside = other is not mapping and other.folder == mapping.folder
            if is_beside and mapping.columns and set(mapping.columns) <= set(other.columns):
                yield Fault(
                    mapping.file, 1, f"its columns are all among those of {other.file}; list one more"
                )


def _untold(mappings: list[Mapping]) -> Iterator[Fault]:
    """Mappings of documents that stand beside others of their form without saying when they are meant."""
    for mapping in mappings:
        beside = [one for one in mappings if one is not mapping and one.folder == mapping.folder]
        if mapping.source in ("json", "xml"):
            if mapping.when is None and any(one.source == mapping.source for one in beside):
                yield Fault(
                    mapping.file,
                    1,
                    f"the folder has other mappings of {mapping.source}: tell by when which documents are meant",
                )
            if any(one.source in ("push", "csv") for one in beside):
                yield Fault(
                    mapping.file,
                    1,
                    "the folder has mappings of push or csv, too: give each a folder of its own",
                )


def _files(root: Traversable) -> dict[str, str]:
    """Mappings, tables, fragments and ConceptMaps beneath ``root``, a folder laid out as the package ``mappings``."""
    folders = [f"systems/{entry.name}" for entry in _listed(root / "systems") if entry.is_dir()]
    return {
        f"{folder}/{entry.name}": entry.read_text(encoding="utf-8")
        for folder in [*folders, "terminology", FRAGMENTS, CONCEPT_MAPS]
        for entry in _listed(root / folder)
        if entry.name.endswith((".yaml", ".json"))
    }


def _concept_maps() -> dict[str, str]:
    """Those of our implementation guide, by their id."""
    return {
        f"{CONCEPT_MAPS}/{entry.name.removeprefix(_CONCEPT_MAP)}": entry.read_text(encoding="utf-8")
        for entry in _listed(files("fhir_profiles") / "definitions")
        if entry.name.startswith(_CONCEPT_MAP)
    }


def _listed(folder: Traversable) -> Iterator[Traversable]:
    return folder.iterdir() if folder.is_dir() else iter(())
