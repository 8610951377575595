"""FHIR JSON as it was sent."""

from __future__ import annotations

from decimal import Decimal
from time import perf_counter

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
        (b'{"resourceType": "Patient", "id": "a", "id": "b"}', "Resource.id", "duplicate-key", 400),
        (b'{"resourceType": "Patient", "name": [{}, {"family": "a", "family": "a"}]}', "Resource.name[1].family", "duplicate-key", 400),
        (b'{"resourceType": "Patient", "not a name": 1, "not a name": 2}', "Resource", "duplicate-key", 400),
        (b'{"resourceType": "Tolvan", "Tolvan": {"id": 1, "id": 2}}', "Resource", "duplicate-key", 400),
        (b'{"resourceType": "Patient", "_birthDate": {"id": 1, "id": 2}}', "Resource.birthDate.id", "duplicate-key", 400),
        (b'{"tolvan_tolvansson": 1, "tolvan_tolvansson": 2}', "Resource", "duplicate-key", 400),
        (b'{"resourceType": "Patient",', "", "unreadable", 400),
        (b'{"valueDecimal": NaN}', "", "unreadable", 400),
        (b'{"valueDecimal": Infinity}', "", "unreadable", 400),
        (b'{"valueDecimal": 1e999999999999999999999}', "", "unreadable", 400),
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


def test_the_number_and_the_paths_of_issues_are_bounded() -> None:
    doubled = b'{"a": 1, "a": 2}'
    with pytest.raises(InputError) as refused:
        read_json(b'{"name": [' + b",".join([doubled] * 300) + b"]}", most=50_000)
    assert len(refused.value.issues) == 200
    deep = (b'{"' + b"a" * 64 + b'":') * 50 + doubled + b"}" * 50
    with pytest.raises(InputError) as refused:
        read_json(deep, most=50_000)
    [issue] = refused.value.issues
    assert len(issue.path) < 600


def test_many_keys_are_read_in_the_time_of_their_number() -> None:
    keys = b",".join(b'"%d": 1' % number for number in range(20_000))
    started = perf_counter()
    with pytest.raises(InputError):
        read_json(b'{"0": 2,' + keys + b"}", most=400_000)
    assert perf_counter() - started < 1.5
