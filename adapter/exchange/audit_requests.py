"""AuditEvents of what clients ask for over HTTP: reads, searches, operations, Consents by FHIR, tokens, and what is turned away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import urlencode

from adapter.domain.identity import Identifier
from adapter.domain.records import PERSON_KEY
from adapter.domain.requester import Requester
from adapter.exchange import audit_forms as forms
from adapter.exchange.audit_forms import SERIOUS_FAILURE, SUCCESS, Act, Code

_REST: Final = (forms.AUDIT_TYPE, "rest")
_USER_AUTHENTICATION: Final = (forms.DCM, "110114")

Interaction = Literal["create", "update"]
_WRITES: Final[dict[Interaction, tuple[str, str]]] = {
    "create": ("BasicAudit.PatientCreate", "C"),
    "update": ("BasicAudit.PatientUpdate", "U"),
}


@dataclass(frozen=True, slots=True)
class Grantor:
    """Who asked for a Consent: the person, or a guardian (``person_key`` None: one who is not named)."""

    person_key: str | None
    is_guardian: bool


def query(act: Act, requester: Requester, resource_type: str, statement: str, outcome: str) -> dict[str, Any]:
    """BALP PatientQuery: a search. ``statement`` is the query without the person's identifier."""
    asked = forms.query(f"{resource_type}?{statement}")
    return _rest(act, requester, "BasicAudit.PatientQuery", "search", "E", asked, outcome)


def read(
    act: Act, requester: Requester, resource_type: str, resource_id: str, outcome: str
) -> dict[str, Any]:
    """BALP PatientRead: a read by id."""
    record = forms.data(f"{resource_type}/{resource_id}")
    return _rest(act, requester, "BasicAudit.PatientRead", "read", "R", record, outcome)


def status(act: Act, requester: Requester, message_id: str) -> dict[str, Any]:
    """The sender looked up what became of its message: ours, a read of what is no resource."""
    return _rest(act, requester, None, "read", "R", forms.message(message_id), SUCCESS)


def receipt(act: Act, requester: Requester, outcome: str) -> dict[str, Any]:
    """``$confirm-receipt``: an operation, for which BALP has no form; ours is its Query's without a query."""
    return _rest(act, requester, None, "operation", "E", forms.named("$confirm-receipt"), outcome)


def validation(act: Act, requester: Requester) -> dict[str, Any]:
    """``$validate``: an operation, as a receipt. Of the resource nothing, and nobody as its patient: it is not kept or given to anyone."""
    return _rest(act, requester, None, "operation", "E", forms.named("$validate"), SUCCESS)


def registration(
    act: Act,
    requester: Requester,
    interaction: Interaction,
    reference: str,
    outcome: str,
    *,
    grantor: Grantor | None = None,
    description: str | None = None,
) -> dict[str, Any]:
    """BALP PatientCreate or PatientUpdate: a Consent filed or changed by FHIR. The user of the token registered it, ``grantor`` asked for it."""
    profile, action = _WRITES[interaction]
    client, server, user, organization = _asking(act, requester, forms.SOURCE, forms.DESTINATION)
    return forms.event(
        act,
        profile=profile if outcome == SUCCESS else None,
        kind=_REST,
        subtype=(forms.INTERACTION, interaction),
        action=action,
        outcome=outcome,
        description=description,
        agents=[
            client,
            server,
            user | forms.typed(forms.AUTHOR),
            organization,
            *([] if grantor is None else [_grantor(grantor)]),
        ],
        entities=[forms.data(reference), *forms.patient(act.person_key)],
    )


def release_without_consent(
    act: Act, requester: Requester, ground: str, release_id: str, recipient: Identifier
) -> dict[str, Any]:
    """``$release-without-consent``: an operation, for which BALP has no form. Ours names the ground and the recipient unit."""
    event = _rest(
        act, requester, None, "operation", "E", forms.own(forms.RELEASE_WITHOUT_CONSENT, release_id), SUCCESS
    )
    receiving = forms.agent(forms.RECIPIENT, forms.identified(recipient))
    return event | {"outcomeDesc": ground, "agent": [*event["agent"], receiving]}


def emergency_access(act: Act, requester: Requester) -> dict[str, Any]:
    """A requester stated BTG or ETREAT and was refused: our own form of a security alert (DCM 110113)."""
    event = _rest(act, requester, None, "operation", "E", forms.named("emergency-access"), SERIOUS_FAILURE)
    return event | {
        "type": {"system": forms.DCM, "code": "110113"},
        "subtype": [{"system": forms.OUR_SUBTYPE, "code": "emergency-access"}],
        "outcomeDesc": "emergency-access-refused",
    }


