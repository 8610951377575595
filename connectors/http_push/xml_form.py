"""The push format in XML 1.0 (namespace ``https://w3id.org/sambro/push/1``): the same tree as in JSON, read hardened.

A field is an element, a list is the element repeated. Which element is a list, a number or a truth value is read from the JSON
Schema, so that both forms have one source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from lxml import etree

from adapter.domain.errors import InputError, Issue
from adapter.mapping.hardened_xml import ENCODINGS, parse_xml, xml_parser
from connectors.http_push.schema import Shape, dotted, field_shapes, push_schema, resolved

NAMESPACE: Final = "https://w3id.org/sambro/push/1"
ROOT: Final = f"{{{NAMESPACE}}}push"

_INTEGER: Final = re.compile(r"-?[0-9]{1,9}", re.ASCII)
_BOOLEAN: Final = {"true": True, "false": False}


def read_xml(body: bytes, charset: str | None = None) -> etree._Element:
    """The root element of ``body``; raises InputError 400 as ``parse_xml`` does, or ``not-push`` (another root element)."""
    root = parse_xml(body, charset, ENCODINGS)
    if root.tag != ROOT:
        raise InputError([Issue("", "not-push")], 400)
    return root


def tree_of(root: etree._Element) -> dict[str, Any]:
    """The tree that the JSON twin of ``root`` has; what the format does not know is kept for the schema to refuse."""
    return _object(root, push_schema())


def form_faults(root: etree._Element) -> Iterator[Issue]:
    """Where ``root`` breaks the XSD: after the JSON Schema holds, that is order, attributes, or text between elements."""
    if _shared_xsd().validate(root):
        return
    # The log belongs to the schema object: a shared one could hold another thread's faults, or none.
    schema = _xsd()
    schema.validate(root)
    for error in schema.error_log:
        yield Issue(_path_of(root, error.path), "xml-structure")


def write_xml(tree: Mapping[str, Any]) -> bytes:
    """``tree`` as XML in UTF-8, fields in the order of the schema."""
    root = etree.Element(ROOT, nsmap={None: NAMESPACE})
    _fill(root, tree, push_schema())
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


@cache
def _shared_xsd() -> etree.XMLSchema:
    return _xsd()


def _xsd() -> etree.XMLSchema:
    with files(__package__).joinpath("push.xsd").open("rb") as file:
        return etree.XMLSchema(etree.parse(file, xml_parser()))


def _object(element: etree._Element, shape: Shape) -> dict[str, Any]:
    shapes = field_shapes(shape)
    tree: dict[str, Any] = {}
    for child in element:
        name = _name(child)
        field = resolved(shapes.get(name, {}))
        is_list = field.get("type") == "array"
        value = _value(child, resolved(field["items"]) if is_list else field)
        if is_list:
            tree.setdefault(name, []).append(value)
        elif name not in tree:
            tree[name] = value
        else:
            # What is no list and comes twice becomes one, which the schema refuses by its path.
            tree[name] = []
    return tree


def _name(element: etree._Element) -> str:
    name = etree.QName(element)
    return name.localname if name.namespace == NAMESPACE else str(element.tag)


def _value(element: etree._Element, shape: Shape) -> Any:
    kind = shape.get("type")
    if kind == "object":
        return _object(element, shape)
    text = element.text or ""
    if len(element):
        return {}
    if kind == "integer" and _INTEGER.fullmatch(text):
        return int(text)
    return _BOOLEAN.get(text, text) if kind == "boolean" else text


def _path_of(root: etree._Element, xpath: str | None) -> str:
    found = root.xpath(xpath) if xpath else []
    node = found[0] if isinstance(found, list) and found and isinstance(found[0], etree._Element) else root
    steps: list[str | int] = []
    shape = push_schema()
    for element in [*reversed(list(node.iterancestors())), node][1:]:
        shape = resolved(field_shapes(shape).get(_name(element), {}))
        steps.append(_name(element))
        if shape.get("type") == "array":
            shape = resolved(shape["items"])
            steps.append(sum(1 for _ in element.itersiblings(str(element.tag), preceding=True)))
    return dotted(steps)


def _fill(element: etree._Element, tree: Mapping[str, Any], shape: Shape) -> None:
    for name, field in field_shapes(shape).items():
        if name not in tree:
            continue
        inner, values = resolved(field), [tree[name]]
        if inner.get("type") == "array":
            inner, values = resolved(inner["items"]), tree[name]
        for value in values:
            _write(etree.SubElement(element, f"{{{NAMESPACE}}}{name}"), value, inner)


def _write(element: etree._Element, value: Any, shape: Shape) -> None:
    if shape.get("type") == "object":
        _fill(element, value, shape)
    else:
        element.text = {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
