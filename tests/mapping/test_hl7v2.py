"""The ER7 reader: values against hl7apy, structure, charsets, bounds, and nothing but InputError."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hl7apy.parser import parse_message
from hypothesis import given
from hypothesis import strategies as st

from adapter.domain.errors import InputError
from adapter.mapping.er7 import encode
from adapter.mapping.hl7v2 import (
    Limits,
    decode,
    field,
    parse,
    parse_timestamp,
    part,
    read_header,
    repetitions,
)

HEADER = "MSH|^~\\&|JOURNAL|SE2321000131-E0101|SAMBRO||20260301101500||ORU^R01^ORU_R01|1|P|2.5||||||"
ORU = "\r".join(
    [
        HEADER + "UNICODE UTF-8",
        "PID|1||191212121212^^^&1.2.752.129.2.1.3.1&ISO^NNSWE~77^^^JOURNAL^MR||Tolvansson^Tolvan^^^^^L|",
        "OBR|1||F-9^LAB|72110-0^AUDIT^LN",
        "NTE|1||till svaret",
        "OBX|1|NM|68518-0^Hur ofta^LN||3||||||F",
        "NTE|1||första",
        "NTE|2||andra",
        "OBX|2|NM|68519-8^Hur mycket^LN||0||||||F",
        "OBR|2||F-10^LAB|DUDIT^^L",
        "OBX|1|ST|x||text",
        "ZXX|1|egen",
        "",
    ]
)


def tree(text: str) -> Any:
    return parse(text.encode()).tree


def codes(body: bytes, **options: Any) -> tuple[int, list[tuple[str, str]]]:
    with pytest.raises(InputError) as caught:
        parse(body, **options)
    return caught.value.status, [(issue.path, issue.code) for issue in caught.value.issues]


def with_charset(charset: str, content: bytes) -> bytes:
    return (HEADER + charset + "\rNTE|1||").encode() + content + b"\r"


def test_every_value_is_the_one_that_hl7apy_reads() -> None:
    ours = tree(ORU)
    theirs = parse_message(ORU, find_groups=False)
    groups = {"OBX": ours["OBR"][0]["OBX"] + ours["OBR"][1]["OBX"], "NTE": _notes(ours)}
    compared = 0
    for name in ("PID", "OBR", "OBX", "NTE", "ZXX"):
        segments = groups.get(name, ours.get(name))
        for segment, oracle in zip(segments, getattr(theirs, name.lower()), strict=True):
            fields = {number: found for number, found in segment.items() if number.isdigit()}
            compared += len(fields)
            assert {child.name for child in oracle.children} == {f"{name}_{number}" for number in fields}
            for number, found in fields.items():
                written = "~".join(map(encode, found))
                assert written == "~".join(c.to_er7() for c in getattr(oracle, f"{name}_{number}".lower()))
    assert compared > 30


def _notes(ours: Any) -> list[Any]:
    order = ours["OBR"][0]
    return [*order["NTE"], *order["OBX"][0]["NTE"]]


def test_results_and_notes_stand_inside_what_they_belong_to() -> None:
    ours = tree(ORU)
    first, second = ours["OBR"]
    assert "OBX" not in ours
    assert "NTE" not in ours
    assert [result["1"] for result in first["OBX"]] == [[{"1": "1"}], [{"1": "2"}]]
    assert [note["3"] for note in first["NTE"]] == [[{"1": "till svaret"}]]
    assert [note["3"] for note in first["OBX"][0]["NTE"]] == [[{"1": "första"}], [{"1": "andra"}]]
    assert "NTE" not in first["OBX"][1]
    assert second["OBX"][0]["5"] == [{"1": "text"}]


def test_a_result_without_an_order_stands_at_the_top_with_its_note() -> None:
    ours = tree(HEADER + "\rPID|1\rOBX|1|NM|x\rNTE|1||a\r")
    assert [sorted(result) for result in ours["OBX"]] == [["1", "2", "3", "NTE"]]


def test_a_new_patient_group_closes_the_order_before_it() -> None:
    ours = tree(HEADER + "\rOBR|1\rPID|2\rNTE|1||a\rOBX|1\r")
    assert ours["OBR"] == [{"1": [{"1": "1"}]}]
    assert len(ours["NTE"]) == len(ours["OBX"]) == 1


def test_components_subcomponents_and_repetitions_are_reached_by_number() -> None:
    ours = tree(ORU)
    assert field(ours, "PID-3") == field(ours, "PID-3.1") == "191212121212"
    assert field(ours, "PID-3.4") == ""
    assert field(ours, "PID-3.4.2") == "1.2.752.129.2.1.3.1"
    assert field(ours, "PID-3.1.2") == ""
    assert field(ours, "PID-99") == field(ours, "PV1-2") == ""
    assert [part(repetition, 1) for repetition in repetitions(ours, "PID", 3)] == ["191212121212", "77"]
    with pytest.raises(ValueError, match="not an HL7 v2 path"):
        field(ours, "PID.3")


def test_null_is_not_absence() -> None:
    ours = tree(HEADER + '\rPID|1||""|||""^b|\r')
    assert ours["PID"] == [{"1": [{"1": "1"}], "3": [{"1": None}], "6": [{"1": None, "2": "b"}]}]
    assert field(ours, "PID-3") == ""


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_line_ends_of_other_systems_are_tolerated(end: str) -> None:
    assert tree(ORU.replace("\r", end)) == tree(ORU)
    assert decode(ORU.replace("\r", end).encode()) == ORU


def test_a_line_feed_inside_a_segment_that_ends_with_cr_is_text() -> None:
    assert field(tree(HEADER + "\rNTE|1||a\nPID|2\r"), "NTE-3") == "a\nPID"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("a\\F\\b", "a|b"),
        ("\\S\\\\T\\\\R\\\\E\\", "^&~\\"),
        ("a\\.br\\b", "a\nb"),
        ("\\H\\a\\N\\", "a"),
        ("\\X41C3A5\\", "Aå"),
        ("\\X0D0A\\", "\r\n"),
    ],
)
def test_escape_sequences_mean_their_characters(written: str, meant: str) -> None:
    assert field(tree(HEADER + "UNICODE UTF-8\rNTE|1||" + written + "\r"), "NTE-3") == meant


@pytest.mark.parametrize(
    "written", ["a\\b", "\\Q\\", "\\X4\\", "\\XC3\\", "\\X00\\", "\\C2842\\", "\\Zmine\\", "\\"]
)
def test_an_escape_that_is_not_known_refuses_and_names_the_field(written: str) -> None:
    body = f"{HEADER}UNICODE UTF-8\rNTE|1||x\rNTE|2|{written}|{written}\r".encode()
    assert codes(body) == (422, [("NTE[2]-2", "escape-malformed"), ("NTE[2]-3", "escape-malformed")])


def test_a_message_may_choose_its_own_encoding_characters() -> None:
    own = tree("MSH#*+%$#JOURNAL\rPID#1##19*b$c+%S%%F%\r")
    assert own["PID"] == [{"1": [{"1": "1"}], "3": [{"1": "19", "2": {"1": "b", "2": "c"}}, {"1": "*#"}]}]


def test_the_truncation_character_of_2_7_is_allowed() -> None:
    assert field(tree("MSH|^~\\&#|JOURNAL\r"), "MSH-3") == "JOURNAL"


@pytest.mark.parametrize(
    ("charset", "content", "default", "text"),
    [
        ("", b"abc", None, "abc"),
        ("", "åäö".encode("latin-1"), "8859/1", "åäö"),
        ("ASCII", b"abc", None, "abc"),
        ("8859/1", "åäö ÅÄÖ éü §½".encode("latin-1"), None, "åäö ÅÄÖ éü §½"),
        ("ISO8859-1", "åäö".encode("latin-1"), None, "åäö"),
        ("UNICODE UTF-8", "åäö €".encode(), "8859/1", "åäö €"),
    ],
)
def test_text_is_read_in_the_charset_that_msh_18_names(
    charset: str, content: bytes, default: str | None, text: str
) -> None:
    assert field(parse(with_charset(charset, content), default).tree, "NTE-3") == text


@pytest.mark.parametrize(
    ("charset", "content", "code"),
    [
        ("", "å".encode("latin-1"), "charset-missing"),
        ("ASCII", "å".encode("latin-1"), "charset-mismatch"),
        ("8859/1", "åäö".encode(), "charset-mismatch"),
        ("8859/1", "å".encode() + "å".encode("latin-1"), "charset-mismatch"),
        ("8859/1", "Š".encode(), "charset-mismatch"),
        ("8859/1", "€ –".encode("cp1252"), "charset-mismatch"),
        ("UNICODE UTF-8", "å".encode("latin-1"), "charset-mismatch"),
        ("UNICODE UTF-16", b"abc", "charset-unsupported"),
        ("8859/1~UNICODE UTF-8", b"abc", "charset-unsupported"),
        ("8859/15", b"abc", "charset-unsupported"),
    ],
)
def test_bytes_that_are_not_of_the_stated_charset_are_refused(
    charset: str, content: bytes, code: str
) -> None:
    assert codes(with_charset(charset, content)) == (415, [("MSH-18", code)])


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"", ("MSH", "not-hl7v2")),
        (b"{}", ("MSH", "not-hl7v2")),
        (HEADER.encode("utf-16"), ("MSH", "not-hl7v2")),
        (b"MSH", ("MSH-2", "encoding-characters")),
        (b"MSH|^~|x", ("MSH-2", "encoding-characters")),
        (b"MSH|^^\\&|x", ("MSH-2", "encoding-characters")),
        (b"MSH|^~\\&##|x", ("MSH-2", "encoding-characters")),
        (b"MSHAbcdeA", ("MSH-2", "encoding-characters")),
        (HEADER.encode() + b"\rpid|1\r", ("segment[2]", "segment-malformed")),
        (HEADER.encode() + b"\rPIDX1\r", ("segment[2]", "segment-malformed")),
        (HEADER.encode() + b"\rPID|1\r" + HEADER.encode() + b"\r", ("segment[3]", "segment-malformed")),
        (HEADER.encode() + b"\rPID|\x001\r", ("MSH", "character-not-allowed")),
        (HEADER.encode() + b"\rPID|\x1c1\r", ("MSH", "character-not-allowed")),
    ],
)
def test_what_is_not_er7_is_unreadable(body: bytes, fault: tuple[str, str]) -> None:
    assert codes(body) == (400, [fault])


@pytest.mark.parametrize("limits", [Limits(bytes=100), Limits(segments=3), Limits(parts=50)])
def test_each_bound_refuses_what_is_above_it(limits: Limits) -> None:
    assert codes(ORU.encode(), limits=limits) == (413, [("MSH", "message-too-large")])


def test_the_header_can_be_read_of_a_message_that_cannot() -> None:
    header = read_header(with_charset("8859/1", "å".encode()) + b"???")
    assert field(header, "MSH-10") == "1"
    assert list(header) == ["MSH"]


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("20260301101500", datetime(2026, 3, 1, 9, 15, tzinfo=UTC)),
        ("202607011015", datetime(2026, 7, 1, 8, 15, tzinfo=UTC)),
        ("20260301", datetime(2026, 2, 28, 23, tzinfo=UTC)),
        ("20260301101500.25-0330", datetime(2026, 3, 1, 13, 45, 0, 250_000, tzinfo=UTC)),
        ("202603011015+0000", datetime(2026, 3, 1, 10, 15, tzinfo=UTC)),
    ],
)
def test_a_time_stamp_without_offset_is_stockholms(text: str, instant: datetime) -> None:
    assert parse_timestamp(text) == instant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026",
        "202613011015",
        "20260301101",
        "20260301101560",
        "2026-03-01",
        "00010101",
        "202603011015+9900",
    ],
)
def test_other_time_stamps_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_timestamp(text)


@given(
    st.binary(max_size=300)
    | st.text(max_size=200).map(lambda text: (HEADER + "8859/1\r" + text).encode("latin-1", "ignore"))
)
def test_any_bytes_are_read_or_refused_with_an_input_error(body: bytes) -> None:
    try:
        tree = parse(body, "8859/1").tree
    except InputError:
        return
    assert len(tree["MSH"]) == 1


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1).filter(lambda text: text != '""'))
def test_what_is_encoded_is_read_back(text: str) -> None:
    body = f"{HEADER}UNICODE UTF-8\rNTE|1||{encode({'2': {'3': text}})}\r".encode()
    assert field(parse(body).tree, "NTE-3.2.3") == text
