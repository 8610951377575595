"""Bundles that leave: the searchset of an answer and the transaction of a delivery (FHIR R4, http.html#transaction)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

import orjson

from adapter.domain.errors import Issue, MappingError
from adapter.domain.identity import canonical_system
from adapter.domain.instants import as_instant
from adapter.domain.records import CANONICAL, NOTICE_TOPIC, RECORD_ID
from adapter.fhir.outcome import operation_outcome

# These carry our own business identifier in `identifier`, a list.
_UPDATED: Final = frozenset({"CarePlan", "Goal", "CareTeam", "Observation", "Task", "DocumentReference"})
_NOTICE: Final[dict[str, Any]] = {
    "fullUrl": uuid5(NAMESPACE_URL, f"{CANONICAL}/searchset-notice").urn,
    "resource": {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": "information",
                "code": "informational",
                "details": {
                    "text": "Svaret innehåller det som får lämnas ut; det kan finnas mer. / "
                    "This holds what may be released; there may be more."
                },
            }
        ],
    },
    "search": {"mode": "outcome"},
}


def searchset(
    base: str,
    resource_type: str,
    shown: Sequence[Mapping[str, Any]],
    *,
    total: int | None,
    included: Sequence[Mapping[str, Any]] = (),
    pages: Mapping[str, str] | None = None,
    identifier: Mapping[str, str] | None = None,
    ignored: Sequence[str] = (),
) -> bytes:
    """The answer to a search: the matching resources ``shown`` of ``total``, and what is ``included``; all must be released.

    ``base`` is the endpoint's URL without a slash at its end, ``pages`` the URLs of other pages by relation. ``identifier`` stands only on an
    answer whose receipt is to be confirmed; ``ignored`` are names of parameters that were left out of account. The Bundle has no id,
    timestamp or meta, and always the same informational outcome, so that a refused search is the empty one byte for byte. Its self link
    repeats no parameter: the person's identifier would stand in a URL of ours.
    """
    links = {"self": f"{base}/{resource_type}/_search"} | dict(pages or {})
    bundle = {
        "resourceType": "Bundle",
        **({"identifier": identifier} if identifier else {}),
        "type": "searchset",
        **({} if total is None else {"total": total}),
        "link": [{"relation": relation, "url": url} for relation, url in links.items()],
        "entry": [
            *(_entry(base, resource, "match") for resource in shown),
            *(_entry(base, resource, "include") for resource in included),
            _notice(ignored),
        ],
    }
    return orjson.dumps(bundle)


def _notice(ignored: Sequence[str]) -> Mapping[str, Any]:
    if not ignored:
        return _NOTICE
    warned = operation_outcome(Issue(f"http.{name}", "ignored-parameter", "warning") for name in ignored)
    notice = _NOTICE["resource"] | {"issue": [*_NOTICE["resource"]["issue"], *warned["issue"]]}
    return _NOTICE | {"resource": notice}


def transaction(
    resources: Sequence[Mapping[str, Any]], *, patient: bool, provenance: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The transaction that delivers released ``resources``, and the ``provenance`` of the records among them.

    Records are updated conditionally on our own identifier, so that a resend updates and never doubles; the subject is a logical
    reference, so that the recipient's own person stays its own. With ``patient`` a Patient is created, only where the recipient
    has none with that identifier; otherwise it is left out. A Provenance is created, once, known by a tag: it has no identifier in R4. Raises MappingError with ``type-not-deliverable``, or ``required`` at
    the identifier or subject that is missing.
    """
    persons = {
        _reference(resource): resource for resource in resources if resource["resourceType"] == "Patient"
    }
    records = [resource for resource in resources if resource["resourceType"] != "Patient"]
    links = _Links(
        {reference: _person_identifier(person) for reference, person in persons.items()},
        {_reference(record): _urn(record) for record in records},
    )
    created = [_create(person) for person in persons.values()] if patient else []
    stated = [_state(provenance, links)] if provenance is not None else []
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [*created, *(_update(record, links) for record in records), *stated],
    }


def notice(consent_id: str, ended_at: datetime, key: str) -> dict[str, Any]:
    """The transaction that tells a recipient that a Consent has ended: one Communication, created once for a ``key``.

    It says which Consent, by the id that it has at our endpoint, and when; nothing of a person.
    """
    communication = {
        "resourceType": "Communication",
        "identifier": [{"system": RECORD_ID, "value": key}],
        "status": "completed",
        "topic": {"coding": [{"system": NOTICE_TOPIC, "code": "basis-ended"}]},
        "about": [{"type": "Consent", "identifier": {"system": RECORD_ID, "value": consent_id}}],
        "sent": as_instant(ended_at),
    }
    entry = {
        "fullUrl": f"urn:uuid:{key}",
        "resource": communication,
        "request": {
            "method": "POST",
            "url": "Communication",
            "ifNoneExist": f"identifier={RECORD_ID}|{key}",
        },
    }
    return {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}


