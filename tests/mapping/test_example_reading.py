"""A FHIR sample that is tried by hand may be anything: what has not FHIR's shape is refused, whatever it is."""

from __future__ import annotations

import pytest

from adapter.domain.errors import InputError
from adapter.mapping.examples import read_fhir


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'"text"',
        b'{"entry": 1}',
        b'{"entry": ["x"]}',
        b'{"subject": "x"}',
        b'{"resourceType": "Patient", "identifier": [{"system": 1}]}',
        b'{"resourceType": "Patient", "identifier": [{"system": "urn:oid:1.2.752.129.2.1.3.1"}]}',
        b"[" * 100_000,
        b"\xff",
    ],
)
def test_what_has_not_the_shape_of_fhir_is_unreadable(body: bytes) -> None:
    with pytest.raises(InputError) as refused:
        read_fhir(body)
    assert [issue.code for issue in refused.value.issues] == ["unreadable"]
