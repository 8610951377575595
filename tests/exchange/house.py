"""The bridge put together as ``adapter.main`` does it, with fakes at its ports, a clock that stands, and workers that take one step."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import orjson
from sqlalchemy import Connection, func, select, text

from adapter.domain.agreement import Agreement
from adapter.domain.instants import stockholm_date
from adapter.domain.requester import Requester
from adapter.exchange.accept import Accept
from adapter.exchange.answer import AnswerQuery
from adapter.exchange.attempts import Attempts
from adapter.exchange.attestation import Attestation
from adapter.exchange.audit_query import AuditQuery
from adapter.exchange.confirm_receipt import ConfirmReceipt
from adapter.exchange.consent_profile import ConsentProfile
from adapter.exchange.consent_registry import ConsentRegistry
from adapter.exchange.deliver import Deliver
from adapter.exchange.emergency import EmergencyAccess
from adapter.exchange.filing import Filing
from adapter.exchange.follow_up import FollowUpList
from adapter.exchange.gather import Gather
from adapter.exchange.given_out import GivenOut
from adapter.exchange.inbox import inboxes
from adapter.exchange.keep_audit import KeepAudit
from adapter.exchange.lifting import Liftings
from adapter.exchange.notices import Notices
from adapter.exchange.ports import Reader, Sender
from adapter.exchange.process import Process
from adapter.exchange.protection import Protection
from adapter.exchange.question import Found, Question
from adapter.exchange.receipt import Receipt
from adapter.exchange.refusals import Refusals
from adapter.exchange.registry_query import RegistryQuery
from adapter.exchange.release_without_consent import ReleaseWithoutConsent
from adapter.exchange.standing import Registry, Standing
from adapter.exchange.stopping import Stopping
from adapter.exchange.trail import Trail
from adapter.exchange.translate import Translate
from adapter.exchange.unaudited import Unaudited
from adapter.exchange.upkeep import Upkeep
from adapter.exchange.validate import Validate
from adapter.exchange.workers import LEASE, Worker
from adapter.fhir.check import RecordChecker
from adapter.fhir.pages import Page
from adapter.fhir.profiles.packaged import profile_checker
from adapter.gate.rules import ReleaseRules, release_rules
from adapter.mapping.catalog import MappingCatalog, load_catalog, packaged_files
from adapter.store import inbound, lanes, outbound, persons, tables
from adapter.store.checkpoints import CheckpointFile
from adapter.store.keys import Keyring
from adapter.store.log import LogDelivery, LogMessage, message_detail
from adapter.store.outbound import ClaimedDelivery
from adapter.store.spool import Spool
from adapter.store.vault import SealedVault
from connectors.hl7v2_mllp.reader import CONTENT_TYPE, Hl7Reader
from connectors.http_push.reader import PushReader
from tests.databases import Place, new_file
from tests.databases import opened as opened_database
from tests.exchange.bodies import TOLVAN, Json, consent
from tests.exchange.fakes import Interruptible, Outside
from tests.exchange.parties import HL7, PUSH, alingsas, person, region

ATTEMPT: Final = timedelta(seconds=30)
LOG_TIME: Final = timedelta(days=730)
CONSENT_TIME: Final = timedelta(days=3660)


class House:
    """One process of the bridge over one database file."""

    def __init__(
        self, database: Interruptible, folder: Path, agreements: Sequence[Agreement], outside: Outside
    ) -> None:
        self.database, self.outside = database, outside
        self.clock, self.source = outside.clock, outside.source
        self.region, self.kommun = outside.region, outside.kommun
        self.agreements = tuple(agreements)
        self.by_id = {agreement.id: agreement for agreement in agreements}
        self.inboxes = inboxes(agreements)
        self.keyring = Keyring(b"k" * 32)
        self.vault = SealedVault(folder / "content-keys")
        self.registry = Registry(self.keyring)
        self.trail = Trail(self.keyring, writer="test")
        self.translate = Translate(catalog(), self.keyring)
        self.readers: dict[str, Reader] = {
            name: Hl7Reader(self.clock)
            if inbox.channel.connector == "hl7v2_mllp"
            else PushReader(lambda: stockholm_date(self.clock()))
            for name, inbox in self.inboxes.items()
        }
        self.woken = 0
        self.attempts = Attempts(self.database, self.by_id)
        self.unaudited = Unaudited(
            database=database,
            keyring=self.keyring,
            spool=Spool(folder / "audit" / "spool.jsonl", self.keyring),
            writer=self.trail.writer,
            clock=self.clock,
        )
        self.keep_audit = KeepAudit(database, self.keyring, self.unaudited, self.clock, years=5)
        self.attestation = Attestation(
            database,
            self.keyring,
            CheckpointFile(folder / "audit" / "checkpoints.jsonl", self.keyring, self.trail.writer),
            self.trail,
            self.clock,
        )
        self.notices = Notices(self.database, self.registry, self.by_id, self.trail, new_id)
        self._compose()

    def _compose(self) -> None:
        shared: dict[str, Any] = {"database": self.database, "registry": self.registry, "clock": self.clock}
        sealed: dict[str, Any] = {"keyring": self.keyring, "vault": self.vault}
        senders: dict[str, Sender] = {"vgr-journal": self.region, "alingsas-ifo": self.kommun}
        checker = RecordChecker(profile_checker())
        self.follow_up = FollowUpList(self.keyring, self.trail, new_id)
        emergency = EmergencyAccess(self.agreements, self.trail, self.follow_up)
        stopping = Stopping(self.database, self.vault, self.by_id, rules(), self.trail, self.notices)
        filing = Filing(
            database=self.database,
            keyring=self.keyring,
            registry=self.registry,
            translate=self.translate,
            stopping=stopping,
            liftings=Liftings(self.agreements, self.trail, self.follow_up),
        )
        self.accept = Accept(
            filing=filing,
            protection=Protection(stopping),
            attempts=self.attempts,
            audit=self.trail,
            new_id=new_id,
            wake=self._wake,
            **shared,
            **sealed,
        )
        self.processing = Process(
            translate=self.translate,
            checker=checker,
            inboxes=self.inboxes,
            readers=self.readers,
            validators={HL7: self.outside.validator},
            rules=rules(),
            audit=self.trail,
            new_id=new_id,
            **shared,
            **sealed,
        )
        self._deliver = Deliver(
            vault=self.vault,
            agreements=self.by_id,
            senders=senders | self.outside.others,
            notices=self.notices,
            rules=rules(),
            tolerances={},
            deadline=ATTEMPT,
            audit=self.trail,
            jitter=lambda: 0.0,
            **shared,
        )
        self.answer = AnswerQuery(
            agreements=self.agreements,
            gather=Gather(
                database=self.database,
                registry=self.registry,
                translate=self.translate,
                checker=checker,
                sources={"alingsas-ifo": self.source},
                rules=rules(),
                **sealed,
            ),
            given_out=GivenOut(self.keyring),
            emergency=emergency,
            audit=self.trail,
            new_id=new_id,
            **shared,
        )
        self.confirm_receipt = ConfirmReceipt(
            self.database, self.agreements, emergency, self.trail, self.clock
        )
        self.registry_query = RegistryQuery(
            agreements=self.agreements,
            rules=rules(),
            emergency=emergency,
            audit=self.trail,
            **shared,
        )
        self.audit_query = AuditQuery(
            keyring=self.keyring,
            agreements=self.agreements,
            given_out=GivenOut(self.keyring),
            emergency=emergency,
            audit=self.trail,
            **shared,
        )
        self.refusals = Refusals(
            database=self.database,
            keyring=self.keyring,
            audit=self.trail,
            unaudited=self.unaudited,
            clock=self.clock,
        )
        self.consent_registry = ConsentRegistry(
            keyring=self.keyring,
            filing=filing,
            attempts=self.attempts,
            agreements=self.agreements,
            emergency=emergency,
            rules=rules(),
            profile=ConsentProfile(profile_checker()),
            audit=self.trail,
            **shared,
        )
        self.validate = Validate(
            database=self.database, checker=profile_checker(), audit=self.trail, clock=self.clock
        )
        self.release_without_consent = ReleaseWithoutConsent(
            database=self.database,
            keyring=self.keyring,
            agreements=self.agreements,
            follow_up=self.follow_up,
            emergency=emergency,
            audit=self.trail,
            clock=self.clock,
            new_id=new_id,
        )
        self.upkeep = Upkeep(
            self.database,
            self.vault,
            self.keep_audit,
            self.clock,
            log_time=LOG_TIME,
            consent_time=CONSENT_TIME,
        )

    def _wake(self) -> None:
        self.woken += 1

    async def push(self, body: Json, channel: str = PUSH) -> Receipt:
        """A party's system pushes one message."""
        return await self._hand_over(channel, orjson.dumps(body), "application/json")

    async def send(self, message: bytes) -> Receipt:
        """The region's journal sends one HL7 v2 message."""
        return await self._hand_over(HL7, message, CONTENT_TYPE)

    async def _hand_over(self, channel: str, body: bytes, content_type: str) -> Receipt:
        arrival = self.readers[channel].read(body, content_type)
        return await self.accept(self.inboxes[channel], body, content_type, arrival)

    async def process(self) -> int:
        """Claim the messages that are due and process each; how many there were."""
        claim = partial(inbound.claim_inbound, owner="worker", now=self.clock(), lease=LEASE, limit=8)
        claimed = await self.database.write(claim)
        for held in claimed:
            await self.processing(held)
        return len(claimed)

    async def deliver(self) -> int:
        """Claim the deliveries that are due and attempt each; how many there were."""
        claimed = await self.database.write(partial(self._claim, now=self.clock(), limit=8))
        for held in claimed:
            await self._deliver(held)
        return len(claimed)

    def _claim(self, connection: Connection, now: datetime, limit: int) -> list[ClaimedDelivery]:
        """Up to so many deliveries of whatever system."""
        claimed: list[ClaimedDelivery] = []
        for system in sorted(lanes.systems_waiting(connection)):
            free = limit - len(claimed)
            claimed += outbound.claim_outbound(connection, system, "worker", now, LEASE, free)
        return claimed

    def delivering(self, width: int) -> Worker[ClaimedDelivery]:
        """A worker as ``serve`` runs it, with so many attempts at once."""
        return Worker(
            self.database,
            self.clock,
            claim=self._claim,
            handle=self._deliver,
            give_back=outbound.release_outbound,
            renew=lambda connection, held: lanes.extend(connection, held.claim, LEASE),
            then=self.attempts.ended,
            width=width,
        )

    async def work(self) -> None:
        """Process and deliver until nothing is due."""
        while await self.process() + await self.deliver():
            pass

    async def carry(self, body: Json | bytes) -> LogMessage:
        """Hand a message over and work until nothing is due; what became of it."""
        receipt = await (self.send(body) if isinstance(body, bytes) else self.push(body))
        await self.work()
        return await self.message(receipt)

    async def carry_after_consent(self, body: Json | bytes, consent_id: str = "S-1") -> LogMessage:
        """The same once the person has consented to everything but an active plan."""
        await self.push(consent(consent_id))
        return await self.carry(body)

    async def search(
        self,
        resource_type: str,
        number: str = TOLVAN,
        *,
        requester: Requester | None = None,
        resource_id: str | None = None,
    ) -> Found:
        """Ask for everything of one type about one person (or one resource)."""
        question = Question(
            requester or region(),
            resource_type,
            person(number),
            "patient.identifier",
            "request-1",
            resource_id,
        )
        if resource_type == "Consent":
            return await self.registry_query.search(question, lambda _: True)
        return await self.answer.search(question, lambda _: True, Page(200))

    async def flag(self, number: str = TOLVAN) -> None:
        """The registry has a flag of protected identity, and nothing has looked at what waits."""
        key, codes = self.keyring.person_key(person(number)), ["sekretessmarkering"]
        await self.database.write(partial(persons.set_protection, key=key, codes=codes))

    async def message(self, receipt: Receipt) -> LogMessage:
        """The row of the log."""
        found = await self.database.read(partial(message_detail, message_id=receipt.message_id))
        assert found is not None
        return found

    async def delivery(self, receipt: Receipt | LogMessage, mode: str = "forward") -> LogDelivery:
        """A message's one delivery of a mode."""
        message_id = receipt.message_id if isinstance(receipt, Receipt) else receipt.id
        found = await self.database.read(partial(message_detail, message_id=message_id))
        assert found is not None
        [one] = [one for one in found.deliveries if one.mode == mode]
        return one

    async def standing(self, number: str = TOLVAN) -> Standing:
        """How a person stands in the registry."""
        return await self.database.read(partial(self.registry.standing, person=person(number)))

    async def contents(self) -> int:
        """How many pieces of content are at rest."""
        return await self.count(tables.content)

    async def count(self, table: Any) -> int:
        """How many rows a table has."""
        return await self.database.read(lambda c: c.scalar(select(func.count()).select_from(table)) or 0)

    async def audit(self, kind: str | None = None) -> list[Json]:
        """The AuditEvents of one kind, or all, in the order of the chain."""
        return [orjson.loads(event) for found, event in await self._audited() if kind in (None, found)]

    async def audit_kinds(self) -> list[str]:
        """The kinds of all audit rows, in the order of the chain."""
        return [kind for kind, _ in await self._audited()]

    async def _audited(self) -> list[tuple[str, bytes]]:
        statement = select(tables.audit.c.kind, tables.audit.c.event).order_by(tables.audit.c.number)
        return await self.database.read(lambda c: [(row.kind, row.event) for row in c.execute(statement)])

    async def break_audit(self) -> None:
        """From now on no audit row can be written."""
        await self.database.write(lambda c: c.execute(text("ALTER TABLE audit RENAME TO lost")))


@asynccontextmanager
async def opened(
    folder: Path, *agreements: Agreement, outside: Outside | None = None, place: Place | None = None
) -> AsyncIterator[House]:
    """A process over a database (by default a file in ``folder``), started as ``serve`` starts: on SQLite whatever leases stand are void."""
    path = place or folder / "sambro.db"
    if isinstance(path, Path) and not path.exists():
        new_file(path)
    async with opened_database(path) as real:
        house = House(Interruptible(real), folder, agreements or (alingsas(),), outside or Outside())
        if isinstance(path, Path):
            await real.write(partial(outbound.void_leases, now=house.clock()))
        yield house


def new_id() -> str:
    """A new random id."""
    return str(uuid4())


@lru_cache
def catalog() -> MappingCatalog:
    """The packaged mappings."""
    return load_catalog(packaged_files(None))


@lru_cache
def rules() -> ReleaseRules:
    """The packaged release rules."""
    return release_rules()
