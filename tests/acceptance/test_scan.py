"""The scan sees what it is there to see."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.acceptance.scan import found, found_in_files

MARK = "Orange-Giraffe-4711 på ön"


@pytest.mark.parametrize("before", [b"", b"a", b"ab", b"abc"])
@pytest.mark.parametrize("after", [b"", b"z", b"zy", b"zyx"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_base64_is_seen_wherever_it_begins_and_ends(
    encode: Callable[[bytes], bytes], before: bytes, after: bytes
) -> None:
    for mark in (MARK, MARK[1:], MARK[2:]):
        assert found({"mark": mark}, b"<" + encode(before + mark.encode() + after) + b">")


@pytest.mark.parametrize(
    "left",
    [
        MARK.encode(),
        quote(MARK).encode(),
        "".join(f"%{byte:02X}" for byte in MARK.encode()).encode(),
        MARK.encode("utf-16-le"),
        MARK.encode("utf-16-be"),
        gzip.compress(b"x" * 100 + MARK.encode() + b"x" * 100),
        gzip.compress(MARK.encode("utf-16-le"))[:-8],
        gzip.compress(base64.b64encode(MARK.encode())),
    ],
    ids=[
        "plain",
        "quoted",
        "every byte quoted",
        "utf-16-le",
        "utf-16-be",
        "gzip",
        "half a gzip",
        "base64 in gzip",
    ],
)
def test_every_form_is_seen_in_a_file(tmp_path: Path, left: bytes) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "file").write_bytes(b"\x1f\x8b\x08 no gzip" + left + b"\x1f\x8b\x08")
    seen = found_in_files({"mark": MARK}, tmp_path)
    assert seen
    assert all(what.startswith("log/file: mark ") for what in seen)


def test_nothing_else_is_seen(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(
        MARK[:-1].encode() + gzip.compress(b"Orange") + base64.b64encode(b"Giraffe")
    )
    assert not found_in_files({"mark": MARK}, tmp_path)
