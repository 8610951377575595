"""Documents of several records: each is found, and stands alone with what is said of them all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from adapter.domain.errors import ConfigurationError, InputError
from adapter.mapping.catalog import MappingCatalog, load_catalog
from adapter.mapping.nested import read_document
from adapter.mapping.repeated import Repeated
from tests.mapping.compiled import RECEIVED_AT

MOST = 1_000_000
EXPORT: dict[str, Any] = {
    "skapad": "2026-11-16",
    "klienter": [
        {"pnr": "1", "ärenden": [{"nr": "A"}, {"nr": "B"}]},
        {"pnr": "2", "ärenden": {"nr": "C"}},
        {"pnr": "3"},
    ],
}
XML = """<?xml version="1.0" encoding="ISO-8859-1"?>
<Export xmlns="urn:e" xmlns:p="urn:p" fil="7">
  <Enhet>IFO</Enhet>
  <p:Klient pnr="1"><p:Namn>Åsa</p:Namn><Ärende><Nr>A</Nr></Ärende><Ärende><Nr>B</Nr></Ärende></p:Klient>
  <p:Klient pnr="2"><Ärende><Nr>C</Nr></Ärende></p:Klient>
</Export>""".encode("iso-8859-1")
IN_JSON = Repeated(("klienter", "ärenden"), {})
IN_XML = Repeated(("x:Export", "q:Klient", "x:Ärende"), {"x": "urn:e", "q": "urn:p"})


def of_json(repeated: Repeated, tree: dict[str, Any]) -> list[Any]:
    document = read_document(json.dumps(tree).encode(), "application/json", MOST)
    return [json.loads(repeated.only(document, [place])) for place in repeated.places(document)]


def test_each_record_of_json_stands_alone_with_what_is_around_it() -> None:
    assert of_json(IN_JSON, EXPORT) == [
        {"skapad": "2026-11-16", "klienter": [{"pnr": "1", "ärenden": [{"nr": "A"}]}]},
        {"skapad": "2026-11-16", "klienter": [{"pnr": "1", "ärenden": [{"nr": "B"}]}]},
        {"skapad": "2026-11-16", "klienter": [{"pnr": "2", "ärenden": {"nr": "C"}}]},
    ]


def test_each_record_of_xml_stands_alone_with_what_is_around_it() -> None:
    document = read_document(XML, "application/xml", MOST)
    bodies = [IN_XML.only(document, [place]) for place in IN_XML.places(document)]
    trees = [read_document(body, "application/xml", MOST).tree(IN_XML.prefixes) for body in bodies]
    klient = {"@pnr": "1", "q:Namn": "Åsa"}
    export = {"@fil": "7", "x:Enhet": "IFO"}
    assert trees == [
        {"x:Export": export | {"q:Klient": klient | {"x:Ärende": {"x:Nr": "A"}}}},
        {"x:Export": export | {"q:Klient": klient | {"x:Ärende": {"x:Nr": "B"}}}},
        {"x:Export": export | {"q:Klient": {"@pnr": "2", "x:Ärende": {"x:Nr": "C"}}}},
    ]


def test_several_are_kept_together_in_their_order() -> None:
    document = read_document(XML, "application/xml", MOST)
    places = list(IN_XML.places(document))
    kept = read_document(IN_XML.only(document, [places[2], places[0]]), "application/xml", MOST)
    assert list(IN_XML.places(kept)) == [(0, 0), (1, 0)]
    found = json.loads(
        IN_JSON.only(read_document(json.dumps(EXPORT).encode(), "text/json", MOST), [(0, 1), (1,)])
    )
    assert [klient["pnr"] for klient in found["klienter"]] == ["1", "2"]


@pytest.mark.parametrize(
    ("repeated", "body"),
    [
        (Repeated(("ärenden",), {}), b'{"klienter": []}'),
        (Repeated(("klienter",), {}), b'{"klienter": []}'),
        (Repeated(("klienter", "nr"), {}), b'{"klienter": ["text"]}'),
    ],
)
def test_where_nothing_repeats_there_is_no_record(repeated: Repeated, body: bytes) -> None:
    assert list(repeated.places(read_document(body, "application/json", MOST))) == []


def test_another_root_holds_no_record() -> None:
    document = read_document(b"<Export><Klient/></Export>", "application/xml", MOST)
    assert list(Repeated(("Import", "Klient"), {}).places(document)) == []


def catalog(*kinds: tuple[str, str]) -> MappingCatalog:
    """Mappings of JSON, of each kind of record one, with what they say repeats."""
    return load_catalog(
        {
            f"systems/s/{kind}.yaml": (
                f"mapping: {kind}\nversion: '1'\nsource: json\ntarget: push\nevent: [{kind}]\nrecord_types: []\n"
                f"when: {{if: poster.slag, equals: {kind}}}\n"
                f"envelope: {{each: {each}, person: '{{poster.pnr}}', record: '{{poster.nr}}'}}\nbody: {{x: '{{poster.nr}}'}}\n"
            )
            for kind, each in kinds
        }
    )


def test_records_of_several_kinds_may_stand_in_one_document() -> None:
    found = catalog(("sip", "poster"), ("person", "poster"))
    document = read_document(b'{"poster": [{"slag": "person"}, {"slag": "sip"}]}', "application/json", MOST)
    each = found.each_of("s", document, RECEIVED_AT)
    assert each is not None
    bodies = [each.only(document, [place]) for place in each.places(document)]
    kinds = [
        found.for_document("s", read_document(body, "application/json", MOST), RECEIVED_AT)[0].name
        for body in bodies
    ]
    assert kinds == ["person", "sip"]


def test_a_message_of_several_records_is_refused() -> None:
    found = catalog(("sip", "poster"))
    for body in (b'{"poster": [{"slag": "sip"}, {"slag": "sip"}]}',):
        document = read_document(body, "application/json", MOST)
        with pytest.raises(InputError) as caught:
            found.for_document("s", document, RECEIVED_AT)
        assert [(issue.path, issue.code) for issue in caught.value.issues] == [("poster", "not-one-record")]


@pytest.mark.parametrize("each", ["'poster[slag=sip]'", "[poster]", "''"])
def test_what_repeats_is_named_by_a_path_of_names(each: str) -> None:
    with pytest.raises(ConfigurationError):
        catalog(("sip", each))
