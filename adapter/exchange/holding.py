"""What is not held: a record of somebody protected that the release rules give nothing of, so that it would wait in vain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adapter.domain.records import Mode
from adapter.exchange.release import release
from adapter.exchange.standing import Ruling, Standing
from adapter.gate.enforce import ReleaseRefused
from adapter.gate.rules import ReleaseRules
from adapter.gate.verdict import Reason

KeptBack = Sequence[tuple[Ruling, str]]
"""Permits under which the filter keeps all back, each with the code that says why."""


def not_to_be_held(
    rules: ReleaseRules,
    permits: Sequence[Ruling],
    standing: Standing,
    resources: Sequence[Mapping[str, Any]],
) -> KeptBack:
    """The permits, of those for holds, whose release is refused for protected identity, each with that code.

    No message takes a flag back; what else keeps a record back may change before the hold ends.
    """
    if not standing.protection:
        return ()
    holds = [ruling for ruling in permits if ruling.passage.mode is Mode.HOLD]
    codes = [(ruling, _refusal(rules, ruling, standing, resources)) for ruling in holds]
    return tuple((ruling, code) for ruling, code in codes if code == Reason.PROTECTED_IDENTITY.value)


def code_of(ruling: Ruling, kept_back: KeptBack) -> str | None:
    """Why nothing goes under a ruling; None if something may."""
    return next((code for one, code in kept_back if one is ruling), None)


def _refusal(
    rules: ReleaseRules, ruling: Ruling, standing: Standing, resources: Sequence[Mapping[str, Any]]
) -> str | None:
    try:
        release(rules, ruling, standing, resources)
    except ReleaseRefused as refused:
        return refused.code
    return None
