"""AuditEvents in the forms of IHE BALP 1.1.4, one per patient.

A person appears as a person key, also one that nobody knows: same shape either way. An event states a BALP profile only where it keeps
to it: the REST patterns are for what succeeded, AuthZconsent needs a Consent. Where BALP has no form (no consent found, a refusal, an
operation, a filing, acts of administrators), ours is documented in docs/audit.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from adapter.domain.identity import Identifier
from adapter.exchange import audit_forms as forms
from adapter.exchange.audit_forms import MINOR_FAILURE, SERIOUS_FAILURE, SUCCESS, Act
from adapter.gate.decision import Decision, Verdict

__all__ = [
    "MINOR_FAILURE",
    "SERIOUS_FAILURE",
    "SUCCESS",
    "Act",
    "Ends",
    "authorization",
    "disclosure",
    "filing",
    "lifting",
    "notice",
    "received",
]

_REST: Final = (forms.AUDIT_TYPE, "rest")
_DISCLOSE: Final = ("http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle", "disclose")
_AUTHORIZE: Final = (f"{forms.BALP}/CodeSystem/AuthZsubType", "AuthZ-Consent")


@dataclass(frozen=True, slots=True)
class Ends:
    """The two ends of a way, by identifier: the unit that sends, the unit that receives and its organisation.

    ``system`` is where the recipient is reached, as the agreement calls it; None where it asked by itself.
    """

    sender: Identifier
    recipient: Identifier
    organization: Identifier
    system: str | None = None


def authorization(
    act: Act,
    decision: Decision,
    ends: Ends,
    purposes: Sequence[str],
    *,
    client: str | None,
    refused: str | None,
    releases: Sequence[str] = (),
) -> dict[str, Any]:
    """BALP AuthZconsent (DCM 110113, AuthZ-Consent): the gate's decision, permit (outcome 0) or not (8).

    ``client`` is the id of the client that asked, None for our own worker. ``refused`` is the code for which a permitted release was
    kept back after all (protected identity, no plan consent), or None. ``releases`` are ids of the releases without consent that the
    decision rests on. One that rests on these, or on no Consent, states no profile: our documented form.
    """
    is_given = decision.verdict is Verdict.PERMIT and refused is None
    return forms.event(
        act,
        profile="BasicAudit.AuthZconsent" if decision.consents and not releases else None,
        kind=(forms.DCM, "110113"),
        subtype=_AUTHORIZE,
        action="E",
        outcome=SUCCESS if is_given else SERIOUS_FAILURE,
        description=refused or decision.reason.value,
        agents=[
            forms.machine(forms.APPLICATION, forms.client(client), act.caller),
            forms.user(forms.identified(ends.recipient), purposes),
            forms.agent(forms.PROVIDER, forms.identified(ends.organization)),
            forms.agent(forms.AUTHORIZER, forms.OURSELVES),
            forms.agent(forms.CUSTODIAN, forms.identified(ends.sender)),
        ],
        entities=[
            *forms.patient(act.person_key),
            *(forms.consent(*consent) for consent in decision.consents),
            *(forms.own(forms.RELEASE_WITHOUT_CONSENT, release) for release in releases),
        ],
        request_as_entity=False,
    )


def disclosure(act: Act, ends: Ends, records: Sequence[str]) -> dict[str, Any]:
    """BALP PrivacyDisclosure.Source (DCM 110106): records handed over, by reference."""
    return _disclosed(act, ends, records, "BasicAudit.PrivacyDisclosure.Source", "110106", "R", ends.sender)


def received(act: Act, ends: Ends, records: Sequence[str]) -> dict[str, Any]:
    """BALP PrivacyDisclosure.Recipient (DCM 110107): the recipient has them."""
    return _disclosed(
        act, ends, records, "BasicAudit.PrivacyDisclosure.Recipient", "110107", "C", ends.recipient
    )


def filing(act: Act, party: Identifier, event: str, what: str | None, outcome: str) -> dict[str, Any]:
    """A message that a party's system filed: BALP PatientCreate where it put something into force, else the same shape without its profile.

    ``event`` is the wire's event, ``what`` a reference to what came into force (``Consent/<id>``), if anything did.
    """
    return forms.event(
        act,
        profile="BasicAudit.PatientCreate" if what and act.person_key and outcome == SUCCESS else None,
        kind=_REST,
        subtype=(forms.INTERACTION, "create"),
        action="C",
        outcome=outcome,
        description=event,
        agents=forms.told_to_us(forms.identified(party), act.caller),
        entities=[*([forms.data(what)] if what else []), *forms.patient(act.person_key)],
    )


def notice(act: Act, recipient: Identifier, consent_id: str) -> dict[str, Any]:
    """A recipient is told that the basis of what it was given has ended: BALP has no form; ours is a filing's, from us to it."""
    return forms.event(
        act,
        profile=None,
        kind=_REST,
        subtype=(forms.INTERACTION, "create"),
        action="C",
        outcome=SUCCESS,
        description="basis-ended",
        agents=[
            forms.machine(forms.SOURCE, forms.OURSELVES) | {"requestor": True},
            forms.machine(forms.DESTINATION, forms.identified(recipient)),
        ],
        entities=[forms.data(f"Consent/{consent_id}"), *forms.patient(act.person_key)],
    )


def lifting(act: Act, party: Identifier, consent: str, recipients: Sequence[Identifier]) -> dict[str, Any]:
    """A party lifted its own block for a time. Ours: a consent's update, ``outcomeDesc`` ``block-lifted``.

    ``consent`` is the block's version by reference, ``recipients`` those for whom it is lifted.
    """
    return forms.event(
        act,
        kind=_REST,
        subtype=(forms.INTERACTION, "update"),
        action="U",
        outcome=SUCCESS,
        description="block-lifted",
        agents=[
            *forms.told_to_us(forms.identified(party), act.caller),
            *(forms.agent(forms.RECIPIENT, forms.identified(recipient)) for recipient in recipients),
        ],
        entities=[forms.data(consent), *forms.patient(act.person_key)],
    )


def _disclosed(
    act: Act,
    ends: Ends,
    records: Sequence[str],
    profile: str,
    code: str,
    action: str,
    side: Identifier,
) -> dict[str, Any]:
    """One half of a disclosure, recorded on behalf of the unit on that side: BALP wants it to be the audit's source."""
    destination = forms.machine(
        forms.DESTINATION, forms.identified(ends.recipient), ends.system or act.caller
    )
    return forms.event(
        act,
        profile=profile,
        kind=(forms.DCM, code),
        subtype=_DISCLOSE,
        action=action,
        outcome=SUCCESS,
        observer=forms.identified(side),
        agents=[
            forms.machine(forms.SOURCE, forms.identified(ends.sender)),
            destination | {"requestor": True},
        ],
        entities=[
            *forms.patient(act.person_key),
            *(forms.data(record, is_report=True) for record in records),
        ],
    )
