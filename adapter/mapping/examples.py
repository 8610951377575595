"""The mappings' own examples: inputs beside expected outputs, run with a fixed context (docs/mappings.md, "Own examples")."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from importlib.resources.abc import Traversable
from typing import Any, Final
from uuid import UUID

from adapter.domain.agreement import Agreement
from adapter.domain.errors import InputError, Issue, MappingError
from adapter.domain.identity import Identifier, PersonId, canonical_system
from adapter.mapping.catalog import MappingCatalog
from adapter.mapping.envelope import Envelope
from adapter.mapping.evaluation import MappingContext, TraceRow
from adapter.mapping.flat_csv import read_row
from adapter.mapping.mapping import Mapped
from adapter.mapping.mapping import Mapping as RecordMapping
from adapter.mapping.nested import CONTENT_TYPES, read_document
from adapter.mapping.sample import Sample
from adapter.mapping.source import Source

EXAMPLE_RECEIVED_AT: Final = datetime(2026, 11, 16, 9, 15, tzinfo=UTC)
_EXAMPLE_KEY: Final = b"example key: ids of examples are no secret"
_FHIR: Final = "fhir.json"
_EXPECTED: Final = "expected."
_WRITTEN: Final = {"csv": "csv", "hl7v2": "hl7"}
_MOST_BYTES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class ExampleInput:
    """An input as its wire's reader reads it: the record, and what the envelope says."""

    record: Source
    person: PersonId | None
    sender: Identifier | None
    unit: Identifier | None
    protected: bool = False


ExampleReader = Callable[[bytes], ExampleInput]


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """One example's outcome: ``input`` is its path in the tree of mappings, ``body`` None when it was refused.

    ``difference`` is ``expected-output-missing``, ``expected-output-unreadable``, ``expected-output-differs``, ``mapping-refused``,
    ``sample-refused`` (it cannot be read as a record), or None when all is well. ``sample`` is the file that the ``issues`` are of.
    """

    input: str
    mapping: str
    difference: str | None
    body: dict[str, Any] | None
    unmapped: tuple[str, ...]
    issues: tuple[Issue, ...]
    trace: tuple[TraceRow, ...]
    sample: Sample


def run_examples(
    catalog: MappingCatalog,
    readers: Mapping[str, ExampleReader],
    agreement: Agreement,
    roots: Sequence[Traversable],
) -> list[ExampleResult]:
    """Run all examples beneath ``roots`` (the package ``mappings``, or folders like it, of which the first that has a name counts).

    ``readers`` reads inputs by the end of their name (``hl7``, ``json``, ``xml``); ``fhir.json`` and ``csv`` are read here. Raises
    KeyError for an end that has no reader.
    """
    return [
        _run(mapping, folder, name, _reader(mapping, _ending(name), readers), agreement)
        for mapping in catalog.all()
        for folder, name in example_files(mapping, roots)
    ]


def example_inputs(
    catalog: MappingCatalog, roots: Sequence[Traversable]
) -> Iterator[tuple[RecordMapping, str, bytes]]:
    """Every input beneath ``roots``, with its mapping and its path."""
    for mapping in catalog.all():
        for folder, name in example_files(mapping, roots):
            yield mapping, _path(mapping, name), (folder / name).read_bytes()


def own_reader(mapping: RecordMapping) -> ExampleReader | None:
    """The reader of a form that needs no wire's: FHIR, and those whose envelope the mapping declares. None for the others."""
    if mapping.source == "fhir":
        return read_fhir
    return None if mapping.envelope is None else partial(_read_own_form, mapping, mapping.envelope)


def _read_own_form(mapping: RecordMapping, envelope: Envelope, body: bytes) -> ExampleInput:
    """A document, or one row of a CSV file, as its channel would read it; raises InputError."""
    record = _record(mapping, body)
    heading = envelope.read(record.tree, EXAMPLE_RECEIVED_AT)
    return ExampleInput(record, heading.person, None, heading.unit, protected=bool(heading.protection))


def _record(mapping: RecordMapping, body: bytes) -> Source:
    if mapping.source == "csv":
        return Source("csv", read_row(body).values)
    document = read_document(body, CONTENT_TYPES[mapping.source], _MOST_BYTES)
    record = Source(document.form, document.tree(mapping.namespaces))
    if not mapping.recognises(record.tree, EXAMPLE_RECEIVED_AT):
        raise InputError([Issue("when", "kind-unknown")])
    if mapping.each is not None:
        mapping.each.require_one(document)
    return record


