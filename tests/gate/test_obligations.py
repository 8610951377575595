"""What a decision obliges to, in words."""

from __future__ import annotations

from typing import Any

import pytest

from adapter.gate.obligations import Obligation, obligations_of
from tests.gate.builders import (
    Json,
    block,
    classes,
    concept,
    confidentiality,
    consent,
    data,
    decided,
    deny,
    permit,
    purposes,
    record_types,
)


def told(*consents: Json, **asks: Any) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(item.effect, item.kind, item.values) for item in decided(*consents, **asks).obligations]


SIP_AND_AUDIT = {"record_types": frozenset({"SIP", "AUDIT"})}


@pytest.mark.parametrize(
    ("consents", "asks", "obligations"),
    [
        ([consent()], {}, []),
        ([consent(permit(code=record_types("SIP")))], {}, [("only", "codes", ("SIP",))]),
        ([consent(permit(code=record_types("SIP", "AUDIT")))], SIP_AND_AUDIT, []),
        ([consent(permit(code=record_types("SIP", "DUDIT")))], SIP_AND_AUDIT, [("only", "codes", ("DUDIT", "SIP"))]),
        ([consent(permit(code=record_types("SIP"))), consent(permit(code=record_types("AUDIT")), id="c2")], {}, [("only", "codes", ("AUDIT", "SIP"))]),
        ([consent(permit(code=record_types("SIP"))), consent(id="c2")], {}, []),
        ([consent(permit(**{"class": classes("Goal", "Patient")}))], {"types": frozenset({"Goal", "Task"})}, [("only", "types", ("Goal",))]),
        ([consent(permit(**{"class": classes("Goal", "Task")}))], {"types": frozenset({"Goal", "Task"})}, []),
        ([consent(permit(code=record_types("SIP"), dataPeriod={"start": "2022"}))], {}, [("only", "codes", ("SIP",)), ("only", "dataPeriod", ("2022/",))]),
        ([consent(permit(dataPeriod={"end": "2022"}))], {}, [("only", "dataPeriod", ("/2022",))]),
        ([consent(permit(data=data("related", "CarePlan/1") + data("instance", "Goal/1")))], {}, [("only", "data", ("Goal/1", "related CarePlan/1"))]),
        ([consent(permit(securityLabel=confidentiality("R", "N")))], {}, [("only", "labels", ("N", "R"))]),
        ([consent(permit(code=[concept("urn:x", "y")]))], {}, [("only", "codes", ("urn:x|y",))]),
        ([consent(), consent(deny(code=record_types("AUDIT")), id="c2"), consent(deny(code=record_types("DUDIT")), id="c3")], {}, [("except", "codes", ("AUDIT", "DUDIT"))]),
        ([consent(permit(provision=[deny(code=record_types("AUDIT"))]))], {}, [("except", "codes", ("AUDIT",))]),
        ([consent(permit(dataPeriod={"start": "2022"}, provision=[deny(code=record_types("AUDIT"))]))], {}, [("only", "dataPeriod", ("2022/",)), ("except", "codes", ("AUDIT",))]),
        ([consent(), consent(permit(code=record_types("AUDIT"), provision=[deny()]), id="c2")], {}, [("except", "codes", ("AUDIT",))]),
        ([consent(), consent(deny(code=record_types("AUDIT"), securityLabel=confidentiality("R")), id="c2"), block(deny(**{"class": classes("Goal")}))], {}, [("except", "codes", ("AUDIT",)), ("except", "labels", ("R",)), ("except", "types", ("Goal",))]),
        ([consent(permit(code=record_types("SIP"))), consent(permit(code=record_types("AUDIT")), id="c2", agreement="urn:other")], {"agreement": None}, [("only", "codes", ("AUDIT", "SIP"))]),
        ([consent(permit(code=record_types("SIP"))), consent(id="c2", agreement="urn:other")], {"agreement": None}, []),
        ([consent(), consent(permit(code=record_types("SIP")), id="c2", agreement="urn:other")], {"agreement": None}, []),
        ([consent(), consent(deny(code=record_types("AUDIT", "DUDIT")), id="c2"), consent(id="c3", agreement="urn:other"), consent(deny(code=record_types("DUDIT", "SIP")), id="c4", agreement="urn:other")], {"agreement": None}, [("except", "codes", ("DUDIT",))]),
        ([consent(), consent(deny(code=record_types("AUDIT")), id="c2"), consent(id="c3", agreement="urn:other"), consent(deny(code=record_types("SIP")), id="c4", agreement="urn:other")], {"agreement": None}, []),
        ([consent(permit(purpose=purposes("TREAT"), code=record_types("SIP"))), consent(permit(purpose=purposes("COC"), code=record_types("SIP")), id="c2")], {"purposes": ("TREAT", "COC")}, [("only", "codes", ("SIP",))]),
    ],
)  # fmt: skip
def test_obligations_say_what_may_be_released_of_what_was_asked(
    consents: list[Json], asks: dict[str, Any], obligations: list[tuple[str, str, tuple[str, ...]]]
) -> None:
    assert told(*consents, **asks) == obligations


def test_no_grant_obliges_to_nothing() -> None:
    assert obligations_of(()) == ()
    assert (
        Obligation("codes", "only", ("SIP",))
        in decided(consent(permit(code=record_types("SIP")))).obligations
    )