def refusal(
    act: Act, who: Requester | Identifier | None, interaction: str, route: str, code: str, outcome: str
) -> dict[str, Any]:
    """What was turned away at the door or for its form; ``who`` is None where nobody was recognised.

    ``interaction`` is FHIR's word for it, ``route`` its name in docs/audit.md, ``code`` why.
    """
    if isinstance(who, Requester):
        agents = _asking(act, who, forms.SOURCE, forms.DESTINATION)
    else:
        name = {"display": "unknown"} if who is None else forms.identified(who)
        agents = forms.told_to_us(name, act.caller)
    return forms.event(
        act,
        kind=_REST,
        subtype=(forms.INTERACTION, interaction),
        action="E",
        outcome=outcome,
        description=code,
        agents=agents,
        entities=[forms.named(route), *forms.patient(act.person_key)],
    )


def unaudited(act: Act, client: str | None, interaction: str, code: str) -> dict[str, Any]:
    """A request that was refused since the database could not be written to: our own form, marked as spooled by its subtype.

    ``client`` is the token's client id, None if it was refused or not read; ``interaction`` the route's name; ``code`` the fault.
    """
    who = {"display": "unknown" if client is None else client}
    return forms.event(
        act,
        kind=_REST,
        subtype=(forms.OUR_SUBTYPE, "spooled"),
        action="E",
        outcome=SERIOUS_FAILURE,
        description=code,
        agents=forms.told_to_us(who, act.caller),
        entities=[forms.query(interaction), *forms.patient(act.person_key)],
    )


def token(act: Act, client_id: str, jti: str, scopes: Iterable[str]) -> dict[str, Any]:
    """BALP's event of ITI-71 (IUA, Get Access Token): a client got a token from our own endpoint; its id, never the token."""
    asked = urlencode({"grant_type": "client_credentials", "scope": " ".join(sorted(scopes))})
    return forms.event(
        act,
        profile="IUA.71",
        kind=_USER_AUTHENTICATION,
        subtype=("urn:ihe:event-type-code", "ITI-71"),
        action="E",
        outcome=SUCCESS,
        agents=[
            forms.machine(forms.APPLICATION, forms.client(client_id), act.caller)
            | {"requestor": True, "policy": [_jti(jti)]},
            forms.machine(forms.AUTHORIZATION_SERVER, forms.OURSELVES),
        ],
        entities=[forms.query(asked)],
        request_as_entity=False,
    )


def _rest(
    act: Act,
    requester: Requester,
    profile: str | None,
    interaction: str,
    action: str,
    entity: dict[str, Any],
    outcome: str,
) -> dict[str, Any]:
    # What is read flows towards the client, a query away from it: BALP names the roles by the flow of data.
    roles = (forms.DESTINATION, forms.SOURCE) if action == "R" else (forms.SOURCE, forms.DESTINATION)
    return forms.event(
        act,
        profile=profile if outcome == SUCCESS else None,
        kind=_REST,
        subtype=(forms.INTERACTION, interaction),
        action=action,
        outcome=outcome,
        agents=_asking(act, requester, *roles),
        entities=[entity, *forms.patient(act.person_key)],
    )


def _asking(act: Act, requester: Requester, client: Code, server: Code) -> list[dict[str, Any]]:
    who = requester.practitioner or requester.unit or requester.organization
    asking = forms.user(forms.identified(who), requester.purposes)
    asking["policy"] = [_jti(requester.jti)]
    if requester.roles:
        asking["role"] = [{"coding": [{"system": s, "code": c}]} for s, c in requester.roles]
    return [
        forms.machine(client, forms.client(requester.client_id), act.caller),
        forms.machine(server, forms.OURSELVES),
        asking,
        forms.agent(forms.PROVIDER, forms.identified(requester.organization)),
    ]


def _grantor(grantor: Grantor) -> dict[str, Any]:
    key = grantor.person_key
    who = {"display": "guardian"} if key is None else {"identifier": {"system": PERSON_KEY, "value": key}}
    agent = forms.agent(forms.GRANTOR, who)
    if grantor.is_guardian:
        agent["role"] = [{"coding": [{"system": forms.GUARDIAN[0], "code": forms.GUARDIAN[1]}]}]
    return agent


def _jti(jti: str) -> str:
    return f"urn:ietf:params:oauth:jti:{jti}"
