"""Documents of systems' own shapes: encodings and line ends as found, bounds, and what a tree keeps."""

from __future__ import annotations

from typing import Any

import pytest

from adapter.domain.errors import ConfigurationError, InputError
from adapter.mapping.catalog import MappingCatalog, load_catalog
from adapter.mapping.hardened_xml import MAX_ATTRIBUTES
from adapter.mapping.nested import read_document
from tests.mapping.compiled import RECEIVED_AT, out

JSON, XML = "application/json", "application/xml"
NIL = b'<a xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="1" masked="yes"%s/a>'


def tree(body: bytes, content_type: str = JSON, **prefixes: str) -> dict[str, Any]:
    return read_document(body, content_type, 100_000).tree(prefixes)


def refusal(body: bytes, content_type: str = JSON) -> tuple[int, set[tuple[str, str]]]:
    with pytest.raises(InputError) as caught:
        read_document(body, content_type, 100_000)
    return caught.value.status, {(issue.path, issue.code) for issue in caught.value.issues}


@pytest.mark.parametrize(
    "body",
    [
        '{"namn": "Åsa"}'.encode(),
        b"\xef\xbb\xbf" + '{"namn": "Åsa"}'.encode(),
        '{"namn": "Åsa"}'.encode("iso-8859-1"),
        '{\r\n"namn":\r"Åsa"\n}\r\n'.encode(),
    ],
    ids=["UTF-8", "byte order mark", "ISO-8859-1", "line ends"],
)
def test_json_is_read_in_the_charset_it_came_in(body: bytes) -> None:
    assert tree(body) == {"namn": "Åsa"}


def test_a_stated_charset_goes_before_a_guess() -> None:
    assert tree(b'{"a": "\x96"}', f"{JSON}; charset=windows-1252") == {"a": "–"}
    assert refusal(b'{"a": "\xe5"}', f"{JSON}; charset=utf-8") == (415, {("", "charset-unknown")})


@pytest.mark.parametrize("content_type", [JSON, "application/vnd.system+json", "text/json"])
def test_json_has_several_names(content_type: str) -> None:
    assert tree(b'{"a": 1}', content_type) == {"a": 1}


@pytest.mark.parametrize(
    ("body", "status", "issue"),
    [
        (b"", 400, ("", "empty")),
        (b"[]", 400, ("", "not-an-object")),
        (b"{}", 400, ("", "not-an-object")),
        (b"{", 400, ("", "not-json")),
        ('{"a": 1}'.encode("utf-16"), 415, ("", "charset-unknown")),
        (b'{"a": "\x96\xe5"}', 415, ("", "charset-unknown")),
        (b'{"a": 1, "a": 2}', 400, ("", "duplicate-key")),
        (b'{"a":' * 20 + b"1" + b"}" * 20, 400, ("", "too-deep")),
        (b'{"a": "' + b"x" * 100_000 + b'"}', 413, ("", "too-large")),
        (b'{"a": {"191212121212": 1}}', 422, ("a", "field-name-malformed")),
        (b'{"a": [{"b": "x\\u0000"}]}', 422, ("a.b", "control-character")),
        (b'{"a": 123456789012345678901234}', 422, ("a", "number-too-large")),
    ],
)
def test_json_that_cannot_be_taken_is_refused(body: bytes, status: int, issue: tuple[str, str]) -> None:
    assert refusal(body) == (status, {issue})


def test_an_element_is_its_text_or_an_object_of_all_that_it_holds() -> None:
    body = b"""<?xml version="1.0"?>\r\n<!-- note --><a x="1" xml:lang="sv"><b>one<!-- c -->two</b><b/>
      <c y=" 2 ">three</c> tail <d xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"/><e><![CDATA[<f>]]></e></a>"""
    assert tree(body, XML) == {
        "a": {
            "@x": "1",
            "@{http://www.w3.org/XML/1998/namespace}lang": "sv",
            "b": ["onetwo", ""],
            "c": {"@y": "2", "#text": "three"},
            "#text": "tail",
            "d": None,
            "e": "<f>",
        }
    }


def test_names_go_by_the_mappings_prefixes_and_not_by_the_senders() -> None:
    body = (
        b'<q:a xmlns:q="urn:one" xmlns="urn:two"><b q:c="1" d="2"/><e xmlns="urn:three"/><f xmlns=""/></q:a>'
    )
    assert tree(body, XML, p="urn:one", default="urn:two") == {
        "p:a": {"b": {"@p:c": "1", "@d": "2"}, "{urn:three}e": "", "{}f": ""}
    }


def test_an_element_of_no_namespace_is_none_of_the_default_one() -> None:
    body = b'<a xmlns="urn:two"><b>one</b><b xmlns="">two</b></a>'
    assert tree(body, XML, default="urn:two") == {"a": {"b": "one", "{}b": "two"}}
    assert tree(body, XML) == {"{urn:two}a": {"{urn:two}b": "one", "b": "two"}}


@pytest.mark.parametrize("charset", ["utf-8", "ISO-8859-1", "windows-1252"])
def test_xml_is_read_in_the_encoding_that_it_declares(charset: str) -> None:
    assert tree(f'<?xml version="1.0" encoding="{charset}"?><a>Åsa</a>'.encode(charset), XML) == {"a": "Åsa"}


