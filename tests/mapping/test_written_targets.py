"""Targets that are written: rows of CSV and messages of HL7 v2. What cannot be written is refused; what is written is read again."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final

import pytest

from adapter.domain.errors import ConfigurationError, MappingError
from adapter.mapping.advice import told
from adapter.mapping.flat_csv import read_row
from adapter.mapping.hl7v2 import field, parse
from connectors.hl7v2_mllp.validate import validate
from tests.mapping.compiled import apply, compiled

HEADER: Final = "mapping: m\nversion: '1'\nsource: fhir\nevent: [e]\nrecord_types: []\n"
CSV: Final = HEADER + (
    "target: csv\ncharset: iso-8859-1\ncolumns: [a, b]\nbody:\n  b: '{Basic.b}'\n  a: '{Basic.a}'\n"
)
ORU: Final = HEADER + (
    "target: hl7v2\nmessage: ORU^R01^ORU_R01\ncharset: iso-8859-1\nbody:\n"
    "  PID:\n    '3': '{Basic.a}'\n    '5': {'1': '{Basic.b}', '7': L}\n"
    "  OBR:\n    '4': {'1': x}\n    OBX:\n      - {'2': NM, '3': {'1': y}, '5': '{Basic.c}', '11': F}\n"
    "      - for: Basic.d\n        do: {'2': TX, '3': {'1': z}, '5': '{.}', '11': F}\n"
)
EXAMPLES: Final = files("mappings") / "systems" / "region_hl7v2" / "examples"
WRITTEN: Final = sorted(one.name for one in EXAMPLES.iterdir() if one.name.endswith(".expected.hl7"))


def written(text: str, **values: Any) -> bytes:
    """What a mapping writes of a resource."""
    return apply(compiled(text), {"resourceType": "Basic"} | values).written


def refused(text: str, **values: Any) -> list[str]:
    """What an admin is told of a resource that cannot be written."""
    mapping = compiled(text)
    with pytest.raises(MappingError) as caught:
        apply(mapping, {"resourceType": "Basic"} | values)
    return [told(mapping, issue) for issue in caught.value.issues]


def faults(text: str) -> list[str]:
    """What is told of a mapping at load."""
    with pytest.raises(ConfigurationError) as caught:
        compiled(text)
    return [str(fault) for fault in caught.value.faults]


def test_a_row_is_written_in_the_order_of_the_columns() -> None:
    assert written(CSV, a="å", b=17.5) == "a;b\r\nå;17,5\r\n".encode("iso-8859-1")
    assert written(CSV.replace("iso-8859-1", "utf-8"), a="–", b=False) == "a;b\r\n–;false\r\n".encode()


@pytest.mark.parametrize("text", ["x;y", 'say "x"', "two\nlines", 'a;"b"\r\nc', "'", "1,5"])
def test_what_a_cell_holds_is_read_again_as_it_was(text: str) -> None:
    assert read_row(written(CSV, a=text, b="z")).values == {"a": text, "b": "z"}


@pytest.mark.parametrize("text", ["=1+1", "+46", "-x", "@SUM(A1)", "  =1", "a;=1"])
def test_no_cell_is_taken_for_a_formula(text: str) -> None:
    cell = read_row(written(CSV, a=text)).values["a"]
    assert cell != text
    assert cell.replace("'", "", 1) == text.strip() or cell.replace("'", "", 1) == text


def test_a_negative_number_is_no_formula() -> None:
    assert read_row(written(CSV, a=-5)).values["a"] == "-5"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("–", "character-not-in-charset"),
        ("a\0b", "control-character"),
        ("x" * 10_001, "too-long"),
    ],
)
def test_a_cell_that_cannot_be_written_refuses_the_row_at_its_line(value: str, code: str) -> None:
    (line,) = refused(CSV, a=value)
    assert line.startswith(f"m.yaml:11: a: {code} (")


def test_a_list_in_a_cell_is_refused_and_can_be_joined() -> None:
    looped = CSV.replace("'{Basic.a}'", "{for: Basic.a, do: '{.}'}")
    assert refused(looped, a=["x", "y"])[0].startswith("m.yaml:11: a: not-a-value")
    joined = CSV.replace("'{Basic.a}'", "{from: Basic.a, using: join, separator: ' / '}")
    assert read_row(written(joined, a=["x", "y"])).values["a"] == "x / y"


@pytest.mark.parametrize("text", ["a|b^c&d~e\\f", "two\nlines", '""', "\\.br\\", "åäö", "MSH|"])
def test_what_a_message_holds_is_read_again_as_it_was(text: str) -> None:
    tree = parse(written(ORU, a="1", b=text, c=text, d=["one", "two"])).tree
    assert field(tree, "PID-5.1") == text
    texts = [segment["5"][0]["1"] for segment in tree["OBR"][0]["OBX"]]
    assert texts == [text, "one", "two"]


def test_the_writer_sets_the_header_and_the_numbers_of_segments() -> None:
    first, again, other = (written(ORU, a=value, b="x", c=1) for value in ("1", "1", "2"))
    tree = parse(first).tree
    assert [field(tree, f"MSH-{number}") for number in (7, 9, 11, 12, 18)] == [
        "20261116101500+0100",
        "ORU",
        "P",
        "2.5",
        "8859/1",
    ]
    assert first == again
    assert len(field(tree, "MSH-10")) == 20
    assert field(tree, "MSH-10") != field(parse(other).tree, "MSH-10")
    segments = parse(written(ORU, a="1", b="x", c=1, d=["p", "q"])).tree["OBR"][0]["OBX"]
    assert [segment["1"][0]["1"] for segment in segments] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"b": "–"}, "m.yaml:12: PID-5.1: character-not-in-charset ("),
        ({"a": "a\0"}, "m.yaml:11: PID-3: control-character ("),
    ],
)
def test_a_value_that_a_message_cannot_hold_refuses_it_at_its_line(
    values: Mapping[str, str], says: str
) -> None:
    (line,) = refused(ORU, **{"a": "1", "b": "x", **values})
    assert line.startswith(says)


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("source: fhir", "source: push", "3: hl7v2 is made from fhir"),
        ("ORU^R01^ORU_R01", "ORU^R99", "7: message is trigger and structure of HL7 2.5"),
        ("  PID:", "  PIX:", "11: ORU_R01 has no element PIX; did you mean PID?"),
        ("'3': '{Basic.a}'", "'99': x", "11: ORU_R01.PID has no element 99"),
        ("'7': L}", "'77': L}", "12: ORU_R01.PID.5 has no element 77"),
        ("    '3': '{Basic.a}'\n", "", "11: ORU_R01.PID needs 3, which nothing here feeds; add it"),
        (
            "'11': F}\n      - for",
            "'1': {'1': a}, '11': F}\n      - for",
            "16: ORU_R01.OBR.OBX.1 is a single",
        ),
        (
            "    '4': {'1': x}\n",
            "    '4': {'1': x}\n    SPM: {'1': x}\n",
            "15: ORU_R01.OBR has no element SPM",
        ),
        ("charset: iso-8859-1", "charset: ascii", "8: charset is one of utf-8, iso-8859-1"),
        ("charset: iso-8859-1\n", "", "1: the key charset is missing"),
        ("charset:", "columns: [a]\ncharset:", "8: the key columns is unknown here"),
    ],
)
def test_a_template_is_held_to_hl7s_definitions(right: str, wrong: str, says: str) -> None:
    assert right in ORU
    found = faults(ORU.replace(right, wrong, 1))
    assert any(fault.startswith(f"m.yaml:{says}") for fault in found), found


def test_segments_stand_in_the_order_of_the_message() -> None:
    body = "  OBR: {'4': x}\n  PID: {'3': x, '5': y}\n"
    assert faults(ORU.partition("  PID:")[0] + body) == [
        "m.yaml:11: PID stands after what follows it in the message; move it up"
    ]


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("  b: ", "  c: ", "10: the column c is not listed under columns"),
        ("  b: '{Basic.b}'\n", "", '10: the column b is fed by nothing; add it, as b: "" where'),
        ("source: fhir", "source: json", "3: csv is made from fhir"),
    ],
)
def test_a_row_is_held_to_its_columns(right: str, wrong: str, says: str) -> None:
    assert any(fault.startswith(f"m.yaml:{says}") for fault in faults(CSV.replace(right, wrong)))


@pytest.mark.parametrize("name", WRITTEN)
def test_what_the_shipped_mappings_write_is_valid_to_hl7apy(name: str) -> None:
    body = (EXAMPLES / name).read_bytes()
    assert validate(body, is_strict=True) == ()
    assert validate(body.replace(b"|P|2.5|", b"||2.5|"), is_strict=True) != ()


@pytest.mark.parametrize(
    ("value", "stamp"),
    [
        ("2026", "2026"),
        ("2026-11", "202611"),
        ("2026-11-16", "20261116"),
        ("2026-11-16T09:30:00+01:00", "20261116093000+0100"),
        ("2026-11-16T09:30:00.123456Z", "20261116093000.1234+0000"),
        ("20261116", "20261116"),
    ],
)
def test_a_date_time_becomes_a_time_stamp(value: str, stamp: str) -> None:
    text = CSV.replace("'{Basic.a}'", "{from: Basic.a, using: dtm}")
    assert read_row(written(text, a=value)).values["a"] == stamp
