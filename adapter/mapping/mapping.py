"""One mapping: its header, and what it makes of a source."""

from __future__ import annotations

from collections import abc
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, Final, get_args

from adapter.domain.errors import ConfigurationError, Issue, MappingError
from adapter.domain.located import Node
from adapter.domain.records import RecordType
from adapter.domain.refusal_words import speaks_of_refusal
from adapter.mapping.bodies import Body, compile_body
from adapter.mapping.canonical import canonical
from adapter.mapping.compilation import Compilation
from adapter.mapping.envelope import Envelope, compile_envelope
from adapter.mapping.evaluation import MappingContext, Run, TraceRow
from adapter.mapping.fragments import compile_inclusion
from adapter.mapping.header import ALLOWED, NEEDED, OPTIONAL, REQUIRED, WRITTEN, Header
from adapter.mapping.repeated import Repeated
from adapter.mapping.resources import (
    Declared,
    Resource,
    compile_resource,
    declared,
    rules_with,
)
from adapter.mapping.rules import compile_rule
from adapter.mapping.source import Form, Source
from adapter.mapping.tables import Terminology
from adapter.mapping.targets import TargetShapes, check_target
from adapter.mapping.template import Place, Target, Test
from adapter.mapping.unmapped import Ignored, ignored_tree, unmapped_fields

CONSENT: Final = "consent"
"""The event whose mapping is applied at acceptance."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a mapping made: a FHIR collection Bundle or the body of another target, and what has to be said about it.

    ``written`` is the body of a CSV file or HL7 v2 message in bytes; empty for the others. ``unmapped`` are the source fields that no rule used, without list indexes. ``issues`` are warnings. ``trace`` is empty
    unless it was asked for. ``made_by`` is the data that it was made by, which a Provenance names: canonical URLs with version.
    """

    body: dict[str, Any]
    unmapped: tuple[str, ...]
    issues: tuple[Issue, ...]
    trace: tuple[TraceRow, ...] = ()
    written: bytes = b""
    made_by: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """The trace without what was looked up: source path and element, as the mapping file writes them, and no value."""
        return tuple(dict.fromkeys((row.source, row.target) for row in self.trace))


@dataclass(frozen=True, slots=True)
class Mapping:
    """A compiled mapping. ``source`` is the form that it reads, ``target`` what it makes.

    Of free forms (csv, json, xml) alone: ``envelope``; ``columns``, those that a CSV file of its kind has; ``when``, what tells a document of its
    kind, None for any; ``namespaces`` by prefix. ``lines``: where each source path is first read, ``within`` where a fragment reads it; ``reads`` those of which values are taken; ``rows`` what
    they are looked up in, as a trace names it: for reports.
    """

    name: str
    version: str
    source: Form
    target: Target
    events: frozenset[str]
    record_types: frozenset[RecordType]
    file: str
    parts: tuple[Resource, ...] | Body
    ignored: Ignored
    columns: tuple[str, ...] = ()
    envelope: Envelope | None = None
    when: Test | None = None
    namespaces: abc.Mapping[str, str] = field(default_factory=dict)
    lines: abc.Mapping[str, int] = field(default_factory=dict)
    within: abc.Mapping[str, str] = field(default_factory=dict)
    reads: frozenset[str] = frozenset()
    rows: frozenset[str] = frozenset()

    @property
    def folder(self) -> str:
        """The folder of ``mappings/systems`` that it stands in."""
        return PurePosixPath(self.file).parent.name

    @property
    def url(self) -> str:
        """Its canonical URL, with its version."""
        return canonical("mapping", self.folder, self.name, version=self.version)

    @property
    def each(self) -> Repeated | None:
        """What a document of its kind may hold several of, each a message; None for a document that is one record."""
        if self.envelope is None or not self.envelope.each:
            return None
        return Repeated(self.envelope.each, self.namespaces)

    def recognises(self, tree: abc.Mapping[str, Any], received_at: datetime) -> bool:
        """Whether a document's tree is of this mapping's kind."""
        run = Run(tree, MappingContext(record_id="".join, received_at=received_at))
        return self.when is None or self.when(run, (tree,))

    def apply(self, source: Source, context: MappingContext, *, trace: bool = False) -> Mapped:
        """Make the target of one source record.

        Raises MappingError with every faulty field: source paths and codes, or the target's paths where it cannot be written; of a free form also ``unmapped-refusal``: no rule reads a field whose
        name has to do with consent or refusal.
        """
        if source.form != self.source:
            raise MappingError([Issue("", "wrong-source-form")])
        run = Run(source.tree, context, [] if trace else None)
        # What the envelope reads is mapped, too, and what tells the kind.
        if self.when is not None:
            self.when(run, (run.root,))
        if self.envelope is not None:
            self.envelope.values(run)
        body = self.parts.made(run) if isinstance(self.parts, Body) else _bundle(run, self.parts)
        if any(issue.severity == "error" for issue in run.issues):
            raise MappingError(issue for issue in run.issues if issue.severity == "error")
        unmapped = unmapped_fields(run, self.source, self.ignored)
        if self.envelope is not None and (refusing := [path for path in unmapped if speaks_of_refusal(path)]):
            raise MappingError(Issue(path, "unmapped-refusal") for path in refusing)
        written = self.parts.written(body, context) if isinstance(self.parts, Body) else b""
        issues, traced = tuple(dict.fromkeys(run.issues)), tuple(dict.fromkeys(run.trace or ()))
        return Mapped(body, unmapped, issues, traced, written, (self.url, *sorted(run.cut_offs)))