@dataclass(frozen=True, slots=True)
class _Links:
    """What references of a delivery become: ``persons`` their identifiers, ``urns`` the entries, both by ``Type/id``."""

    persons: Mapping[str, Mapping[str, str]]
    urns: Mapping[str, str]

    def rewrite(self, element: Any, path: str) -> Any:
        """A copy of an element in which references are logical, or to a record of this delivery by its URN."""
        if isinstance(element, list | tuple):
            return [self.rewrite(item, f"{path}[{place}]") for place, item in enumerate(element)]
        if not isinstance(element, Mapping):
            return element
        copy = {name: self.rewrite(value, f"{path}.{name}") for name, value in element.items()}
        target = copy.get("reference")
        if not isinstance(target, str):
            return copy
        if target in self.urns:
            return copy | {"reference": self.urns[target]}
        resource_type, _, record_id = target.partition("/")
        if resource_type == "Patient":
            return self._logical(copy, resource_type, self.persons.get(target), path)
        if resource_type in _UPDATED:
            # A record that is not in this delivery: the recipient knows it, if at all, by our identifier.
            return self._logical(copy, resource_type, {"system": RECORD_ID, "value": record_id}, path)
        return copy

    def _logical(
        self, reference: dict[str, Any], resource_type: str, found: Mapping[str, str] | None, path: str
    ) -> dict[str, Any]:
        identifier = reference.pop("identifier", found)
        if identifier is None:
            raise MappingError([Issue(path, "required")])
        del reference["reference"]
        return reference | {"type": resource_type, "identifier": identifier}


def _entry(base: str, resource: Mapping[str, Any], mode: str) -> dict[str, Any]:
    return {"fullUrl": f"{base}/{_reference(resource)}", "resource": resource, "search": {"mode": mode}}


def _create(person: Mapping[str, Any]) -> dict[str, Any]:
    identifier = _person_identifier(person)
    condition = f"identifier={identifier['system']}|{identifier['value']}"
    return {
        "fullUrl": _urn(person),
        "resource": _without_id(person),
        "request": {"method": "POST", "url": "Patient", "ifNoneExist": condition},
    }


def _update(record: Mapping[str, Any], links: _Links) -> dict[str, Any]:
    resource_type = record["resourceType"]
    if resource_type not in _UPDATED:
        raise MappingError([Issue(resource_type, "type-not-deliverable")])
    values = [own["value"] for own in record.get("identifier", ()) if own.get("system") == RECORD_ID]
    if not values:
        raise MappingError([Issue(f"{resource_type}.identifier", "required")])
    return {
        "fullUrl": _urn(record),
        "resource": links.rewrite(_without_id(record), resource_type),
        "request": {"method": "PUT", "url": f"{resource_type}?identifier={RECORD_ID}|{values[0]}"},
    }


def _state(provenance: Mapping[str, Any], links: _Links) -> dict[str, Any]:
    tag = {"system": RECORD_ID, "code": provenance["id"]}
    tagged = _without_id(provenance) | {"meta": provenance["meta"] | {"tag": [tag]}}
    return {
        "fullUrl": _urn(provenance),
        "resource": links.rewrite(tagged, "Provenance"),
        "request": {
            "method": "POST",
            "url": "Provenance",
            "ifNoneExist": f"_tag={RECORD_ID}|{provenance['id']}",
        },
    }


def _person_identifier(person: Mapping[str, Any]) -> Mapping[str, str]:
    """The identifier that says who the person is, among those of a Patient."""
    for identifier in person.get("identifier", ()):
        if canonical_system(identifier.get("system", "")) is not None and identifier.get("value"):
            return {"system": identifier["system"], "value": identifier["value"]}
    raise MappingError([Issue("Patient.identifier", "required")])


def _without_id(resource: Mapping[str, Any]) -> dict[str, Any]:
    # The recipient gives its own ids; with an id of ours a conditional update may be refused (FHIR R4, http.html#cond-update).
    return {name: element for name, element in resource.items() if name != "id"}


def _reference(resource: Mapping[str, Any]) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def _urn(resource: Mapping[str, Any]) -> str:
    # Our ids are UUIDs in form, and the same for the same record: a repeated attempt sends the same bytes.
    return f"urn:uuid:{resource['id']}"
