"""The resources of a mapping to FHIR: their names, loops, conditions and deterministic ids, and the references between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from adapter.domain.located import Node
from adapter.mapping.compilation import Compilation, RuleCompiler
from adapter.mapping.evaluation import Evaluator, Run, Scope
from adapter.mapping.paths import ROOT, Frame, Path, Variable
from adapter.mapping.rules import compile_rule, finished
from adapter.mapping.steps import as_text
from adapter.mapping.template import NOTHING, Place, Template, Test

RESOURCE_KEYS: Final = frozenset({"name", "for", "if", "equals", "in", "id", "let", "resource"})
REFERENCES: Final = {"reference": "to", "record_id": "of"}
Let: TypeAlias = tuple[tuple[str, Evaluator], ...]


@dataclass(frozen=True, slots=True)
class Declared:
    """A resource as the file declares it: what references to it are compiled from."""

    name: str
    type: str
    members: Mapping[str, Node]


@dataclass(frozen=True, slots=True)
class Resource:
    """A compiled resource: one for each of ``each``'s items for which ``holds``."""

    name: str
    each: Evaluator
    holds: Test
    record_id: Evaluator
    let: Let
    template: Template

    def made(self, run: Run) -> Iterator[dict[str, Any]]:
        """The resources that the source gives."""
        root = (run.root,)
        for item in self.each(run, root) or ():
            scope = root if item is run.root else (item, *root)
            if not self.holds(run, scope):
                continue
            run.record_id = self.record_id(run, scope)
            set_variables(run, scope, self.let)
            body = self.template.evaluate(run, scope)
            yield {"resourceType": body.pop("resourceType"), "id": run.record_id} | body


def set_variables(run: Run, scope: Scope, let: Let) -> None:
    """Evaluate ``let`` in its order; each value can be read by the next."""
    run.variables = {}
    for name, evaluate in let:
        run.variables[name] = evaluate(run, scope)


def compile_let(compilation: Compilation, node: Node | None, place: Place) -> tuple[Let, Place]:
    """Compile ``let``; the place that is given back knows its variables."""
    if node is None:
        return (), place
    if not isinstance(node.value, dict):
        compilation.fault(node, "let is an object: name: value")
        return (), place
    let: list[tuple[str, Evaluator]] = []
    for name, value in node.value.items():
        let.append((f"${name}", compilation.value(value, place.at(f"${name}")).evaluate))
        place = replace(place, variables=place.variables | {f"${name}"})
    return tuple(let), place


def declared(compilation: Compilation, nodes: list[Node]) -> dict[str, Declared]:
    """Read the declarations of ``resources``."""
    found: dict[str, Declared] = {}
    for node in nodes:
        members = node.value if isinstance(node.value, dict) else {}
        compilation.known(members, RESOURCE_KEYS)
        missing = sorted({"name", "id", "resource"} - members.keys())
        if missing:
            compilation.fault(node, f"a resource needs {', '.join(missing)}")
            continue
        name, kind = str(members["name"].value), _resource_type(members["resource"])
        if kind is None:
            compilation.fault(members["resource"], "resource is an object with a constant resourceType")
        elif name in found:
            compilation.fault(members["name"], f"the resource {name} stands twice")
        else:
            found[name] = Declared(name, kind, members)
    return found


def compile_resource(compilation: Compilation, resource: Declared) -> Resource:
    """Compile one declared resource; ``compilation.rule`` must be ``rules_with`` all declared ones."""
    members = resource.members
    place, path = _each(compilation, members)
    record_id = _record_id(
        compilation, resource, replace(place, target=f"{resource.type}.id"), is_required=True
    )
    let, place = compile_let(compilation, members.get("let"), replace(place, target=resource.type))
    fields = members["resource"].value
    holds = _condition(compilation, members, replace(place, variables=frozenset()))
    template = compilation.object(fields if isinstance(fields, dict) else {}, place, stays=True)
    each: Evaluator = (lambda run, _scope: (run.root,)) if path is None else compilation.items(path, Place())
    return Resource(resource.name, each, holds, record_id, let, template)


