"""Bodies that are meant to harm, or cannot be read: refused before they cost anything."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from adapter.mapping.hardened_xml import MAX_ELEMENTS
from adapter.mapping.strict_json import MAX_DEPTH, read_json
from tests.connectors.http_push.samples import JSON, XML, example_bytes, issues_of, reader

SIP = example_bytes("sip.xml")
ROOT = b'<push xmlns="https://w3id.org/sambro/push/1">'
LAUGHS = (
    b"<!DOCTYPE push ["
    + b'<!ENTITY a0 "ha">'
    + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10))
    + b"]>"
)


def prolog(dtd: bytes) -> bytes:
    return SIP.replace(b"?>", b"?>" + dtd, 1)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "not-json"),
        (b"", "not-json"),
        (b'{"kind": "sip"} x', "not-json"),
        (b'{"kind": NaN}', "not-json"),
        (b'{"kind": "\xe5"}', "not-json"),
        (b'{"kind": "\\ud800"}', "not-json"),
        (b"\xef\xbb\xbf{}", "not-json"),
        (example_bytes("sip.json").decode().encode("utf-16"), "not-json"),
        (b'{"kind": "sip", "kind": "sip"}', "duplicate-key"),
        (b'{"kind": "sip", "k\\u0069nd": "sip"}', "duplicate-key"),
        (b'{"sip": {"mal": [{"text": "a" , "text" : "b"}]}}', "duplicate-key"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "too-deep"),
        (b"[" * 100_000, "too-deep"),
        (b'{"a":' * 100_000, "too-deep"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_unreadable_json_is_refused(body: bytes, code: str) -> None:
    assert issues_of(lambda: reader().read(body, JSON), 400) == {("", code)}


def test_what_looks_like_keys_and_brackets_inside_text_is_text() -> None:
    body = b'{"a": "{[{[{[{[{[{[{[{[{[{[{[\\"kind\\": 1", "b\\"": "\\\\", "c": {"a": "x:"}}'
    assert read_json(body) == {"a": '{[{[{[{[{[{[{[{[{[{[{["kind": 1', 'b"': "\\", "c": {"a": "x:"}}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "encoding-not-supported"),
        (b"kind: sip", "encoding-not-supported"),
        (SIP.decode().replace("UTF-8", "UTF-16").encode("utf-16"), "encoding-not-supported"),
        (SIP.decode().encode("utf-16-le"), "encoding-not-supported"),
        (SIP.decode().encode("utf-32"), "encoding-not-supported"),
        (SIP.replace(b"UTF-8", b"UTF-16"), "encoding-not-supported"),
        (SIP.replace(b"UTF-8", b"UTF-7"), "encoding-not-supported"),
        (b'<?xml version="1.0" encoding="cp037"?>'.decode().encode("cp037"), "encoding-not-supported"),
        (gzip.compress(SIP), "encoding-not-supported"),
        (prolog(b"<!DOCTYPE push>"), "dtd-not-allowed"),
        (prolog(b'<!DOCTYPE push SYSTEM "http://127.0.0.1:9/push.dtd">'), "dtd-not-allowed"),
        (prolog(LAUGHS).replace(b"SIP-2026-0042", b"&a9;"), "dtd-not-allowed"),
        (SIP.replace(b"SIP-2026-0042", b"&okand;"), "not-xml"),
        (SIP[:-10], "not-xml"),
        (SIP.replace(b"\xc3", b"\xff"), "not-xml"),
        (ROOT + b"<a/>" * (2 * MAX_ELEMENTS) + b"</push>", "too-many-elements"),
        (ROOT + b"<a>" * 15_000 + b"</a>" * 15_000 + b"</push>", "not-xml"),
        (b"<push/>", "not-push"),
        (SIP.replace(b"sambro/push/1", b"sambro/push/2"), "not-push"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_unreadable_or_hostile_xml_is_refused(body: bytes, code: str) -> None:
    assert issues_of(lambda: reader().read(body, XML), 400) == {("", code)}


def test_an_external_entity_is_never_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("SIP-2026-0099")
    dtd = f'<!DOCTYPE push [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'.encode()
    body = prolog(dtd).replace(b"SIP-2026-0042", b"&x;")
    assert issues_of(lambda: reader().read(body, XML), 400) == {("", "dtd-not-allowed")}


def test_an_inclusion_is_an_unknown_field(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("SIP-2026-0099")
    include = f'<include xmlns="http://www.w3.org/2001/XInclude" href="{secret.as_uri()}" parse="text"/>'
    body = SIP.replace(b"SIP-2026-0042", include.encode())
    assert ("sip.planId", "wrong-type") in issues_of(lambda: reader().read(body, XML))


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        (b"<sip>", b'<sip version="2">', "sip"),
        (b"<horisont>kort</horisont>", b'<horisont sprak="sv">kort</horisont>', "sip.mal[0].horisont"),
        (b"<person>", b"text<person>", ""),
        (
            b"<planId>SIP-2026-0042</planId>\n    <version>2</version>",
            b"<version>2</version><planId>SIP-2026-0042</planId>",
            "sip.version",
        ),
        (b"<insatsId>i2</insatsId>\n      <text>", b"<text>", None),
    ],
)
def test_what_only_xml_can_get_wrong_is_named_by_path(old: bytes, new: bytes, path: str | None) -> None:
    assert old in SIP
    found = issues_of(lambda: reader().read(SIP.replace(old, new, 1), XML))
    expected = ("sip.insatser[1].insatsId", "required") if path is None else (path, "xml-structure")
    assert found == {expected}


@pytest.mark.parametrize(
    ("old", "new", "issue"),
    [
        (b"<version>", b'<version xmlns="urn:x">', ("sip.version", "required")),
        (b"<problem>", b"<problem>En till</problem><problem>", ("sip.problem", "wrong-type")),
        (b"<version>2</version>", b"<version><x/></version>", ("sip.version", "wrong-type")),
        (b"<insatserAvAndra>true<", b"<insatserAvAndra>1<", ("sip.insatserAvAndra", "wrong-type")),
    ],
)
def test_elements_that_the_format_does_not_have_are_refused(
    old: bytes, new: bytes, issue: tuple[str, str]
) -> None:
    assert old in SIP
    assert issue in issues_of(lambda: reader().read(SIP.replace(old, new, 1), XML))


def test_a_field_that_is_repeated_without_end_is_one_fault() -> None:
    body = SIP.replace(b"<sip>", b"<sip/>" * 30_000 + b"<sip>")
    assert issues_of(lambda: reader().read(body, XML)) == {("sip", "wrong-type")}


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=utf-16",
        "application/json; charset=iso-8859-1",
        "text/xml; charset=utf-7",
    ],
)
def test_another_content_type_or_charset_is_not_supported(content_type: str) -> None:
    body = example_bytes("sip.json")
    assert issues_of(lambda: reader().read(body, content_type), 415) == {("", "content-type-not-supported")}


def test_a_body_beyond_the_bound_is_not_looked_at() -> None:
    assert issues_of(lambda: reader(max_bytes=10).read(b"{" * 11, JSON), 413) == {("", "too-large")}


@pytest.mark.parametrize(
    "content_type", ["application/xml", "text/xml", "application/xml; charset=ISO-8859-1"]
)
def test_latin_1_is_read_as_what_it_says(content_type: str) -> None:
    text = SIP.decode().replace("encoding='UTF-8'", "encoding='ISO-8859-1'")
    arrival = reader().read(text.encode("latin-1"), content_type)
    assert arrival.record.tree == reader().read(SIP, XML).record.tree


def test_comments_character_data_and_instructions_change_nothing() -> None:
    body = SIP.replace(b"<sip>", b"<!-- plan --><?plan now?><sip>").replace(
        b"<planId>SIP-2026-0042", b"<planId>SIP-<!-- x -->2026<![CDATA[-0042]]>"
    )
    assert reader().read(body, XML).record.tree == reader().read(SIP, XML).record.tree
