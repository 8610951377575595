"""A screening result as each wire carries it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import httpx
import orjson

from adapter.domain.states import State
from connectors.http_push.serialize import CONTENT_TYPES, Form, serialize
from tests.api.bridge import FORMS, Bridge
from tests.conformance.samples import Resource, example
from tests.exchange.bodies import Json, oru_r01, screening

Fault = tuple[str, str]
"""Where, and the code."""

_EXAMPLES: Final = {
    "AUDIT": "Observation-audit-result",
    "AUDIT-C": "Observation-audit-c-result",
    "DUDIT": "Observation-dudit-result",
}


@dataclass(frozen=True, slots=True)
class Result:
    """An instrument, the score of each item that is answered, and the total that the sender states."""

    instrument: str
    scores: Mapping[int, int]
    total: int

    def as_push(self) -> Json:
        """The record of the push format."""
        answers = [{"fraga": item, "poang": score} for item, score in self.scores.items()]
        body = screening()
        body["screening"] |= {"instrument": self.instrument, "svar": answers, "summa": self.total}
        if not answers:
            del body["screening"]["svar"]
        return body

    def as_oru(self, control_id: str) -> bytes:
        """ORU^R01 under the local codes."""
        head, _, _ = oru_r01(control_id).decode("latin-1").partition("OBR|")
        named = [*((str(item), score) for item, score in self.scores.items()), ("TOTAL", self.total)]
        rows = [
            f"OBX|{place}|NM|{self.instrument}-{name}^^L||{score}||||||F\r"
            for place, (name, score) in enumerate(named, 1)
        ]
        order = f"OBR|1||F-{control_id}|{self.instrument}^^L|||20261116\r"
        return (head + order + "".join(rows)).encode("latin-1")

    def as_observation(self) -> Resource:
        """The shipped example of the instrument with these answers."""
        observation = example(_EXAMPLES[self.instrument])
        components = dict(enumerate(observation["component"], 1))
        observation["component"] = [
            components[item] | {"valueInteger": score} for item, score in self.scores.items()
        ]
        if not self.scores:
            del observation["component"]
        return observation | {"valueInteger": self.total}


async def pushed(bridge: Bridge, record: Json, form: Form) -> set[Fault]:
    """What the push channel says of a record in a form."""
    answer = await bridge.push(serialize(record, form), media_type=CONTENT_TYPES[form])
    if answer.status_code == httpx.codes.ACCEPTED:
        return set()
    assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    return {(error["path"], error["code"]) for error in answer.json()["errors"]}


async def sent(bridge: Bridge, message: bytes) -> set[Fault]:
    """What comes of an HL7 v2 message."""
    carried = await bridge.house.carry(message)
    assert (carried.state is State.INVALID) == bool(carried.codes)
    return {_fault(code) for code in carried.codes}


async def validated(bridge: Bridge, resource: Resource, form: Form) -> set[Fault]:
    """What ``$validate`` says of a resource in a form."""
    body = orjson.dumps(resource)
    answer = await bridge.fhir(
        f"{resource['resourceType']}/$validate",
        method="POST",
        headers={"Content-Type": f"application/fhir+{form}"},
        content=FORMS.writer.written(body) if form == "xml" else body,
    )
    assert answer.status_code == httpx.codes.OK
    errors = [issue for issue in answer.json()["issue"] if issue["severity"] == "error"]
    return {(issue["expression"][0], issue["details"]["coding"][0]["code"]) for issue in errors}


def _fault(said: str) -> Fault:
    path, _, code = said.partition(": ")
    return path, code
