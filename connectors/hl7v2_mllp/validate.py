"""A message's structure against HL7's own definitions, by hl7apy: 5-70 ms a message, so for a worker process."""

from __future__ import annotations

import re
from typing import Final

from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message

from adapter.domain.errors import Issue
from adapter.mapping.hl7v2 import decode

_CARDINALITY: Final = re.compile(
    r"(Missing required child|Child limit exceeded) ([A-Z0-9_]+)\.([A-Z0-9_]+)", re.ASCII
)
_CARDINALITY_CODES: Final = {"Missing required child": "required", "Child limit exceeded": "repeated"}
_FIELD_NAME: Final = re.compile(r"([A-Z][A-Z0-9]{2})_(\d+)", re.ASCII)


def validate(body: bytes, *, is_strict: bool, default_charset: str | None = None) -> tuple[Issue, ...]:
    """The first fault that hl7apy finds in a message that the reader has read; none if it is valid.

    Tolerant: segments, groups and fields stand where the event's definition lets them, required ones are there. ``is_strict`` adds
    data types, lengths and values. The code is ``required``, ``repeated`` or the kind of hl7apy's own fault
    (``hl7apy-max-length-reached``); its text holds values and is not kept.

    Raises InputError as ``adapter.mapping.hl7v2.decode`` does.
    """
    text = decode(body, default_charset)
    level = VALIDATION_LEVEL.STRICT if is_strict else VALIDATION_LEVEL.TOLERANT
    try:
        parse_message(text, validation_level=level, force_validation=True)
    except Exception as error:
        # hl7apy also lets ValueError, AttributeError and others out: whatever it cannot take is a fault.
        return (_issue(error),)
    return ()


def _issue(error: Exception) -> Issue:
    match = _CARDINALITY.fullmatch(str(error))
    if match is not None:
        fault, _, child = match.groups()
        return Issue(_FIELD_NAME.sub(r"\1-\2", child), _CARDINALITY_CODES[fault])
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", type(error).__name__).lower()
    return Issue("MSH", f"hl7apy-{kind}")
