"""Reader of FHIR Bundles that a side's own system sends: bytes to an Arrival, wholly in memory, every fault at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from adapter.domain.agreement import Unit
from adapter.domain.errors import InputError, Issue, MappingError
from adapter.domain.identity import HSA_ID, Identifier
from adapter.domain.instants import Clock
from adapter.exchange.ports import Arrival, Reader
from adapter.fhir.json_reading import read_json
from adapter.fhir.paths import MAX_ISSUES
from adapter.fhir.xml.reading import XmlReader
from adapter.mapping.catalog import MappingCatalog
from adapter.mapping.evaluation import MappingContext
from adapter.mapping.native import made_ours
from adapter.mapping.native_forms import with_results
from connectors.fhir_rest.envelope import arrival_of

JSON: Final = "application/fhir+json"
XML: Final = "application/fhir+xml"

_ANY_UNIT: Final = Unit("any", "any", Identifier(HSA_ID, "any"))
Check = Callable[[Mapping[str, Any]], tuple[Issue, ...]]


class FhirReader:
    """Reads Bundles (docs/fhir-push.md); implements ``exchange.ports.Reader``.

    Each of ``checks`` gives every fault in a Bundle, and the later ones see only what passes the earlier; the first, of FHIR R4 and claimed
    profiles, also sees what came, its claims aside. ``catalog`` has the mapping of a screening's form. ``max_bytes`` bounds a body.
    """

    def __init__(
        self,
        xml: XmlReader,
        checks: tuple[Check, ...],
        catalog: MappingCatalog,
        clock: Clock,
        *,
        max_bytes: int,
    ) -> None:
        self._xml = xml
        self._checks = checks
        self._catalog = catalog
        self._clock = clock
        self._max_bytes = max_bytes

    def read(self, body: bytes, content_type: str) -> Arrival:
        """The message in ``body``.

        Raises InputError: 413 too large, 415 another content type, 400 unreadable, 422 with every faulty field: of the envelope, or if it is
        sound of what is sent, each record held to its profile.
        """
        media_type = media_type_of(content_type)
        if media_type not in (JSON, XML):
            raise InputError([Issue("", "content-type-not-supported")], 415)
        if len(body) > self._max_bytes:
            raise InputError([Issue("", "too-large")], 413)
        text = self._xml.read(body) if media_type == XML else body
        bundle, now = read_json(text, most=len(text)), self._clock()
        if bundle.get("resourceType") != "Bundle":
            raise InputError([Issue("Bundle", "bundle-required")])
        _refuse(self._checks[0](_unclaimed(bundle)))
        arrival = arrival_of(bundle, now)
        # Judged as it would leave; the ids that it will have are the party's, and who sent it is not known yet.
        context = MappingContext(record_id=_any_id, received_at=now, unit=_ANY_UNIT, person=arrival.person)
        try:
            made = made_ours(bundle, context)
            leaving = with_results(made, context, self._catalog.answers).bundle
        except MappingError as error:
            raise InputError(error.issues[:MAX_ISSUES]) from None
        for one in [made] if leaving is made else [made, leaving]:
            for check in self._checks:
                _refuse(check(one))
        return arrival


class ByMediaType:
    """A channel's reader for FHIR, and the one for its other forms; implements ``exchange.ports.Reader``."""

    def __init__(self, fhir: Reader, other: Reader) -> None:
        self._fhir = fhir
        self._other = other

    def read(self, body: bytes, content_type: str) -> Arrival:
        """As the reader that the content type calls for."""
        reader = self._fhir if media_type_of(content_type) in (JSON, XML) else self._other
        return reader.read(body, content_type)


def media_type_of(content_type: str) -> str:
    """The media type that a ``Content-Type`` states, without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def _refuse(issues: tuple[Issue, ...]) -> None:
    if issues:
        raise InputError(issues)


def _unclaimed(value: Any) -> Any:
    """A resource without what says of it what it is: until its references are ours, no profile can be held against it."""
    if isinstance(value, list):
        return [_unclaimed(item) for item in value]
    if isinstance(value, dict):
        return {name: _unclaimed(member) for name, member in value.items() if name != "meta"}
    return value


def _any_id(*parts: str) -> str:
    return str(uuid5(NAMESPACE_URL, "|".join(parts)))
