"""A resource as FHIR XML (R4, xml.html), from its JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import zip_longest
from typing import Any, Final

from lxml import etree

from adapter.fhir.profiles.definitions import Element, TypeRef
from adapter.fhir.xml.shapes import NAMESPACE, Form, Shapes

_NARRATIVE: Final = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)


class NotOfFhir(ValueError):
    """Something in a resource that FHIR R4 does not define: it has no place in XML, and is not left out silently."""


class XmlWriter:
    """Writes what the JSON of a checked resource says: elements in the order of their definition, numbers digit by digit."""

    def __init__(self, shapes: Shapes) -> None:
        self._shapes = shapes

    def written(self, body: bytes) -> bytes:
        """The XML of the JSON of a resource. Raises NotOfFhir."""
        # As text: what a number was sent as is what it stays.
        resource = json.loads(body, parse_float=str, parse_int=str)
        root = self._resource(None, resource)
        return etree.tostring(root, encoding="UTF-8", xml_declaration=True)

    def _resource(self, parent: etree._Element | None, resource: Mapping[str, Any]) -> etree._Element:
        resource_type = resource["resourceType"]
        shape = self._shapes.resource(resource_type)
        if shape is None:
            raise NotOfFhir(resource_type)
        node = _element(parent, resource_type)
        self._children(node, {key: resource[key] for key in resource if key != "resourceType"}, shape)
        return node

    def _children(self, node: etree._Element, holder: Mapping[str, Any], shape: Element) -> None:
        if unknown := {key.removeprefix("_") for key in holder} - shape.by_key.keys():
            raise NotOfFhir(f"{shape.path}.{min(unknown)}")
        for child in shape.children.values():
            for key, kind in child.keys:
                if key in holder or f"_{key}" in holder:
                    self._repetitions(node, key, (child, kind), holder.get(key), holder.get(f"_{key}"))

    def _repetitions(
        self,
        node: etree._Element,
        key: str,
        of: tuple[Element, TypeRef | None],
        values: Any,
        beside: Any,
    ) -> None:
        if not of[0].is_many:
            return self._one(node, key, of, values, beside)
        for value, extra in zip_longest(values or (), beside or ()):
            self._one(node, key, of, value, extra)
        return None

    def _one(
        self, parent: etree._Element, key: str, of: tuple[Element, TypeRef | None], value: Any, beside: Any
    ) -> None:
        match self._shapes.form(*of):
            case Form.ATTRIBUTE:
                parent.set(key, value)
            case Form.NARRATIVE:
                parent.append(etree.fromstring(value, _NARRATIVE))
            case Form.PRIMITIVE:
                self._primitive(_element(parent, key), value, beside)
            case Form.RESOURCE:
                self._resource(_element(parent, key), value)
            case Form.COMPLEX:
                self._children(_element(parent, key), value, self._shapes.below(*of))

    def _primitive(self, node: etree._Element, value: Any, beside: Mapping[str, Any] | None) -> None:
        if value is not None:
            node.set("value", str(value).lower() if isinstance(value, bool) else value)
        if beside is not None:
            self._children(node, beside, self._shapes.extended)


def _element(parent: etree._Element | None, name: str) -> etree._Element:
    tag = f"{{{NAMESPACE}}}{name}"
    if parent is None:
        return etree.Element(tag, nsmap={None: NAMESPACE})
    return etree.SubElement(parent, tag)
