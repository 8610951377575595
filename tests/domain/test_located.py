"""YAML with its lines: what is read as what, and what is refused."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from adapter.domain.errors import ConfigurationError
from adapter.domain.located import locate


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("a: 1", {"a": 1}),
        ("[0, -3, 2.5, 007, 1e3, 0x1F, 12:30]", [0, -3, 2.5, "007", "1e3", "0x1F", "12:30"]),
        ("[true, false, yes, no, on, Off, True]", [True, False, "yes", "no", "on", "Off", "True"]),
        ("[null, ~, '', 'null', \"1\"]", [None, None, "", "null", "1"]),
        ("{day: 2026-11-16, 1: x}", {"day": "2026-11-16", "1": "x"}),
        ("a: &x {b: [1]}\nc: *x", {"a": {"b": [1]}, "c": {"b": [1]}}),
        ("[" * 100 + "]" * 100, functools.reduce(lambda inner, _: [inner], range(99), list[Any]())),
    ],
)
def test_values(text: str, expected: Any) -> None:
    assert locate(text, "f.yaml").plain() == expected


def test_each_value_knows_its_line_and_file() -> None:
    root = locate("a: 1\nb:\n  - c: x\n    d: y\n", "f.yaml")
    assert isinstance(root.value, dict)
    (item,) = root.value["b"].value if isinstance(root.value["b"].value, list) else []
    assert isinstance(item.value, dict)
    assert (root.value["a"].line, item.line, item.value["d"].line) == (1, 3, 4)
    assert str(item.value["d"].fault("wrong")) == "f.yaml:4: wrong"


BOMB = "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
)


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("a: 1\nb: 2\na: 3\nb: 4\n", ["3: YAML: the key a stands twice", "4: YAML: the key b stands twice"]),
        ("a: [", ["1: YAML: expected the node content, but found '<stream end>'"]),
        ("a: !own 1", ["1: YAML: the tag !own is not allowed"]),
        (
            "a: !!python/name:os.system x",
            ["1: YAML: the tag tag:yaml.org,2002:python/name:os.system is not allowed"],
        ),
        ("a: {<<: {b: 1}}", ["1: YAML: a key must be text"]),
        ("? [a]\n: 1", ["1: YAML: a key must be text"]),
        ("a: &x [*x]", ["1: YAML: an alias stands within its own anchor"]),
        ("a: 1\n---\nb: 1", ["2: YAML: but found another document"]),
        ("a: \x01", ["1: YAML: the file cannot be read as YAML"]),
        ("a: 1\nb: " + "[" * 5000, ["2: YAML: values stand within each other more than 100 deep"]),
        ("[" * 101 + "]" * 101, ["1: YAML: values stand within each other more than 100 deep"]),
        (BOMB, ["4: YAML: aliases make more than 100000 values"]),
    ],
)
def test_what_is_no_plain_yaml_is_refused_at_its_line(text: str, faults: list[str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        locate(text, "f.yaml")
    assert [f"{fault.line}: {fault.message}" for fault in caught.value.faults] == faults
