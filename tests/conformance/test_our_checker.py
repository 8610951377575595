"""Our checker judges as the official HL7 validator does: the same good resources, the same planted faults."""

from __future__ import annotations

from typing import Final

import pytest

from adapter.fhir.profiles.packaged import profile_checker
from tests.conformance.planted import DISAGREEMENTS, OUR_CODES, PLANTED
from tests.conformance.planted_in_r4 import OURS_ALONE
from tests.conformance.planting import Planted
from tests.conformance.samples import good

_GOOD: Final = good()


@pytest.mark.parametrize("name", _GOOD)
def test_what_we_make_has_no_fault(name: str) -> None:
    resource, profiles = _GOOD[name]

    assert profile_checker().check(resource, profiles=profiles) == ()


@pytest.mark.parametrize("fault", PLANTED, ids=lambda fault: fault.name)
def test_a_planted_fault_is_found(fault: Planted) -> None:
    codes = {issue.code for issue in profile_checker().check(fault.resource())}

    if fault.name in DISAGREEMENTS:
        assert codes == set()
    else:
        assert OUR_CODES.get(fault.finding, fault.finding) in codes


def test_each_disagreement_is_of_a_planted_fault() -> None:
    assert DISAGREEMENTS.keys() | OURS_ALONE.keys() <= {fault.name for fault in PLANTED}
