"""Reader of the push format: bytes to an Arrival, wholly in memory, every fault at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from email.message import Message
from itertools import islice
from typing import Any, Final

from adapter.domain.errors import InputError, Issue
from adapter.domain.identity import parse_organization_id, parse_person_id
from adapter.domain.records import RecordType
from adapter.exchange.ports import Act, Arrival
from adapter.mapping.screening import INSTRUMENTS
from adapter.mapping.source import Source
from adapter.mapping.strict_json import read_json
from connectors.http_push.rules import breaches
from connectors.http_push.schema import ENDED, faults
from connectors.http_push.xml_form import form_faults, read_xml, tree_of

Tree = Mapping[str, Any]

_CHARSETS: Final = {
    "application/json": frozenset({"utf-8"}),
    "application/xml": frozenset({"utf-8", "us-ascii", "iso-8859-1"}),
    "text/xml": frozenset({"utf-8", "us-ascii", "iso-8859-1"}),
}
_ACTS: Final = {"consent": Act.CONSENT, "enrolment": Act.ENROLMENT}
_RECORD_KEYS: Final = {
    "consent": "samtyckeId",
    "sip": "planId",
    "screening": "screeningId",
    "enrolment": "inskrivningId",
}


class PushReader:
    """Reads push bodies in JSON and XML (docs/push-format.md); implements ``exchange.ports.Reader``.

    ``today`` gives the present day in Stockholm: it resolves the century of a ten-digit number and forbids a birth in the future.
    ``max_bytes`` bounds a body, ``max_issues`` the faults that are named.
    """

    def __init__(
        self, today: Callable[[], date], *, max_bytes: int = 1_000_000, max_issues: int = 200
    ) -> None:
        self._today = today
        self._max_bytes = max_bytes
        self._max_issues = max_issues

    def read(self, body: bytes, content_type: str) -> Arrival:
        """The message in ``body``.

        Raises InputError: 413 too large, 415 another content type or charset, 400 unreadable, 422 with every faulty field.
        """
        media_type, charset = _media_type(content_type)
        if len(body) > self._max_bytes:
            raise InputError([Issue("", "too-large")], 413)
        if media_type == "application/json":
            return self.arrival(read_json(body))
        root = read_xml(body, charset)
        arrival = self.arrival(tree_of(root))
        self._refuse(form_faults(root))
        return arrival

    def arrival(self, tree: object) -> Arrival:
        """The message in one parsed push body; raises InputError 422 with every faulty field."""
        today = self._today()
        broken = list(islice(faults(tree), self._max_issues))
        rules = _breaches(tree, today) if isinstance(tree, Mapping) else ()
        self._refuse([*broken, *(breach for breach in rules if not _explained(breach.path, broken))])
        if not isinstance(tree, Mapping):
            raise TypeError("the schema admits objects only")
        return _arrival(tree, today)

    def _refuse(self, issues: Iterable[Issue]) -> None:
        if found := list(islice(issues, self._max_issues)):
            raise InputError(found, 422)


def _media_type(content_type: str) -> tuple[str, str | None]:
    header = Message()
    header["Content-Type"] = content_type
    media_type, charset = header.get_content_type(), header.get_content_charset()
    if media_type not in _CHARSETS or (charset is not None and charset not in _CHARSETS[media_type]):
        raise InputError([Issue("", "content-type-not-supported")], 415)
    return media_type, charset


def _breaches(tree: Tree, today: date) -> Iterator[Issue]:
    if tree.get("kind") == ENDED:
        yield Issue("kind", "unknown-code")
    yield from breaches(tree, today)


def _explained(path: str, broken: Iterable[Issue]) -> bool:
    """Whether a fault at, above or beneath ``path`` already tells why a rule fails there."""
    return any(
        path == fault.path or _within(path, fault.path) or _within(fault.path, path) for fault in broken
    )


def _within(path: str, outer: str) -> bool:
    return path.startswith((f"{outer}.", f"{outer}["))


def _arrival(tree: Tree, today: date) -> Arrival:
    kind, sender, person = tree["kind"], tree["avsandare"], tree["person"]
    return Arrival(
        event=kind,
        act=_ACTS.get(kind, Act.RECORD),
        control_id=tree["messageId"],
        source_application="",
        sender=parse_organization_id(sender["organisation"]),
        unit=parse_organization_id(sender["enhet"]) if "enhet" in sender else None,
        person=parse_person_id(person["id"], today=today, system=person.get("idSystem")),
        record_types=_record_types(tree),
        record=Source("push", tree),
        sent_at=datetime.fromisoformat(tree["skapad"]),
        protection=_protection(tree),
        record_key=tree[kind][_RECORD_KEYS[kind]] if kind in _RECORD_KEYS else None,
        is_active_plan=kind == "sip" and tree["sip"]["status"] == "aktiv",
        ends_enrolment=kind == "enrolment" and tree["enrolment"]["handelse"] == "avslut",
    )


def _record_types(tree: Tree) -> frozenset[RecordType]:
    match tree["kind"]:
        case "sip":
            return frozenset({RecordType.SIP})
        case "screening":
            return frozenset({INSTRUMENTS[tree["screening"]["instrument"]].record_type})
        case "enrolment":
            return frozenset({RecordType.ENROLMENT})
        case "person":
            return frozenset({RecordType.PERSON})
    return frozenset()


def _protection(tree: Tree) -> frozenset[str] | None:
    """A person message states the whole: without ``skydd`` there is none. Any other says nothing unless it has the field."""
    if tree["kind"] != "person" and "skydd" not in tree["person"]:
        return None
    return frozenset(tree["person"].get("skydd", ()))
