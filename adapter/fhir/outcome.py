"""OperationOutcome (FHIR R4): one table from our codes to issue.type, HTTP status and text; never a value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

from adapter.domain.errors import Issue
from adapter.domain.records import CANONICAL
from adapter.fhir.consent_meanings import CONSENT_MEANINGS
from adapter.fhir.meaning import Meaning

ISSUE_CODE: Final = f"{CANONICAL}/CodeSystem/issue"


MEANINGS: Final[dict[str, Meaning]] = {
    # The answer as a whole.
    "bad-request": Meaning("invalid", 400, "Frågan kan inte läsas.", "The request cannot be read."),
    "unauthorized": Meaning(
        "login", 401, "Giltig åtkomstbiljett saknas.", "A valid access token is missing."
    ),
    "forbidden": Meaning(
        "forbidden", 403, "Åtkomstbiljetten räcker inte.", "The access token does not cover this."
    ),
    "not-found": Meaning(
        "not-found", 404, "Inget som får lämnas ut finns här.", "Nothing that may be released is here."
    ),
    "method-not-allowed": Meaning(
        "not-supported", 405, "Åtgärden stöds inte här.", "This interaction is not supported here."
    ),
    "not-acceptable": Meaning(
        "not-supported", 406, "Svar lämnas som FHIR JSON eller XML.", "Answers are FHIR JSON or XML."
    ),
    "page-expired": Meaning(
        "processing",
        410,
        "Sidan gäller inte längre; sök igen.",
        "The page is not valid any more; search again.",
    ),
    "conflict": Meaning(
        "conflict",
        409,
        "Samma id har redan tagits emot med annat innehåll.",
        "The id was used with other content.",
    ),
    "precondition-failed": Meaning(
        "conflict", 412, "Resursen är inte som villkoret säger.", "The resource is not as the condition says."
    ),
    "precondition-required": Meaning(
        "required", 428, "Ändringen måste säga vilken version den gäller.", "The update must state a version."
    ),
    "too-large": Meaning("too-long", 413, "Meddelandet är för stort.", "The body is too large."),
    "unsupported-media-type": Meaning(
        "not-supported", 415, "Formatet tas inte emot.", "The content type is not supported."
    ),
    "unprocessable": Meaning(
        "processing", 422, "Innehållet kan inte tas emot.", "The content is not acceptable."
    ),
    "throttled": Meaning(
        "throttled", 429, "För många anrop; försök senare.", "Too many requests; try again later."
    ),
    "internal-fault": Meaning("exception", 500, "Ett fel uppstod i tjänsten.", "The service failed."),
    "unavailable": Meaning(
        "transient", 503, "Tjänsten kan inte svara just nu.", "The service cannot answer at the moment."
    ),
    # Search.
    "unknown-parameter": Meaning("not-supported", 400, "Okänd sökparameter.", "Unknown search parameter."),
    "unsupported-parameter": Meaning(
        "not-supported", 400, "Parametern stöds inte.", "The parameter is not supported."
    ),
    "unsupported-modifier": Meaning(
        "not-supported",
        400,
        "Sökparameterns tillägg stöds inte.",
        "The parameter's modifier is not supported.",
    ),
    "unsupported-prefix": Meaning(
        "not-supported", 400, "Datumets prefix stöds inte.", "The date's prefix is not supported."
    ),
    "unsupported-sort": Meaning(
        "not-supported", 400, "Det går inte att sortera på det.", "Sorting by this is not supported."
    ),
    "unsupported-include": Meaning(
        "not-supported", 400, "Det går inte att ta med det.", "Including this is not supported."
    ),
    "not-with-subset": Meaning(
        "not-supported", 400, "Går inte ihop med ett utdrag.", "Not together with a part of each resource."
    ),
    "ignored-parameter": Meaning(
        "not-supported",
        400,
        "Sökparametern är inte med i sökningen.",
        "The parameter was left out of account.",
    ),
    "too-many": Meaning("too-costly", 400, "För många sökparametrar.", "Too many search parameters."),
    # Elements of a resource, or a parameter.
    "required": Meaning("required", 422, "Uppgiften måste finnas, en gång.", "This must be stated, once."),
    "value": Meaning("value", 422, "Uppgiften har fel form.", "The value has the wrong form."),
    "unknown-element": Meaning(
        "structure", 422, "Elementet finns inte i FHIR R4.", "FHIR R4 has no such element."
    ),
    "unknown-resource-type": Meaning("structure", 422, "Okänd resurstyp.", "Unknown resource type."),
    "unreadable": Meaning("structure", 422, "Resursen kan inte läsas.", "The resource cannot be read."),
    "too-many-values": Meaning(
        "structure", 422, "Uppgiften finns för många gånger.", "There are more of this than may be."
    ),
    "type": Meaning("structure", 422, "Uppgiften är av fel slag.", "This is of the wrong kind."),
    "empty": Meaning("structure", 422, "Uppgiften är tom.", "This is empty."),
    "null": Meaning("structure", 422, "Uppgiften är null.", "This is null."),
    "dtd-not-allowed": Meaning("structure", 400, "En DTD får inte finnas.", "No DTD may stand here."),
    "duplicate-key": Meaning("structure", 400, "Uppgiften står två gånger.", "The key stands twice."),
    "text": Meaning("structure", 400, "Här får ingen text stå.", "No text may stand here."),
    "element-order": Meaning(
        "structure", 400, "Elementet står på fel plats.", "The element stands out of order."
    ),
    "too-many-elements": Meaning("too-costly", 400, "För många element.", "Too many elements."),
    "too-deep": Meaning("too-costly", 422, "För många nivåer.", "Nested too deep."),
    "too-costly": Meaning(
        "too-costly", 422, "Resursen är för stor att granska.", "There is too much in this to check."
    ),
    "duplicate-id": Meaning("structure", 422, "Samma id står två gånger.", "The same id stands twice."),
    "code": Meaning(
        "code-invalid", 422, "Koden är inte en av de tillåtna.", "The code is none of the allowed."
    ),
    "fixed-value": Meaning(
        "value", 422, "Uppgiften är inte den föreskrivna.", "This is not the prescribed value."
    ),
    "pattern": Meaning("value", 422, "Uppgiften följer inte mönstret.", "This does not fit the pattern."),
    "slice": Meaning(
        "structure", 422, "Uppgiften hör inte hit.", "This belongs to none of the allowed parts."
    ),
    "reference-target": Meaning(
        "value", 422, "Hänvisningen leder till fel slags resurs.", "The reference leads to the wrong type."
    ),
    "profile-type": Meaning(
        "structure", 422, "Profilen gäller en annan resurstyp.", "The profile is of another resource type."
    ),
    "unknown-profile": Meaning(
        "not-supported", 400, "Profilen finns inte här.", "The profile is not known here."
    ),
    "type-of-path": Meaning(
        "invalid", 400, "Resursen är inte av adressens typ.", "The resource is not of the address's type."
    ),
    "all-ok": Meaning("informational", 200, "Inga fel hittades.", "No faults were found."),
    **CONSENT_MEANINGS,
    # Release without consent.
    "ground-unknown": Meaning("code-invalid", 422, "Okänd grund.", "Unknown ground."),
    "ground-not-of-sender": Meaning(
        "business-rule",
        422,
        "Grunden gäller inte den som lämnar ut.",
        "The ground is not one on which this sender may release.",
    ),
    "ground-not-of-person": Meaning(
        "business-rule",
        422,
        "Grunden gäller inte personer i den åldern.",
        "The ground does not hold for a person of this age.",
    ),
    "no-flow": Meaning(
        "business-rule",
        422,
        "Avtalet har ingen väg dit för uppgiften.",
        "The agreement has no flow of this to that unit.",
    ),
    "period-ended": Meaning("business-rule", 422, "Tiden har redan gått ut.", "The time has passed already."),
    "period-too-long": Meaning("business-rule", 422, "Tiden är för lång.", "The time is too long."),
    # The five contents of an active plan.
    "sip-content-1": Meaning(
        "business-rule",
        422,
        "Planen saknar beskrivning eller mål.",
        "The plan lacks a description or a goal.",
    ),
    "sip-content-2": Meaning(
        "business-rule",
        422,
        "Planen saknar insats för någon huvudman.",
        "The plan lacks a measure for one of the parties.",
    ),
    "sip-content-3": Meaning(
        "business-rule",
        422,
        "En insats saknar ansvarig.",
        "A measure does not say who is responsible for it.",
    ),
    "sip-content-4": Meaning(
        "business-rule",
        422,
        "Planen saknar huvudman med övergripande ansvar.",
        "The plan lacks the party with overall responsibility.",
    ),
    "sip-content-5": Meaning(
        "business-rule",
        422,
        "Planen saknar krets med samordnare.",
        "The plan lacks a team that coordinates it.",
    ),
    "sip-content-5-team": Meaning(
        "business-rule", 422, "Planens krets saknar samordnare.", "The plan's team lacks a coordinator."
    ),
    "sip-consent-missing": Meaning(
        "business-rule", 422, "Samtycke till planen saknas.", "The consent to the plan is missing."
    ),
}
_BY_STATUS: Final = {
    400: "bad-request",
    401: "unauthorized",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    409: "conflict",
    410: "page-expired",
    412: "precondition-failed",
    413: "too-large",
    415: "unsupported-media-type",
    422: "unprocessable",
    428: "precondition-required",
    429: "throttled",
    500: "internal-fault",
    503: "unavailable",
}


ALL_OK: Final = Issue("", "all-ok", "information")
"""What is said of a resource without a fault."""


def operation_outcome(issues: Iterable[Issue], invariants: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The OperationOutcome for issues; a code that the table lacks is shown with a general text.

    ``invariants`` is what profiles say of theirs, by key: the text of what the table lacks.
    A path that begins with ``http.`` names a parameter or header and becomes ``location``, any other is an ``expression``.
    """
    return {
        "resourceType": "OperationOutcome",
        "issue": [_issue(issue, invariants or {}) for issue in issues],
    }


def refusal(status: int, issues: Iterable[Issue] = ()) -> bytes:
    """The body of an answer with that HTTP status: what is known of the fault, or the status in words.

    Two refusals with the same status and no issues are equal, byte for byte. Raises KeyError for a status that we never send.
    """
    return orjson.dumps(operation_outcome(tuple(issues) or (Issue("", _BY_STATUS[status]),)))


def _issue(issue: Issue, invariants: Mapping[str, str]) -> dict[str, Any]:
    kind, text = _said(issue.code, invariants)
    body: dict[str, Any] = {
        "severity": issue.severity,
        "code": kind,
        "details": {"coding": [{"system": ISSUE_CODE, "code": issue.code}], "text": text},
    }
    if issue.path:
        body["location" if issue.path.startswith("http.") else "expression"] = [issue.path]
    return body


def _said(code: str, invariants: Mapping[str, str]) -> tuple[str, str]:
    """FHIR's issue type of a code, and its text."""
    if code in invariants and code not in MEANINGS:
        return "invariant", invariants[code]
    meaning = MEANINGS.get(code, MEANINGS["unprocessable"])
    return meaning.type, f"{meaning.swedish} / {meaning.english}"
