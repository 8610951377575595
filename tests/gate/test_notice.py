"""The one maker of notices: an id of ours and an instant, nothing else."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from pathlib import Path

import pytest

import adapter
from adapter.gate.notice import Notice, notice_of_end
from tests.gate.builders import NOW, PERSON

ID = "5b7c1d9e-0f6a-8c3b-9d2e-4a1f00000001"


def test_a_notice_is_an_id_and_an_instant() -> None:
    notice = notice_of_end(ID, NOW)
    assert {field.name: getattr(notice, field.name) for field in fields(notice)} == {
        "consent_id": ID,
        "ended_at": NOW,
    }


@pytest.mark.parametrize(
    "value", [PERSON.value, "S-2026-0017", f"Consent/{ID}", ID.upper(), ID.replace("-", ""), ""]
)
def test_nothing_but_an_id_that_we_give_fits(value: str) -> None:
    with pytest.raises(ValueError, match=r"UUID|hexadecimal"):
        notice_of_end(value, NOW)


def test_an_instant_has_its_offset() -> None:
    with pytest.raises(ValueError, match="an instant"):
        notice_of_end(ID, datetime(2026, 11, 22, 12))  # what is refused


def test_nobody_else_makes_a_notice() -> None:
    with pytest.raises(TypeError):
        Notice(ID, NOW)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="made by notice_of_end only"):
        Notice(ID, NOW, maker=object())


def test_only_its_module_mentions_the_token_and_calls_the_constructor() -> None:
    root = Path(adapter.__path__[0]).parent
    sources = [path for room in ("adapter", "connectors", "tests") for path in (root / room).rglob("*.py")]
    elsewhere = {path for path in sources if path.parts[-3:] != ("adapter", "gate", "notice.py")}
    assert len(sources) > len(elsewhere) > 100
    for path in elsewhere - {Path(__file__)}:
        text = path.read_text("utf-8")
        assert "_MINT" not in text, path
        assert " Notice(" not in text.replace("class Notice(", ""), path
        assert "(Notice(" not in text, path


def test_only_the_queue_of_notices_asks_for_one() -> None:
    root = Path(adapter.__path__[0]).parent
    asking = {
        "/".join(path.relative_to(root).parts)
        for room in ("adapter", "connectors")
        for path in (root / room).rglob("*.py")
        if "notice_of_end(" in path.read_text("utf-8")
    }
    assert asking == {"adapter/gate/notice.py", "adapter/exchange/notices.py"}
