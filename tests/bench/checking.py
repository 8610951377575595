"""The profile checker: a plan of ten measures, and fifty screening results in a Bundle, against fhir.resources on the same."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from adapter.fhir.models import check_r4b
from adapter.fhir.profiles.packaged import profile_checker
from tests.bench.mapping import MEASURES, mapped_plan
from tests.bench.measure import Measure, Row, Sample, in_rounds, microseconds_each
from tests.conformance.samples import Resource, example

_OBSERVATIONS: Final = 50
_ROUNDS: Final = 9


async def rows(folder: Path, *, full: bool) -> AsyncIterator[Row]:
    """Elements, bindings, slices, references and invariants; fhir.resources knows elements and types alone."""
    checker = profile_checker()
    subjects = {
        f"a SIP of {MEASURES} measures": (mapped_plan(), 100),
        f"{_OBSERVATIONS} AUDIT results": (_results(), 2),
    }
    for name, (bundle, times) in subjects.items():
        if checker.check(bundle) or check_r4b(bundle):
            raise RuntimeError(f"{name}: not good, so that the figures would say nothing")
        own, peer = await in_rounds(
            _ROUNDS,
            _each(partial(checker.check, bundle), times),
            _each(partial(check_r4b, bundle), times),
        )
        yield Row(f"check {name}, profiles", Sample(own, "us"), "fhir.resources", Sample(peer, "us"))


def _results() -> dict[str, Any]:
    result = example("Observation-audit-result")
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [_entry(result, place) for place in range(_OBSERVATIONS)],
    }


def _entry(result: Resource, place: int) -> dict[str, Any]:
    url = f"urn:uuid:5b0c9d3e-0000-8000-8000-{place:012}"
    return {"fullUrl": url, "resource": result | {"id": f"result-{place}"}}


def _each(work: Callable[[], object], times: int) -> Measure:
    async def measure() -> float:
        return microseconds_each(work, times)

    return measure