def _reader(mapping: RecordMapping, ending: str, readers: Mapping[str, ExampleReader]) -> ExampleReader:
    return own_reader(mapping) or readers[ending]


def read_fhir(body: bytes) -> ExampleInput:
    """The input of a back mapping: a Bundle or resource; its person is the first identified subject or Patient.

    Raises InputError (400) for what is no JSON object, or has not the shape of FHIR.
    """
    try:
        tree = json.loads(body)
        person = next(_persons(tree), None)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        raise InputError([Issue("", "unreadable")], status=400) from None
    return ExampleInput(Source("fhir", tree), person, None, None)


def example_context(given: ExampleInput, agreement: Agreement) -> MappingContext:
    """The fixed context of examples, also that of ``sambro map``."""
    unit = None if given.unit is None else agreement.unit_of(given.unit)
    sender = given.sender or given.unit
    return MappingContext(
        record_id=example_record_id,
        received_at=EXAMPLE_RECEIVED_AT,
        agreement=agreement,
        sender=None if sender is None else agreement.party_of(sender),
        unit=unit,
        person=given.person,
        protected=given.protected,
    )


def example_record_id(*parts: str) -> str:
    """A deterministic id under the example key."""
    digest = hmac.new(_EXAMPLE_KEY, "\x1f".join(parts).encode(), hashlib.sha256).digest()
    return str(UUID(bytes=digest[:16]))


def _run(
    mapping: RecordMapping, folder: Traversable, name: str, read: ExampleReader, agreement: Agreement
) -> ExampleResult:
    sample = Sample(_path(mapping, name), (folder / name).read_bytes())
    try:
        given = read(sample.body)
        mapped = mapping.apply(given.record, example_context(given, agreement), trace=True)
    except (InputError, MappingError) as error:
        difference = "sample-refused" if isinstance(error, InputError) else "mapping-refused"
        return ExampleResult(sample.file, mapping.name, difference, None, (), error.issues, (), sample)
    made = ExampleResult(
        sample.file, mapping.name, None, mapped.body, mapped.unmapped, mapped.issues, mapped.trace, sample
    )
    return _compared(made, folder, name.removesuffix(_ending(name)), mapping, mapped)


def _compared(
    made: ExampleResult, folder: Traversable, stem: str, mapping: RecordMapping, mapped: Mapped
) -> ExampleResult:
    name = f"{stem}{_EXPECTED}{_WRITTEN.get(mapping.target, 'json')}"
    if not (folder / name).is_file():
        return replace(made, difference="expected-output-missing")
    body = (folder / name).read_bytes()
    try:
        is_same = body == mapped.written if mapping.target in _WRITTEN else json.loads(body) == mapped.body
    except ValueError:
        expected, fault = Sample(_path(mapping, name), body), Issue("", "not-json")
        return replace(made, difference="expected-output-unreadable", issues=(fault,), sample=expected)
    return made if is_same else replace(made, difference="expected-output-differs")


def _path(mapping: RecordMapping, name: str) -> str:
    return f"systems/{mapping.folder}/examples/{name}"


def example_files(mapping: RecordMapping, roots: Sequence[Traversable]) -> Iterator[tuple[Traversable, str]]:
    """The inputs of a mapping's examples beneath ``roots``: folder and file name."""
    stem = mapping.file.rsplit("/", 1)[-1].removesuffix(".yaml")
    found: dict[str, Traversable] = {}
    for root in roots:
        folder = root / "systems" / mapping.folder / "examples"
        for entry in folder.iterdir() if folder.is_dir() else ():
            if entry.name.split(".", 1)[0] == stem and f".{_EXPECTED}" not in entry.name:
                found.setdefault(entry.name, folder)
    yield from ((folder, name) for name, folder in sorted(found.items()))


def _ending(name: str) -> str:
    return _FHIR if name.endswith(f".{_FHIR}") else name.rsplit(".", 1)[1]


def _persons(tree: Any) -> Iterator[PersonId]:
    entries = [entry.get("resource", {}) for entry in tree.get("entry", ())] or [tree]
    for resource in entries:
        subject = resource.get("subject", {}).get("identifier", {})
        identifiers = (
            resource.get("identifier", ()) if resource.get("resourceType") == "Patient" else [subject]
        )
        yield from (
            PersonId(one["system"], one["value"])
            for one in identifiers
            if canonical_system(one.get("system", ""))
        )
