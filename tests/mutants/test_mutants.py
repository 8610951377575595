"""The runner of mutants: what it changes, that the change reaches whoever holds the function, and what it lets pass."""

from __future__ import annotations

import ast
import io
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType

import pytest
from rich.console import Console

from tests.mutants.graft import graft
from tests.mutants.operators import Mutant, mutants_of
from tests.mutants.report import report
from tests.mutants.trial import Outcome, Trial


def texts(source: str) -> set[str]:
    return {mutant.name.removeprefix("m: ") for mutant in mutants_of(ast.parse(source), "m")}


@pytest.mark.parametrize(
    ("source", "changed"),
    [
        ("a == b", {"a == b -> a != b"}),
        ("a < b", {"a < b -> a <= b", "a < b -> a >= b"}),
        ("a is not b", {"a is not b -> a is b"}),
        ("a and b", {"a and b -> a or b", "a and b -> a", "a and b -> b"}),
        ("not a", {"not a -> a"}),
        ("a | b", {"a | b -> a", "a | b -> a & b"}),
        ("a.union(b)", {"a.union(b) -> a.intersection(b)", "a.union(b) -> pass"}),
        ("x = any(a)", {"any(a) -> all(a)"}),
        ("x = all_of(a, b)", {"all_of(a, b) -> all_of(b)", "all_of(a, b) -> all_of(a)"}),
        ("x = 1", {"1 -> 2", "1 -> 0"}),
        ("x = 'a'", {"'a' -> 'a~'"}),
        ("x = [y for y in z if y]", {"for y in z if y -> for y in z"}),
        ("if a:\n    b", {"if a: -> if not a:"}),
        ("raise a", {"raise a -> pass"}),
        ("a[b] = c", {"a[b] = c -> pass"}),
        ("try:\n    a\nexcept (b, c):\n    d", {"except (b, c): -> except (c,):", "except (b, c): -> except (b,):"}),
        ("x: Literal['a']", set()),
        ("x: Final = Literal['a']", set()),
        ("'words'", set()),
    ],
)  # fmt: skip
def test_what_is_changed(source: str, changed: set[str]) -> None:
    assert texts(source) == changed


def test_a_function_forgets_its_work() -> None:
    (whole,) = [
        mutant
        for mutant in mutants_of(ast.parse("def f() -> bool:\n    '''Words.'''\n    return a"), "m")
        if ast.unparse(mutant.replacement) == "return True"
    ]
    assert (whole.function, whole.name, whole.line) == ("m.f", "m.f: return a -> return True", 3)


def test_names_are_unique_and_stay_when_lines_move() -> None:
    source = "def f():\n    a(1)\n    b(1)"
    names = [mutant.name for mutant in mutants_of(ast.parse(source), "m")]
    assert names.count("m.f: 1 -> 2") == names.count("m.f: 1 -> 2 #2") == 1
    assert names == [mutant.name for mutant in mutants_of(ast.parse(f"\n\n{source}"), "m")]


SOURCE = """
from functools import cache, cached_property

LIMIT = 3

def plain(): return LIMIT

@cache
def cached(): return 1

class Thing:
    @property
    def one(self): return 1
    @cached_property
    def two(self): return 1
    @classmethod
    def three(cls, given=1): return given
"""


@pytest.fixture
def module(tmp_path: Path) -> Iterator[ModuleType]:
    name = "tests.mutants.grafted"
    module = ModuleType(name)
    module.__file__ = str(tmp_path / "grafted.py")
    exec(SOURCE, vars(module))  # noqa: S102  # the source above
    sys.modules[name] = module
    yield module
    del sys.modules[name]


def test_a_graft_reaches_whoever_holds_the_function(module: ModuleType) -> None:
    plain, cached, thing = module.plain, module.cached, module.Thing()
    assert (plain(), cached(), thing.one, thing.two, thing.three()) == (3, 1, 1, 1, 1)
    graft(ast.parse(SOURCE.replace("1", "2").replace("3", "4")), module)
    fresh = module.Thing()
    assert (plain(), cached(), thing.one, fresh.two, thing.three()) == (4, 2, 2, 2, 2)


def trial(outcome: Outcome, name: str = "m.f: 1 -> 2") -> Trial:
    (mutant, *_) = mutants_of(ast.parse("def f():\n    a(1)"), "m")
    return Trial(Mutant(mutant.module, mutant.function, name, 2, mutant.place, mutant.replacement), outcome)


KILLED = [trial(Outcome.KILLED, f"killed {number}") for number in range(30)]


@pytest.mark.parametrize(
    ("trials", "explained", "is_good"),
    [
        (KILLED, {}, True),
        ([*KILLED, trial(Outcome.OUT_OF_TIME)], {}, True),
        ([*KILLED, trial(Outcome.SURVIVED)], {}, False),
        ([*KILLED, trial(Outcome.SURVIVED)], {"m.f: 1 -> 2": "why"}, True),
        ([*KILLED[:10], trial(Outcome.SURVIVED)], {"m.f: 1 -> 2": "why"}, False),
        (KILLED, {"killed 0": "why"}, False),
        (KILLED, {"gone": "why"}, False),
    ],
)
def test_a_run_is_good_if_most_are_killed_and_the_others_explained(
    trials: list[Trial], explained: Mapping[str, str], is_good: bool
) -> None:
    console, known = Console(file=io.StringIO()), {trial.mutant.name for trial in trials}
    assert report(console, trials, explained, known, whole=True) is is_good


def test_an_explanation_of_another_module_is_not_out_of_date_in_a_run_of_one() -> None:
    known = {trial.mutant.name for trial in KILLED}
    assert report(Console(file=io.StringIO()), KILLED, {"other": "why"}, known, whole=False)
