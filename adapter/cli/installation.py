"""Commands about an installation: serve, worker, demo, check, keys, token, admin."""

from __future__ import annotations

import asyncio
import secrets
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from adapter.cli.acts import account, administration
from adapter.cli.root import Options
from adapter.domain.errors import ConfigurationError, IdentityError, InputError
from adapter.domain.identity import HSA_ID, parse_organization_id
from adapter.domain.instants import utc_now
from adapter.exchange.administrators import create_administrator
from adapter.exchange.rights import Right
from adapter.settings import Settings
from adapter.store.keys import init_master_key, load_keyring
from adapter.store.sight import Views
from adapter.store.signing_keys import load_signing_keys, make_signing_key, signing_folder

_EVERY_PARTY = "*"
_RANDOM_BYTES = 15


def serve(context: typer.Context) -> None:
    """API, console, listeners and workers."""
    options: Options = context.obj
    options.root.serve(_sound(options))


def worker(context: typer.Context) -> None:
    """Workers alone."""
    options: Options = context.obj
    options.root.work(_sound(options))


def demo(
    context: typer.Context,
    once: Annotated[
        bool, typer.Option("--once", help="End after the story; exit 0 only if every step held.")
    ] = False,
    info: Annotated[
        Path | None, typer.Option(help="Write addresses, tokens and folders to this file.")
    ] = None,
) -> None:
    """Tell the story on real sockets, then stay up to be tried."""
    options: Options = context.obj
    console = Console(highlight=False, soft_wrap=True)
    raise typer.Exit(options.root.demonstrate(options.data_dir, once=once, info=info, console=console))


def check(context: typer.Context) -> None:
    """Name every fault of agreements, settings, mappings, keys and connectors at once."""
    options: Options = context.obj
    try:
        settings = options.settings()
    except ConfigurationError as error:
        options.say(str(error))
        raise typer.Exit(1) from None
    faults = options.root.faults(settings)
    for fault in faults:
        options.say(str(fault))
    if settings.dev_issuer:
        options.say("note: dev_issuer is true; development tokens are accepted")
    if faults:
        raise typer.Exit(1)
    options.say(f"{len(settings.agreements)} agreements, no faults")


def keys_init(context: typer.Context) -> None:
    """Make the master key and a first signing key; refuses where a master key stands."""
    options: Options = context.obj
    settings = options.settings()
    init_master_key(settings.master_key_file)
    make_signing_key(settings.master_key_file, utc_now())
    options.say("master key made: keep a copy of it in a safe place, apart from the database's backups")


def keys_signing(context: typer.Context) -> None:
    """Make a new key that signs our own access tokens from the next start on; those before it still verify."""
    options: Options = context.obj
    settings = options.settings()
    kid = make_signing_key(settings.master_key_file, utc_now())
    options.say(f"signing key made: {kid}")


def keys_status(context: typer.Context) -> None:
    """Whether the master key can be used, and the days whose content keys exist."""
    options: Options = context.obj
    settings = options.settings()
    load_keyring(settings.master_key_file, data_dir=settings.data_dir)
    options.say("master key: usable")
    if any(signing_folder(settings.master_key_file).glob("*.pem")):
        for signing in load_signing_keys(settings.master_key_file):
            options.say(f"signing key: {signing.kid}")
    folder = settings.master_key_file.with_name(f"{settings.master_key_file.name}.content")
    for day in sorted(entry.name for entry in folder.glob("????-??-??")):
        options.say(f"content key: {day}")


