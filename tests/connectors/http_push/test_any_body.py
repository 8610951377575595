"""Whatever stands in a body, it is read or refused by name; and what is read has an XML twin."""

from __future__ import annotations

import copy
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.domain.errors import InputError
from adapter.exchange.ports import Arrival
from connectors.http_push.serialize import serialize
from tests.connectors.http_push.samples import JSON, NAMES, XML, example, reader

TREES = {name: example(name) for name in NAMES}
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["aktiv", "m1", "2026-11-16", "191212121212", "2120001553", 1, 2.0, "utkast", "sparr"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    steps = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path] * bool(path) + [deeper for step, child in steps for deeper in places(child, (*path, step))]


@st.composite
def bodies(draw: st.DrawFn) -> Any:
    """An example in which one to three fields hold something else."""
    tree = copy.deepcopy(TREES[draw(st.sampled_from(NAMES))])
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(places(tree)))
        node = tree
        for step in way:
            node = node[step]
        node[last] = draw(VALUES)
    return tree


def outcome(body: bytes, content_type: str) -> Arrival | InputError:
    try:
        return reader().read(body, content_type)
    except InputError as refused:
        return refused


@settings(max_examples=300, deadline=None)
@given(bodies())
def test_a_body_is_read_with_its_xml_twin_or_refused_by_path_and_code(tree: Any) -> None:
    read = outcome(orjson.dumps(tree), JSON)
    if isinstance(read, InputError):
        assert read.status == 422
        assert all(issue.path and issue.code for issue in read.issues)
    else:
        assert outcome(serialize(tree, "xml"), XML) == read


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_free_text_is_the_same_in_both_forms_or_refused_in_json(text: str) -> None:
    tree = copy.deepcopy(TREES["sip.draft"])
    tree["sip"]["problem"] = text
    read = outcome(orjson.dumps(tree), JSON)
    if isinstance(read, InputError):
        assert [(issue.path, issue.code) for issue in read.issues] == [("sip.problem", "malformed")]
    else:
        assert outcome(serialize(tree, "xml"), XML) == read


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80), st.sampled_from([JSON, XML]))
def test_bytes_that_are_no_body_are_refused(body: bytes, content_type: str) -> None:
    refused = outcome(body, content_type)
    assert isinstance(refused, InputError)
    assert refused.status in (400, 422)
