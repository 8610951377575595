"""Where in a sample a field stands, so that a fault names the sample's own line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from lxml import etree

from adapter.domain.errors import ConfigurationError, InputError
from adapter.domain.located import Node, locate
from adapter.mapping.charset import charset_of
from adapter.mapping.hardened_xml import xml_parser

_STEP: Final = re.compile(r"[^.\[\]]+|\[\d+\]")
_ROW: Final = re.compile(r"row (\d+)", re.ASCII)
_LINE_END: Final = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Sample:
    """A file that a mapping is tried with, or its expected output; ``file`` is what faults call it."""

    file: str
    body: bytes

    def line(self, path: str) -> int | None:
        """The line of what stands at a path, or of the nearest above it that is one alone; of what keeps the file from being read.

        None where neither can be told.
        """
        find = _LINES.get(self.file.rpartition(".")[2])
        return None if find is None else find(self.body, path.split(", ")[0])


def _in_json(body: bytes, path: str) -> int | None:
    try:
        text = body.decode(charset_of(body))
        json.loads(text)
        # What stands in JSON's strings is no tab: YAML reads the rest as it is, and knows the lines.
        return _nearest(locate(text.replace("\t", " "), ""), path)
    except json.JSONDecodeError as error:
        return error.lineno
    except ConfigurationError as error:
        return error.faults[0].line
    except (InputError, RecursionError):
        return None


def _nearest(node: Node, path: str) -> int | None:
    found = None
    for step in _STEP.findall(path):
        if isinstance(node.value, list) and not step.startswith("[") and len(node.value) == 1:
            node = node.value[0]
        inner = _member(node, step)
        if inner is None:
            break
        node = found = inner
    return None if found is None else found.line


def _member(node: Node, step: str) -> Node | None:
    if isinstance(node.value, dict):
        return node.value.get(step)
    if isinstance(node.value, list) and step.startswith("["):
        index = int(step[1:-1])
        return node.value[index] if index < len(node.value) else None
    return None


def _in_xml(body: bytes, path: str) -> int | None:
    try:
        element = etree.fromstring(body, xml_parser())
    except etree.XMLSyntaxError as error:
        return error.lineno
    # A path may begin with the root or beneath it; a sample's prefixes need not be those of the mapping.
    names = [step.rpartition(":")[2] for step in _STEP.findall(path)]
    is_at_root = names[:1] == [etree.QName(element).localname]
    found = element.sourceline if is_at_root else None
    for name in names[is_at_root:]:
        children = [child for child in element if etree.QName(child).localname == name]
        if len(children) != 1:
            break
        element = children[0]
        found = element.sourceline
    return found


def _in_csv(body: bytes, path: str) -> int | None:
    """A header and one row: what is not told of a row by its number, nor of one of its columns, is told of the header."""
    row = _ROW.fullmatch(path)
    if row is not None:
        return int(row[1])
    header = next(_lines(body), b"")
    return (
        2
        if (path and path.encode("utf-8") in header) or path.encode("iso-8859-1", "replace") in header
        else 1
    )


def _in_hl7(body: bytes, path: str) -> int | None:
    """A segment that stands once."""
    found = [number for number, line in enumerate(_lines(body), 1) if line[:3] == path[:3].encode()]
    return found[0] if len(found) == 1 else None


def _lines(body: bytes) -> Iterator[bytes]:
    return iter(_LINE_END.split(body))


_LINES: Final[Mapping[str, Callable[[bytes, str], int | None]]] = {
    "json": _in_json,
    "xml": _in_xml,
    "csv": _in_csv,
    "hl7": _in_hl7,
}
