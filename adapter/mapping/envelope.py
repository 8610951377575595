"""What a message of a system's own form says of itself, compiled: the part of a mapping that a connector reads at receipt.

The push format and HL7 v2 have envelopes of their own; a free form has the one that its mapping declares (docs/mappings.md, "Envelope").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from adapter.domain.errors import IdentityError, InputError, Issue
from adapter.domain.identity import HSA_ID, Identifier, PersonId, parse_organization_id, parse_person_id
from adapter.domain.instants import stockholm_date
from adapter.domain.located import Node
from adapter.domain.records import PROTECTION_CODES, RecordType
from adapter.mapping.compilation import Compilation
from adapter.mapping.evaluation import MappingContext, Run
from adapter.mapping.paths import Path
from adapter.mapping.template import Place, Template

ENVELOPE_KEYS: Final = frozenset(
    {"person", "record", "record_type", "message", "unit", "protection", "active_plan", "ends_enrolment"}
)
EACH: Final = "each"
"""Where the record stands of which a document may hold several."""
_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Heading:
    """What an envelope says. ``message_id`` is None where the form has no id for a message; the others as in the port ``Arrival``."""

    person: PersonId
    message_id: str | None
    unit: Identifier | None
    record_types: frozenset[RecordType]
    record_key: str
    protection: frozenset[str] | None
    is_active_plan: bool
    ends_enrolment: bool


@dataclass(frozen=True, slots=True)
class Envelope:
    """A compiled envelope. ``record_types`` are those of the mapping; ``each`` are the names that lead to what repeats, empty for a whole document."""

    parts: Mapping[str, Template]
    record_types: frozenset[RecordType]
    each: tuple[str, ...] = ()

    def values(self, run: Run) -> dict[str, Any]:
        """What stands in each key, None where the source has no value."""
        return {key: part.evaluate(run, (run.root,)) for key, part in self.parts.items()}

    def read(self, tree: Mapping[str, Any], received_at: datetime) -> Heading:
        """The heading of one record. Raises InputError (422) with every fault."""
        run = Run(tree, MappingContext(record_id="".join, received_at=received_at))
        values = self.values(run)
        issues = [issue for issue in run.issues if issue.severity == "error"]
        person = self._person(values, received_at, issues)
        unit = self._unit(values, issues)
        record = values["record"]
        if record is None:
            issues.append(self._fault("record", "required"))
        protection = self._protection(values, issues)
        record_types = self._record_types(values, issues)
        if issues or person is None:
            raise InputError(issues)
        return Heading(
            person=person,
            message_id=None if values.get("message") is None else str(values["message"]),
            unit=unit,
            record_types=record_types,
            record_key=str(record),
            protection=protection,
            # Only a plan that is said not to be in force needs no consent of its own.
            is_active_plan=values.get("active_plan", False) is not False,
            ends_enrolment=values.get("ends_enrolment") is True,
        )

    def _person(
        self, values: Mapping[str, Any], received_at: datetime, issues: list[Issue]
    ) -> PersonId | None:
        today = stockholm_date(received_at)
        return self._parsed("person", values, lambda text: parse_person_id(text, today=today), issues, True)

    def _unit(self, values: Mapping[str, Any], issues: list[Issue]) -> Identifier | None:
        return self._parsed(
            "unit", values, lambda text: parse_organization_id(text, system=HSA_ID), issues, False
        )

    def _parsed(
        self,
        key: str,
        values: Mapping[str, Any],
        parse: Callable[[str], _Found],
        issues: list[Issue],
        is_required: bool,
    ) -> _Found | None:
        value = values.get(key)
        if value is None:
            if is_required:
                issues.append(self._fault(key, "required"))
            return None
        try:
            return parse(str(value))
        except IdentityError as error:
            issues.append(self._fault(key, error.code))
            return None

    def _protection(self, values: Mapping[str, Any], issues: list[Issue]) -> frozenset[str] | None:
        codes = values.get("protection")
        if codes is None:
            return None
        found = frozenset(map(str, codes if isinstance(codes, list) else [codes]))
        if not found <= PROTECTION_CODES:
            issues.append(self._fault("protection", "protection-unknown"))
        return found

    def _record_types(self, values: Mapping[str, Any], issues: list[Issue]) -> frozenset[RecordType]:
        if "record_type" not in self.parts:
            return self.record_types
        named = frozenset(kind for kind in self.record_types if kind.value == values["record_type"])
        if not named:
            issues.append(self._fault("record_type", "record-type-unknown"))
        return named

    def _fault(self, key: str, code: str) -> Issue:
        return Issue(self.parts[key].source or f"envelope.{key}", code)


def compile_envelope(
    compilation: Compilation, node: Node, record_types: frozenset[RecordType], events: Iterable[str]
) -> Envelope:
    """Compile ``envelope``; its faults go to the compilation. Identities of an agreement and ids of resources are not known in it."""
    members = node.value if isinstance(node.value, dict) else {}
    compilation.known(members, ENVELOPE_KEYS | ({EACH} if compilation.form in ("json", "xml") else set()))
    required = {"person", "record"}
    required |= {"active_plan"} if RecordType.SIP in record_types else set()
    required |= {"record_type"} if len(record_types) > 1 else set()
    required |= {"ends_enrolment"} if RecordType.ENROLMENT in record_types else set()
    for key in sorted(required - members.keys()):
        compilation.fault(node, f"the envelope needs {key}")
    if len(list(events)) != 1:
        compilation.fault(node, "a mapping with an envelope has one event")
    parts = {
        key: compilation.value(member, Place(target=f"envelope.{key}"))
        for key, member in members.items()
        if key in ENVELOPE_KEYS
    }
    return Envelope(parts, record_types, _each(compilation, members))


def _each(compilation: Compilation, members: Mapping[str, Node]) -> tuple[str, ...]:
    node = members.get(EACH)
    path = None if node is None else compilation.path(node, Place(target=f"envelope.{EACH}"))
    if node is None or path is None:
        return ()
    if not isinstance(path, Path) or path.names is None:
        compilation.fault(node, "each is a path of names alone, from the root to what repeats: export.ärende")
        return ()
    return path.names
