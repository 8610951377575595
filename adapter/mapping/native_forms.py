"""A form of a screening that a source's system wrote in FHIR (QuestionnaireResponse): the result that it gives takes its place.

The mapping that makes it is the one of a form that is sent alone (``mappings/systems/fhir_forms``). A result that is sent beside its form says what
the form says, or the Bundle is refused; it does not travel itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from adapter.domain.errors import Issue, MappingError
from adapter.mapping.evaluation import MappingContext
from adapter.mapping.mapping import Mapped
from adapter.mapping.mapping import Mapping as RecordMapping
from adapter.mapping.native_screening import FORM, is_same_band
from adapter.mapping.source import Source

Resource = Mapping[str, Any]

_RESULT: Final = "Observation"
_ITEM: Final = re.compile(r"Observation\.\$total\.items\.(\d+)", re.ASCII)
# The statuses that a result may be said to have, by that of its form.
_STATUSES: Final[Mapping[object, frozenset[str]]] = {
    "final": frozenset({"final"}),
    "amended": frozenset({"amended", "corrected"}),
    "entered-in-error": frozenset({"entered-in-error"}),
}
# Of a sent result, what is compared for itself, follows from the form, or is the source's own bookkeeping.
_SETTLED: Final = frozenset(
    {
        *("resourceType", "id", "meta", "identifier", "text", "derivedFrom", "subject"),
        *("status", "category", "code", "valueInteger", "component", "interpretation"),
    }
)


class Given(NamedTuple):
    """A Bundle with results in place of its forms, the fields that do not pass, and the data that made the results (``Mapped``)."""

    bundle: Resource
    unmapped: frozenset[str] = frozenset()
    made_by: frozenset[str] = frozenset()


def with_results(made: Resource, context: MappingContext, answers: RecordMapping) -> Given:
    """What a Bundle of records that are ours (``native.made_ours``) gives.

    ``answers`` is the mapping of a form. Raises MappingError: what the mapping refuses, by item; ``total-not-the-sum``,
    ``answer-contradicted`` and ``status-contradicted`` where a sent result says otherwise than its form.
    """
    entries = {f"Bundle.entry[{place}].resource": entry for place, entry in enumerate(made["entry"])}
    forms = {path: entry for path, entry in entries.items() if _type(entry) == FORM}
    if not forms:
        return Given(made)
    results = {path: _result(entry["resource"], path, context, answers) for path, entry in forms.items()}
    sent = {path: entry["resource"] for path, entry in entries.items() if _type(entry) == _RESULT}
    given = [entry["resource"] for one in results.values() for entry in one.body["entry"]]
    issues = [issue for path, it in sent.items() for one in given for issue in _otherwise(it, one, path)]
    if issues:
        raise MappingError(issues)
    kept = [
        entry if path not in results else entry | _labelled(results[path], sent.values())
        for path, entry in entries.items()
        if path not in sent
    ]
    unmapped = {f"{FORM}.{field}" for one in results.values() for field in one.unmapped}
    unmapped |= {field for it in sent.values() for one in given for field in _left_out(it, one)}
    by = frozenset(url for one in results.values() for url in one.made_by)
    return Given(dict(made) | {"entry": kept}, frozenset(unmapped), by)


def _type(entry: Mapping[str, Any]) -> object:
    return entry["resource"].get("resourceType")


def _result(form: Resource, path: str, context: MappingContext, answers: RecordMapping) -> Mapped:
    try:
        return answers.apply(Source("json", form), context)
    except MappingError as error:
        raise MappingError(_placed(issue, form, path) for issue in error.issues) from None


def _placed(issue: Issue, form: Resource, path: str) -> Issue:
    """A fault of the mapping at its place in the Bundle; an item by its number only where there is none of that number."""
    found = _ITEM.fullmatch(issue.path)
    if found is None:
        below = "item" if issue.path.startswith(_RESULT) else issue.path
        return Issue(f"{path}.{below}", issue.code)
    places = [place for place, item in enumerate(form.get("item", ())) if item.get("linkId") == found[1]]
    at = f"[{places[-1]}]" if places else f".where(linkId='{found[1]}')"
    return Issue(f"{path}.item{at}", issue.code)


def _otherwise(sent: Resource, given: Resource, path: str) -> Iterator[Issue]:
    """Where a sent result says otherwise than the one that its form gives."""
    if sent.get("valueInteger", given["valueInteger"]) != given["valueInteger"]:
        yield Issue(f"{path}.valueInteger", "total-not-the-sum")
    scores = {code: it["valueInteger"] for it in given["component"] for code in _codes(it)}
    for place, component in enumerate(sent.get("component", ())):
        if component.get("valueInteger") not in [scores.get(code) for code in _codes(component)]:
            yield Issue(f"{path}.component[{place}]", "answer-contradicted")
    if sent.get("status") not in _STATUSES[given["status"]]:
        yield Issue(f"{path}.status", "status-contradicted")


def _codes(component: Resource) -> list[tuple[object, object]]:
    return [(coding.get("system"), coding.get("code")) for coding in component["code"].get("coding", ())]


def _labelled(result: Mapped, sent: Iterable[Resource]) -> dict[str, Any]:
    """The entry of a result, with the labels of the results that were sent beside its form as well."""
    [entry] = result.body["entry"]
    resource = entry["resource"]
    labels = [label for it in (resource, *sent) for label in it["meta"].get("security", ())]
    own = {"security": [it for place, it in enumerate(labels) if it not in labels[:place]]} if labels else {}
    return {"fullUrl": entry["fullUrl"], "resource": resource | {"meta": resource["meta"] | own}}


def _left_out(sent: Resource, given: Resource) -> Iterator[str]:
    """What a sent result says that the one of its form does not."""
    if not is_same_band(sent, given):
        yield f"{_RESULT}.interpretation"
    for name in sent.keys() - _SETTLED:
        if sent[name] != given.get(name):
            yield f"{_RESULT}.{name}"
