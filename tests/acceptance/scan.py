"""Looks for a text in bytes, in every form in which a program could have left it there."""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

_GZIP: Final = re.compile(rb"\x1f\x8b\x08")
_MOST_UNPACKED: Final = 1_000_000


def forms(text: str) -> dict[str, bytes]:
    """The bytes to look for, by the name of the form: plain, UTF-16, percent-encoded, base64 at each of its three offsets."""
    plain = text.encode()
    return {
        "plain": plain,
        "percent-encoded": quote(text, safe="").encode(),
        "every byte percent-encoded": b"".join(b"%%%02X" % byte for byte in plain),
        "UTF-16 LE": text.encode("utf-16-le"),
        "UTF-16 BE": text.encode("utf-16-be"),
        **{f"base64 at {offset}": _base64(plain, offset) for offset in range(3)},
        **{f"base64url at {offset}": _base64(plain, offset, b"-_") for offset in range(3)},
    }


def found(texts: Mapping[str, str], content: bytes) -> set[str]:
    """Which of ``texts`` (by name) stand in the content, and in which form; gzip is unpacked wherever one begins."""
    layers = [content, *_unpacked(content)]
    return {
        f"{name} {form}"
        for name, text in texts.items()
        for form, wanted in forms(text).items()
        if any(wanted in layer for layer in layers)
    }


def found_in_files(texts: Mapping[str, str], folder: Path) -> set[str]:
    """Which of ``texts`` stand in any file below a folder, with the file's name."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    return {
        f"{file.relative_to(folder)}: {what}" for file in files for what in found(texts, file.read_bytes())
    }


def _base64(plain: bytes, offset: int, alphabet: bytes = b"+/") -> bytes:
    """What a text becomes when it begins ``offset`` bytes into a group of three, without the characters that its neighbours share."""
    encoded = base64.b64encode(b"\0" * offset + plain, alphabet)
    first = (0, 2, 3)[offset]
    last = (
        len(encoded)
        if (offset + len(plain)) % 3 == 0
        else len(encoded) - 4 + (0, 1, 2)[(offset + len(plain)) % 3]
    )
    return encoded[first:last]


def _unpacked(content: bytes) -> Iterator[bytes]:
    for start in _GZIP.finditer(content):
        try:
            yield zlib.decompressobj(wbits=31).decompress(content[start.start() :], _MOST_UNPACKED)
        except zlib.error:
            continue
