"""Templates, compiled: constants, text with values, objects, lists, loops and conditionals become evaluators.

The language is described in docs/mappings.md, "Values". Field rules are in ``rules``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

from adapter.domain.errors import Fault
from adapter.domain.located import Node
from adapter.mapping.evaluation import Evaluator, Run, Scope, TraceRow
from adapter.mapping.paths import Frame, Path, PathFault, Variable, compile_path
from adapter.mapping.source import Form
from adapter.mapping.steps import as_text
from adapter.mapping.tables import Table, Terminology
from adapter.mapping.template import NOTHING, Place, Target, Template, Test, constant, joined

SENSITIVE: Final = frozenset({"address", "telecom", "contact"})
"""FHIR elements that can tell where a person is (design.md, protected identity)."""
_PIECES: Final = re.compile(r"(\{\{|\}\}|\{[^{}]*\})")
RuleCompiler: TypeAlias = Callable[["Compilation", Node, Mapping[str, Node], Place], Template]


@dataclass(slots=True)
class Compilation:
    """The compiling of one mapping file: what its values may name (``columns``: of a CSV row, else None), and the faults found."""

    form: Form
    target: Target
    terminology: Terminology
    tables: Mapping[str, Table]
    protected: frozenset[str]
    columns: frozenset[str] | None
    rule: RuleCompiler
    include: RuleCompiler
    faults: list[Fault] = field(default_factory=list)
    covered: set[str] = field(default_factory=set)
    lines: dict[str, int] = field(default_factory=dict)
    """Where each source path is first read."""
    within: dict[str, str] = field(default_factory=dict)
    """Where a fragment reads it: file and line."""
    reads: set[str] = field(default_factory=set)
    """The source paths of which values are taken."""
    rows: set[str] = field(default_factory=set)
    """The rows of the tables that are looked up in, as a trace names them."""
    of_objects: set[Frame] = field(default_factory=set)
    """The loops in which fields of the item are read."""

    def fault(self, node: Node, message: str) -> Template:
        """Note a fault at ``node``."""
        self.faults.append(node.fault(message))
        return NOTHING

    def value(self, node: Node, place: Place) -> Template:
        """Compile any value of a template."""
        value = node.value
        if isinstance(value, str):
            return self._text(node, value, place)
        if isinstance(value, list):
            return self._list(value, place)
        if not isinstance(value, dict):
            return self.fault(node, "null is no value") if value is None else constant(value)
        if "if" in value:
            return self._conditional(node, value, place)
        if "for" in value and "do" in value:
            return self._loop(node, value, place)
        if "include" in value and "with" in value:
            return self.include(self, node, value, place)
        if "from" in value or "using" in value:
            return self.rule(self, node, value, place)
        return self.object(value, place)

    def object(self, members: Mapping[str, Node], place: Place, *, stays: bool = False) -> Template:
        """Compile an object; with ``stays`` it is there even when only its constants are."""
        compiled = [(key, self._member(key, node, place.at(key))) for key, node in members.items()]
        is_constant = all(template.is_constant for _, template in compiled)
        # A constant of one scalar needs no call: None stands in its place.
        parts = [
            (
                key,
                None if template.constant is not None else template.evaluate,
                template.constant,
                not template.is_constant,
            )
            for key, template in compiled
        ]
        always = is_constant or stays

        def evaluate(run: Run, scope: Scope) -> Any:
            made: dict[str, Any] = {}
            is_fed = always
            for key, part, scalar, feeds in parts:
                if part is None:
                    made[key] = scalar
                elif (value := part(run, scope)) is not None:
                    made[key] = value
                    is_fed = is_fed or feeds
            return made if is_fed and made else None

        return Template(evaluate, is_constant)

    def path(self, node: Node, place: Place, text: str | None = None) -> Path | Variable | None:
        """Compile the path that ``node`` holds (or ``text``); None after a fault."""
        text = node.value if text is None and isinstance(node.value, str) else text
        if not text:
            self.fault(node, "a path is wanted, as plan.mål.text; fixed text stands without from and braces")
            return None
        if text.startswith("$") and not text.startswith("$."):
            if text not in place.variables:
                known = ", ".join(sorted(place.variables)) or "none"
                self.fault(node, f"let sets no variable {text} before this place; it sets {known}")
            return Variable(text)
        try:
            path = self.noted(node, compile_path(text, self.form, place.frames), place)
        except PathFault as fault:
            self.fault(node, str(fault))
            return None
        if text[0] not in ".^$":
            self.of_objects.add(place.frames[0])
        if self.columns is not None and path.absolute not in self.columns:
            self.fault(node, f"the column {path.absolute} is not listed under columns")
        if self.form == "fhir" and not SENSITIVE.isdisjoint(path.absolute.split(".")):
            self._check_protected(node, place)
        return path

    def noted(self, node: Node, path: Path, place: Place) -> Path:
        """Note where a path is first read; ``place`` is where ``node`` stands."""
        self.lines.setdefault(path.absolute, node.line)
        return path

    def reader(self, path: Path | Variable, place: Place) -> Evaluator:
        """Reads the one value at a path, and traces it."""
        read, source, is_variable = path.reader(), path.absolute, isinstance(path, Variable)
        row = TraceRow(source, place.target, within=path.within)
        if not is_variable:
            self.reads.add(source)

        def evaluate(run: Run, scope: Scope) -> Any:
            value = read(run, scope)
            if value.__class__ is dict and not is_variable:
                run.refuse(source, "not-a-value")
                return None
            if value is not None and run.trace is not None:
                run.trace.append(row)
            return value

        return evaluate

    def test(self, members: Mapping[str, Node], place: Place) -> Test:
        """Compile a condition: ``if`` with ``equals``, ``in`` or neither."""
        subject = members["if"]
        read = self._subject(subject, place)
        if "equals" in members and "in" in members:
            self.fault(subject, "a condition has equals or in, not both")
        wanted = self._wanted(members)
        if wanted is None:
            return lambda run, scope: read(run, scope) is not None
        return lambda run, scope: (value := read(run, scope)) is not None and as_text(value) in wanted

    def known(self, members: Mapping[str, Node], allowed: frozenset[str]) -> None:
        """Fault every key that is not allowed."""
        for key in members.keys() - allowed:
            self.fault(members[key], f"the key {key} is unknown here")

    def _subject(self, node: Node, place: Place) -> Evaluator:
        if isinstance(node.value, dict):
            return self.value(node, place).evaluate
        path = self.path(node, place)
        return NOTHING.evaluate if path is None else path.reader()

    def _wanted(self, members: Mapping[str, Node]) -> frozenset[str] | None:
        node = members.get("equals") or members.get("in")
        if node is None:
            return None
        choices = node.value if isinstance(node.value, list) else [node]
        if (node is members.get("in")) != isinstance(node.value, list) or any(
            isinstance(choice.value, dict | list | None) for choice in choices
        ):
            self.fault(
                node, "equals wants a constant, in a list of constants: {if: status, in: [a, b], then: x}"
            )
            return frozenset()
        return frozenset(as_text(choice.value) for choice in choices)

    def _text(self, node: Node, text: str, place: Place) -> Template:
        pieces: list[str | Evaluator] = []
        sources: list[str] = []
        for piece in filter(None, _PIECES.split(text)):
            if piece in ("{{", "}}"):
                pieces.append(piece[0])
            elif piece[0] == "{" and piece[-1] == "}":
                path = self.path(node, place, piece[1:-1])
                if path is None:
                    return NOTHING
                pieces.append(self.reader(path, place))
                sources.append(path.absolute)
            elif "{" in piece or "}" in piece:
                return self.fault(
                    node, "a brace that is text is written twice; a path stands between { and }"
                )
            else:
                pieces.append(piece)
        return joined(pieces, ", ".join(sources))

    def _list(self, nodes: list[Node], place: Place) -> Template:
        templates = [self.value(node, place) for node in nodes]
        parts = [(template.evaluate, template.spreads) for template in templates]

        def evaluate(run: Run, scope: Scope) -> Any:
            made: list[Any] = []
            for part, spreads in parts:
                value = part(run, scope)
                if spreads and isinstance(value, list):
                    made.extend(value)
                elif value is not None:
                    made.append(value)
            return made or None

        return Template(evaluate, all(template.is_constant for template in templates), spreads=True)

    def _loop(self, node: Node, members: Mapping[str, Node], place: Place) -> Template:
        self.known(members, frozenset({"for", "do", "required"}))
        path = self.path(members["for"], place)
        if path is None:
            return NOTHING
        each = self.value(members["do"], place.within(path))
        is_required = self.flag(members, "required")
        do, spreads, source = each.evaluate, each.spreads, path.absolute
        every = self.items(path, place)

        def evaluate(run: Run, scope: Scope) -> Any:
            made: list[Any] = []
            for item in every(run, scope):
                value = do(run, (item, *scope))
                if spreads and isinstance(value, list):
                    made.extend(value)
                elif value is not None:
                    made.append(value)
            if is_required and not made:
                run.refuse(source, "required")
            return made or None

        return Template(evaluate, spreads=True)

    def items(self, path: Path | Variable, place: Place) -> Callable[[Run, Scope], list[Any]]:
        """What a loop goes over, once what stands in it is compiled: of JSON, objects where fields of the item are read."""
        every, source = path.every, path.absolute
        if self.form != "json" or place.within(path).frames[0] not in self.of_objects:
            return every

        def objects(run: Run, scope: Scope) -> list[Any]:
            items = every(run, scope)
            if not all(isinstance(item, dict) for item in items):
                run.refuse(source, "not-an-object")
                return []
            return items

        return objects

    def flag(self, members: Mapping[str, Node], key: str) -> bool:
        """A boolean key; false when it is not there."""
        node = members.get(key)
        if node is not None and not isinstance(node.value, bool):
            self.fault(node, f"{key} is true or false")
        return node is not None and node.value is True

    def _conditional(self, node: Node, members: Mapping[str, Node], place: Place) -> Template:
        self.known(members, frozenset({"if", "equals", "in", "then", "else"}))
        if not members.keys() & {"then", "else"}:
            return self.fault(node, "a conditional needs then or else: {if: status, equals: a, then: x}")
        holds = self.test(members, place)
        yes, no = (self.value(members[key], place) if key in members else NOTHING for key in ("then", "else"))

        def evaluate(run: Run, scope: Scope) -> Any:
            return (yes if holds(run, scope) else no).evaluate(run, scope)

        return Template(evaluate, spreads=yes.spreads or no.spreads)

    def _member(self, key: str, node: Node, place: Place) -> Template:
        if self.target == "fhir" and key in SENSITIVE:
            self._check_protected(node, place)
        template = self.value(node, place)
        if place.target not in self.protected:
            return template
        self.covered.add(place.target)
        inner = template.evaluate

        def evaluate(run: Run, scope: Scope) -> Any:
            # Read all the same: what is traced, unmapped or refused tells the sender nothing of a flag that others set.
            value = inner(run, scope)
            return None if run.context.protected else value

        return replace(template, evaluate=evaluate)

    def _check_protected(self, node: Node, place: Place) -> None:
        if not any(f"{place.target}.".startswith(f"{path}.") for path in self.protected):
            self.fault(
                node,
                f"{place.target or 'this condition'} has to do with where a person is: list it under protected",
            )
