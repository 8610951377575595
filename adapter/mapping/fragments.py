"""Fragments: parts of a target that mappings include, each time with values of their own (docs/mappings.md, "Fragments").

A fragment reads nothing of the source: its paths lead into the object that ``with`` gives. It is compiled at load where it is included, so that
what is said of a value names the source path that gave it, and the fragment's own file and line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from adapter.domain.errors import ConfigurationError, Fault
from adapter.domain.located import Node, locate
from adapter.mapping.compilation import Compilation
from adapter.mapping.evaluation import Run, Scope
from adapter.mapping.paths import Path
from adapter.mapping.rules import compile_rule
from adapter.mapping.tables import Fragment, read_table
from adapter.mapping.template import Place, Template

INCLUSION_KEYS: Final = frozenset({"include", "with"})
_REQUIRED: Final = frozenset({"fragment", "with", "value"})


def load_fragments(files: Mapping[str, str], concept_maps: Mapping[str, str]) -> dict[str, Fragment]:
    """Read fragment files: texts by path. Raises ConfigurationError with all faults of all files."""
    faults: list[Fault] = []
    found: dict[str, Fragment] = {}
    for path, text in sorted(files.items()):
        try:
            node = locate(text, path)
            fragment = _read(node, concept_maps, faults)
        except ConfigurationError as error:
            faults.extend(error.faults)
            continue
        if fragment is not None and found.setdefault(fragment.name, fragment) is not fragment:
            faults.append(node.fault(f"the fragment {fragment.name} is defined twice"))
    if faults:
        raise ConfigurationError(faults)
    return found


def _read(node: Node, concept_maps: Mapping[str, str], faults: list[Fault]) -> Fragment | None:
    members = node.value if isinstance(node.value, dict) else {}
    name = members["fragment"].value if "fragment" in members else None
    given = members["with"].plain() if "with" in members else None
    tables = members["tables"].value if "tables" in members else {}
    for key in members.keys() - _REQUIRED - {"tables"}:
        faults.append(members[key].fault(f"the key {key} is unknown here"))
    if not (isinstance(name, str) and isinstance(given, list) and "value" in members) or not all(
        isinstance(one, str) for one in given
    ):
        faults.append(
            node.fault("a fragment needs fragment, its name; with, the names it is given; and value")
        )
        return None
    if not isinstance(tables, dict):
        faults.append(members["tables"].fault("tables is an object: name: {rows: ...}"))
        return None
    own = {key: read_table(table, concept_maps, faults) for key, table in tables.items()}
    return Fragment(name, frozenset(given), own, members["value"])


def compile_inclusion(
    compilation: Compilation, node: Node, members: Mapping[str, Node], place: Place
) -> Template:
    """Compile a fragment at the place that includes it."""
    compilation.known(members, INCLUSION_KEYS)
    name, values = str(members["include"].value), members["with"].value
    fragment = compilation.terminology.fragments.get(name)
    opened, line = (
        (compilation.opened, compilation.line) if isinstance(compilation, _Within) else ((), node.line)
    )
    if fragment is None:
        known = ", ".join(sorted(compilation.terminology.fragments)) or "none"
        return compilation.fault(members["include"], f"there is no fragment {name}; there are {known}")
    if not isinstance(values, dict):
        return compilation.fault(members["with"], "with is an object: name: value")
    if name in opened:
        return compilation.fault(node, f"fragments include each other: {' > '.join((*opened, name))}")
    for key in values.keys() - fragment.given:
        compilation.fault(values[key], f"{name} takes no {key}; it takes {_listed(fragment)}")
    parts = {
        key: compilation.value(value, place.at(f"({name}.{key})"))
        for key, value in values.items()
        if key in fragment.given
    }
    inside = _Within.of(compilation, fragment, parts, opened, line)
    return _included(inside.value(fragment.value, Place(target=place.target)), parts)


def _included(template: Template, parts: Mapping[str, Template]) -> Template:
    """Left out as an object is: when of what it is given only constants have a value."""
    inner = template.evaluate
    values = [(key, part.evaluate, not part.is_constant) for key, part in parts.items()]
    always = all(part.is_constant for part in parts.values())

    def evaluate(run: Run, scope: Scope) -> Any:
        given: dict[str, Any] = {}
        is_fed = always
        for key, part, feeds in values:
            if (value := part(run, scope)) is not None:
                given[key] = value
                is_fed = is_fed or feeds
        return inner(run, (given,)) if is_fed else None

    return replace(template, evaluate=evaluate, is_constant=template.is_constant and always, constant=None)


@dataclass(slots=True, kw_only=True)
class _Within(Compilation):
    """The compiling of a fragment where it is included: ``sources`` are the source paths of what it is given, where they are known."""

    fragment: Fragment
    sources: Mapping[str, str]
    opened: tuple[str, ...]
    line: int

    @staticmethod
    def of(
        outer: Compilation,
        fragment: Fragment,
        parts: Mapping[str, Template],
        opened: tuple[str, ...],
        line: int,
    ) -> _Within:
        """Inside ``fragment``, which the file of ``outer`` includes in ``line``; faults and rows are noted with the outer's."""
        return _Within(
            form="json",
            target=outer.target,
            terminology=outer.terminology,
            tables=fragment.tables,
            protected=outer.protected,
            columns=None,
            rule=compile_rule,
            include=compile_inclusion,
            faults=outer.faults,
            covered=outer.covered,
            lines=outer.lines,
            within=outer.within,
            rows=outer.rows,
            fragment=fragment,
            sources={key: part.source for key, part in parts.items() if part.source},
            opened=(*opened, fragment.name),
            line=line,
        )

    def noted(self, node: Node, path: Path, place: Place) -> Path:
        """A path into what the fragment is given, known by the source path of that where there is one."""
        where = f"{node.file}:{node.line}"
        absolute = path.absolute
        if path.depth == len(place.frames) - 1:
            head, _, rest = absolute.partition(".")
            if head not in self.fragment.given:
                self.fault(
                    node, f"{self.fragment.name} is given no {head}; it takes {_listed(self.fragment)}"
                )
            source = self.sources.get(head)
            absolute = source if source and not rest else f"{self.fragment.name}.{absolute}"
        self.lines.setdefault(absolute, self.line)
        self.within.setdefault(absolute, where)
        return replace(path, absolute=absolute, within=where)


def _listed(fragment: Fragment) -> str:
    return ", ".join(sorted(fragment.given)) or "nothing"
