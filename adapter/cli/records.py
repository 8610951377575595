"""Commands about records, without an installation: map a file, run the mappings' examples, ask the gate."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Final

import orjson
import typer

from adapter.cli.root import Options
from adapter.domain.agreement import Agreement
from adapter.domain.agreement_file import read_agreements
from adapter.domain.errors import InputError, Issue, MappingError
from adapter.domain.instants import interval_of, utc_now
from adapter.exchange.mapping_bench import sample_readers
from adapter.fhir.json_reading import read_json
from adapter.fhir.outcome import ALL_OK, operation_outcome
from adapter.fhir.profiles.checker import ProfileChecker
from adapter.fhir.profiles.packaged import packaged_shapes, profile_checker
from adapter.gate.decide_file import decide_from_json
from adapter.gate.rules import release_rules
from adapter.mapping.advice import told
from adapter.mapping.catalog import MappingCatalog, load_catalog, packaged_files
from adapter.mapping.charset import shown
from adapter.mapping.coverage import Coverage, coverage
from adapter.mapping.editor_schema import mapping_schema
from adapter.mapping.examples import (
    ExampleReader,
    example_context,
    example_inputs,
    own_reader,
    run_examples,
)
from adapter.mapping.mapping import Mapping
from adapter.mapping.round_trip import round_trip
from adapter.mapping.sample import Sample

_MOST_BYTES: Final = 16_000_000
_EXAMPLE_AGREEMENT: Final = "alingsas-socialmedicinska.yaml"


def map_file(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    mapping: Annotated[str, typer.Option(help="Name of the mapping.")],
    trace: Annotated[bool, typer.Option("--trace", help="Show which source gave which element.")] = False,
    out: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write the target there, byte by byte.")
    ] = None,
) -> None:
    """Map one record; the target on stdout, issues and unmapped fields on stderr."""
    options: Options = context.obj
    try:
        compiled = _catalog(options).named(mapping)
    except MappingError:
        raise typer.BadParameter(_no_mapping(options, mapping)) from None
    read = own_reader(compiled) or _readers(options).get(file.suffix.removeprefix("."))
    if read is None:
        raise typer.BadParameter("the file's name must end in .json, .xml, .hl7 or .csv")
    sample = Sample(str(file), file.read_bytes())
    try:
        given = read(sample.body)
        mapped = compiled.apply(given.record, example_context(given, _example_agreement()), trace=trace)
    except (InputError, MappingError) as error:
        _complain_of(options, compiled, error.issues, sample)
        raise typer.Exit(1) from None
    written = mapped.written or orjson.dumps(mapped.body, option=orjson.OPT_INDENT_2)
    if out is None:
        options.say(shown(written))
    else:
        out.write_bytes(written)
    _complain_of(options, compiled, mapped.issues, sample)
    for path in mapped.unmapped:
        options.complain(f"unmapped: {path}")
    for row in mapped.trace:
        details = ", ".join(filter(None, (row.row, row.within)))
        options.complain(f"trace: {row.source} -> {row.target}" + (f" ({details})" if details else ""))


def _complain_of(options: Options, mapping: Mapping, issues: Iterable[Issue], sample: Sample) -> None:
    for issue in issues:
        options.complain(f"{issue.severity}: {told(mapping, issue, sample)}")


def _no_mapping(options: Options, name: str) -> str:
    known = [one.name for one in _catalog(options).all()]
    near = get_close_matches(name, known, 3) or known
    own = options.config_dir / "mappings" / "systems"
    return f"there is no mapping {name}, beside ours or in {own}; there is {', '.join(near)}"


def mappings_test(context: typer.Context) -> None:
    """Run the mappings' own examples and say which do not give what they should."""
    options: Options = context.obj
    catalog = _catalog(options)
    results = run_examples(catalog, _readers(options), _example_agreement(), _roots(options))
    for result in results:
        options.say(f"{result.difference or 'ok'}: {result.input} by {result.mapping}")
        for issue in result.issues:
            options.say(f"   {issue.severity}: {told(catalog.named(result.mapping), issue, result.sample)}")
        for path in result.unmapped:
            options.say(f"   unmapped: {path}")
    for mapping in catalog.all():
        _say_coverage(options, coverage(mapping, results))
    if any(result.difference for result in results):
        raise typer.Exit(1)


def _say_coverage(options: Options, found: Coverage) -> None:
    read, used = found.fields - len(found.unread), found.rows - len(found.unused)
    options.say(
        f"coverage: {found.mapping}: {read} of {found.fields} fields, {used} of {found.rows} table rows"
    )
    for kind, missing in (("field", found.unread), ("row", found.unused)):
        if missing:
            options.say(f"   no example has the {kind}: {', '.join(missing)}")


