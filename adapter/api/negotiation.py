"""In which form a resource comes and goes (FHIR R4, http.html#mime-type): JSON or XML, by ``Content-Type``, ``Accept`` and ``_format``.

Inside there is JSON alone: XML becomes JSON where a body is read, and answers become XML last of all, the concealed ones as the others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from adapter.api.request import bounded_body
from adapter.domain.errors import InputError, Issue
from adapter.fhir.json_reading import read_json
from adapter.fhir.xml.reading import XmlReader
from adapter.fhir.xml.writing import XmlWriter


class MediaType(StrEnum):
    """The media types of our answers."""

    JSON = "application/fhir+json"
    XML = "application/fhir+xml"


_NAMES: Final = {
    name: form
    for form, names in {
        MediaType.JSON: (MediaType.JSON, "application/json", "text/json"),
        MediaType.XML: (MediaType.XML, "application/xml", "text/xml"),
    }.items()
    for name in names
}
_ANY: Final = {"*/*": MediaType.JSON, "application/*": MediaType.JSON}
_SHORT: Final = {"json": MediaType.JSON, "xml": MediaType.XML}
_VERSIONS: Final = frozenset({"", "4.0", "4.0.1"})


@dataclass(frozen=True, slots=True)
class Forms:
    """Reads bodies and writes answers in the form that the caller has chosen."""

    reader: XmlReader
    writer: XmlWriter

    async def resource(self, request: Request, most: int) -> dict[str, Any]:
        """The resource in a body of at most ``most`` bytes. Raises InputError: 415, 413, and 400 as XmlReader and read_json do."""
        form = _named(request.headers.get("content-type", ""))
        if form is None:
            raise InputError([Issue("http.Content-Type", "unsupported-media-type")], status=415)
        body = await bounded_body(request, most)
        # In a thread: others want their answers while a large body is read.
        return await asyncio.to_thread(self._read, body, form)

    def _read(self, body: bytes, form: MediaType) -> dict[str, Any]:
        text = self.reader.read(body) if form is MediaType.XML else body
        return read_json(text, most=len(text))

    async def rendered(self, response: Response, request: Request) -> Response:
        """An answer in the form that was agreed on; JSON where none was."""
        if getattr(request.state, "answered_in", MediaType.JSON) is MediaType.JSON or not response.body:
            return response
        headers = {name: value for name, value in response.headers.items() if not name.startswith("content-")}
        body = await asyncio.to_thread(self.writer.written, bytes(response.body))
        return Response(body, response.status_code, headers, media_type=MediaType.XML)


def agree(request: Request, pairs: Sequence[tuple[str, str]]) -> None:
    """Settle the form of the answer, by the last ``_format`` among ``pairs`` or by ``Accept``. Raises InputError (406)."""
    stated = [value for name, value in pairs if name == "_format"]
    accepted = request.headers.get("accept", "").strip()
    if stated:
        # A decoder turns the + of application/fhir+json into a space where a client did not escape it.
        text = stated[-1].strip().replace("fhir ", "fhir+")
        form, where = _SHORT.get(text) or _named(text), "http._format"
    else:
        form, where = _preferred(accepted) if accepted else MediaType.JSON, "http.Accept"
    if form is None:
        raise InputError([Issue(where, "not-acceptable")], status=406)
    request.state.answered_in = form


def _preferred(accepted: str) -> MediaType | None:
    """Of what ``Accept`` lists, the first of those with the highest quality (RFC 9110, 12.5.1)."""
    weighed = list(_weighed(accepted))
    best = max((weight for weight, _ in weighed), default=0.0)
    return next((form for weight, form in weighed if weight == best and weight > 0), None)


def _weighed(accepted: str) -> Iterator[tuple[float, MediaType]]:
    for part in accepted.split(","):
        form = _named(part) or _ANY.get(part.partition(";")[0].strip())
        if form is not None:
            yield _quality(_parameters(part).get("q", "1")), form


def _quality(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0


def _named(media_type: str) -> MediaType | None:
    """The form that a media type names, if it is one of R4."""
    if _parameters(media_type).get("fhirversion", "") not in _VERSIONS:
        return None
    return _NAMES.get(media_type.partition(";")[0].strip().lower())


def _parameters(media_type: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in media_type.split(";")[1:])
    return {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}
