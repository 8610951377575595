"""What could be words, taken out of a record about a person with protected identity that its source's system wrote in FHIR.

The gate keeps back whatever could be words. What it needs not keep back are codes and numbers, so that a screening is of use.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

Resource = Mapping[str, Any]

_PLACES: Final = frozenset({"address", "telecom", "contact"})


def without_words(value: Resource) -> Resource:
    """An object without what tells a place, and without what could be words beside a code."""
    kept = {name: it for name, it in value.items() if name not in _PLACES}
    if not value.get("coding"):
        return kept
    kept.pop("text", None)
    return kept | {"coding": list(without_sentences(value["coding"]))}


def without_sentences(codings: Any) -> Iterator[Any]:
    """Codings by system and code alone; FHIR lets a code hold spaces, and one that does may say anything."""
    for coding in map(coded, codings if isinstance(codings, list) else [codings]):
        code = coding.get("code") if isinstance(coding, Mapping) else None
        if not isinstance(code, str) or len(code.split()) == 1:
            yield coding


def coded(coding: Any) -> Any:
    """A Coding without what was written beside its code. What is no object stays, for the checks to refuse."""
    if not isinstance(coding, Mapping):
        return coding
    return {name: value for name, value in coding.items() if name in ("system", "code")}
