"""XML 1.0, parsed without anything that a document could make the parser do: no DTD, no entities, no network, within bounds."""

from __future__ import annotations

import re
from collections.abc import Set
from typing import Final

from lxml import etree

from adapter.domain.errors import InputError, Issue

MAX_ELEMENTS: Final = 20_000
MAX_ATTRIBUTES: Final = 200
"""Of one element: the time to read them grows with the square of their number."""
ENCODINGS: Final = frozenset({"utf-8", "us-ascii", "iso-8859-1"})
"""Those that our own format may be in."""

_ENCODING: Final = re.compile(rb"""<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']""")


def parse_xml(body: bytes, charset: str | None, encodings: Set[str]) -> etree._Element:
    """The root element of ``body``; ``charset``, if the content type states one, goes before the declaration (RFC 7303).

    ``encodings`` extend ASCII, in lower case. Raises InputError 400: ``encoding-not-supported``, ``dtd-not-allowed``,
    ``too-many-elements``, ``too-many-attributes`` or ``not-xml``.
    """
    _refuse_hazards(body, encodings)
    try:
        root = etree.fromstring(body, xml_parser(charset))
    except etree.XMLSyntaxError:
        raise _unreadable("not-xml") from None
    if any(len(element.attrib) > MAX_ATTRIBUTES for element in root.iter()):
        raise _unreadable("too-many-attributes")
    return root


def xml_parser(charset: str | None = None) -> etree.XMLParser:
    """A hardened parser."""
    return etree.XMLParser(  # type: ignore[call-overload,no-any-return]  # the stubs do not know decompress
        encoding=charset,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        recover=False,
        decompress=False,
        remove_comments=True,
        remove_pis=True,
    )


def _refuse_hazards(body: bytes, encodings: Set[str]) -> None:
    text = body.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    declared = _ENCODING.match(text)
    # A document that starts with an ASCII "<" and has no NUL is in an encoding that extends ASCII: the searches below see all.
    if (
        not text.startswith(b"<")
        or b"\0" in text
        or (declared and declared[1].decode("ascii", "replace").lower() not in encodings)
    ):
        raise _unreadable("encoding-not-supported")
    if b"<!DOCTYPE" in text:
        raise _unreadable("dtd-not-allowed")
    if text.count(b"<") > 2 * MAX_ELEMENTS:
        raise _unreadable("too-many-elements")


def _unreadable(code: str) -> InputError:
    return InputError([Issue("", code)], 400)
