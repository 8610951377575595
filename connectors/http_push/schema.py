"""The JSON Schema of the push format (draft 2020-12): finds every fault of a tree, and tells how its XML twin is shaped."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final

from jsonschema import Draft202012Validator, FormatChecker, ValidationError, validators

from adapter.domain.errors import Issue

Shape = Mapping[str, Any]
"""A node of the schema, its reference resolved."""

ENDED: Final = "ended"
"""The kind that we send and never take: the notice that a basis ended."""

_CODES: Final = {
    "required": "required",
    "additionalProperties": "unknown-field",
    "not": "unknown-field",
    "type": "wrong-type",
    "enum": "unknown-code",
    "const": "unknown-code",
    "pattern": "malformed",
    "format": "malformed",
    "maxLength": "too-long",
    "minimum": "out-of-range",
    "maximum": "out-of-range",
    "minItems": "too-few",
    "maxItems": "too-many",
    "minProperties": "empty",
    "anyOf": "required",
}
_FIELD_NAME: Final = re.compile(r"[A-Za-z]{1,40}", re.ASCII)
_FORMATS: Final = FormatChecker(formats=())


@cache
def push_schema() -> Shape:
    """The published schema, ``push.schema.json``."""
    schema: Shape = json.loads(files(__package__).joinpath("push.schema.json").read_bytes())
    return schema


def faults(tree: object) -> Iterator[Issue]:
    """Every place where ``tree`` breaks the push schema, as a dotted path and a code."""
    for error in _validator().iter_errors(tree):
        yield Issue(dotted(list(error.absolute_path)), _CODES[str(error.validator)])


def resolved(shape: Shape) -> Shape:
    """The node that ``shape`` refers to, or itself."""
    if "$ref" not in shape:
        return shape
    found: Shape = push_schema()["$defs"][shape["$ref"].removeprefix("#/$defs/")]
    return found


def field_shapes(shape: Shape) -> Mapping[str, Shape]:
    """The fields of an object in the order in which XML writes them; empty for anything else."""
    fields: Mapping[str, Shape] = shape.get("properties", {})
    return fields


def dotted(path: Sequence[str | int]) -> str:
    """``sip.mal[0].text``; a name that the format does not know is shown only if it cannot be a value."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += ("." if text else "") + (step if _FIELD_NAME.fullmatch(step) else "*")
    return text


@cache
def _validator() -> Draft202012Validator:
    # ECMA 262, which JSON Schema refers to, lets $ match at the end of the text only; Python's also before a last newline.
    own = {
        "pattern": _pattern,
        "items": _items,
        "required": _required,
        "additionalProperties": _additional_properties,
    }
    # 2.0 would be an integer to JSON Schema, but its XML twin is not.
    types = Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)
    exact: type[Draft202012Validator] = validators.extend(  # type: ignore[no-untyped-call]
        Draft202012Validator, own, type_checker=types
    )
    return exact(_inlined(push_schema()), format_checker=_FORMATS)


def _inlined(node: Any) -> Any:
    """The schema without references, which the library would look up anew at every field of every body."""
    if isinstance(node, list):
        return [_inlined(part) for part in node]
    if not isinstance(node, dict):
        return node
    whole = {**resolved(node), **node}
    return {key: _inlined(part) for key, part in whole.items() if key not in ("$ref", "$defs")}


def _pattern(_: object, pattern: str, value: object, __: object) -> Iterator[ValidationError]:
    if isinstance(value, str) and not _compiled(pattern).search(value):
        yield ValidationError("does not match")


def _items(validator: Any, items: Shape, value: object, shape: Shape) -> Iterator[ValidationError]:
    # A list that is too long is refused as such: judging all of it would cost what the bound is there to save.
    if isinstance(value, list) and len(value) <= shape["maxItems"]:
        for place, item in enumerate(value):
            yield from validator.descend(item, items, path=place)


def _required(_: object, names: Sequence[str], value: object, __: object) -> Iterator[ValidationError]:
    # The library says it of the object; whoever sent it wants to know the field.
    if isinstance(value, Mapping):
        yield from (ValidationError("is missing", path=[name]) for name in names if name not in value)


def _additional_properties(_: object, __: object, value: object, shape: Shape) -> Iterator[ValidationError]:
    if isinstance(value, Mapping):
        yield from (
            ValidationError("is unknown", path=[name]) for name in value if name not in shape["properties"]
        )


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\$$", r"\\Z", pattern))


def _parses(parse: Callable[[str], object]) -> Callable[[object], bool]:
    return lambda value: not isinstance(value, str) or parse(value) is not None


_FORMATS.checks("date", raises=ValueError)(_parses(date.fromisoformat))
_FORMATS.checks("date-time", raises=ValueError)(_parses(datetime.fromisoformat))
