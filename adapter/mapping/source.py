"""A source record as one read-only tree, whatever wire it came by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Form = Literal["push", "hl7v2", "fhir", "csv", "json", "xml"]


@dataclass(frozen=True, slots=True)
class Source:
    """A record in its own shape.

    ``tree`` is nested mappings, sequences and scalars. ``push``: the push body (an XML body has the same tree as its JSON twin).
    ``fhir``: a Bundle or resource. ``hl7v2``: ``{"MSH": [segment], "PID": [segment], "OBR": [segment, ...]}``; a segment is
    ``{"3": [repetition, ...]}`` by field number; a repetition is ``{"1": component, ...}``; a component is text, or ``{"1": text,
    ...}`` where it has subcomponents. Segments that belong to another (OBX and NTE under OBR, NTE under OBX) stand inside it
    under their own name. ``csv``: one row, ``{column: text}``. ``json``: the
    object that came. ``xml``: ``{root: element}``, an element being text or an object of attributes (``@name``), elements and ``#text``.
    """

    form: Form
    tree: Mapping[str, Any]
