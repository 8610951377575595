"""JSON and XML of systems' own through the bridge: the same envelope, gate, effects and log as the push format."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Final

import pytest
from structlog.testing import capture_logs

from adapter.domain.errors import InputError
from adapter.domain.states import State
from adapter.exchange.own_form import DocumentReader
from adapter.exchange.receipt import Outcome, Receipt
from adapter.store.drift import unmapped_fields
from tests.exchange.bodies import OTHER, Json, consent, plan_consent
from tests.exchange.house import House, catalog, opened
from tests.exchange.parties import alingsas

CHANNEL: Final = "alingsas-eget"
FORMS: Final = {"kommun_treserva": ("xml", "application/xml"), "kommun_combine": ("json", "application/json")}


def with_own(folder: str) -> Callable[[Json], None]:
    def edit(tree: Json) -> None:
        tree["channels"][CHANNEL] = {
            "party": "kommun",
            "unit": "ifo-utforare",
            "connector": "http_push",
            "mapping": folder,
        }

    return edit


def example(folder: str, case: str) -> bytes:
    return (files("mappings") / "systems" / folder / "examples" / f"{case}.{FORMS[folder][0]}").read_bytes()


async def push(house: House, folder: str, body: bytes, media_type: str | None = None) -> Receipt:
    """Hand a body over as the HTTP channel does."""
    content_type = media_type or FORMS[folder][1]
    reader = DocumentReader(
        catalog(), folder, house.clock, lambda content: f"{hash(content) % 2**64:040x}", 1_000_000
    )
    house.readers[CHANNEL] = reader
    return await house.accept(house.inboxes[CHANNEL], body, content_type, reader.read(body, content_type))


@pytest.mark.parametrize("folder", FORMS)
async def test_a_consent_opens_and_its_revocation_closes(tmp_path: Path, folder: str) -> None:
    async with opened(tmp_path, alingsas(with_own(folder))) as house:
        given = await push(house, folder, example(folder, "consent"))
        assert given.outcome is Outcome.IN_FORCE
        audit = await push(house, folder, example(folder, "audit"))
        await house.work()
        assert (await house.message(audit)).state is State.DELIVERED
        [release] = house.region.taken
        assert [resource["resourceType"] for resource in release.resources] == ["Observation"]
        assert (await push(house, folder, example(folder, "consent.revoked"))).stopped is not None
        body = (
            example(folder, "audit")
            .replace(b"-0099", b"-0100")
            .replace(b"-110", b"-111")
            .replace(b"000110", b"000111")
        )
        after = await push(house, folder, body)
        await house.work()
        assert (await house.message(after)).state is State.WITHHELD


@pytest.mark.parametrize("form", ["audit", "audit_c", "dudit"])
async def test_a_form_in_fhir_is_delivered_as_the_result_that_it_gives(tmp_path: Path, form: str) -> None:
    folder = files("mappings") / "systems" / "fhir_forms" / "examples"
    async with opened(tmp_path, alingsas(with_own("fhir_forms"))) as house:
        await house.push(consent())
        body = (folder / f"answers.{form}.json").read_bytes()
        receipt = await push(house, "fhir_forms", body, "application/json")
        await house.work()
        assert (await house.message(receipt)).state is State.DELIVERED
        [release] = house.region.taken
        [result] = release.resources
        expected = json.loads((folder / f"answers.{form}.expected.json").read_bytes())
        assert result["component"] == expected["entry"][0]["resource"]["component"]


@pytest.mark.parametrize("folder", FORMS)
async def test_an_active_plan_needs_its_consent(tmp_path: Path, folder: str) -> None:
    async with opened(tmp_path, alingsas(with_own(folder))) as house:
        await house.push(consent())
        body = example(folder, "sip")
        with pytest.raises(InputError) as caught:
            await push(house, folder, body)
        assert [(issue.path, issue.code) for issue in caught.value.issues] == [
            ("envelope.active_plan", "sip-consent-missing")
        ]
        await house.push(plan_consent())
        await push(house, folder, body)
        await house.work()
        [release] = house.region.taken
        assert "CarePlan" in {resource["resourceType"] for resource in release.resources}


@pytest.mark.parametrize("folder", FORMS)
async def test_a_closed_enrolment_ends_what_stood_on_it(tmp_path: Path, folder: str) -> None:
    async with opened(tmp_path, alingsas(with_own(folder))) as house:
        await house.push(consent())
        assert (await push(house, folder, example(folder, "enrolment.closed"))).outcome is Outcome.IN_FORCE
        receipt = await push(house, folder, example(folder, "audit"))
        assert (await house.message(receipt)).state is State.WITHHELD


@pytest.mark.parametrize("folder", FORMS)
async def test_a_replay_changes_nothing(tmp_path: Path, folder: str) -> None:
    async with opened(tmp_path, alingsas(with_own(folder))) as house:
        await house.push(consent())
        receipts = [await push(house, folder, example(folder, "audit")) for _ in range(2)]
        await house.work()
        assert [receipt.outcome for receipt in receipts] == [Outcome.ACCEPTED, Outcome.REPEATED]
        assert len({receipt.message_id for receipt in receipts}) == len(house.region.taken) == 1


async def test_another_persons_record_stays_where_it_is(tmp_path: Path) -> None:
    async with opened(tmp_path, alingsas(with_own("kommun_treserva"))) as house:
        await house.push(consent())
        body = example("kommun_treserva", "audit").replace(b"19121212-1212", OTHER.encode())
        receipt = await push(house, "kommun_treserva", body)
        assert (await house.message(receipt)).state is State.WITHHELD


async def test_a_document_without_an_id_is_known_again_by_its_content(tmp_path: Path) -> None:
    async with opened(tmp_path, alingsas(with_own("kommun_combine"))) as house:
        await house.push(consent())
        body = example("kommun_combine", "audit").replace(b'"id": "C-110",', b"")
        other = body.replace(b"-0099", b"-0100")
        outcomes = [(await push(house, "kommun_combine", one)).outcome for one in (body, other, body)]
        assert outcomes == [Outcome.ACCEPTED, Outcome.ACCEPTED, Outcome.REPEATED]


def with_field(body: bytes, field: str) -> bytes:
    """The document with one field more, at the top."""
    return body.replace(b"{", b"{" + field.encode() + b": 1,", 1)


async def test_an_unknown_field_is_counted_and_alerted_when_its_sender_begins_with_it(tmp_path: Path) -> None:
    async with opened(tmp_path, alingsas(with_own("kommun_combine"))) as house:
        await house.push(consent())
        for number, field in enumerate(['"ny_kod"', '"ny_kod"', '"annan"']):
            body = example("kommun_combine", "audit").replace(b"C-110", f"C-{number}".encode())
            with capture_logs() as logs:
                receipt = await push(house, "kommun_combine", with_field(body, field))
                await house.work()
            alerts = [line["field"] for line in logs if line.get("code") == "unmapped-field-new"]
            assert alerts == [["ny_kod"], [], ["annan"]][number]
            assert (await house.message(receipt)).unmapped == (field.strip('"'),)
        counts = {row.path: row.count for row in await house.database.read(unmapped_fields)}
        assert counts == {"ny_kod": 2, "annan": 1}


@pytest.mark.parametrize("field", ['"spärrad"', '"SamtyckeSaknas"', '"optOut"'])
async def test_an_unknown_field_that_may_hold_a_refusal_is_not_passed(tmp_path: Path, field: str) -> None:
    async with opened(tmp_path, alingsas(with_own("kommun_combine"))) as house:
        await house.push(consent())
        body = example("kommun_combine", "audit").decode("iso-8859-1").encode()
        receipt = await push(house, "kommun_combine", with_field(body, field))
        await house.work()
        message = await house.message(receipt)
        assert (message.state, message.codes) == (
            State.INVALID,
            (f"{field.strip(chr(34))}: unmapped-refusal",),
        )
        assert house.region.taken == []