def token(
    context: typer.Context,
    client: Annotated[list[str], typer.Option(help="Client id of sambro.yaml; repeatable, a token a line.")],
    practitioner: Annotated[
        str | None, typer.Option(help="HSA-id of the person who asks, if one is to be named.")
    ] = None,
) -> None:
    """A development token; only where dev_issuer is true."""
    options: Options = context.obj
    settings = options.settings()
    if not settings.dev_issuer:
        options.complain("dev_issuer is false: tokens come from the configured issuer")
        raise typer.Exit(1)
    try:
        person = None if practitioner is None else parse_organization_id(practitioner, system=HSA_ID)
    except IdentityError:
        raise typer.BadParameter("the practitioner is not an HSA-id") from None
    try:
        minted = [options.root.mint(settings, one, person) for one in client]
    except KeyError:
        options.complain("no such client in sambro.yaml")
        raise typer.Exit(2) from None

    async def write_down() -> None:
        async with options.root.opened(settings) as opened:
            for _ in minted:
                await administration(opened).done(account(), "token", lambda _: None)

    asyncio.run(write_down())
    for one in minted:
        options.say(one)


def admin_create(
    context: typer.Context,
    name: str,
    party: Annotated[
        list[str], typer.Option(help="<agreement URI>#<party id>, or * for every party; repeatable.")
    ],
    password_stdin: Annotated[
        bool,
        typer.Option(
            "--password-stdin",
            help="Read the first password from standard input; else one is made and printed.",
        ),
    ] = False,
    lasting: Annotated[
        bool,
        typer.Option(
            "--lasting", help="The password given is the account's own: it is not asked to choose another."
        ),
    ] = False,
    content: Annotated[
        bool,
        typer.Option("--content", help="May open the content of what its parties sent, while it is held."),
    ] = False,
    purge: Annotated[
        bool, typer.Option("--purge", help="May wipe the content of what was invalid or given up.")
    ] = False,
    act: Annotated[
        bool,
        typer.Option(help="May retry, cancel, replay, test, pause and acknowledge what is its parties'."),
    ] = True,
    look_up: Annotated[bool, typer.Option(help="May look messages up by personal numbers.")] = True,
) -> None:
    """Create a console account, or give one a new password and other rights.

    A first password may be used once, within 24 hours: whoever signs in with it has to choose another.
    """
    options: Options = context.obj
    if lasting and not password_stdin:
        raise typer.BadParameter("--lasting needs --password-stdin: nobody has chosen what is printed")
    settings = options.settings()
    password = sys.stdin.readline().rstrip("\n") if password_stdin else secrets.token_urlsafe(_RANDOM_BYTES)
    views = _views(party, frozenset((a.id, p.id) for a in settings.agreements for p in a.parties))
    given = {Right.LOOK_UP: look_up, Right.ACT: act, Right.CONTENT: content, Right.PURGE: purge}
    rights = [right for right, is_given in given.items() if is_given]

    async def create() -> None:
        async with options.root.opened(settings) as opened:
            by = administration(opened)
            await create_administrator(
                by,
                account(),
                name,
                password,
                views,
                utc_now(),
                rights=rights,
                is_first=not lasting,
            )

    try:
        asyncio.run(create())
    except InputError as error:
        for issue in error.issues:
            options.complain(f"{issue.path}: {issue.code}")
        raise typer.Exit(2) from None
    if not password_stdin:
        options.say(password)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (serve, worker, demo, check, token):
        app.command()(command)
    keys = typer.Typer(help="The master key.", no_args_is_help=True)
    keys.command("init")(keys_init)
    keys.command("signing")(keys_signing)
    keys.command("status")(keys_status)
    app.add_typer(keys, name="keys")
    admin = typer.Typer(help="Console accounts.", no_args_is_help=True)
    admin.command("create")(admin_create)
    admin.callback()(lambda: None)
    app.add_typer(admin, name="admin")


def _sound(options: Options) -> Settings:
    """Settings with which a process may start; raises ConfigurationError with every fault that ``check`` would name."""
    settings = options.settings()
    if faults := options.root.faults(settings):
        raise ConfigurationError(faults)
    return settings


def _views(parties: list[str], known: Views) -> Views | None:
    if _EVERY_PARTY in parties:
        return None
    pairs = frozenset((uri, name) for uri, _, name in (party.rpartition("#") for party in parties))
    if not pairs <= known:
        raise typer.BadParameter("no agreement has that party")
    return pairs