def mappings_lost(context: typer.Context) -> None:
    """What the examples lose on the way to FHIR and back, as Markdown; the shipped one is docs/round-trips.md."""
    options: Options = context.obj
    catalog, readers, agreement = _catalog(options), _readers(options), _example_agreement()
    options.say("| Example | Nothing comes back of | Comes back otherwise |\n|---|---|---|")
    for mapping, path, body in example_inputs(catalog, _roots(options)):
        read = own_reader(mapping) or readers[path.rpartition(".")[2]]
        try:
            given = read(body)
        except InputError as error:
            _complain_of(options, mapping, error.issues, Sample(path, body))
            raise typer.Exit(1) from None
        if mapping.target == "fhir" and (way := round_trip(catalog, mapping, given, agreement)):
            cells = (", ".join(f"`{field}`" for field in part) or "" for part in (way.lost, way.changed))
            options.say(f"| `{path}` | {' | '.join(cells)} |")


def mappings_schema(context: typer.Context) -> None:
    """The JSON Schema of mapping files, for an editor; the shipped one is mappings/mapping.schema.json."""
    options: Options = context.obj
    options.say(orjson.dumps(mapping_schema(), option=orjson.OPT_INDENT_2).decode())


def decide(
    context: typer.Context,
    request: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="The request, JSON.")],
    consents: Annotated[
        list[Path], typer.Option(exists=True, dir_okay=False, help="Consents or Bundles, JSON.")
    ],
    more: Annotated[
        list[Path] | None,
        typer.Argument(exists=True, dir_okay=False, metavar="[CONSENTS]...", help="More Consents."),
    ] = None,
    records: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A Bundle of records.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(metavar="INSTANT", help="As FHIR writes it; now if absent.")
    ] = None,
) -> None:
    """The gate's decision on files: who could see what under these consents, and why."""
    options: Options = context.obj
    try:
        answer = decide_from_json(
            orjson.loads(request.read_bytes()),
            [path.read_bytes() for path in (*consents, *(more or ()))],
            None if records is None else records.read_bytes(),
            utc_now() if at is None else _instant(at),
            rules=release_rules(),
        )
    except orjson.JSONDecodeError:
        raise typer.BadParameter("the request is not JSON") from None
    except InputError as error:
        for issue in error.issues:
            options.complain(f"{issue.path}: {issue.code}")
        raise typer.Exit(2) from None
    options.say(orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode())


def validate(
    context: typer.Context,
    paths: Annotated[
        list[Path],
        typer.Argument(exists=True, dir_okay=False, metavar="FILE...", help="FHIR JSON, a resource each."),
    ],
    profile: Annotated[
        list[str] | None,
        typer.Option(help="Canonical URL of a profile to hold it to, beside those that it claims."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="An OperationOutcome for each file.")] = False,
) -> None:
    """Check resources against FHIR R4 and our profiles. Exit code 1 if one has a fault."""
    options: Options = context.obj
    checker = profile_checker()
    if unknown := [url for url in profile or () if not checker.knows(url)]:
        raise typer.BadParameter(f"no such profile: {', '.join(unknown)}")
    is_good = True
    for path in paths:
        issues = _faults(checker, path.read_bytes(), profile or ())
        is_good = is_good and not issues
        if as_json:
            options.say(orjson.dumps(operation_outcome(issues or (ALL_OK,), checker.invariants)).decode())
        else:
            options.say(f"{path}: {'ok' if not issues else len(issues)}")
            for issue in issues:
                options.say(f"  {issue.severity}: {issue.path}: {issue.code}")
    if not is_good:
        raise typer.Exit(1)


def _faults(checker: ProfileChecker, body: bytes, profiles: Iterable[str]) -> tuple[Issue, ...]:
    try:
        return checker.check(read_json(body, most=_MOST_BYTES), profiles=profiles)
    except InputError as error:
        return error.issues


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("map")(map_file)
    app.command()(decide)
    app.command()(validate)
    mappings = typer.Typer(help="The mappings.", no_args_is_help=True)
    mappings.command("test")(mappings_test)
    mappings.command("lost")(mappings_lost)
    mappings.command("schema")(mappings_schema)
    app.add_typer(mappings, name="mappings")


def _instant(text: str) -> datetime:
    try:
        return interval_of(text)[0]
    except ValueError:
        raise typer.BadParameter("the instant must be a FHIR instant, as 2026-11-22T12:00:00Z") from None


def _override(options: Options) -> Path | None:
    override = options.config_dir / "mappings"
    return override if override.is_dir() else None


def _roots(options: Options) -> list[Traversable]:
    """The folders whose examples count: the site's own goes before the package."""
    override = _override(options)
    return [files("mappings")] if override is None else [override, files("mappings")]


def _catalog(options: Options) -> MappingCatalog:
    override = _override(options)
    return _shipped() if override is None else load_catalog(packaged_files(override), packaged_shapes)


@cache
def _shipped() -> MappingCatalog:
    return load_catalog(packaged_files(), packaged_shapes)


def _example_agreement() -> Agreement:
    text = (files("mappings") / "agreements" / _EXAMPLE_AGREEMENT).read_text(encoding="utf-8")
    return read_agreements({_EXAMPLE_AGREEMENT: text})[0]


def _readers(options: Options) -> dict[str, ExampleReader]:
    return sample_readers(options.root.reader)
