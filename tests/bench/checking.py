"""The profile checker: a plan of ten measures, and fifty screening results in a Bundle, against fhir.resources and pyrofile-validator on the same."""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from adapter.fhir.models import check_r4b
from adapter.fhir.profiles.packaged import profile_checker
from tests.bench.mapping import MEASURES, mapped_plan
from tests.bench.measure import Measure, Row, Sample, in_rounds, microseconds_each
from tests.conformance.samples import Resource, example
from tests.tools import PYROFILE, ROOT

_OBSERVATIONS: Final = 50
_ROUNDS: Final = 9
_DEFINITIONS: Final = ("fhir_profiles/definitions", "tests/conformance/packages/hl7se.fhir.base")


async def rows(folder: Path, *, full: bool) -> AsyncIterator[Row]:
    """Elements, bindings, slices, references and invariants; fhir.resources knows elements and types alone.

    pyrofile-validator has our profiles and its own part of R4. It takes seconds: once is enough.
    """
    checker, pyrofile = profile_checker(), _pyrofile()
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
        if pyrofile is not None:
            once = _each(partial(checker.check, bundle), 1), _each(partial(pyrofile, bundle), 1)
            own, peer = await in_rounds(1, *once)
            yield Row(f"check {name}, profiles", Sample(own, "us"), "pyrofile", Sample(peer, "us"))


def _pyrofile() -> Callable[[Resource], object] | None:
    """The other validator of profiles in Python, where ``make tools`` could install it; else it is left out, which is said."""
    if not PYROFILE.is_dir():
        print("pyrofile-validator is not installed: `make tools` does it, or says why not")
        return None
    sys.path.append(str(PYROFILE))
    logging.getLogger("pyrofile_validator").setLevel(logging.CRITICAL)
    config = importlib.import_module("pyrofile_validator.config").ValidatorConfig
    settings = {"fhirVersion": "4.0.1", "localPackagePaths": [str(ROOT / folder) for folder in _DEFINITIONS]}
    validator = importlib.import_module("pyrofile_validator").Validator(config.load_dict(settings))
    check: Callable[[Resource], object] = validator.validate_resource
    return check


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