def _bundle(run: Run, resources: tuple[Resource, ...]) -> dict[str, Any]:
    entries: dict[str, dict[str, Any]] = {}
    for resource in resources:
        for made in resource.made(run):
            full_url = f"urn:uuid:{made['id']}"
            if full_url in entries and made["id"] is not None:
                run.refuse(resource.name, "resource-repeated")
            entries[full_url] = made
    if not entries:
        run.refuse("", "nothing-mapped")
    made_entries = [{"fullUrl": full_url, "resource": made} for full_url, made in entries.items()]
    return {"resourceType": "Bundle", "type": "collection", "entry": made_entries}


def compile_mapping(node: Node, terminology: Terminology, shapes: TargetShapes | None = None) -> Mapping:
    """Compile one mapping file; ``shapes`` are what its resources are held to. Raises ConfigurationError with all its faults."""
    members = node.value if isinstance(node.value, dict) else {}
    header = Header(node, members)
    source, columns = header.one_of("source", get_args(Form)), header.texts("columns")
    compilation = Compilation(
        source,
        header.one_of("target", get_args(Target)),
        terminology,
        header.tables(terminology.concept_maps),
        frozenset(header.texts("protected")),
        frozenset(columns) if source == "csv" else None,
        compile_rule,
        compile_inclusion,
        header.faults,
    )
    parts = _parts(compilation, header, shapes)
    for path in sorted(compilation.protected - compilation.covered):
        compilation.fault(members["protected"], f"{path} is protected, but the template never fills it")
    record_types = frozenset(
        RecordType(name) for name in header.texts("record_types") if name in set(RecordType)
    )
    events = frozenset(header.texts("event"))
    envelope = members.get("envelope")
    mapping = Mapping(
        name=header.text("mapping"),
        version=header.text("version"),
        source=compilation.form,
        target=compilation.target,
        events=events,
        record_types=record_types,
        file=node.file,
        parts=parts,
        ignored=ignored_tree(header.texts("ignored"), compilation.form),
        columns=tuple(columns) if compilation.form == "csv" else (),
        envelope=None if envelope is None else compile_envelope(compilation, envelope, record_types, events),
        when=_kind(compilation, members["when"]) if "when" in members else None,
        namespaces=header.namespaces(),
        lines=compilation.lines,
        within=compilation.within,
        reads=frozenset(compilation.reads),
        rows=frozenset(compilation.rows),
    )
    if header.faults:
        raise ConfigurationError(header.faults)
    return mapping


def _parts(
    compilation: Compilation, header: Header, shapes: TargetShapes | None
) -> tuple[Resource, ...] | Body:
    key = "resources" if compilation.target == "fhir" else "body"
    needed, allowed = (keys.get(compilation.form, frozenset()) for keys in (NEEDED, ALLOWED))
    written = WRITTEN.get(compilation.target, frozenset())
    header.check_keys(REQUIRED | {key} | needed | written, OPTIONAL | allowed)
    node = header.members.get(key)
    if key == "body":
        return compile_body(compilation, header)
    resources = declared(compilation, node.value if node is not None and isinstance(node.value, list) else [])
    _one_consent(compilation, header, resources)
    if shapes is not None:
        for resource in resources.values():
            check_target(compilation, resource, shapes)
    compilation.rule = rules_with(resources)
    return tuple(compile_resource(compilation, resource) for resource in resources.values())


def _one_consent(compilation: Compilation, header: Header, resources: abc.Mapping[str, Declared]) -> None:
    """What is filed at acceptance has to be there whatever the message says."""
    event = header.members.get("event")
    if event is None or not isinstance(event.value, list) or CONSENT not in event.plain():
        return
    consents = [one for one in resources.values() if one.type == "Consent"]
    if len(consents) != 1 or consents[0].members.keys() & {"for", "if"}:
        compilation.fault(event, "a consent makes one Consent, a resource without for or if")


def _kind(compilation: Compilation, node: Node) -> Test | None:
    """What tells a kind of document: a condition."""
    members = node.value if isinstance(node.value, dict) else {}
    compilation.known(members, frozenset({"if", "equals", "in"}))
    if "if" not in members:
        compilation.fault(node, "when is a condition: {if: path, equals: value}")
        return None
    return compilation.test(members, Place(target="when"))
