"""FHIR XML (R4, xml.html) as the JSON of the same resource: what reads JSON judges both forms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import orjson
from lxml import etree

from adapter.domain.errors import InputError, Issue
from adapter.fhir.paths import MAX_ISSUES, path_of
from adapter.fhir.profiles.definitions import Element, TypeRef
from adapter.fhir.xml.shapes import MAX_DEPTH, NAMESPACE, XHTML, Form, Shapes

_MAX_ELEMENTS: Final = 20_000
_NUMBERS: Final = frozenset({"decimal", "integer", "positiveInt", "unsignedInt"})
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)
_BOOLEANS: Final = {"true": True, "false": False}
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}", re.ASCII)


class XmlReader:
    """Reads resources that others wrote: UTF-8, bounded, without DTD, entities or processing instructions."""

    def __init__(self, shapes: Shapes) -> None:
        self._shapes = shapes

    def read(self, body: bytes) -> bytes:
        """The JSON of one resource; the caller has bounded ``body``.

        Raises InputError (400) with the first MAX_ISSUES faults: ``unreadable``, ``dtd-not-allowed``, ``too-deep``, ``too-many-elements``, ``unknown-resource-type``,
        ``unknown-element``, ``element-order``, ``too-many-values``, ``empty``, ``text``. What a value must be is for others to judge.
        """
        root = _parsed(body)
        reading = _Reading(self._shapes)
        resource = reading.resource(root, "", MAX_DEPTH)
        if reading.issues:
            raise InputError(reading.issues, status=400)
        return orjson.dumps(resource)


class _Reading:
    """One resource; ``issues`` is what is wrong with it."""

    def __init__(self, shapes: Shapes) -> None:
        self._shapes = shapes
        self._elements = 0
        self.issues: list[Issue] = []

    def resource(self, node: etree._Element, path: str, depth: int) -> dict[str, Any]:
        """A resource. ``path`` is its holder's, empty for the whole."""
        name = _name(node)
        shape = None if name is None else self._shapes.resource(name)
        if name is None or shape is None:
            self._fault(path, "unknown-resource-type")
            return {}
        return {"resourceType": name} | self._complex(node, shape, path or name, depth)

    def _complex(self, node: etree._Element, shape: Element, path: str, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if depth == 0:
            self._fault(path, "too-deep")
            return found
        self._attributes(node, found, shape, path)
        if _has_text(node):
            self._fault(path, "text")
        order = {name: place for place, name in enumerate(shape.children)}
        reached = 0
        for below in _elements(node):
            name = _name(below)
            if name is None or name not in shape.by_key:
                self._fault(path_of(path, name) if name else path, "unknown-element")
                continue
            child, kind = shape.by_key[name]
            if order[child.name] < reached:
                self._fault(f"{path}.{name}", "element-order")
            reached = order[child.name]
            self._place(found, name, (child, kind), below, path, depth)
        # Where no repetition has a value, their extensions stand alone.
        return {
            key: value
            for key, value in found.items()
            if not isinstance(value, list) or any(map(_is_there, value))
        }

    def _attributes(self, node: etree._Element, found: dict[str, Any], shape: Element, path: str) -> None:
        # By name: the time that libxml2 takes to list the values grows with the square of their number.
        for attribute in node.attrib:
            child, kind = shape.by_key.get(str(attribute), (None, None))
            if child is None or self._shapes.form(child, kind) is not Form.ATTRIBUTE:
                self._fault(path, "unknown-element")
            else:
                found[str(attribute)] = node.attrib[attribute]

    def _place(
        self,
        found: dict[str, Any],
        name: str,
        of: tuple[Element, TypeRef | None],
        node: etree._Element,
        path: str,
        depth: int,
    ) -> None:
        """Put one element where it stands in JSON: beside its repetitions, the extensions of a primitive under ``_name``."""
        self._elements += 1
        if self._elements > _MAX_ELEMENTS:
            raise InputError([Issue(path, "too-many-elements")], status=400)
        is_many = of[0].is_many
        place = len(found.get(name, found.get(f"_{name}", ()))) if is_many else 0
        at = f"{path}.{name}[{place}]" if is_many else f"{path}.{name}"
        if not is_many and (name in found or f"_{name}" in found):
            return self._fault(at, "too-many-values")
        value, beside = self._value(of, node, at, depth)
        if not is_many:
            found |= {name: value} if value is not None else {}
            found |= {f"_{name}": beside} if beside else {}
            return None
        _append(found, name, place, value)
        if beside or f"_{name}" in found:
            _append(found, f"_{name}", place, beside or None)
        return None

    def _value(
        self, of: tuple[Element, TypeRef | None], node: etree._Element, path: str, depth: int
    ) -> tuple[Any, dict[str, Any]]:
        match self._shapes.form(*of):
            case Form.ATTRIBUTE:
                self._fault(path, "unknown-element")
                return None, {}
            case Form.NARRATIVE:
                return etree.tostring(node, encoding="unicode", with_tail=False), {}
            case Form.RESOURCE:
                return self._held(node, path, depth), {}
            case Form.PRIMITIVE:
                return self._primitive(of[1].code if of[1] else "", node, path, depth)
            case Form.COMPLEX:
                return self._complex(node, self._shapes.below(*of), path, depth - 1), {}

    def _held(self, node: etree._Element, path: str, depth: int) -> dict[str, Any]:
        held = list(_elements(node))
        if len(held) != 1 or node.attrib or _has_text(node):
            self._fault(path, "unreadable")
            return {}
        return self.resource(held[0], path, depth - 1)

    def _primitive(
        self, kind: str, node: etree._Element, path: str, depth: int
    ) -> tuple[Any, dict[str, Any]]:
        text = node.attrib.pop("value", None)
        beside = self._complex(node, self._shapes.extended, path, depth - 1)
        if text is None and not beside:
            self._fault(path, "empty")
        return _read(kind, text), beside

    def _fault(self, path: str, code: str) -> None:
        if len(self.issues) < MAX_ISSUES:
            self.issues.append(Issue(path, code))


def _parsed(body: bytes) -> etree._Element:
    """The root. What libxml2 could make of an entity, it is not given to read."""
    try:
        text = body.decode("utf-8")
        if "<!DOCTYPE" in text:
            raise InputError([Issue("", "dtd-not-allowed")], status=400)
        parser = etree.XMLParser(
            encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
        )
        root = etree.fromstring(body, parser)
    except (ValueError, etree.XMLSyntaxError):
        raise InputError([Issue("", "unreadable")], status=400) from None
    return root


def _name(node: etree._Element) -> str | None:
    """An element's name, as JSON has it; None for one of another namespace."""
    namespace, _, name = str(node.tag).removeprefix("{").rpartition("}")
    is_of_fhir = namespace == (XHTML if name == "div" else NAMESPACE)
    return name if is_of_fhir and _NAME.fullmatch(name) else None


def _elements(node: etree._Element) -> Iterator[etree._Element]:
    return (below for below in node if isinstance(below.tag, str))


def _has_text(node: etree._Element) -> bool:
    return any(text and not text.isspace() for text in (node.text, *(below.tail for below in node)))


def _read(kind: str, text: str | None) -> Any:
    if kind == "boolean" and text in _BOOLEANS:
        return _BOOLEANS[text]
    if text is not None and kind in _NUMBERS and _NUMBER.fullmatch(text):
        # As it was sent, to the last digit.
        return orjson.Fragment(text)
    return text


def _is_there(value: Any) -> bool:
    return value is not None


def _append(found: dict[str, Any], key: str, place: int, value: Any) -> None:
    """The value of a repetition; those before it that have none are null (R4, json.html#primitive)."""
    values = found.setdefault(key, [])
    values += [None] * (place - len(values))
    values.append(value)
