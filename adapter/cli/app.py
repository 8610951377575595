"""The ``sambro`` command: global options, exit codes, and the commands by subject.

Exit: 0 good, 1 a finding or refusal, 2 usage or configuration that keeps ``serve`` from starting, 3 something unreachable.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from adapter.cli import audit, consents, database, follow_up, installation, log, records
from adapter.cli.root import Options, Root
from adapter.domain.errors import ConfigurationError, KeyFault, Unreachable


def build_cli(root: Root) -> Callable[[], None]:
    """The command over a composition root; calling it runs it with the process's arguments and ends the process."""
    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

    @app.callback()
    def options(
        context: typer.Context,
        config: Annotated[
            Path, typer.Option(envvar="SAMBRO_CONFIG", help="Folder with sambro.yaml and agreements/.")
        ] = Path("config"),
        data: Annotated[Path, typer.Option(envvar="SAMBRO_DATA", help="Folder of the database.")] = Path(
            ".sambro"
        ),
    ) -> None:
        """Sambro: a consent-gated bridge between a kommun's and a region's record systems."""
        context.obj = Options(
            root, config, data.absolute(), typer.echo, lambda text: typer.echo(text, err=True)
        )

    for subject in (installation, database, records, log, consents, audit, follow_up):
        subject.register(app)
    return lambda: _run(app)


def _run(app: typer.Typer) -> None:
    """Ends the process: by itself for usage errors and Exit, here for what keeps a command from its work."""
    try:
        app(prog_name="sambro")
    except ConfigurationError as error:
        typer.echo(str(error), err=True)
        sys.exit(2)
    except KeyFault as error:
        typer.echo(f"key: {error}", err=True)
        sys.exit(2)
    except Unreachable as error:
        typer.echo(f"unreachable: {error.code}", err=True)
        sys.exit(3)
