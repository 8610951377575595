"""A system's own JSON over HTTP and its XML in a folder, attached by agreement and settings alone: checked, accepted, in force."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import Final

import httpx
import pytest

from adapter.demo.installation import Installation
from tests.acceptance.demonstration import CLONE, eventually
from tests.acceptance.dropping import drop_folder, install_drop, serving

pytestmark = pytest.mark.acceptance

SYSTEMS: Final = CLONE / "mappings" / "systems"
CHANNELS: Final = """\
  alingsas-eget: {party: kommun, unit: ifo-utforare, connector: http_push, mapping: kommun_combine}
  alingsas-filer: {party: kommun, unit: ifo-utforare, connector: file_drop, mapping: kommun_treserva}
"""


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An installation with a channel for own JSON and a folder for own XML."""
    return install_drop(tmp_path_factory.mktemp("own"), CHANNELS)


@pytest.fixture(scope="module")
def served(installation: Installation) -> Iterator[Installation]:
    with serving(installation):
        eventually("the adapter does not start", lambda: is_ready(installation))
        yield installation


def is_ready(installation: Installation) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{installation.ports.adapter}/readyz").status_code == 200
    except httpx.TransportError:
        return False


@cache
def token(installation: Installation) -> str:
    return installation.run("token", "--client", "kommun")


def push(installation: Installation, body: bytes, content_type: str = "application/json") -> httpx.Response:
    headers = {
        "Authorization": f"Bearer {token(installation)}",
        "Content-Type": content_type,
    }
    return httpx.post(f"{installation.inbound}/alingsas-eget", content=body, headers=headers)


def has_reports(part: Path) -> bool:
    return any(part.glob("*.json"))


def example(name: str) -> bytes:
    return (SYSTEMS / name).read_bytes()


def test_both_channels_are_found_sound_before_anything_is_served(installation: Installation) -> None:
    assert "no faults" in installation.run("check")


def test_a_consent_and_a_record_pushed_in_the_systems_own_json(served: Installation) -> None:
    given = push(served, example("kommun_combine/examples/consent.json"))
    assert given.status_code == 201
    audit = push(
        served, example("kommun_combine/examples/audit.json"), "application/json; charset=iso-8859-1"
    )
    assert audit.status_code == 202
    assert push(served, example("kommun_combine/examples/audit.json")).json() == audit.json()
    wrong = push(
        served, example("kommun_combine/examples/audit.json").replace(b"121212+1212", b"121212+1213")
    )
    assert (wrong.status_code, wrong.json()["errors"]) == (
        422,
        [{"path": "brukare.pnr", "code": "identity-check-digit"}],
    )
    assert push(served, b"<a/>", "application/xml").json()["errors"] == [
        {"path": "", "code": "form-not-of-channel"}
    ]


def test_a_plan_dropped_in_the_systems_own_xml_is_taken_and_a_faulty_one_is_set_aside(
    served: Installation,
) -> None:
    for name, body in (
        ("plan.xml", example("kommun_treserva/examples/sip.xml").replace(b'lage="F"', b'lage="U"')),
        ("fel.xml", example("kommun_treserva/examples/sip.xml").replace(b"19121212-1212", b"19121212-1213")),
    ):
        (drop_folder(served) / name).write_bytes(body)
        (drop_folder(served) / f"{name}.ok").touch()
    for part in ("done", "failed"):
        eventually(f"nothing is {part}", partial(has_reports, drop_folder(served) / part))
    [receipt] = (drop_folder(served) / "done").iterdir()
    assert '"accepted": 1' in receipt.read_text()
    [errors] = (drop_folder(served) / "failed").glob("*.errors.json")
    assert "identity-check-digit" in errors.read_text()
    assert list((drop_folder(served) / "failed").glob("*.xml"))
