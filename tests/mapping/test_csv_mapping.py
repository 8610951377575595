"""Mappings of CSV: columns as paths, the envelope, which mapping a file is for, and the shipped folder's equality with the push format."""

from __future__ import annotations

from importlib.resources import files

import pytest

from adapter.domain.errors import ConfigurationError, InputError, Issue, MappingError
from adapter.domain.identity import HSA_ID, PERSONNUMMER, Identifier, PersonId
from adapter.domain.records import RecordType
from adapter.mapping.catalog import MappingCatalog, load_catalog, packaged_files
from adapter.mapping.flat_csv import read_row
from adapter.mapping.mapping import Mapping
from tests.mapping.compiled import RECEIVED_AT, apply, compiled

PERSON = "191212121212"
HEAD = "mapping: m\nversion: '1'\nsource: csv\ntarget: fhir\nevent: [sip]\nrecord_types: [SIP]\n"
COLUMNS = "columns: [Person nr, Id, I kraft, Skydd, Enhet, Typ, a.b]\n"
ENVELOPE = (
    'envelope:\n  person: "{Person nr}"\n  record: "{Id}"\n  message: "x-{Id}"\n  unit: "{Enhet}"\n'
    "  active_plan: {if: I kraft, equals: J, then: true, else: false}\n"
    "  protection: [{if: Skydd, equals: J, then: sekretessmarkering}]\n"
)
RESOURCES = (
    'resources:\n  - {name: r, id: ["{Id}"], resource: {resourceType: Basic, code: {text: "{a.b}"}}}\n'
)
ROW = {"Person nr": PERSON, "Id": "7", "I kraft": "J", "Skydd": "", "Enhet": "", "Typ": "", "a.b": "text"}


def mapping(columns: str = COLUMNS, envelope: str = ENVELOPE, head: str = HEAD) -> Mapping:
    return compiled(head + columns + envelope + RESOURCES)


def faults(columns: str = COLUMNS, envelope: str = ENVELOPE, head: str = HEAD) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        mapping(columns, envelope, head)
    return [f"{fault.line}: {fault.message}" for fault in caught.value.faults]


def test_columns_are_paths_by_their_whole_name() -> None:
    made = apply(mapping(), ROW)
    assert made.body["entry"][0]["resource"]["code"] == {"text": "text"}


def test_a_new_column_is_reported_and_what_the_envelope_reads_is_not() -> None:
    assert apply(mapping(), ROW | {"Ny kolumn 1.2": "x", "Typ": "y"}).unmapped == ("Typ", "Ny kolumn 1.2")


def test_the_trace_tells_what_the_envelope_took() -> None:
    rows = [(row.source, row.target) for row in apply(mapping(), ROW).trace]
    assert ("Person nr", "envelope.person") in rows
    assert ("a.b", "Basic.code.text") in rows


def test_the_envelope_is_what_the_message_says_of_itself() -> None:
    envelope = mapping().envelope
    assert envelope is not None
    heading = envelope.read(ROW | {"Skydd": "J", "Enhet": "SE2120001553-1001"}, RECEIVED_AT)
    assert heading.person == PersonId(PERSONNUMMER, PERSON)
    assert (heading.message_id, heading.record_key) == ("x-7", "7")
    assert heading.unit == Identifier(HSA_ID, "SE2120001553-1001")
    assert heading.protection == frozenset({"sekretessmarkering"})
    assert heading.record_types == frozenset({RecordType.SIP})


@pytest.mark.parametrize(("said", "is_active"), [("J", True), ("N", False)])
def test_a_plan_is_in_force_as_the_row_says(said: str, is_active: bool) -> None:
    envelope = mapping().envelope
    assert envelope is not None
    assert envelope.read(ROW | {"I kraft": said}, RECEIVED_AT).is_active_plan is is_active


def test_a_plan_of_which_nothing_is_said_is_taken_to_be_in_force() -> None:
    envelope = mapping(envelope=ENVELOPE.replace(", else: false", "")).envelope
    assert envelope is not None
    assert envelope.read(ROW | {"I kraft": ""}, RECEIVED_AT).is_active_plan


