"""FHIR JSON as it was sent."""

from __future__ import annotations

from decimal import Decimal

import pytest

from adapter.domain.errors import InputError
from adapter.fhir.json_reading import read_json


def test_a_decimal_keeps_its_last_digit() -> None:
    read = read_json(b'{"resourceType": "Observation", "valueQuantity": {"value": 1.50}}', most=1_000)
    assert read["valueQuantity"]["value"] == Decimal("1.50")
    assert str(read["valueQuantity"]["value"]) == "1.50"


@pytest.mark.parametrize(
    ("body", "path", "code", "status"),
    [
        (b'{"resourceType": "Patient", "id": "a", "id": "b"}', "Patient.id", "duplicate-key", 400),
        (b'{"resourceType": "Patient", "name": [{}, {"family": "a", "family": "a"}]}', "Patient.name[1].family", "duplicate-key", 400),
        (b'{"resourceType": "Patient", "not a name": 1, "not a name": 2}', "Patient", "duplicate-key", 400),
        (b'{"resourceType": "Patient",', "", "unreadable", 400),
        (b'{"valueDecimal": NaN}', "", "unreadable", 400),
        (b'{"valueDecimal": Infinity}', "", "unreadable", 400),
        (b"[]", "", "unreadable", 400),
        (b'{"name": "\xe5"}', "", "unreadable", 400),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "", "unreadable", 400),
        (b'{"a":' * 101 + b"1" + b"}" * 101, "Resource" + ".a" * 100, "too-deep", 400),
        (b'{"name": "' + b"x" * 100_000 + b'"}', "", "too-large", 413),
    ],
)  # fmt: skip
def test_what_is_no_fhir_json_is_refused(body: bytes, path: str, code: str, status: int) -> None:
    with pytest.raises(InputError) as refused:
        read_json(body, most=50_000)
    assert [(issue.path, issue.code) for issue in refused.value.issues] == [(path, code)]
    assert refused.value.status == status
