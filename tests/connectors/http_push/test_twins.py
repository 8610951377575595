"""The XSD and the JSON Schema say the same: fields, order, how many, codes."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from lxml import etree

from connectors.http_push.schema import Shape, field_shapes, push_schema, resolved

XS = "{http://www.w3.org/2001/XMLSchema}"
XSD = etree.fromstring((files("connectors.http_push") / "push.xsd").read_bytes())
TYPES = {node.get("name"): node for node in XSD if node.get("name") and node.tag != f"{XS}element"}


def rows_of_schema(shape: Shape, path: str) -> Iterator[tuple[Any, ...]]:
    for name, reference in field_shapes(shape).items():
        field = resolved(reference)
        most = field["maxItems"] if field.get("type") == "array" else 1
        item = resolved(field["items"]) if field.get("type") == "array" else field
        codes = tuple(item.get("enum", ()))
        yield f"{path}.{name}", name in shape.get("required", ()), most, codes, item.get("maxLength")
        yield from rows_of_schema(item, f"{path}.{name}")


def rows_of_xsd(parent: etree._Element, path: str) -> Iterator[tuple[Any, ...]]:
    for element in parent.iterfind(f"./{XS}sequence/{XS}element"):
        name = element.get("name")
        kind = TYPES[element.get("type")] if element.get("type") else element[0]
        codes = tuple(node.get("value") for node in kind.iter(f"{XS}enumeration"))
        bound = kind.find(f"./{XS}restriction/{XS}maxLength")
        most, is_required = int(element.get("maxOccurs", "1")), element.get("minOccurs") != "0"
        is_simple = kind.tag == f"{XS}simpleType"
        length = int(bound.get("value", "0")) if is_simple and bound is not None else None
        yield f"{path}.{name}", is_required, most, codes if is_simple else (), length
        yield from rows_of_xsd(kind, f"{path}.{name}")


def test_both_schemas_have_the_same_fields_in_the_same_order() -> None:
    push = XSD.find(f"./{XS}element/{XS}complexType")
    assert push is not None
    assert list(rows_of_xsd(push, "push")) == list(rows_of_schema(push_schema(), "push"))


def test_every_object_of_the_schema_is_closed_and_every_text_and_list_bounded() -> None:
    def check(shape: Any) -> None:
        if not isinstance(shape, dict):
            return
        if shape.get("type") == "object" or "additionalProperties" in shape:
            assert shape["additionalProperties"] is False
        if shape.get("type") == "array":
            assert shape["minItems"] == 1
            assert shape["maxItems"] <= 100
        if shape.get("type") == "string":
            assert "pattern" in shape
        for part in (*shape.get("properties", {}).values(), shape.get("items")):
            check(part)

    check(push_schema())
    for definition in push_schema()["$defs"].values():
        check(definition)
