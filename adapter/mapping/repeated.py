"""A document of several records, JSON or XML: each of them a document of its own, with what stands around them all."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeAlias

from lxml import etree

from adapter.domain.errors import InputError, Issue
from adapter.mapping.nested import Document

Place: TypeAlias = tuple[int, ...]
"""Where a record stands: its index in each list on the way to it."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """What repeats in the documents of a mapping. ``names`` lead to it from the root, ``prefixes`` are the mapping's namespaces."""

    names: tuple[str, ...]
    prefixes: Mapping[str, str]

    def places(self, document: Document) -> Iterator[Place]:
        """Where the records are, in their order."""
        if document.form == "json":
            return _in_json(document.root, self.names)
        root, *tags = self._tags()
        return _in_xml(document.root, tags) if document.root.tag == root else iter(())

    def only(self, document: Document, places: Sequence[Place]) -> bytes:
        """The document in UTF-8 with the records at these places, in their order, and no other; what else is in it stays."""
        if document.form == "json":
            kept = _kept_json(document.root, self.names, places)
            return json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode()
        element = _kept_xml(document.root, self._tags()[1:], places)
        return etree.tostring(element, encoding="utf-8", xml_declaration=True)

    def require_one(self, document: Document) -> None:
        """Raises InputError (422) for a message of more than one record, or none."""
        if sum(1 for _ in zip(self.places(document), range(2), strict=False)) != 1:
            raise InputError([Issue(".".join(self.names), "not-one-record")])

    def _tags(self) -> list[str]:
        """The names as lxml has them: ``{namespace}name``."""
        parts = [name.rpartition(":") for name in self.names]
        found = [(self.prefixes.get(prefix or "default", ""), name) for prefix, _, name in parts]
        return [f"{{{uri}}}{name}" if uri else name for uri, name in found]


def _in_json(value: Any, names: Sequence[str]) -> Iterator[Place]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from ((index, *rest) for rest in _in_json(item, names))
    elif not names:
        yield ()
    elif isinstance(value, dict) and names[0] in value:
        yield from _in_json(value[names[0]], names[1:])


def _kept_json(value: Any, names: Sequence[str], places: Sequence[Place]) -> Any:
    if isinstance(value, list):
        return [_kept_json(value[index], names, inner) for index, inner in _by_first(places)]
    if not names:
        return value
    return value | {names[0]: _kept_json(value[names[0]], names[1:], places)}


def _in_xml(element: etree._Element, tags: Sequence[str]) -> Iterator[Place]:
    if not tags:
        yield ()
        return
    for index, child in enumerate(element.iterchildren(tags[0])):
        yield from ((index, *rest) for rest in _in_xml(child, tags[1:]))


def _kept_xml(element: etree._Element, tags: Sequence[str], places: Sequence[Place]) -> etree._Element:
    if not tags:
        return deepcopy(element)
    repeated = element.findall(tags[0])
    kept = {repeated[index]: inner for index, inner in _by_first(places)}
    made = etree.Element(element.tag, dict(element.attrib), element.nsmap)
    made.text, made.tail = element.text, element.tail
    for child in element:
        if child in kept:
            made.append(_kept_xml(child, tags[1:], kept[child]))
        elif child.tag != tags[0]:
            made.append(deepcopy(child))
    return made


def _by_first(places: Sequence[Place]) -> Iterator[tuple[int, list[Place]]]:
    for index, group in groupby(sorted(places), key=lambda place: place[0]):
        yield index, [place[1:] for place in group]
