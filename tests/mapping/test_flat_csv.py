"""Flat CSV: encodings, quoting and line ends as found in the wild; faults by row and column, never a value."""

from __future__ import annotations

import pytest

from adapter.domain.errors import InputError, Issue
from adapter.mapping.flat_csv import Limits, Row, read_csv, read_row

TEXT = "Ärende;Poäng\r\n1;två\r\n"
SECRET = "191212121212"


def rows(text: str | bytes, limits: Limits | None = None) -> list[Row]:
    body = text.encode() if isinstance(text, str) else text
    return list(read_csv(body, limits or Limits()).rows)


def refused(body: bytes, limits: Limits | None = None) -> tuple[tuple[Issue, ...], int]:
    with pytest.raises(InputError) as caught:
        list(read_csv(body, limits or Limits()).rows)
    return caught.value.issues, caught.value.status


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "iso-8859-1"])
@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r"])
def test_encoding_and_line_ends_change_nothing(encoding: str, line_end: str) -> None:
    [row] = rows(TEXT.replace("\r\n", line_end).encode(encoding))
    assert row.values == {"Ärende": "1", "Poäng": "två"}
    assert row.body() == TEXT.encode()


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ('1;"a;b"', "a;b"),
        ('1;"sa ""ja"""', 'sa "ja"'),
        ('1;"två\r\nrader"', "två\r\nrader"),
        ('1;""', ""),
        ("1;  mellan rum ", "mellan rum"),
        ("1;x;;", "x"),
    ],
)
def test_a_value_is_read_whole_and_comes_back_from_its_own_message(line: str, value: str) -> None:
    [row] = rows(f"a;b\r\n{line}\r\n")
    assert row.values == {"a": "1", "b": value}
    assert read_row(row.body()).values == row.values


def test_blank_rows_are_passed_over_and_rows_keep_the_number_that_a_spreadsheet_shows() -> None:
    assert [(row.number, row.values["b"]) for row in rows("a;b;\n1;x\n;;\n\n2;y")] == [(2, "x"), (5, "y")]


@pytest.mark.parametrize(
    ("line", "issue"),
    [
        ("1", Issue("", "too-few-values")),
        ("1;2;3", Issue("", "too-many-values")),
        ("1;\x1b[2J", Issue("b", "control-character")),
        ("1;" + "x" * 51, Issue("b", "too-long")),
    ],
)
def test_a_faulty_row_says_so_and_the_next_is_read(line: str, issue: Issue) -> None:
    faulty, good = rows(f"a;b\n{line}\n3;4\n", Limits(value_length=50))
    assert (faulty.number, faulty.issues) == (2, (issue,))
    assert (good.values, good.issues) == ({"a": "3", "b": "4"}, ())


@pytest.mark.parametrize("line", ['1;"open', '1;"a"b'])
def test_quoting_that_is_broken_ends_the_file(line: str) -> None:
    first, broken = rows(f"a;b\n0;0\n{line}\n3;4\n")
    assert first.issues == ()
    assert (broken.number, broken.issues) == (3, (Issue("", "csv-malformed"),))


@pytest.mark.parametrize(
    ("body", "status", "issue"),
    [
        (b"", 400, Issue("", "empty")),
        (b"\r\n1;2", 400, Issue("row 1", "header-missing")),
        (b"a;a\n1;2", 400, Issue("column 2", "column-repeated")),
        (b"a;;b\n1;2;3", 400, Issue("column 2", "column-unnamed")),
        (f"{SECRET};AUDIT\n1;2".encode(), 400, Issue("column 1", "column-name-malformed")),
        (b"a;{b}\n1;2", 400, Issue("column 2", "column-name-malformed")),
        (b'"a;b\n1;2', 400, Issue("row 1", "csv-malformed")),
        (b"a\n\x93ja\x94", 415, Issue("", "charset-unknown")),
        ("a\nå".encode() + b"\n\xe5", 415, Issue("", "charset-unknown")),
        ("a;b\n1;2".encode("utf-16"), 415, Issue("", "charset-unknown")),
        (b"\xef\xbb\xbfa\n\xe5", 415, Issue("", "charset-unknown")),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_without_a_word_of_it(
    body: bytes, status: int, issue: Issue
) -> None:
    assert refused(body) == ((issue,), status)


def test_everything_is_bounded() -> None:
    assert refused(b"a\n1", Limits(bytes=2)) == ((Issue("", "too-large"),), 413)
    assert refused(b"a;b;c\n", Limits(columns=2)) == ((Issue("row 1", "too-many-columns"),), 400)
    assert [row.issues for row in rows("a\n1\n2\n3\n4", Limits(rows=2))] == [
        (),
        (),
        (Issue("", "too-many-rows"),),
    ]


@pytest.mark.parametrize("body", [b"a\n", b"a\n1\n2\n"])
def test_a_message_of_one_row_has_one_row(body: bytes) -> None:
    with pytest.raises(InputError) as caught:
        read_row(body)
    assert caught.value.issues == (Issue("", "not-one-row"),)
