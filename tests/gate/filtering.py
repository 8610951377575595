"""What the release filter lets through of the test person's records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from adapter.gate.decision import Decision
from adapter.gate.release import Filtered, filter_resources
from adapter.gate.rules import release_rules
from tests.gate.builders import PERSON, Json, consent, decided

_HOW: Final = frozenset({"persons", "protection", "protected", "rules", "subjects"})


def filtered_by(decision: Decision, resources: Sequence[Any], **how: Any) -> Filtered:
    """By a decision; ``how`` as filter_resources takes it, an unprotected person's unless it says otherwise."""
    plain: dict[str, Any] = {
        "persons": frozenset({PERSON}),
        "protection": frozenset(),
        "protected": "withhold",
        "rules": release_rules(),
    }
    return filter_resources(resources, decision, **plain | how)


def filtered(resources: Sequence[Any], *consents: Json, **more: Any) -> Filtered:
    """By the decision on Consents, one to everything unless some are given; ``more`` is of the filter or of the request."""
    how = {name: more.pop(name) for name in _HOW & more.keys()}
    return filtered_by(decided(*(consents or (consent(),)), **more), resources, **how)
