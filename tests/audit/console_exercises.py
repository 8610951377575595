"""How each route of the console is asked in each of the cases that the table in docs/audit.md names (exercises.py)."""

from __future__ import annotations

from typing import Final

import httpx
import orjson

from adapter.domain.instants import utc_now
from adapter.exchange.rights import Right
from adapter.store import alerts, messages
from adapter.store.alert_causes import Cause
from adapter.store.saved_filters import saved_filters
from tests.api import consents as fhir_consents
from tests.audit.real_app import Exercise, RealApp, form_token
from tests.exchange.bodies import OTHER, TOLVAN, screening

_CHANNEL: Final = "POST /console/connectors/channels/{channel_id}/{act}"
_OWN_CHANNEL: Final = "/console/connectors/channels/alingsas-kommun"
_START: Final = {"reason": "because", "confirmed": "0", "batch": "10"}


async def _signed_in(real: RealApp) -> None:
    await real.sign_in()
    await real.mark()


def _page(path: str) -> Exercise:
    async def exercise(real: RealApp) -> None:
        await _signed_in(real)
        assert (await real.http.get(path)).status_code == 200

    return exercise


def _without_session(path: str, method: str = "GET") -> Exercise:
    return lambda real: real.http.request(method, path)


async def _message_page(real: RealApp) -> None:
    pushed = (await real.push(screening())).json()["messageId"]
    await _signed_in(real)
    assert (await real.http.get(f"/console/messages/{pushed}")).status_code == 200


async def _no_message_page(real: RealApp) -> None:
    await _signed_in(real)
    assert (await real.http.get("/console/messages/none")).status_code == 404


def _act(
    message: str | None = None, reason: str = "because", *, forged: bool = False, word: str = "cancel"
) -> Exercise:
    """A form that cancels a message, of a held one unless ``message`` is given, or does what ``word`` says."""

    async def exercise(real: RealApp) -> None:
        held = message or (await real.push(screening())).json()["messageId"]
        await _signed_in(real)
        token = "x" if forged else form_token(await real.http.get("/console/live"))
        await real.mark()
        form = {"form_token": token, "reason": reason}
        await real.http.post(f"/console/messages/{held}/{word}", data=form)

    return exercise


def _content(reason: str = "because", *, wiped: bool = False) -> Exercise:
    """The sender's administrator opens a message that waits."""

    async def exercise(real: RealApp) -> None:
        await real.consent()
        held = (await real.push(screening())).json()["messageId"]
        await real.core.database.write(lambda connection: messages.wipe(connection, held) if wiped else None)
        await real.account_of("kommun", [Right.ACT, Right.CONTENT])
        await _submit(real, f"/console/messages/{held}/content", reason=reason)

    return exercise


def _follow_up(entry_id: str = "entry", *, done: bool = False, forged: bool = False) -> Exercise:
    """Looks at an entry of the follow-up list, or sees to it."""

    async def exercise(real: RealApp) -> None:
        await real.put_follow_up("entry")
        await _signed_in(real)
        token = "x" if forged else form_token(await real.http.get("/console/live"))
        await real.mark()
        path = f"/console/follow-up/{entry_id}"
        if done:
            await real.http.post(f"{path}/done", data={"form_token": token})
        else:
            await real.http.get(path)

    return exercise


async def _acknowledge(real: RealApp, reason: str = "seen", alert: str | None = None) -> None:
    """A form that acknowledges an alert, one that was opened unless ``alert`` is given."""
    cause = [Cause("emergency-access-refused")]
    [opened] = await real.core.database.write(
        lambda connection: alerts.occurred(connection, cause, utc_now(), lambda: "alert")
    )
    await _submit(real, f"/console/alerts/{alert or opened.id}/acknowledge", reason=reason)


async def _submit(real: RealApp, path: str, **fields: str) -> httpx.Response:
    """A form of one of the console's pages; ``form_token`` among the fields makes it another's."""
    await _signed_in(real)
    token = form_token(await real.http.get("/console/live"))
    await real.mark()
    return await real.http.post(path, data={"form_token": token, **fields})


