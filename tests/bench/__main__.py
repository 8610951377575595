"""``make bench``: the budgets, measured. Ratios within one run mean something on any machine; absolute figures on a quiet one."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
import traceback
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Annotated, Any, Final, Protocol

import typer
import uvloop
from rich.console import Console
from rich.table import Table

from tests.bench import accept, checking, concealment, decision, delivery, log_list, mapping, mllp, search
from tests.bench.measure import Budget, Row, Sample


class Bench(Protocol):
    """The rows of one subject, measured in a temporary folder; ``full``: with what takes minutes."""

    def __call__(self, folder: Path, *, full: bool) -> AsyncIterator[Row]: ...


BENCHES: Final[dict[str, Bench]] = {
    "accept": accept.rows,
    "accept-postgresql": accept.on_postgres,
    "delivery": delivery.rows,
    "search": search.rows,
    "mapping": mapping.rows,
    "checking": checking.rows,
    "mllp": mllp.rows,
    "decision": decision.rows,
    "log": log_list.rows,
    "log-postgresql": log_list.on_postgres,
    "concealment": concealment.rows,
}
_VERDICTS: Final = {
    "goal": "[green]goal[/green]",
    "must": "[yellow]must[/yellow]",
    "missed": "[red]missed[/red]",
}
_MACHINE: Final = (
    "Each figure: median of the rounds (lowest - highest). Ratio: figure to floor, round by round, so that load on the "
    "machine\nfalls on both; an absolute figure holds only for a quiet one."
)


def main(
    only: Annotated[
        list[str] | None, typer.Option(help=f"One of {', '.join(BENCHES)}; may be repeated.")
    ] = None,
    full: Annotated[
        bool, typer.Option(help="Also a million consents and a million messages: minutes.")
    ] = False,
    to: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file, too.")] = None,
) -> None:
    """Measure the budgets. Exit code 1 only if a benchmark fails to run."""
    if unknown := set(only or ()) - BENCHES.keys():
        raise typer.BadParameter(f"no such benchmark: {', '.join(sorted(unknown))}")
    console = Console()
    before, started = os.getloadavg()[0], time.monotonic()
    found: dict[str, list[Row]] = {}
    for name in only or BENCHES:
        console.print(f"[dim]{name} ...[/dim]")
        try:
            found[name] = measured(BENCHES[name], full=full)
        except Exception:
            traceback.print_exc()
    console.print(_table(row for rows in found.values() for row in rows))
    console.print(
        f"{_MACHINE}\nLoad when it began {before:.2f}, on {os.cpu_count()} processors. Took {time.monotonic() - started:.0f} s."
    )
    if to is not None:
        to.write_text(
            json.dumps({name: [_as_json(row) for row in rows] for name, rows in found.items()}, indent=2)
        )
    if len(found) < len(only or BENCHES):
        raise typer.Exit(1)


def measured(bench: Bench, *, full: bool) -> list[Row]:
    """Run one benchmark on the event loop that the service runs on."""

    async def collect(folder: Path) -> list[Row]:
        return [row async for row in bench(folder, full=full)]

    with (
        tempfile.TemporaryDirectory(prefix="sambro-bench-") as folder,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        return runner.run(collect(Path(folder)))


def _table(rows: Iterable[Row]) -> Table:
    table = Table(title="Sambro: budgets")
    table.add_column("what")
    table.add_column("figure", justify="right")
    table.add_column("floor or peer")
    table.add_column("it takes", justify="right")
    table.add_column("ratio", justify="right")
    table.add_column("must / goal", justify="right")
    table.add_column("met")
    for row in rows:
        table.add_row(
            row.name,
            _amount(row.figure),
            row.floor_name,
            "" if row.floor is None else _amount(row.floor),
            "" if row.ratio is None else f"{row.ratio:.2f}",
            "" if row.budget is None else _wanted(row.budget, row.figure.unit),
            _VERDICTS.get(row.verdict or "", ""),
        )
    return table


def _amount(sample: Sample) -> str:
    low, high = sample.spread
    return f"{_number(sample.median)} {sample.unit} ({_number(low)} - {_number(high)})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _wanted(budget: Budget, unit: str) -> str:
    sign, of = ("<=" if budget.is_ceiling else ">="), ("" if budget.of == "ratio" else f" {unit}")
    return f"{sign} {budget.must:g}{of}" + ("" if budget.goal is None else f" / {budget.goal:g}{of}")


def _as_json(row: Row) -> dict[str, Any]:
    return {
        "name": row.name,
        "unit": row.figure.unit,
        "figure": row.figure.median,
        "rounds": row.figure.values,
        "floor_name": row.floor_name,
        "floor": None if row.floor is None else row.floor.median,
        "ratio": row.ratio,
        "must": None if row.budget is None else row.budget.must,
        "goal": None if row.budget is None else row.budget.goal,
        "verdict": row.verdict,
    }


if __name__ == "__main__":
    typer.run(main)
