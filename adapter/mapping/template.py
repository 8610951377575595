"""What compiled values are, and the places that they stand in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias

from adapter.mapping.evaluation import Evaluator, Run, Scope
from adapter.mapping.paths import ROOT, Frame, Path, Variable
from adapter.mapping.steps import as_text

Target: TypeAlias = Literal["fhir", "push", "csv", "hl7v2"]
Test: TypeAlias = Callable[[Run, Scope], bool]


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a mapping a value stands: the loops around it, its target element, and the variables that it may read."""

    frames: tuple[Frame, ...] = (ROOT,)
    target: str = ""
    variables: frozenset[str] = frozenset()

    def at(self, key: str) -> Place:
        """The place of a member of the target."""
        return replace(self, target=f"{self.target}.{key}" if self.target else key)

    def within(self, path: Path | Variable) -> Place:
        """The place inside a loop over ``path``."""
        segment = path.segment if isinstance(path, Path) else None
        return replace(self, frames=(Frame(path.absolute, segment), *self.frames))


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled value. ``spreads``: in a list its members take its place. ``source``: what it reads, for reports.

    ``constant`` is the value itself where it is a constant scalar; a list or object is built anew each time.
    """

    evaluate: Evaluator
    is_constant: bool = False
    spreads: bool = False
    source: str = ""
    constant: str | int | float | None = None


NOTHING: Final = Template(lambda _run, _scope: None)
"""Stands for a value that could not be compiled; its fault is noted."""


def constant(value: Any) -> Template:
    """A constant scalar."""
    return Template(lambda _run, _scope: value, is_constant=True, constant=value)


def joined(pieces: list[str | Evaluator], source: str) -> Template:
    """Text of constant pieces and of values; a single value keeps its type."""
    if all(isinstance(piece, str) for piece in pieces):
        return constant("".join(piece for piece in pieces if isinstance(piece, str)))
    if len(pieces) == 1 and not isinstance(pieces[0], str):
        return Template(pieces[0], source=source)

    def evaluate(run: Run, scope: Scope) -> Any:
        texts = [piece if isinstance(piece, str) else piece(run, scope) for piece in pieces]
        return None if None in texts else "".join(map(as_text, texts))

    return Template(evaluate, source=source)