def rules_with(resources: Mapping[str, Declared]) -> RuleCompiler:
    """A rule compiler that also knows ``reference`` and ``record_id`` to these resources."""

    def compile_any(
        compilation: Compilation, node: Node, members: Mapping[str, Node], place: Place
    ) -> Template:
        using = members["using"].value if "using" in members else None
        if using not in REFERENCES:
            return compile_rule(compilation, node, members, place)
        naming = REFERENCES[str(using)]
        compilation.known(members, frozenset({"using", "id", "default", "required", naming}))
        if using == "record_id" and naming not in members:
            return Template(lambda run, _scope: run.record_id)
        resource = resources.get(str(members[naming].value)) if naming in members else None
        if resource is None:
            return compilation.fault(node, f"{using} needs {naming}: the name of a resource of this mapping")
        read = _referred_id(compilation, node, members, resource, place)
        if using == "reference":
            read = _as_reference(read, resource.type)
        return finished(compilation, members, place, read, [], place.target)

    return compile_any


def _resource_type(node: Node) -> str | None:
    kind = node.value.get("resourceType") if isinstance(node.value, dict) else None
    return kind.value if kind is not None and isinstance(kind.value, str) and kind.value.isalpha() else None


def _each(compilation: Compilation, members: Mapping[str, Node]) -> tuple[Place, Path | Variable | None]:
    place = Place()
    path = compilation.path(members["for"], place) if "for" in members else None
    return place if path is None else place.within(path), path


def _condition(compilation: Compilation, members: Mapping[str, Node], place: Place) -> Test:
    if "if" in members:
        return compilation.test(members, place)
    for key in members.keys() & {"equals", "in"}:
        compilation.fault(members[key], f"{key} needs if")
    return lambda _run, _scope: True


def _record_id(
    compilation: Compilation, resource: Declared, place: Place, *, is_required: bool, node: Node | None = None
) -> Evaluator:
    node = node or resource.members["id"]
    if not isinstance(node.value, list) or not node.value:
        compilation.fault(node, "id is a list of values")
        return NOTHING.evaluate
    parts = [compilation.value(part, place) for part in node.value]

    def evaluate(run: Run, scope: Scope) -> str | None:
        values = [part.evaluate(run, scope) for part in parts]
        for part, value in zip(parts, values, strict=True):
            if value is None and is_required:
                run.refuse(part.source, "required")
        if None in values:
            return None
        return run.context.record_id(resource.type, *map(as_text, values))

    return evaluate


def _referred_id(
    compilation: Compilation, node: Node, members: Mapping[str, Node], resource: Declared, place: Place
) -> Evaluator:
    if "id" in members:
        return _record_id(compilation, resource, place, is_required=False, node=members["id"])
    depth = _depth_of(compilation, resource, place)
    if depth is None:
        compilation.fault(node, f"{resource.name} has a loop: stand in a loop over the same path, or give id")
        return NOTHING.evaluate
    there = Place(place.frames[depth:])
    read = _record_id(compilation, resource, replace(there, target=place.target), is_required=False)
    holds = _condition(compilation, resource.members, there)

    def evaluate(run: Run, scope: Scope) -> Any:
        scope = scope[depth:]
        return read(run, scope) if holds(run, scope) else None

    return evaluate


def _depth_of(compilation: Compilation, resource: Declared, place: Place) -> int | None:
    """How many loops out the item is that the resource belongs to."""
    if "for" not in resource.members:
        return len(place.frames) - 1
    path = compilation.path(resource.members["for"], Place((ROOT,)))
    wanted = None if path is None else path.absolute
    return next((depth for depth, frame in enumerate(place.frames) if _is_over(frame, wanted)), None)


def _is_over(frame: Frame, path: str | None) -> bool:
    return frame is not ROOT and frame.path == path


def _as_reference(read: Evaluator, resource_type: str) -> Evaluator:
    def evaluate(run: Run, scope: Scope) -> dict[str, str] | None:
        record_id = read(run, scope)
        return None if record_id is None else {"reference": f"{resource_type}/{record_id}"}

    return evaluate
