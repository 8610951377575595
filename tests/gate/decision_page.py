"""docs/decisions.md, written from the decision table: ``python -m tests.gate.decision_page``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from adapter.gate.obligations import Obligation
from tests.gate.builders import decided
from tests.gate.decision_table import CASES, DENY, PERMIT, TABLE, UNSURE, Case

PAGE: Final = Path(__file__).parents[2] / "docs" / "decisions.md"

_HEAD: Final = """# Decisions, case by case

This page is the table that the tests run (`tests/gate/decision_table.py`); `python -m tests.gate.decision_page` writes it.
Of {cases} cases {permits} permit, {denies} deny and {unsure} are indeterminate. `sambro decide` answers any other.

Unless a case says otherwise, a psychiatric unit of the region asks the social services of the kommun, on 3 June 2024, for
everything about one person, for treatment (`TREAT`), under one agreement; every Consent was registered by a party that
may open the kommun's records, and permits everything to everybody within the agreement but for what the case names.

- **permit**: released, of what was asked only what the last column leaves.
- **deny**: withheld. An outcome, not an error; the one who asks sees what would be seen of a person whom nobody knows.
- **indeterminate**: handled as deny, and alerts. What cannot be read or evaluated never opens anything.

Several Consents: block > deny > indeterminate > permit, whatever their order.
"""


def page() -> str:
    """The whole page, as Markdown."""
    verdicts = [case.verdict for case in CASES]
    head = _HEAD.format(
        cases=len(CASES),
        permits=verdicts.count(PERMIT),
        denies=verdicts.count(DENY),
        unsure=verdicts.count(UNSURE),
    )
    return head + "".join(line + "\n" for line in _sections())


def _sections() -> Iterator[str]:
    for headline, cases in TABLE.items():
        yield from (
            "",
            f"## {headline}",
            "",
            "| Case | Answer | Reason | Only, or except |",
            "|---|---|---|---|",
        )
        yield from map(_row, cases)


def _row(case: Case) -> str:
    alerts = ", alerts" if decided(*case.consents, **case.asks).alert else ""
    left = "; ".join(map(_told, case.obligations))
    return f"| {case.says} | {case.verdict}{alerts} | `{case.reason}` | {left} |"


def _told(obligation: Obligation) -> str:
    values = ", ".join(f"`{value}`" for value in obligation.values)
    return f"{obligation.effect} {obligation.kind} {values}"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