def _submitting(path: str, status: int, **fields: str) -> Exercise:
    async def exercise(real: RealApp) -> None:
        answer = await _submit(real, path, **fields)
        assert answer.status_code == status, answer.text

    return exercise


async def _prepared(real: RealApp) -> str:
    """The page of a replay of nothing."""
    return str((await _submit(real, "/console/replays")).headers["location"])


async def _replay_page(real: RealApp) -> None:
    path = await _prepared(real)
    await real.mark()
    assert (await real.http.get(path)).status_code == 200


def _replaying(*steps: str, form: dict[str, str] | None = None, status: int = 303) -> Exercise:
    """Forms of a replay's page, the last of which counts."""

    async def exercise(real: RealApp) -> None:
        path = await _prepared(real)
        for step in steps:
            answer = await _submit(real, f"{path}/{step}", **(form or {}))
        assert answer.status_code == status, answer.text

    return exercise


async def _delete_filter(real: RealApp) -> None:
    """One that was saved before."""
    await _submit(real, "/console/filters", name="x", state="dead")
    [found] = await real.core.database.read(lambda connection: saved_filters(connection, "admin"))
    assert (await _submit(real, f"/console/filters/{found.id}/delete")).status_code == 303


async def _stream(real: RealApp) -> None:
    await _signed_in(real)
    real.stopping.set()
    assert (await real.http.get("/console/live/events")).status_code == 200


async def _choosing(
    real: RealApp, status: int, method: str = "POST", password: str = "", **fields: str
) -> None:
    """The page on which whoever signed in with a first password chooses another."""
    await real.account_of("kommun", is_first=True)
    await real.sign_in()
    token = form_token(await real.http.get("/console/password"))
    await real.mark()
    form = {"form_token": token, "password": password, "again": password} | fields
    answer = await real.http.request(method, "/console/password", data=form if method == "POST" else None)
    assert answer.status_code == status, answer.text


async def _begin_elsewhere(real: RealApp) -> None:
    assert (await real.http.get("/console/sign-in/oidc")).status_code == 303


async def _sign_in_elsewhere(real: RealApp, status: int = 200, **claims: object) -> None:
    real.provider.claims |= claims
    assert (await real.sign_in_elsewhere()).status_code == status


async def _sign_out(real: RealApp) -> None:
    await _signed_in(real)
    token = form_token(await real.http.get("/console/live"))
    await real.mark()
    assert (await real.http.post("/console/sign-out", data={"form_token": token})).status_code == 303


async def _sign_out_forged(real: RealApp) -> None:
    await _signed_in(real)
    assert (await real.http.post("/console/sign-out", data={"form_token": "x"})).status_code == 403


async def _signed_in_get(real: RealApp, path: str) -> int:
    await _signed_in(real)
    return (await real.http.get(path)).status_code


