"""What docs/push-format.md shows and lists is what the reader takes and the schema has."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path

import pytest

from connectors.http_push.schema import ENDED, Shape, faults, field_shapes, push_schema, resolved
from connectors.http_push.xml_form import form_faults, read_xml, tree_of
from tests.connectors.http_push.samples import JSON, XML, example, issues_of, reader

TEXT = (Path(__file__).parents[3] / "docs" / "push-format.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"### (\w+)\n\n```json\n(.*?)```\n\n```xml\n(.*?)```", TEXT, re.DOTALL)


def test_each_kind_has_an_example() -> None:
    assert [*(kind for kind, _, _ in BLOCKS), ENDED] == push_schema()["properties"]["kind"]["enum"]


def test_what_we_send_only_is_shown_as_it_is_sent_and_refused_from_others() -> None:
    [(in_json, in_xml)] = re.findall(
        r"```json\n(\{\n  \"kind\": \"ended\".*?)```\n\n```xml\n(.*?)```", TEXT, re.DOTALL
    )
    tree = json.loads(in_json)
    root = read_xml(in_xml.encode())
    assert (list(faults(tree)), list(form_faults(root)), tree_of(root)) == ([], [], tree)
    for body, content_type in ((in_json, JSON), (in_xml, XML)):
        read = partial(reader().read, body.encode(), content_type)
        assert issues_of(read) == {("kind", "unknown-code")}


@pytest.mark.parametrize(("kind", "in_json", "in_xml"), BLOCKS, ids=[block[0] for block in BLOCKS])
def test_an_example_is_the_committed_one_in_both_forms(kind: str, in_json: str, in_xml: str) -> None:
    assert reader().read(in_json.encode(), JSON).record.tree == example(kind)
    assert reader().read(in_xml.encode(), XML).record.tree == example(kind)


def names_and_codes(shape: Shape) -> set[str]:
    found: set[str] = set()
    for name, reference in field_shapes(shape).items():
        field = resolved(reference)
        item = resolved(field["items"]) if field.get("type") == "array" else field
        found |= {name, *item.get("enum", ())} | names_and_codes(item)
    return found


def test_every_field_and_code_is_listed() -> None:
    listed = set(re.findall(r"`([^`\n]+)`", TEXT.split("## Examples")[0]))
    assert names_and_codes(push_schema()) - listed == set()
