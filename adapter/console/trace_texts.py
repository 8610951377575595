"""What the field trace of a message says in Swedish and English."""

from __future__ import annotations

from typing import Final

TRACE_TEXTS: Final[dict[str, tuple[str, str]]] = {
    "trace": ("Fältspår", "Field trace"),
    "trace.lead": (
        "Vilket fält i meddelandet som gav vilket FHIR-element, utan värden. Ett namn med $ eller inom parentes är ett mellanled i mappningen.",
        "Which field of the message gave which FHIR element, without values. A name with $ or in parentheses is a step in between, within the mapping.",
    ),
    "trace.mapping": ("Mappning", "Mapping"),
    "trace.version": ("version", "version"),
    "trace.try": ("Prova den på bänken", "Try it on the bench"),
    "trace.from": ("Fält i meddelandet", "Field of the message"),
    "trace.to": ("FHIR-element", "FHIR element"),
    "trace.show": ("Visa fälten", "Show the fields"),
    "trace.native": (
        "Meddelandet var FHIR och togs som det var: ingen mappning läste det.",
        "The message was FHIR and was taken as it is: no mapping read it.",
    ),
    "trace.refused": (
        "Mappningen läste meddelandet men gav ingen FHIR: därför finns inget spår.",
        "The mapping read the message and made no FHIR of it: so there is no trace.",
    ),
    "trace.none": (
        "Inget spår: det sparas när ett meddelande som får gå vidare har mappats.",
        "No trace: one is kept once a message that may go on has been mapped.",
    ),
}
