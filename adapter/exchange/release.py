"""Make a release for a ruling: the gate's enforcement with what the agreement and the registry know of the person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adapter.exchange.standing import Ruling, Standing
from adapter.gate.enforce import ReleasedBundle, enforce
from adapter.gate.origin import Origin
from adapter.gate.rules import ReleaseRules


def release(
    rules: ReleaseRules,
    ruling: Ruling,
    standing: Standing,
    resources: Sequence[Mapping[str, Any]],
    origin: Origin | None = None,
) -> ReleasedBundle:
    """What of ``resources`` the ruling lets through to its passage's recipient, and their ``origin`` with them; raises ReleaseRefused."""
    return enforce(
        ruling.decision,
        resources,
        request=ruling.request,
        rules=rules,
        protection=standing.protection,
        protected=ruling.passage.flow.protected,
        origin=origin,
    )
