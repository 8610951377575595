"""What a mutant is: one small change to a module's syntax tree, such as a programmer could make by mistake."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

_Node = TypeVar("_Node", bound=ast.AST)

_COMPARISONS: Final[dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
}
_OPERATIONS: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
}
_FUNCTIONS: Final = {"any": "all", "all": "any", "min": "max", "max": "min", "sorted": "list"}
_METHODS: Final = {
    "union": "intersection",
    "intersection": "union",
    "startswith": "endswith",
    "endswith": "startswith",
    "removeprefix": "removesuffix",
    "removesuffix": "removeprefix",
    "fullmatch": "match",
}
_RESULTS: Final = {
    "bool": ("True", "False"),
    "bool | None": ("True", "False", "None"),
    "tuple": ("()",),
    "list": ("[]",),
    "dict": ("{}",),
    "set": ("set()",),
    "frozenset": ("frozenset()",),
}
"""What a function of that return type gives back when it forgets its work."""
_TYPES: Final = frozenset({"Callable", "Literal", "Mapping", "dict", "frozenset", "list", "set", "tuple"})
"""What is subscripted here is a type."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node hangs in the tree; ``index`` where the parent's field is a list."""

    parent: ast.AST
    field: str
    index: int | None

    def hang(self, node: ast.AST) -> None:
        """Put another node there."""
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change to a module. ``name`` stays when lines move: the function, what stood there, and what stands there now."""

    module: str
    function: str
    name: str
    line: int
    place: Place
    replacement: ast.AST

    def apply(self) -> None:
        """Change the tree that the mutant was made from; there is no way back, so only in a process of its own."""
        self.place.hang(self.replacement)


def mutants_of(tree: ast.Module, module: str) -> list[Mutant]:
    """Every mutant of a module, in the order of the source; the names are unique."""
    seen: Counter[str] = Counter()
    mutants = []
    for place, node, scope in _changeable(tree, module.rpartition(".")[2]):
        for replacement in _changes(node, place):
            text = f"{scope}: {_text(node)} -> {_text(replacement)}"
            seen[text] += 1
            name = text if seen[text] == 1 else f"{text} #{seen[text]}"
            mutants.append(
                Mutant(
                    module,
                    scope,
                    name,
                    getattr(node, "lineno", getattr(place.parent, "lineno", 0)),
                    place,
                    replacement,
                )
            )
    return mutants


def _text(node: ast.AST) -> str:
    """A node in source; of a statement with a body its first line."""
    return ast.unparse(node).strip().partition("\n")[0]


def _changeable(node: ast.AST, scope: str) -> Iterator[tuple[Place, ast.AST, str]]:
    """Every node, each in its function, but types, words for people, and the members of enumerations."""
    for field, content in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "bases"):
            continue
        for index, child in enumerate(content if isinstance(content, list) else [content]):
            if not isinstance(child, ast.AST) or _is_left_alone(child):
                continue
            inner = f"{scope}.{child.name}" if isinstance(child, ast.FunctionDef | ast.ClassDef) else scope
            yield Place(node, field, index if isinstance(content, list) else None), child, inner
            yield from _changeable(child, inner)


def _is_left_alone(node: ast.AST) -> bool:
    match node:
        case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Subscript(value=ast.Name(id=name)) if name in _TYPES:
            return True
        case ast.Assign(targets=[ast.Name(id="__all__")]):
            return True
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id="super"))))):
            return True  # without it the function has no closure to be grafted into
        case (
            ast.Call(func=ast.Name(id="TypeError" | "ValueError"))
            | ast.ClassDef(bases=[ast.Name(id="StrEnum")])
        ):
            return True
    return False


def _changes(node: ast.AST, place: Place) -> Iterator[ast.AST]:
    if (
        isinstance(place.parent, ast.FunctionDef)
        and place.field == "body"
        and place.index == _start(place.parent)
    ):
        yield from _forgotten(place.parent, node)
    match node:
        case ast.expr():
            yield from _of_expression(node)
        case ast.stmt():
            yield from _of_statement(node)
        case ast.comprehension(ifs=[_, *_]):
            yield from (_with(node, ifs=rest) for rest in _each_left_out(node.ifs))
        case ast.ExceptHandler(type=ast.Tuple(elts=types)):
            yield from (_with(node, type=ast.Tuple(rest, ast.Load())) for rest in _each_left_out(types))


def _of_expression(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.Compare(ops=ops):
            yield from _compared(node, ops)
        case ast.BoolOp(op=op, values=values):
            yield _with(node, op=ast.And() if isinstance(op, ast.Or) else ast.Or())
            yield from (
                rest[0] if len(rest) == 1 else _with(node, values=rest) for rest in _each_left_out(values)
            )
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand
        case ast.BinOp(left=left, op=op):
            yield left
            if type(op) in _OPERATIONS:
                yield _with(node, op=_OPERATIONS[type(op)]())
        case ast.IfExp(test=test):
            yield _with(node, test=_not(test))
        case ast.Constant(value=value):
            yield from (ast.Constant(other) for other in _other_constants(value))
        case ast.Call():
            yield from _called(node)


def _of_statement(node: ast.stmt) -> Iterator[ast.stmt]:
    match node:
        case ast.If(test=test) | ast.While(test=test):
            yield _with(node, test=_not(test))
        case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
            yield _with(node, value=ast.Constant(None))
        case ast.Match(cases=cases):
            yield from (_with(node, cases=rest) for rest in _each_left_out(cases))
        case ast.Expr(value=ast.Call() | ast.Yield() | ast.YieldFrom()):
            yield ast.Pass()
        case ast.AugAssign() | ast.Raise() | ast.Continue() | ast.Delete():
            yield ast.Pass()
        case ast.Assign(targets=[ast.Subscript() | ast.Attribute()]):
            yield ast.Pass()


def _compared(node: ast.Compare, ops: Sequence[ast.cmpop]) -> Iterator[ast.expr]:
    for place, op in enumerate(ops):
        for other in _COMPARISONS[type(op)]:
            yield _with(node, ops=[*ops[:place], other(), *ops[place + 1 :]])


def _called(node: ast.Call) -> Iterator[ast.expr]:
    match node.func:
        case ast.Name(id=name) if name in _FUNCTIONS:
            yield _with(node, func=ast.Name(_FUNCTIONS[name], ast.Load()))
        case ast.Name(id="all_of"):
            yield from (_with(node, args=rest) for rest in _each_left_out(node.args))
        case ast.Attribute(value=value, attr=name) if name in _METHODS:
            yield _with(node, func=ast.Attribute(value, _METHODS[name], ast.Load()))
        case ast.Attribute(value=value, attr="difference"):
            yield value
        case ast.Attribute(attr="isdisjoint"):
            yield _not(node)


def _other_constants(value: object) -> Iterator[bool | int | str]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value - 1)
    elif isinstance(value, str):
        yield f"{value}~"


def _start(function: ast.FunctionDef) -> int:
    """The index of the first statement behind the docstring."""
    return 0 if ast.get_docstring(function) is None else 1


def _forgotten(function: ast.FunctionDef, first: ast.AST) -> Iterator[ast.stmt]:
    """The first statement of a function made to return at once."""
    kind = "" if function.returns is None else ast.unparse(function.returns)
    for result in _RESULTS.get(kind, _RESULTS.get(kind.partition("[")[0], ())):
        statement = ast.parse(f"return {result}").body[0]
        if ast.unparse(statement) != ast.unparse(first):
            yield statement


def _each_left_out(nodes: Sequence[_Node]) -> Iterator[list[_Node]]:
    return ([*nodes[:place], *nodes[place + 1 :]] for place in range(len(nodes)))


def _not(test: ast.expr) -> ast.expr:
    return ast.UnaryOp(ast.Not(), test)


def _with(node: _Node, **fields: object) -> _Node:
    """The node with other fields."""
    return type(node)(**{name: getattr(node, name) for name in node._fields} | fields)