CONSOLE_EXERCISES: Final[dict[tuple[str, str], Exercise]] = {
    ("GET /console", "always"): lambda real: real.http.get("/console"),
    ("MOUNT /console/static", "always"): lambda real: real.http.get("/console/static/console.css"),
    ("GET /console/", "shown"): _page("/console/?state=dead"),
    ("GET /console/", "not signed in"): _without_session("/console/"),
    ("GET /console/messages/{message_id}", "shown"): _message_page,
    ("GET /console/messages/{message_id}", "not there, or not theirs (404)"): _no_message_page,
    ("GET /console/messages/{message_id}", "not signed in"): _without_session("/console/messages/x"),
    ("POST /console/messages/{message_id}/{act}", "done"): _act(),
    (
        "POST /console/messages/{message_id}/{act}",
        "without the right (403), as every form that takes one",
    ): _submitting("/console/messages/none/purge", 403, reason="because"),
    ("POST /console/messages/{message_id}/{act}", "no reason"): _act(reason=" "),
    ("POST /console/messages/{message_id}/{act}", "not there, or not theirs (404)"): _act("none"),
    ("POST /console/messages/{message_id}/{act}", "form too old"): _act(forged=True),
    ("POST /console/messages/{message_id}/{act}", "not signed in"): _without_session(
        "/console/messages/x/cancel", "POST"
    ),
    ("POST /console/messages/{message_id}/content", "opened"): _content(),
    ("POST /console/messages/{message_id}/content", "no reason"): _content(reason=" "),
    ("POST /console/messages/{message_id}/content", "wiped, or of somebody protected (404)"): _content(
        wiped=True
    ),
    ("POST /console/messages/{message_id}/content", "not there, or not theirs (404)"): _act(
        "none", word="content"
    ),
    ("POST /console/messages/{message_id}/content", "form too old"): _act(forged=True, word="content"),
    ("POST /console/messages/{message_id}/content", "not signed in"): _without_session(
        "/console/messages/x/content", "POST"
    ),
    ("GET /console/overview", "shown"): _page("/console/overview"),
    ("GET /console/overview", "not signed in"): _without_session("/console/overview"),
    ("GET /console/follow-up", "shown"): _page("/console/follow-up"),
    ("GET /console/follow-up", "not signed in"): _without_session("/console/follow-up"),
    ("GET /console/follow-up/{entry_id}", "shown"): _follow_up(),
    ("GET /console/follow-up/{entry_id}", "not there, or not theirs (404)"): _follow_up("none"),
    ("GET /console/follow-up/{entry_id}", "not signed in"): _without_session("/console/follow-up/x"),
    ("POST /console/follow-up/{entry_id}/done", "done"): _follow_up(done=True),
    ("POST /console/follow-up/{entry_id}/done", "not there, or not theirs (404)"): _follow_up(
        "none", done=True
    ),
    ("POST /console/follow-up/{entry_id}/done", "form too old"): _follow_up(done=True, forged=True),
    ("POST /console/follow-up/{entry_id}/done", "not signed in"): _without_session(
        "/console/follow-up/x/done", "POST"
    ),
    ("POST /console/export", "given"): _submitting("/console/export", 200),
    ("POST /console/export", "faulty filters"): _submitting("/console/export", 400, state="none"),
    ("POST /console/export", "form too old"): _submitting("/console/export", 403, form_token="x"),
    ("POST /console/export", "not signed in"): _without_session("/console/export", "POST"),
    ("POST /console/filters", "saved"): _submitting("/console/filters", 303, name="x", state="dead"),
    ("POST /console/filters", "faulty, or no usable name"): _submitting(
        "/console/filters", 422, state="dead"
    ),
    ("POST /console/filters", "form too old"): _submitting("/console/filters", 403, form_token="x"),
    ("POST /console/filters", "not signed in"): _without_session("/console/filters", "POST"),
    ("POST /console/filters/{filter_id}/delete", "deleted"): _delete_filter,
    ("POST /console/filters/{filter_id}/delete", "not there, or not theirs (404)"): _submitting(
        "/console/filters/none/delete", 404
    ),
    ("POST /console/filters/{filter_id}/delete", "form too old"): _submitting(
        "/console/filters/none/delete", 403, form_token="x"
    ),
    ("POST /console/filters/{filter_id}/delete", "not signed in"): _without_session(
        "/console/filters/x/delete", "POST"
    ),
    ("POST /console/replays", "counted"): _submitting("/console/replays", 303),
    ("POST /console/replays", "faulty filters"): _submitting("/console/replays", 400, type="none"),
    ("POST /console/replays", "form too old"): _submitting("/console/replays", 403, form_token="x"),
    ("POST /console/replays", "not signed in"): _without_session("/console/replays", "POST"),
    ("GET /console/replays/{replay_id}", "shown"): _replay_page,
    ("GET /console/replays/{replay_id}", "not there, or not theirs (404)"): lambda real: _signed_in_get(
        real, "/console/replays/none"
    ),
    ("GET /console/replays/{replay_id}", "not signed in"): _without_session("/console/replays/x"),
    ("POST /console/replays/{replay_id}/start", "started"): _replaying("start", form=_START),
    ("POST /console/replays/{replay_id}/start", "no reason, or another count"): _replaying(
        "start", status=422
    ),
    ("POST /console/replays/{replay_id}/start", "not there, or not theirs (404)"): _submitting(
        "/console/replays/none/start", 404
    ),
    ("POST /console/replays/{replay_id}/start", "form too old"): _submitting(
        "/console/replays/none/start", 403, form_token="x"
    ),
    ("POST /console/replays/{replay_id}/start", "not signed in"): _without_session(
        "/console/replays/x/start", "POST"
    ),
    ("POST /console/replays/{replay_id}/pause", "paused"): _replaying("start", "pause", form=_START),
    ("POST /console/replays/{replay_id}/pause", "does not run (409)"): _replaying("pause", status=409),
    ("POST /console/replays/{replay_id}/pause", "not there, or not theirs (404)"): _submitting(
        "/console/replays/none/pause", 404
    ),
    ("POST /console/replays/{replay_id}/pause", "form too old"): _submitting(
        "/console/replays/none/pause", 403, form_token="x"
    ),
    ("POST /console/replays/{replay_id}/pause", "not signed in"): _without_session(
        "/console/replays/x/pause", "POST"
    ),
    ("GET /console/persons", "shown"): _page("/console/persons"),
    ("GET /console/persons", "not signed in"): _without_session("/console/persons"),
    ("POST /console/persons", "looked up"): _submitting(
        "/console/persons", 200, numbers=f"{TOLVAN}\n{OTHER}", reason="because"
    ),
    ("POST /console/persons", "no reason, or no number"): _submitting("/console/persons", 422),
    ("POST /console/persons", "form too old"): _submitting("/console/persons", 403, form_token="x"),
    ("POST /console/persons", "not signed in"): _without_session("/console/persons", "POST"),
    ("GET /console/alerts", "shown"): _page("/console/alerts"),
    ("GET /console/alerts", "not signed in"): _without_session("/console/alerts"),
    ("POST /console/alerts/{alert_id}/acknowledge", "done"): _acknowledge,
    ("POST /console/alerts/{alert_id}/acknowledge", "no reason"): lambda real: _acknowledge(real, " "),
    ("POST /console/alerts/{alert_id}/acknowledge", "not there, or not theirs (404)"): lambda real: (
        _acknowledge(real, alert="none")
    ),
    ("POST /console/alerts/{alert_id}/acknowledge", "form too old"): _submitting(
        "/console/alerts/x/acknowledge", 403, form_token="x"
    ),
    ("POST /console/alerts/{alert_id}/acknowledge", "not signed in"): _without_session(
        "/console/alerts/x/acknowledge", "POST"
    ),
    ("GET /console/connectors", "shown"): _page("/console/connectors"),
    ("GET /console/connectors", "not signed in"): _without_session("/console/connectors"),
    ("POST /console/connectors/{system_id}/{act}", "paused, or resumed"): _submitting(
        "/console/connectors/vgr-journal/pause", 303, reason="because"
    ),
    ("POST /console/connectors/{system_id}/{act}", "tested"): _submitting(
        "/console/connectors/vgr-journal/test", 200, reason="because"
    ),
    (
        "POST /console/connectors/{system_id}/{act}",
        "stands otherwise, or tested a moment ago (409)",
    ): _submitting("/console/connectors/vgr-journal/resume", 409, reason="because"),
    ("POST /console/connectors/{system_id}/{act}", "no reason"): _submitting(
        "/console/connectors/vgr-journal/pause", 422
    ),
    ("POST /console/connectors/{system_id}/{act}", "not there, or not theirs (404)"): _submitting(
        "/console/connectors/none/pause", 404, reason="because"
    ),
    ("POST /console/connectors/{system_id}/{act}", "form too old"): _submitting(
        "/console/connectors/vgr-journal/pause", 403, form_token="x"
    ),
    ("POST /console/connectors/{system_id}/{act}", "not signed in"): _without_session(
        "/console/connectors/x/pause", "POST"
    ),
    (_CHANNEL, "paused, or resumed"): _submitting(f"{_OWN_CHANNEL}/pause", 303, reason="because"),
    (_CHANNEL, "stands otherwise (409)"): _submitting(f"{_OWN_CHANNEL}/resume", 409, reason="because"),
    (_CHANNEL, "no reason"): _submitting(f"{_OWN_CHANNEL}/pause", 422),
    (_CHANNEL, "not there, or not theirs (404)"): _submitting(
        "/console/connectors/channels/none/pause", 404, reason="because"
    ),
    (_CHANNEL, "form too old"): _submitting(f"{_OWN_CHANNEL}/pause", 403, form_token="x"),
    (_CHANNEL, "not signed in"): _without_session(f"{_OWN_CHANNEL}/pause", "POST"),
    ("GET /console/drift", "shown"): _page("/console/drift"),
    ("GET /console/drift", "not signed in"): _without_session("/console/drift"),
    ("GET /console/simulator", "shown"): _page("/console/simulator"),
    ("GET /console/simulator", "not signed in"): _without_session("/console/simulator"),
    ("POST /console/simulator", "answered, or no consent of one person"): _submitting(
        "/console/simulator", 200, consent=orjson.dumps(fhir_consents.consent()).decode()
    ),
    ("POST /console/simulator", "form too old"): _submitting("/console/simulator", 403, form_token="x"),
    ("POST /console/simulator", "not signed in"): _without_session("/console/simulator", "POST"),
    ("GET /console/bench", "shown"): _page("/console/bench"),
    ("GET /console/bench", "not signed in"): _without_session("/console/bench"),
    ("POST /console/bench", "mapped, or refused (422)"): _submitting("/console/bench", 422, sample="{}"),
    ("POST /console/bench", "form too old"): _submitting("/console/bench", 403, form_token="x"),
    ("POST /console/bench", "not signed in"): _without_session("/console/bench", "POST"),
    ("GET /console/live", "shown"): _page("/console/live"),
    ("GET /console/live", "not signed in"): _without_session("/console/live"),
    ("GET /console/live/events", "opened"): _stream,
    ("GET /console/live/events", "not signed in"): _without_session("/console/live/events"),
    ("GET /console/sign-in", "always"): lambda real: real.http.get("/console/sign-in"),
    ("POST /console/sign-in", "right"): lambda real: real.sign_in(),
    ("POST /console/sign-in", "wrong"): lambda real: real.sign_in("wrong password"),
    ("POST /console/sign-in", "form too old"): lambda real: real.sign_in(form_token="x"),
    ("POST /console/sign-in", "unreadable"): _without_session("/console/sign-in", "POST"),
    ("GET /console/password", "shown"): lambda real: _choosing(real, 200, "GET"),
    ("GET /console/password", "not signed in"): _without_session("/console/password"),
    ("POST /console/password", "chosen"): lambda real: _choosing(real, 303, password="four words in a row"),
    ("POST /console/password", "cannot be"): lambda real: _choosing(real, 422, password="short"),
    ("POST /console/password", "form too old"): lambda real: _choosing(real, 403, form_token="x"),
    ("POST /console/password", "not signed in"): _without_session("/console/password", "POST"),
    ("GET /console/sign-in/oidc", "begun"): _begin_elsewhere,
    ("GET /console/sign-in/oidc/done", "right"): _sign_in_elsewhere,
    ("GET /console/sign-in/oidc/done", "wrong, or without rights"): lambda real: _sign_in_elsewhere(
        real, 403, sambro=[]
    ),
    ("POST /console/sign-out", "done"): _sign_out,
    ("POST /console/sign-out", "form too old"): _sign_out_forged,
    ("POST /console/sign-out", "not signed in"): _without_session("/console/sign-out", "POST"),
}
