"""In which form a resource comes and goes (FHIR R4, http.html#mime-type): JSON or XML, by ``Content-Type``, ``Accept`` and ``_format``.

Inside there is JSON alone: XML becomes JSON where a body is read, and answers become XML last of all, the concealed ones as the others.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import orjson
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
_ANY: Final = ("application/*", "*/*")
_SHORT: Final = {"json": MediaType.JSON, "xml": MediaType.XML}
_BOOLEANS: Final = frozenset({"true", "false"})
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
        form = getattr(request.state, "answered_in", MediaType.JSON)
        is_pretty = getattr(request.state, "is_pretty", False)
        if not response.body or (form is MediaType.JSON and not is_pretty):
            return response
        headers = {name: value for name, value in response.headers.items() if not name.startswith("content-")}
        write = self.writer.written if form is MediaType.XML else _in_lines
        body = await asyncio.to_thread(write, bytes(response.body))
        return Response(body, response.status_code, headers, media_type=form)


def agree(request: Request, pairs: Sequence[tuple[str, str]]) -> None:
    """Settle the form of the answer, by the last ``_format`` and ``_pretty`` among ``pairs`` or by ``Accept``.

    Raises InputError: 406, and 400 for a ``_pretty`` that is neither true nor false.
    """
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
    in_lines = [value for name, value in pairs if name == "_pretty"] or ["false"]
    if not _BOOLEANS.issuperset(in_lines):
        raise InputError([Issue("http._pretty", "value")], status=400)
    request.state.is_pretty = in_lines[-1] == "true"


def _in_lines(body: bytes) -> bytes:
    """JSON for people, its numbers as they were."""
    read = json.loads(body, parse_float=orjson.Fragment, parse_int=orjson.Fragment)
    return orjson.dumps(read, option=orjson.OPT_INDENT_2)


def _preferred(accepted: str) -> MediaType | None:
    """The form with the highest quality, of which what names it most closely tells (RFC 9110, 12.5.1); of equals the one named first."""
    ranges = list(_ranges(accepted))
    ranked = []
    for form in MediaType:
        for name in (form, *_ANY):
            if found := [(weight, -place) for place, (of, weight) in enumerate(ranges) if of == name]:
                ranked.append((*max(found), form))
                break
    weight, _, best = max(ranked, key=lambda it: it[:2], default=(0.0, 0, None))
    return best if weight > 0 else None


def _ranges(accepted: str) -> Iterator[tuple[str, float]]:
    """Each part of ``Accept`` that a form of ours falls under, by the form that it names or as it stands, with its quality."""
    for part in accepted.split(","):
        media_type = part.partition(";")[0].strip()
        name = media_type if media_type in _ANY else _named(part)
        if name is not None:
            yield name, _quality(_parameters(part).get("q", "1"))


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