@pytest.mark.parametrize(
    ("change", "issue"),
    [
        ({"Person nr": ""}, Issue("Person nr", "required")),
        ({"Person nr": "191212121213"}, Issue("Person nr", "identity-check-digit")),
        ({"Id": ""}, Issue("Id", "required")),
        ({"Enhet": "Enheten"}, Issue("Enhet", "organization-id-malformed")),
    ],
)
def test_an_envelope_that_cannot_be_read_is_refused_by_column(change: dict[str, str], issue: Issue) -> None:
    envelope = mapping().envelope
    assert envelope is not None
    with pytest.raises(InputError) as caught:
        envelope.read(ROW | change, RECEIVED_AT)
    assert caught.value.issues == (issue,)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"columns": COLUMNS.replace("a.b", "ab")}, "16: the column a.b is not listed under columns"),
        ({"columns": ""}, "1: the key columns is missing"),
        ({"envelope": ""}, "1: the key envelope is missing"),
        (
            {"envelope": 'envelope:\n  {person: "{Id}", record: "{Id}"}\n'},
            "9: the envelope needs active_plan",
        ),
        ({"envelope": ENVELOPE + "  sender: x\n"}, "15: the key sender is unknown here"),
        ({"head": HEAD.replace("[sip]", "[sip, x]")}, "9: a mapping with an envelope has one event"),
        ({"head": HEAD.replace("[SIP]", "[SIP, AUDIT]")}, "9: the envelope needs record_type"),
    ],
)
def test_what_is_wrong_in_the_file_is_named_with_its_line(given: dict[str, str], fault: str) -> None:
    assert fault in faults(**given)


def catalog_of(*columns: str) -> MappingCatalog:
    texts = {
        f"systems/s/m{place}.yaml": (HEAD + f"columns: {listed}\n" + ENVELOPE + RESOURCES)
        .replace("mapping: m", f"mapping: m{place}")
        .replace("[sip]", f"[e{place}]")
        for place, listed in enumerate(columns)
    }
    return load_catalog(texts)


NEEDED = "Person nr, Id, I kraft, Skydd, Enhet, a.b"


def test_a_file_is_mapped_by_the_mapping_whose_columns_it_has() -> None:
    catalog = catalog_of(f"[{NEEDED}, Plan]", f"[{NEEDED}, Test]")
    columns = NEEDED.split(", ")
    assert catalog.with_columns("s", [*columns, "Test", "Ny"]).name == "m1"
    for given, issue in (
        ([*columns, "Test", "Plan"], Issue("", "kind-ambiguous")),
        (["x", "y"], Issue("", "kind-unknown")),
        (["Id", "I kraft", "Skydd", "Enhet", "a.b", "Plan"], Issue("Person nr", "column-missing")),
    ):
        with pytest.raises(InputError) as caught:
            catalog.with_columns("s", given)
        assert caught.value.issues == (issue,)


def test_mappings_that_no_file_could_be_told_apart_by_are_a_fault() -> None:
    with pytest.raises(ConfigurationError) as caught:
        catalog_of(f"[{NEEDED}]", f"[{NEEDED}, Plan]")
    assert [fault.message for fault in caught.value.faults] == [
        "its columns are all among those of systems/s/m1.yaml; list one more"
    ]


@pytest.mark.parametrize("order", [1, -1])
def test_the_order_of_columns_changes_nothing(order: int) -> None:
    columns = sorted(ROW.items(), reverse=order < 0)
    assert apply(mapping(), dict(columns)).body == apply(mapping(), ROW).body


def test_the_shipped_folder_is_told_apart_by_its_columns() -> None:
    catalog = load_catalog(packaged_files())
    names = [mapping.name for mapping in catalog.all() if mapping.source == "csv"]
    assert [catalog.with_columns("kommun_csv", catalog.named(name).columns).name for name in names] == names


@pytest.mark.parametrize(
    ("mapping_name", "example", "column"),
    [
        ("kommun-csv-consent", "consent", "Undantag 3 part"),
        ("kommun-csv-sip", "sip", "Samtycke 2"),
    ],
)
def test_a_column_that_narrows_a_consent_and_is_not_read_refuses_the_row(
    mapping_name: str, example: str, column: str
) -> None:
    body = (files("mappings") / "systems" / "kommun_csv" / "examples" / f"{example}.csv").read_bytes()
    shipped = load_catalog(packaged_files()).named(mapping_name)
    with pytest.raises(MappingError) as caught:
        apply(shipped, dict(read_row(body).values) | {column: "SE2321000131-E0111"})
    assert caught.value.issues == (Issue(column, "unmapped-refusal"),)
