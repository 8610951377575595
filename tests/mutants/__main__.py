"""``make mutants``: whether the tests of the gate notice a small fault in the decision or the release filter."""

from __future__ import annotations

import ast
import os
import random
import sys
import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Annotated, Final

import hypothesis
import pytest
import typer
from rich.console import Console
from rich.progress import Progress

import adapter.gate
from tests.mutants.graft import graft
from tests.mutants.operators import Mutant, mutants_of
from tests.mutants.report import explanations, report
from tests.mutants.trial import Suite, Trial

_TESTS: Final = ("tests/gate", "--ignore=tests/gate/test_fuzz.py")
"""Without what holds the gate to seconds on the clock: beside other trials that would fail by itself."""
_ORACLE_CASES: Final = "400"
_NO_PART: Final = frozenset({"decide_file", "decide_request"})
"""What reads the questions put to ``sambro decide`` is no part of decision and filter."""


def main(
    sample: Annotated[int | None, typer.Option(help="Try so many, drawn by chance.")] = None,
    seed: Annotated[int, typer.Option(help="What the chance starts from.")] = 0,
    only: Annotated[list[str] | None, typer.Option(help="A module of adapter.gate; may be repeated.")] = None,
    processes: Annotated[int, typer.Option(help="Mutants tried at a time.")] = os.cpu_count() or 1,
) -> None:
    """Try mutants of the gate. Exit code 1 if too few are killed, or one survives that survivors.toml does not explain."""
    names = [module.name for module in iter_modules(adapter.gate.__path__) if module.name not in _NO_PART]
    if unknown := set(only or ()) - set(names):
        raise typer.BadParameter(f"no such module: {', '.join(sorted(unknown))}")
    started, trees = time.monotonic(), {name: _tree(f"adapter.gate.{name}") for name in only or names}
    mutants = [mutant for name, tree in trees.items() for mutant in mutants_of(tree, name)]
    run = _Run(trees, _drawn(mutants, sample, seed), processes)
    _collect(run)
    console = Console()
    is_good = report(console, run.trials, explanations(), {mutant.name for mutant in mutants}, whole=not only)
    console.print(
        f"Took {time.monotonic() - started:.0f} s, {processes} at a time; load {os.getloadavg()[1]:.1f}."
    )
    raise typer.Exit(0 if is_good else 1)


def _tree(module: str) -> ast.Module:
    return ast.parse(Path(str(import_module(module).__file__)).read_text("utf-8"))


def _drawn(mutants: Sequence[Mutant], sample: int | None, seed: int) -> list[Mutant]:
    chance = random.Random(seed)  # noqa: S311  # a sample, not a secret
    size = len(mutants) if sample is None else min(sample, len(mutants))
    return [mutants[place] for place in sorted(chance.sample(range(len(mutants)), size))]


class _Run:
    """What pytest does with the tests that it collected: try the mutants on them."""

    def __init__(self, trees: Mapping[str, ast.Module], mutants: Sequence[Mutant], processes: int) -> None:
        self.trials: list[Trial] = []
        self._trees, self._mutants, self._processes = trees, mutants, processes

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Pytest's hook in place of its own loop."""
        suite = Suite(session.items, self._graft_all)
        # Without a thread of its own, which a fork would lose.
        with Progress(auto_refresh=False) as progress:
            task = progress.add_task(
                f"{len(self._mutants)} mutants, {len(suite)} tests", total=len(self._mutants)
            )
            for trial in suite.tried(self._mutants, self._processes, self._put_in_place):
                self.trials.append(trial)
                progress.update(task, advance=1, refresh=True)
        # Once more, so that nobody takes for killed what fails by what is left of the trials.
        Suite(session.items, self._graft_all)
        return True

    def _graft_all(self) -> None:
        """Every module by itself: what fails now would fail with every mutant."""
        for name in self._trees:
            self._graft(name)

    def _put_in_place(self, mutant: Mutant) -> None:
        mutant.apply()
        self._graft(mutant.module)

    def _graft(self, name: str) -> None:
        graft(self._trees[name], sys.modules[f"adapter.gate.{name}"])


def _collect(run: _Run) -> None:
    """Let pytest collect the tests, with few and always the same cases of what is tried at random, and hand them over."""
    hypothesis.settings.register_profile(
        "mutants",
        derandomize=True,
        max_examples=30,
        database=None,
        deadline=None,
        phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    hypothesis.settings.load_profile("mutants")
    # Importing hypothesis before pytest costs only the details of failed assertions inside hypothesis itself.
    quiet = ["-qq", "-s", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    os.environ["SAMBRO_ORACLE_CASES"] = _ORACLE_CASES
    code = pytest.main([*_TESTS, *quiet, "-o", "timeout=0"], plugins=[run])
    if not run.trials:
        raise typer.Exit(code or 1)


if __name__ == "__main__":
    typer.run(main)
