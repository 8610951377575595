"""What a kommun sends reaches a journal that is sent HL7 v2: gate, back mapping, frame and acknowledgement in one."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from adapter.domain.errors import Issue
from adapter.domain.states import State
from adapter.exchange.translate import Translate
from adapter.mapping import hl7v2
from adapter.store.keys import Keyring
from connectors.hl7v2_mllp.ack import AckCode, Acknowledgement
from connectors.hl7v2_mllp.sender import MllpSender, Recipient
from tests.connectors.hl7v2_mllp.test_listener import listening
from tests.exchange.bodies import screening
from tests.exchange.fakes import Outside
from tests.exchange.house import catalog, opened
from tests.exchange.parties import alingsas


async def test_a_screening_is_tried_until_the_journal_takes_it_under_one_id(tmp_path: Path) -> None:
    bodies: list[bytes] = []

    async def handle(body: bytes) -> Acknowledgement:
        bodies.append(body)
        if len(bodies) == 1:
            return Acknowledgement(AckCode.ERROR, (Issue("", "internal-error"),))
        return Acknowledgement(AckCode.ACCEPT)

    agreement, outside = alingsas(), Outside()
    translate = Translate(catalog(), Keyring(b"k" * 32))
    async with listening(handle) as listener:
        journal = Recipient("127.0.0.1", listener.port)
        outside.others["vgr-journal"] = MllpSender(
            journal, partial(translate.message, "region_hl7v2", agreement)
        )
        async with opened(tmp_path, agreement, outside=outside) as house:
            sent = await house.carry_after_consent(screening())
            first = await house.delivery(sent)
            assert (first.state, first.codes) == (State.RETRYING, ("ack-ae-207",))
            house.clock.move(minutes=10)
            await house.work()
            assert (await house.delivery(sent)).state is State.DELIVERED
            assert await house.contents() == 0
    first_try, second = [hl7v2.parse(body).tree for body in bodies]
    assert hl7v2.field(first_try, "MSH-10") == hl7v2.field(second, "MSH-10") != ""
    assert hl7v2.field(second, "PID-3") == "191212121212"
    totals = [row["5"][0]["1"] for row in second["OBR"][0]["OBX"] if row["3"][0]["1"] == "75624-7"]
    assert totals == ["17"]
