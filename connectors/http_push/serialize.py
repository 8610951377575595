"""A push body's bytes, the same each time for the same tree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import orjson

from connectors.http_push.xml_form import write_xml

Form = Literal["json", "xml"]
CONTENT_TYPES: Final[dict[Form, str]] = {"json": "application/json", "xml": "application/xml; charset=utf-8"}


def serialize(tree: Mapping[str, Any], form: Form) -> bytes:
    """``tree`` in UTF-8: as JSON with sorted keys, or as XML in the order of the XSD."""
    return write_xml(tree) if form == "xml" else orjson.dumps(tree, option=orjson.OPT_SORT_KEYS)
