"""What an admin does about an issue: the line of the mapping that it came from, and a next step (docs/mappings.md, "When it does not work")."""

from __future__ import annotations

from typing import Final

from adapter.domain.errors import Issue
from adapter.mapping.mapping import Mapping
from adapter.mapping.sample import Sample

_ADVICE: Final = {
    "not-json": "the sample itself is no JSON: a comma, quote or bracket is missing or too many in it",
    "not-xml": "the sample itself is no XML: correct it",
    "duplicate-key": "a key stands twice in the sample: correct the source",
    "identity-malformed": "no personnummer, samordningsnummer or reserve number: correct the source, or read another field",
    "identity-check-digit": "the number's check digit is wrong: correct the source",
    "identity-date": "the number's date is none, or to come: correct the source",
    "organization-id-malformed": "no HSA-id or organisationsnummer: correct the source, or read another field",
    "organization-id-check-digit": "the organisationsnummer's check digit is wrong: correct the source",
    "item-unknown": "the instrument has no question of that number: correct the source, or what item reads",
    "item-missing": "the instrument has more questions than were answered: all or none are sent",
    "item-repeated": "a question is answered twice: correct the source, or what item reads",
    "score-out-of-range": "no answer of this question has that score: correct the source, or what score reads",
    "score-not-allowed": "no answer of this question has that score: correct the source, or what score reads",
    "total-missing": "without answers the total is wanted: read it by total",
    "total-out-of-range": "the instrument has no such total: correct the source, or instrument",
    "total-not-the-sum": "the answers have another sum: correct the source, or leave out total if it is something else",
    "required": "the source has no value there: correct the path, or take away required or give a default",
    "code-unknown": "the table has no row for what the source says: add one, or a default",
    "table-default": "the table has no row for what the source says and took its default",
    "date-malformed": "no date that we read (20261116, 2026-11-16, 2026-11-16T09:12:00): correct the source, or read another field",
    "not-an-integer": "a whole number is wanted: correct the source, or take using: decimal or text",
    "not-a-decimal": "a number is wanted: correct the source, or take using: text",
    "not-a-value": "an object or a list stands there: name the field in it, or write a list's values as one by using: join",
    "character-not-in-charset": "the target's charset has not every character of the value: write charset: utf-8 if the recipient reads it",
    "control-character": "the value holds a character that no text may hold: correct the source",
    "too-long": "the value is longer than the target may hold: correct the source, or read another field",
    "not-an-object": "the loop meets a plain value where its paths want an object: loop over another field, or read the value as {.}",
    "unmapped-refusal": "the field may hold a refusal and no rule reads it: map it, or list it under ignored and say why",
    "resource-repeated": "two resources have one id: add to id what tells them apart",
    "nothing-mapped": "no resource holds: see their if and for",
    "kind-unknown": "no when holds for this document: correct when, or add a mapping for its kind",
    "kind-ambiguous": "several mappings say that this document is theirs: narrow their when",
    "field-name-malformed": "a name is too long or holds six digits in a row, as a person's number would",
    "content-type-not-supported": "send application/json or application/xml",
    "not-one-record": "a sample holds one record; a file in a folder may hold several",
    "form-not-of-channel": "the channel's folder has no mapping of this form",
}


def told(mapping: Mapping, issue: Issue, sample: Sample | None = None) -> str:
    """One issue as a line: file, line of the mapping where its path is read, path, code, and what to do where there is something to say.

    The line of the ``sample`` stands beside it, and in its place for what no rule reads: the sample itself is at fault.
    """
    advice = _ADVICE.get(issue.code)
    within = f", read in {mapping.within[issue.path]}" if issue.path in mapping.within else ""
    line, place = _line(mapping, issue.path), None if sample is None else sample.line(issue.path)
    where, beside = f"{mapping.file}:{line or 1}", ""
    if sample is not None and line is None:
        where = f"{sample.file}:{place or 1}"
    elif sample is not None and place is not None:
        beside = f", in {sample.file}:{place}"
    said = f"{where}: {issue.path or 'the document'}: {issue.code}{within}"
    return said + ("" if advice is None else f" ({advice})") + beside


def _line(mapping: Mapping, path: str) -> int | None:
    """Where a path is first read, or the nearest above it; None for what is read nowhere."""
    steps = path.split(", ")[0]
    while steps:
        if steps in mapping.lines:
            return mapping.lines[steps]
        steps = steps.rpartition(".")[0]
    return mapping.lines.get(path)
