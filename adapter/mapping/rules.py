"""Field rules, compiled: a source value, turned by a named function and looked up in a table, with default and required.

The language is described in docs/mappings.md, "Field rule". References to other resources are in ``resources``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from adapter.domain.errors import Issue, MappingError
from adapter.domain.located import Node
from adapter.mapping.compilation import Compilation
from adapter.mapping.evaluation import Evaluator, Run, Scope, TraceRow
from adapter.mapping.functions import FUNCTIONS, Function
from adapter.mapping.screening import CutOffs
from adapter.mapping.steps import as_text
from adapter.mapping.tables import Table
from adapter.mapping.template import Place, Template

Turn: TypeAlias = Callable[[Run, Scope, Any], Any]

RULE_KEYS: Final = frozenset({"from", "using", "table", "column", "default", "required"})


def compile_rule(compilation: Compilation, node: Node, members: Mapping[str, Node], place: Place) -> Template:
    """Compile a rule whose function, if any, is one of the named functions."""
    function = _function(compilation, members)
    compilation.known(
        members, RULE_KEYS | (function.required | function.optional if function else frozenset())
    )
    read, source = _source(compilation, node, members, function, place)
    turns = [
        _called(compilation, node, members, function, place, source) if function else None,
        _looked_up(compilation, members, source, place.target) if "table" in members else None,
    ]
    if "column" in members and "table" not in members:
        compilation.fault(members["column"], "column needs a table")
    return finished(compilation, members, place, read, [turn for turn in turns if turn], source)


def finished(
    compilation: Compilation,
    members: Mapping[str, Node],
    place: Place,
    read: Evaluator,
    turns: list[Turn],
    source: str,
) -> Template:
    """A rule that reads, turns, and for want of a value takes ``default`` or obeys ``required``."""
    default = compilation.value(members["default"], place) if "default" in members else None
    is_required, by_default = compilation.flag(members, "required"), TraceRow(source, place.target, "default")

    def evaluate(run: Run, scope: Scope) -> Any:
        value = read(run, scope)
        try:
            for turn in turns:
                if value is not None:
                    value = turn(run, scope, value)
        except MappingError as error:
            run.issues.extend(error.issues)
            return None
        if value is None and default is not None:
            value = default.evaluate(run, scope)
            if run.trace is not None and value is not None:
                run.trace.append(by_default)
        if value is None and is_required:
            run.refuse(source, "required")
        return value

    return Template(evaluate, spreads=default is not None and default.spreads, source=source)


def _function(compilation: Compilation, members: Mapping[str, Node]) -> Function | None:
    node = members.get("using")
    if node is None:
        return None
    function = FUNCTIONS.get(str(node.value))
    if function is None:
        compilation.fault(
            node, f"there is no function {node.value}; known are {', '.join(sorted(FUNCTIONS))}"
        )
    return function


def _source(
    compilation: Compilation, node: Node, members: Mapping[str, Node], function: Function | None, place: Place
) -> tuple[Evaluator, str]:
    """What the rule reads, and its path for reports. A function without a source reads a mark that is merely not None."""
    if function is not None and function.source == "none":
        if "from" in members:
            compilation.fault(members["from"], f"{members['using'].value} takes no from")
        source = place.frames[0].path or place.target
        compilation.lines.setdefault(source, node.line)
        return (lambda _run, _scope: ()), source
    if "from" not in members:
        if function is not None:
            compilation.fault(node, f"{members['using'].value} needs from")
        return (lambda _run, _scope: None), place.target
    path = compilation.path(members["from"], place)
    if path is None:
        return (lambda _run, _scope: None), place.target
    if function is not None and function.source == "every":
        every = path.every
        return (lambda run, scope: every(run, scope) or None), path.absolute
    return compilation.reader(path, place), path.absolute


def _called(
    compilation: Compilation,
    node: Node,
    members: Mapping[str, Node],
    function: Function,
    place: Place,
    source: str,
) -> Turn:
    for name in sorted(function.required - members.keys()):
        compilation.fault(node, f"{members['using'].value} needs {name}")
    arguments = [
        (name, _argument(compilation, name, members[name], place))
        for name in sorted((function.required | function.optional) & members.keys())
    ]
    call = function.call

    def turn(run: Run, scope: Scope, value: Any) -> Any:
        given = {name: argument(run, scope) for name, argument in arguments}
        try:
            return call(value, {name: given[name] for name in given if given[name] is not None}, run.context)
        except MappingError as error:
            raise MappingError(_beneath(source, issue) for issue in error.issues) from None

    return turn


def _argument(compilation: Compilation, name: str, node: Node, place: Place) -> Evaluator:
    if name != "cut_offs":
        return compilation.value(node, place).evaluate
    cut_offs = compilation.terminology.cut_offs.get(str(node.value))
    if cut_offs is None:
        return compilation.fault(node, f"there are no cut-offs {node.value}").evaluate

    def used(run: Run, _scope: Scope) -> CutOffs:
        run.cut_offs.add(cut_offs.url)
        return cut_offs

    return used


def _beneath(source: str, issue: Issue) -> Issue:
    return Issue(".".join(part for part in (source, issue.path) if part), issue.code, issue.severity)


def _looked_up(compilation: Compilation, members: Mapping[str, Node], source: str, target: str) -> Turn:
    node = members["table"]
    table = compilation.tables.get(str(node.value)) or compilation.terminology.tables.get(str(node.value))
    column = _column(compilation, members, table)
    if table is None:
        compilation.fault(
            node,
            f"there is no table {node.value}; write it under tables, or take one of {_known(compilation)}",
        )
        return lambda _run, _scope, value: value
    rows, default, name = table.rows, table.default, str(node.value)
    traced = {code: TraceRow(source, target, f"{name}[{code}]") for code in rows}
    by_default = TraceRow(source, target, f"{name}[default]")
    compilation.rows |= {row.row for row in traced.values()}

    def turn(run: Run, scope: Scope, value: Any) -> Any:
        code = as_text(value)
        if code not in rows and default is None:
            raise MappingError([Issue(source, "code-unknown")])
        if code not in rows:
            run.issues.append(Issue(source, "table-default", "warning"))
        if run.trace is not None:
            run.trace.append(traced.get(code, by_default))
        row = rows.get(code, default)
        return _fresh(row if column is None else row.get(column))

    return turn


def _known(compilation: Compilation) -> str:
    return ", ".join(sorted({*compilation.tables, *compilation.terminology.tables}))


def _column(compilation: Compilation, members: Mapping[str, Node], table: Table | None) -> str | None:
    node = members.get("column")
    if node is None or table is None:
        return None
    rows = [row for row in (*table.rows.values(), table.default) if row is not None]
    if not all(isinstance(row, dict) for row in rows) or not any(node.value in row for row in rows):
        compilation.fault(node, f"the table has no column {node.value}; its rows have {_columns(rows)}")
    return str(node.value)


def _columns(rows: list[Any]) -> str:
    return ", ".join(sorted({key for row in rows if isinstance(row, dict) for key in row})) or "none"


def _fresh(value: Any) -> Any:
    """A copy, so that whoever changes a result does not change the table."""
    if isinstance(value, dict):
        return {key: _fresh(member) for key, member in value.items()}
    return [_fresh(member) for member in value] if isinstance(value, list) else value