@pytest.mark.parametrize(
    ("body", "status", "issue"),
    [
        (b"", 400, ("", "encoding-not-supported")),
        ("<a/>".encode("utf-16"), 400, ("", "encoding-not-supported")),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', 400, ("", "dtd-not-allowed")),
        (b"<a>\xe5</a>", 400, ("", "not-xml")),
        (b"<a>" * 20 + b"</a>" * 20, 422, ("", "too-deep")),
        (b"<a>" + b"<b/>" * 40_001 + b"</a>", 413, ("", "too-large")),
        (b"<a><b191212121212/></a>", 422, ("", "field-name-malformed")),
        (b'<a><b xmlns="urn:191212121212"/></a>', 422, ("", "field-name-malformed")),
        (b'<a xmlns:p="urn:191212-1212" p:b=""/>', 422, ("", "field-name-malformed")),
        (NIL % b">x<", 422, ("", "nil-with-content")),
        (NIL % b"><b/><", 422, ("", "nil-with-content")),
    ],
)
def test_xml_that_cannot_be_taken_is_refused(body: bytes, status: int, issue: tuple[str, str]) -> None:
    assert refusal(body, XML) == (status, {issue})


def test_too_many_elements_are_refused() -> None:
    with pytest.raises(InputError, match="too-many-elements"):
        read_document(b"<a>" + b"<b/>" * 40_001 + b"</a>", XML, 1_000_000)


def test_an_element_has_no_more_attributes_than_can_be_read_at_once() -> None:
    many = " ".join(f"a{place}=''" for place in range(MAX_ATTRIBUTES + 1))
    assert refusal(f"<a {many}/>".encode(), XML) == (400, {("", "too-many-attributes")})


@pytest.mark.parametrize("content_type", ["text/plain", "application/pdf", f"{JSON}; charset=utf-16"])
def test_another_content_type_is_refused(content_type: str) -> None:
    assert refusal(b"{}", content_type) == (415, {("", "content-type-not-supported")})


def test_a_path_quotes_a_name_with_blanks_or_dots() -> None:
    assert out("\"{a.'b c.d'.e}\"", {"a": {"b c.d": {"e": 5}}}, source="json", extra=ENVELOPE) == 5


def test_an_element_with_attributes_reads_as_its_text_alone_and_in_a_loop() -> None:
    source = {"a": {"b": [{"@x": "1", "#text": "one"}, "two"], "c": {"@y": "2", "#text": "three"}}}
    assert out('{for: a.b, do: "{.}"}', source, source="xml", extra=ENVELOPE) == ["one", "two"]
    assert out('"{a.c} {a.c.@y}"', source, source="xml", extra=ENVELOPE) == "three 2"


ENVELOPE = 'envelope: {person: "{p}", record: "{r}"}\n'
FILE = (
    "mapping: %s\nversion: '1'\nsource: json\ntarget: fhir\nevent: [%s]\nrecord_types: [person]\n%s"
    + ENVELOPE
    + 'resources:\n  - {name: r, id: ["{r}"], resource: {resourceType: Basic, code: {text: "{t}"}}}\n'
)


def catalog_of(*whens: str) -> MappingCatalog:
    return load_catalog(
        {
            f"systems/s/m{place}.yaml": FILE % (f"m{place}", f"e{place}", when)
            for place, when in enumerate(whens)
        }
    )


def test_a_document_is_mapped_by_the_mapping_that_tells_it() -> None:
    catalog = catalog_of("when: {if: kind, equals: x}\n", "when: {if: kind, in: [y, z]}\n")
    for kind, name in (("x", "m0"), ("z", "m1")):
        document = read_document(b'{"kind": "%s"}' % kind.encode(), JSON, 1000)
        assert catalog.for_document("s", document, RECEIVED_AT)[0].name == name


@pytest.mark.parametrize(
    ("kind", "folder", "content_type", "issue"),
    [
        ("y", "s", JSON, (422, "kind-unknown")),
        ("x", "s", JSON, (422, "kind-ambiguous")),
        ("x", "t", JSON, (415, "form-not-of-channel")),
    ],
)
def test_a_document_of_no_one_kind_is_refused(
    kind: str, folder: str, content_type: str, issue: tuple[int, str]
) -> None:
    catalog = catalog_of("when: {if: kind, equals: x}\n", "when: {if: kind, in: [x]}\n")
    document = read_document(b'{"kind": "%s"}' % kind.encode(), content_type, 1000)
    with pytest.raises(InputError) as caught:
        catalog.for_document(folder, document, RECEIVED_AT)
    assert (caught.value.status, caught.value.issues[0].code) == issue


def test_mappings_that_a_document_could_not_be_told_apart_by_are_a_fault() -> None:
    with pytest.raises(ConfigurationError) as caught:
        catalog_of("when: {if: kind, equals: x}\n", "")
    assert [(fault.file, fault.message) for fault in caught.value.faults] == [
        (
            "systems/s/m1.yaml",
            "the folder has other mappings of json: tell by when which documents are meant",
        )
    ]


def test_what_has_no_value_keeps_what_else_is_said_of_it() -> None:
    found = tree(NIL % b"><", XML)
    assert found == {"a": {"@masked": "yes", "#text": None}}
    assert out('["{a}", "{a.@masked}"]', found, source="xml", extra=ENVELOPE) == ["yes"]
