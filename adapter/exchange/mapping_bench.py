"""The mapping bench: a sample mapped by the mapping files as they stand now, with its trace. Nothing is stored."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from typing import Any, Final

import orjson

from adapter.domain.agreement import Agreement
from adapter.domain.errors import ConfigurationError, InputError, Issue, MappingError
from adapter.exchange.ports import Reader
from adapter.fhir.check import ResourceChecker
from adapter.mapping.catalog import MappingCatalog
from adapter.mapping.charset import shown
from adapter.mapping.evaluation import TraceRow
from adapter.mapping.examples import (
    ExampleInput,
    ExampleReader,
    example_context,
    example_files,
    own_reader,
)

CONTENT_TYPES: Final = {
    "hl7": "x-application/hl7-v2+er7",
    "json": "application/json",
    "xml": "application/xml",
}
_CONNECTORS: Final = {"hl7": "hl7v2_mllp", "json": "http_push", "xml": "http_push"}
_ENCODING: Final = re.compile(r"""\A(<\?xml\s[^>]*?)\sencoding=(?:"[^"]*"|'[^']*')""")


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a sample: ``body`` None if it was refused. ``faults`` refuse it or would, ``warnings`` do not."""

    body: dict[str, Any] | None
    faults: Sequence[Issue] = ()
    warnings: Sequence[Issue] = ()
    unmapped: Sequence[str] = ()
    trace: Sequence[TraceRow] = ()
    written: bytes = b""

    @property
    def text(self) -> str:
        """The body as people read it."""
        return (
            shown(self.written)
            if self.written
            else orjson.dumps(self.body, option=orjson.OPT_INDENT_2).decode()
        )


def sample_readers(reader: Callable[[str], Reader]) -> dict[str, ExampleReader]:
    """How a sample is read, by the end of a file's name; ``reader`` gives a connector's."""
    return {
        ending: partial(_read, reader(connector), CONTENT_TYPES[ending])
        for ending, connector in _CONNECTORS.items()
    }


def _read(reader: Reader, content_type: str, body: bytes) -> ExampleInput:
    arrival = reader.read(body, content_type)
    return ExampleInput(
        arrival.record, arrival.person, arrival.sender, arrival.unit, protected=bool(arrival.protection)
    )


@dataclass(frozen=True, slots=True)
class MappingBench:
    """``catalog`` reads the installation's mapping files anew; ``readers`` as ``sample_readers`` gives them."""

    catalog: Callable[[], MappingCatalog]
    readers: Mapping[str, ExampleReader]
    agreements: Sequence[Agreement]
    checker: ResourceChecker

    def examples(self) -> Mapping[str, Sequence[str]]:
        """The shipped examples of each mapping, by its name. Raises ConfigurationError."""
        return {
            mapping.name: [name for _, name in example_files(mapping, [files("mappings")])]
            for mapping in self.catalog().all()
        }

    def example(self, mapping: str, name: str) -> str:
        """The text of one of them, empty if there is none of that name. Raises ConfigurationError."""
        known = {one.name: one for one in self.catalog().all()}
        found = example_files(known[mapping], [files("mappings")]) if mapping in known else ()
        body = next(((folder / file).read_bytes() for folder, file in found if file == name), b"")
        try:
            return body.decode()
        except UnicodeDecodeError:
            return body.decode("latin-1")

    def try_out(self, mapping: str, sample: str) -> Tried:
        """Map a sample as a channel would, check the result against the profiles; every fault is in what it gives."""
        try:
            return self._mapped(mapping, sample)
        except ConfigurationError as error:
            return Tried(None, [Issue(f"{fault.file}:{fault.line}", fault.message) for fault in error.faults])
        except (InputError, MappingError) as error:
            return Tried(None, error.issues)

    def _mapped(self, name: str, sample: str) -> Tried:
        mapping = self.catalog().named(name)
        ending, body = _bytes(sample)
        given = (own_reader(mapping) or self.readers[ending])(body)
        mapped = mapping.apply(given.record, example_context(given, self._agreement(given)), trace=True)
        faults = self.checker.check(mapped.body) if "entry" in mapped.body else ()
        return Tried(mapped.body, faults, mapped.issues, mapped.unmapped, mapped.trace, mapped.written)

    def _agreement(self, given: ExampleInput) -> Agreement:
        """The agreement of the sample's sender, else the first."""
        return next(self._of_sender(given), self.agreements[0])

    def _of_sender(self, given: ExampleInput) -> Iterator[Agreement]:
        for identifier in filter(None, (given.sender, given.unit)):
            yield from (one for one in self.agreements if one.party_of(identifier) is not None)


def _bytes(sample: str) -> tuple[str, bytes]:
    """A pasted sample as its wire would carry it: a form changes line ends, and HL7 v2 states its own character set."""
    text = sample.strip("\ufeff\r\n ")
    if not text.startswith("MSH"):
        # It is text by now: the encoding that its file had says nothing of it.
        return ("xml" if text.startswith("<") else "json"), _ENCODING.sub(r"\1", text, count=1).encode()
    segments = "\r".join(text.splitlines()) + "\r"
    try:
        return "hl7", segments.encode("utf-8" if "UNICODE" in segments.partition("\r")[0] else "latin-1")
    except UnicodeEncodeError:
        raise InputError([Issue("MSH-18", "charset")], status=400) from None
