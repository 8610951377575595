"""AuditEvents of what administrators look at and do. BALP has no forms for them: ours use DICOM's event types (docs/audit.md)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from adapter.domain.records import CANONICAL
from adapter.exchange import audit_forms as forms
from adapter.exchange.audit_forms import SERIOUS_FAILURE, SUCCESS, Act, Code

FOLLOW_UP: Final = f"{CANONICAL}/follow-up"
SYSTEM: Final = f"{CANONICAL}/system"
_APPLICATION_ACTIVITY: Final = (forms.DCM, "110100")
_AUDIT_LOG_USED: Final = (forms.DCM, "110101")
_SECURITY_ALERT: Final = (forms.DCM, "110113")
_USER_AUTHENTICATION: Final = (forms.DCM, "110114")
_LOGIN: Final = (forms.DCM, "110122")
_LOGOUT: Final = (forms.DCM, "110123")
_HUMAN: Final = ("http://terminology.hl7.org/CodeSystem/extra-security-role-type", "humanuser")


def sign_in(act: Act, name: str | None, outcome: str) -> dict[str, Any]:
    """Somebody signed in to the console (DCM 110114, Login), or could not; ``name`` None: no account of that name."""
    return _human(act, _USER_AUTHENTICATION, _LOGIN, "E", name, [], outcome)


def sign_out(act: Act, name: str) -> dict[str, Any]:
    """A session ended at its holder's wish (DCM 110114, Logout)."""
    return _human(act, _USER_AUTHENTICATION, _LOGOUT, "E", name, [])


def view(
    act: Act, name: str, screen: str, filters: Sequence[str], message_id: str | None, *, reason: str = ""
) -> dict[str, Any]:
    """An administrator looked at a screen: ``filters`` are the names of those that were set, never their values.

    ``reason`` is why, in the administrator's words, where one was asked for.
    """
    asked = forms.query(f"{screen}?{'&'.join(filters)}" if filters else screen)
    shown = [] if message_id is None else [forms.message(message_id)]
    subtype = (forms.OUR_SUBTYPE, f"view-{screen}")
    event = _human(act, _APPLICATION_ACTIVITY, subtype, "R", name, [asked, *shown])
    return _because(event, reason)


def administration(
    act: Act,
    name: str,
    what: str,
    outcome: str,
    *,
    message_id: str | None = None,
    system: str | None = None,
    reason: str = "",
) -> dict[str, Any]:
    """An administrator's act, called as the command is (``messages-cancel``), by an account of the operating system or the console.

    ``system`` is the recipient's that it was done to, ``reason`` why, where it is kept nowhere else.
    """
    done_to = [] if message_id is None else [forms.message(message_id)]
    done_to += [] if system is None else [forms.own(SYSTEM, system)]
    event = _human(act, _APPLICATION_ACTIVITY, (forms.OUR_SUBTYPE, what), "E", name, done_to, outcome)
    return _because(event, reason)


def extract(act: Act, name: str) -> dict[str, Any]:
    """The audit was read for the person whom it is about (DCM 110101, Audit Log Used)."""
    return _human(act, _AUDIT_LOG_USED, (forms.OUR_SUBTYPE, "audit-extract"), "R", name, [])


def followed_up(act: Act, entry_id: str, administrator: str) -> dict[str, Any]:
    """An administrator has seen to an entry of the follow-up list."""
    entry = [forms.own(FOLLOW_UP, entry_id)]
    return _human(act, _APPLICATION_ACTIVITY, (forms.OUR_SUBTYPE, "follow-up"), "U", administrator, entry)


def acknowledgement(at: datetime, code: str) -> dict[str, Any]:
    """An administrator took a loss in the audit as it is (``code``): a security alert; it is about no patient."""
    return forms.event(
        Act(at, None, "sambro audit acknowledge"),
        kind=_SECURITY_ALERT,
        subtype=(forms.OUR_SUBTYPE, "acknowledgement"),
        action="E",
        outcome=SERIOUS_FAILURE,
        description=code,
        agents=[forms.machine(forms.APPLICATION, forms.OURSELVES) | {"requestor": True}],
    )


def _because(event: dict[str, Any], reason: str) -> dict[str, Any]:
    return event | {"purposeOfEvent": [{"text": reason}]} if reason else event


def _human(
    act: Act,
    kind: Code,
    subtype: Code,
    action: str,
    name: str | None,
    entities: Sequence[dict[str, Any]],
    outcome: str = SUCCESS,
) -> dict[str, Any]:
    return forms.event(
        act,
        kind=kind,
        subtype=subtype,
        action=action,
        outcome=outcome,
        agents=[
            forms.agent(_HUMAN, {"display": name or "unknown"}, requestor=True),
            forms.machine(forms.APPLICATION, forms.OURSELVES, act.caller),
        ],
        entities=[*entities, *forms.patient(act.person_key)],
    )
