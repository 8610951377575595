"""Bodies of what is not FHIR: the push format's, a row of a CSV file, a message of HL7 v2; and their writing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from adapter.domain.located import Node
from adapter.mapping.compilation import Compilation
from adapter.mapping.csv_writing import write_row
from adapter.mapping.evaluation import MappingContext, Run
from adapter.mapping.header import Header
from adapter.mapping.hl7v2_definitions import check_message
from adapter.mapping.hl7v2_writing import write_message
from adapter.mapping.resources import Let, compile_let, set_variables
from adapter.mapping.template import Place, Template

Writer: TypeAlias = Callable[[Mapping[str, Any], MappingContext], bytes]
CHARSETS: Final = ("utf-8", "iso-8859-1")


@dataclass(frozen=True, slots=True)
class Body:
    """The compiled template of a body, and how it is written."""

    let: Let
    template: Template
    written: Writer

    def made(self, run: Run) -> dict[str, Any]:
        """The body that the source gives."""
        scope = (run.root,)
        set_variables(run, scope, self.let)
        body: dict[str, Any] = self.template.evaluate(run, scope) or {}
        return body


def compile_body(compilation: Compilation, header: Header) -> Body:
    """Compile ``body``, held at load to what its target may have."""
    node = header.members.get("body")
    let, place = compile_let(compilation, header.members.get("let"), Place())
    fields = node.value if node is not None and isinstance(node.value, dict) else {}
    written = _writer(compilation, header, node, fields)
    return Body(let, compilation.object(fields, place, stays=True), written)


def _writer(
    compilation: Compilation, header: Header, node: Node | None, fields: Mapping[str, Node]
) -> Writer:
    if compilation.target == "push" or node is None:
        return lambda _body, _context: b""
    if compilation.form != "fhir":
        compilation.fault(header.members["source"], f"{compilation.target} is made from fhir")
    charset = header.one_of("charset", CHARSETS)
    if compilation.target == "csv":
        columns = tuple(header.texts("columns"))
        compilation.lines.update((name, member.line) for name, member in fields.items())
        _check_columns(compilation, node, fields, columns)
        return lambda body, _context: write_row(body, columns, charset)
    event = header.text("message")
    _note_fields(compilation, "", node)
    if "message" in header.members:
        check_message(compilation, header.members["message"], node)
    return lambda body, context: write_message(body, event, charset, context.received_at)


def _note_fields(compilation: Compilation, segment: str, node: Node) -> None:
    """Note where each field of a message stands (``PID-5``), for what is said of one that cannot be written."""
    for child in node.value if isinstance(node.value, list) else ():
        _note_fields(compilation, segment, child)
    for key, child in node.value.items() if isinstance(node.value, dict) else ():
        if key.isdecimal():
            compilation.lines.setdefault(f"{segment}-{key}", child.line)
        elif isinstance(child.value, dict | list):
            _note_fields(compilation, key if key.isupper() else segment, child)


def _check_columns(
    compilation: Compilation, node: Node, fields: Mapping[str, Node], columns: tuple[str, ...]
) -> None:
    for name in fields.keys() - set(columns):
        compilation.fault(fields[name], f"the column {name} is not listed under columns")
    for name in sorted(set(columns) - fields.keys()):
        compilation.fault(
            node, f'the column {name} is fed by nothing; add it, as {name}: "" where it stays empty'
        )
