"""``make chaos``: whether workers that are killed at random lose or confuse anything, on both databases."""

from __future__ import annotations

import asyncio
import os
import random
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from tests.chaos.storm import WORKERS, Report, storm
from tests.databases import Databases, new_file
from tests.postgres import served


def main(
    messages: Annotated[int, typer.Option(help="How many on each database.")] = 12_000,
    kills: Annotated[int, typer.Option(help="How many kill -9 on each database.", min=1)] = 24,
    seed: Annotated[int | None, typer.Option(help="What the chance starts from; another each time.")] = None,
) -> None:
    """Accept, carry and kill. Exit code 1 if a message is lost, out of order or repeated under another key."""
    if messages < 2 * kills:
        raise typer.BadParameter("there must be at least two messages to a kill")
    seed = random.SystemRandom().randrange(1_000_000) if seed is None else seed
    typer.echo(f"{WORKERS} workers, seed {seed}; load when it began {os.getloadavg()[0]:.2f}")
    sound = []
    with (
        TemporaryDirectory(prefix="sambro-chaos-") as folder,
        served(durable=True) as server,
        Databases(server).one() as database,
    ):
        file = new_file(Path(folder) / "data" / "sambro.db")
        for name, place in (("SQLite", file), ("PostgreSQL", database)):
            taken, chance = Path(folder) / f"taken by {name}", random.Random(seed)  # noqa: S311
            started = time.monotonic()
            report = asyncio.run(storm(place, taken, messages=messages, kills=kills, chance=chance))
            typer.echo(f"{name}: {told(report)}; {time.monotonic() - started:.0f} s")
            sound.append(report.is_sound)
    raise typer.Exit(0 if all(sound) else 1)


def told(report: Report) -> str:
    """A report in a line."""
    return (
        f"{report.acknowledged} acknowledged, {report.kills} kills; lost {report.lost}, persons out of order "
        f"{report.out_of_order}, repeated {report.repeats}, of these under another key {report.other_keys}, "
        f"content left {report.content_left}"
    )


if __name__ == "__main__":
    typer.run(main)
