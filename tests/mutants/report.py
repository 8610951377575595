"""What the trials showed: a table, who survived, and whether that is explained."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from tests.mutants.trial import Outcome, Trial

SHARE: Final = 0.95
"""So many of all mutants must be killed, and every other one explained."""
_EXPLAINED: Final = Path(__file__).with_name("survivors.toml")


def explanations() -> dict[str, str]:
    """Why a mutant may survive, by its name."""
    groups = tomllib.loads(_EXPLAINED.read_text("utf-8"))["survivors"]
    return {name: group["why"] for group in groups for name in group["mutants"]}


def report(
    console: Console, trials: Sequence[Trial], explained: Mapping[str, str], known: Set[str], *, whole: bool
) -> bool:
    """Print what the trials showed; True if it is good.

    ``known`` are the names of all mutants; ``whole``: of every module, so that an explanation of none of them is out of date.
    """
    survivors = [trial.mutant for trial in trials if trial.outcome is Outcome.SURVIVED]
    unexplained = [mutant for mutant in survivors if mutant.name not in explained]
    killed = {trial.mutant.name for trial in trials if trial.outcome is not Outcome.SURVIVED}
    outdated = sorted(explained.keys() & killed | (explained.keys() - known if whole else set()))
    console.print(_table(trials, explained))
    for mutant in unexplained:
        console.print(
            f"survived: adapter/gate/{mutant.module}.py:{mutant.line}: {mutant.name}",
            markup=False,
            soft_wrap=True,
        )
    for name in outdated:
        console.print(f"explained, but killed or gone: {name}", markup=False, soft_wrap=True)
    share = 1 - len(survivors) / len(trials)
    console.print(
        f"{share:.1%} of {len(trials)} killed ({SHARE:.0%} wanted); {len(survivors)} survived, "
        f"{len(unexplained)} of them unexplained; {len(outdated)} explanations out of date."
    )
    return share >= SHARE and not unexplained and not outdated


def _table(trials: Sequence[Trial], explained: Mapping[str, str]) -> Table:
    table = Table(title="Mutants of the consent decision and the release filter")
    for heading in ("module", "mutants", *Outcome, "explained", "share killed"):
        table.add_column(heading, justify="left" if heading == "module" else "right")
    for module in sorted({trial.mutant.module for trial in trials}):
        table.add_row(*_row(module, [trial for trial in trials if trial.mutant.module == module], explained))
    table.add_section()
    table.add_row(*_row("all", trials, explained))
    return table


def _row(name: str, trials: Sequence[Trial], explained: Mapping[str, str]) -> list[str]:
    counts = [sum(trial.outcome is outcome for trial in trials) for outcome in Outcome]
    survived = [trial.mutant for trial in trials if trial.outcome is Outcome.SURVIVED]
    known = sum(mutant.name in explained for mutant in survived)
    return [name, *map(str, [len(trials), *counts, known]), f"{1 - len(survived) / len(trials):.1%}"]
