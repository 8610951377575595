"""In which charset text came that does not say: files and bodies of systems that write as their machine does."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from typing import Final

from adapter.domain.errors import InputError, Issue

NOT_LATIN_1: Final = re.compile(rb"[\x80-\x9f]|[\xc2\xc3][\x80-\xbf]")
"""Bytes that no ISO 8859-1 text holds: C1 controls (windows-1252 puts letters there), and one of its letters in UTF-8."""


def charset_of(body: bytes) -> str:
    """The codec of text that is UTF-8, with or without a byte order mark, where it is valid UTF-8; else ISO-8859-1.

    Raises InputError: 400 ``empty``, 415 ``charset-unknown``.
    """
    if not body or b"\0" in body:
        raise InputError([Issue("", "charset-unknown" if body else "empty")], 415 if body else 400)
    try:
        body.decode()
    except UnicodeDecodeError:
        if body.startswith(BOM_UTF8) or NOT_LATIN_1.search(body):
            raise InputError([Issue("", "charset-unknown")], 415) from None
        return "iso-8859-1"
    return "utf-8-sig"


def shown(body: bytes) -> str:
    """What was written, as people read it: each line, or segment of HL7 v2, on a line of its own."""
    return "\n".join(body.decode(charset_of(body)).splitlines())
