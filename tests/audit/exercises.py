"""How each route is asked in each of the cases that the table in docs/audit.md names.

An exercise brings about what the case needs, calls ``mark`` if that left rows of its own, and asks.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final

import httpx
import orjson

from adapter.domain.instants import utc_now
from adapter.store import alerts
from adapter.store.alert_causes import Cause
from tests.api import consents as fhir_consents
from tests.api.official import OFFICIAL, parameters
from tests.audit.real_app import RealApp, asking, form_token
from tests.exchange.bodies import OTHER, TOLVAN, consent, oru_r01, screening

Exercise = Callable[[RealApp], Awaitable[object]]

_FORM: Final = "application/x-www-form-urlencoded"
_UNKNOWN: Final = "00000000-0000-8000-8000-000000000000"


def _receipt(answer_id: str) -> dict[str, Any]:
    return {"parameter": [{"name": "answer", "valueIdentifier": {"value": answer_id}}]}


async def _confirm(real: RealApp, answer_id: str, client: str | None = "region") -> httpx.Response:
    return await real.fhir("$confirm-receipt", client, "POST", json=_receipt(answer_id))


async def _confirm_known(real: RealApp) -> None:
    answer = await real.held()
    await real.mark()
    assert (await _confirm(real, answer.json()["identifier"]["value"])).status_code == 200


async def _validate(
    real: RealApp, client: str | None = "region", resource_type: str = "Observation"
) -> httpx.Response:
    headers = {"Content-Type": "application/fhir+json"}
    body = {"resourceType": resource_type}
    return await real.fhir("Observation/$validate", client, "POST", json=body, headers=headers)


async def _search(real: RealApp, resource_type: str = "Observation", client: str | None = "region") -> int:
    return (await real.fhir(resource_type, client, params=asking())).status_code


async def _search_answered(real: RealApp) -> None:
    await real.consent()
    await real.mark()
    assert await _search(real) == 200


async def _source_fails(real: RealApp) -> None:
    await real.consent()
    real.source_fails = True
    await real.mark()
    assert await _search(real) == 503


async def _post(
    real: RealApp, media_type: str = _FORM, body: str = "patient.identifier=191212121212", **more: Any
) -> int:
    request = {"content": body, "headers": {"Content-Type": media_type}} | more
    return (await real.fhir("Observation/_search", method="POST", **request)).status_code


async def _post_answered(real: RealApp) -> None:
    await real.consent()
    await real.mark()
    assert await _post(real) == 200


async def _read_answered(real: RealApp) -> None:
    await real.consent()
    found = (await real.fhir("Observation", params=asking())).json()["entry"][0]["resource"]
    await real.mark()
    assert (await real.fhir(f"Observation/{found['id']}")).status_code == 200


async def _everything(real: RealApp) -> None:
    await real.consent()
    found = (await real.fhir("Patient", params={"identifier": TOLVAN})).json()["entry"][0]["resource"]
    await real.mark()
    assert (await real.fhir(f"Patient/{found['id']}/$everything")).status_code == 200


async def _read_event(real: RealApp) -> None:
    await _search(real)
    found = (await real.fhir("AuditEvent", "auditor", params=asking())).json()["entry"][0]["resource"]
    await real.mark()
    assert (await real.fhir(f"AuditEvent/{found['id']}", "auditor")).status_code == 200


async def _repeat(real: RealApp) -> None:
    body = consent()
    await real.push(body)
    await real.mark()
    assert (await real.push(body)).status_code == 200


async def _conflict(real: RealApp) -> None:
    body = screening()
    await real.push(body)
    await real.mark()
    other = screening("SCR-2", messageId=body["messageId"])
    assert (await real.push(other)).status_code == 409


async def _reached(real: RealApp) -> None:
    await real.consent()
    await real.mark()
    assert (await real.push(screening())).status_code == 202


async def _status(real: RealApp) -> None:
    pushed = await real.push(screening())
    await real.mark()
    assert (await real.call("GET", pushed.json()["status"], "kommun")).status_code == 200


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


def _act(message: str | None = None, reason: str = "because", *, forged: bool = False) -> Exercise:
    """A form that cancels a message, of a held one unless ``message`` is given."""

    async def exercise(real: RealApp) -> None:
        held = message or (await real.push(screening())).json()["messageId"]
        await _signed_in(real)
        token = "x" if forged else form_token(await real.http.get("/console/live"))
        await real.mark()
        form = {"form_token": token, "reason": reason}
        await real.http.post(f"/console/messages/{held}/cancel", data=form)

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


async def _stream(real: RealApp) -> None:
    await _signed_in(real)
    real.stopping.set()
    assert (await real.http.get("/console/live/events")).status_code == 200


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


def _says(expected: str, message: Callable[[], bytes]) -> Exercise:
    async def exercise(real: RealApp) -> None:
        assert await real.send(message()) == expected

    return exercise


async def _granted(real: RealApp) -> None:
    assert (await real.token()).status_code == 200


async def _release(
    real: RealApp, client: str = "official", body: dict[str, Any] | None = None, **headers: str
) -> int:
    end = (utc_now() + timedelta(hours=20)).strftime("%Y-%m-%dT%H:%M:%SZ")
    stated = parameters(end={"valueInstant": end}) if body is None else body
    bearer = {"Authorization": f"Bearer {real.bearer(client, OFFICIAL)}"} | headers
    answer = await real.fhir("$release-without-consent", None, "POST", headers=bearer, json=stated)
    return answer.status_code


def _in_an_emergency(real: RealApp, client: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {real.bearer(client, purposes=('BTG',))}"}


async def _emergency(real: RealApp) -> None:
    bearer = _in_an_emergency(real, "region")
    assert (await real.fhir("CarePlan", None, params=asking(), headers=bearer)).status_code == 200


async def _file_in_an_emergency(real: RealApp) -> None:
    headers = fhir_consents.MEDIA_TYPE | _in_an_emergency(real, "registers")
    answer = await real.fhir("Consent", None, "POST", json=fhir_consents.consent(), headers=headers)
    assert answer.status_code == 403


async def _change_in_an_emergency(real: RealApp) -> None:
    body = await _filed(real) | {"status": "inactive"}
    assert await _put(real, body, None, **_in_an_emergency(real, "registers")) == 403


async def _file(real: RealApp, client: str | None = "registers", **changes: Any) -> httpx.Response:
    body = fhir_consents.consent(**changes)
    return await real.fhir("Consent", client, "POST", json=body, headers=fhir_consents.MEDIA_TYPE)


async def _file_several(
    real: RealApp, kind: str, *bodies: dict[str, Any], client: str | None = "registers"
) -> httpx.Response:
    entries = [{"resource": body, "request": {"method": "POST", "url": "Consent"}} for body in bodies]
    body = {"resourceType": "Bundle", "type": kind, "entry": entries}
    return await real.call("POST", "/fhir", client, json=body, headers=fhir_consents.MEDIA_TYPE)


async def _put(real: RealApp, body: dict[str, Any], client: str | None = "registers", **headers: str) -> int:
    sent = fhir_consents.MEDIA_TYPE | {"If-Match": 'W/"1"'} | headers
    return (await real.fhir(f"Consent/{body['id']}", client, "PUT", json=body, headers=sent)).status_code


async def _filed(real: RealApp) -> dict[str, Any]:
    answer = await _file(real)
    assert answer.status_code == 201, answer.text
    await real.mark()
    found: dict[str, Any] = answer.json()
    return found


async def _changed(real: RealApp) -> None:
    assert await _put(real, await _filed(real) | {"status": "inactive"}) == 200


async def _lost_update(real: RealApp) -> None:
    assert await _put(real, await _filed(real), **{"If-Match": 'W/"7"'}) == 412


def _consent_read(tail: str = "", client: str | None = "registers", *, status: int = 200) -> Exercise:
    async def exercise(real: RealApp) -> None:
        consent_id = (await _filed(real))["id"] if status == 200 else _UNKNOWN
        assert (await real.fhir(f"Consent/{consent_id}{tail}", client)).status_code == status

    return exercise


async def _signed_in_get(real: RealApp, path: str) -> int:
    await _signed_in(real)
    return (await real.http.get(path)).status_code


_START: Final = {"reason": "because", "confirmed": "0", "batch": "10"}

EXERCISES: Final[dict[tuple[str, str], Exercise]] = {
    ("POST /fhir/$release-without-consent", "filed"): _release,
    ("POST /fhir/$release-without-consent", "not an official (403)"): lambda real: _release(real, "region"),
    ("POST /fhir/$release-without-consent", "token refused"): lambda real: _release(
        real, Authorization="Bearer x"
    ),
    ("POST /fhir/$release-without-consent", "faulty (400, 413, 422)"): lambda real: _release(real, body={}),
    ("POST /fhir/Consent", "filed (201), or there already (200)"): _file,
    ("POST /fhir/Consent", "scope too small"): lambda real: _file(real, "region"),
    ("POST /fhir/Consent", "token refused"): lambda real: _file(real, None),
    ("POST /fhir/Consent", "faulty (400, 409, 413, 415, 422)"): lambda real: _file(real, status="draft"),
    ("POST /fhir", "a transaction filed"): lambda real: _file_several(
        real, "transaction", fhir_consents.consent()
    ),
    ("POST /fhir", "a batch, one entry filed and one refused"): lambda real: _file_several(
        real, "batch", fhir_consents.consent(), fhir_consents.consent(status="draft")
    ),
    ("POST /fhir", "faulty (400, 409, 412, 413, 415, 422, 428)"): lambda real: _file_several(
        real, "transaction"
    ),
    ("POST /fhir", "token refused"): lambda real: _file_several(real, "batch", client=None),
    ("OPTIONS /fhir", "always"): lambda real: real.call("OPTIONS", "/fhir", None),
    ("* /fhir", "anything (405)"): lambda real: real.call("PATCH", "/fhir", "region"),
    ("PUT /fhir/Consent/{id}", "changed (200), or a second person awaited (202)"): _changed,
    ("PUT /fhir/Consent/{id}", "none to change (404)"): lambda real: _put(
        real, fhir_consents.consent() | {"id": _UNKNOWN}
    ),
    ("PUT /fhir/Consent/{id}", "token refused"): lambda real: _put(real, {"id": _UNKNOWN}, None),
    ("PUT /fhir/Consent/{id}", "faulty (400, 412, 415, 422, 428)"): _lost_update,
    ("GET /fhir/Consent/{id}", "found"): _consent_read(),
    ("GET /fhir/Consent/{id}", "not found (404)"): _consent_read(status=404),
    ("GET /fhir/Consent/{id}", "token refused"): _consent_read(client=None, status=401),
    ("GET /fhir/Consent/{id}/_history/{version}", "found"): _consent_read("/_history/1"),
    ("GET /fhir/Consent/{id}/_history/{version}", "not found (404)"): _consent_read(
        "/_history/1", status=404
    ),
    ("GET /fhir/Consent/{id}/_history/{version}", "token refused"): _consent_read(
        "/_history/1", None, status=401
    ),
    ("GET /fhir/{type}", "emergency access (BTG, ETREAT)"): _emergency,
    ("POST /fhir/Consent", "emergency access (403)"): _file_in_an_emergency,
    ("PUT /fhir/Consent/{id}", "emergency access (403)"): _change_in_an_emergency,
    ("POST /oauth/token", "granted"): _granted,
    ("POST /oauth/token", "refused (401)"): lambda real: real.token(client_assertion="x"),
    ("POST /oauth/token", "faulty, or another scope (400)"): lambda real: real.token(scope="inbound"),
    ("GET /oauth/jwks", "always"): lambda real: real.http.get("/oauth/jwks"),
    ("GET /.well-known/smart-configuration", "always"): lambda real: real.http.get(
        "/.well-known/smart-configuration"
    ),
    ("GET /fhir/.well-known/smart-configuration", "always"): lambda real: real.fhir(
        ".well-known/smart-configuration", None
    ),
    ("GET /fhir/metadata", "always"): lambda real: real.fhir("metadata", None),
    ("POST /fhir/$confirm-receipt", "known answer"): _confirm_known,
    ("POST /fhir/$confirm-receipt", "unknown answer"): lambda real: _confirm(real, "none"),
    ("POST /fhir/$confirm-receipt", "no scope to read records"): lambda real: _confirm(
        real, "none", "pusher"
    ),
    ("POST /fhir/$confirm-receipt", "token refused"): lambda real: _confirm(real, "none", None),
    ("POST /fhir/$confirm-receipt", "unreadable"): lambda real: real.fhir("$confirm-receipt", method="POST"),
    ("GET /fhir/{type}", "something found"): _search_answered,
    ("GET /fhir/{type}", "nothing found"): _search,
    ("GET /fhir/{type}", "`Consent`"): lambda real: _search(real, "Consent"),
    ("GET /fhir/{type}", "`AuditEvent`, by an auditor"): lambda real: _search(real, "AuditEvent", "auditor"),
    ("GET /fhir/{type}", "`AuditEvent`, by anybody else"): lambda real: _search(real, "AuditEvent"),
    ("GET /fhir/{type}", "token refused"): lambda real: _search(real, client=None),
    ("GET /fhir/{type}", "scope too small"): lambda real: _search(real, "Goal"),
    ("GET /fhir/{type}", "faulty (400, 406)"): lambda real: real.fhir("Observation", params=asking(x="1")),
    ("GET /fhir/{type}", "unknown type (404)"): lambda real: real.fhir("Encounter", params=asking()),
    ("GET /fhir/{type}", "a source does not answer (503)"): _source_fails,
    ("POST /fhir/{type}/$validate", "valid or not"): _validate,
    ("POST /fhir/{type}/$validate", "token refused"): lambda real: _validate(real, None),
    ("POST /fhir/{type}/$validate", "no scope on the type"): lambda real: _validate(real, "pusher"),
    ("POST /fhir/{type}/$validate", "cannot be validated (400, 404, 413, 415)"): lambda real: _validate(
        real, resource_type="Patient"
    ),
    ("POST /fhir/{type}/_search", "something found"): _post_answered,
    ("POST /fhir/{type}/_search", "nothing found"): _post,
    ("POST /fhir/{type}/_search", "token refused"): lambda real: _post(real, client=None),
    ("POST /fhir/{type}/_search", "not a form (415)"): lambda real: _post(real, "text/plain"),
    ("POST /fhir/{type}/_search", "too large (413)"): lambda real: _post(real, body="x=" + "1" * 70_000),
    ("GET /fhir/Patient/{id}/$everything", "found"): _everything,
    ("GET /fhir/Patient/{id}/$everything", "not found (404)"): lambda real: real.fhir(
        f"Patient/{_UNKNOWN}/$everything"
    ),
    ("GET /fhir/Patient/{id}/$everything", "token refused"): lambda real: real.fhir(
        f"Patient/{_UNKNOWN}/$everything", None
    ),
    ("GET /fhir/{type}/{id}", "found"): _read_answered,
    ("GET /fhir/{type}/{id}", "not found (404)"): lambda real: real.fhir(f"Observation/{_UNKNOWN}"),
    ("GET /fhir/{type}/{id}", "`AuditEvent`, by an auditor"): _read_event,
    ("GET /fhir/{type}/{id}", "token refused"): lambda real: real.fhir(f"Observation/{_UNKNOWN}", None),
    ("GET /fhir/{type}/{id}", "scope too small"): lambda real: real.fhir(f"Goal/{_UNKNOWN}"),
    ("OPTIONS /fhir/{rest:path}", "always"): lambda real: real.fhir("CarePlan", None, method="OPTIONS"),
    ("* /fhir/{rest:path}", "anything (404, 405)"): lambda real: real.fhir("CarePlan", method="PATCH"),
    ("* /fhir/{rest:path}", "token refused"): lambda real: real.fhir("a/b/c", None),
    ("POST /inbound/{channel}", "nobody is reached (202)"): lambda real: real.push(screening()),
    ("POST /inbound/{channel}", "somebody is reached (202)"): _reached,
    ("POST /inbound/{channel}", "in force at once (201)"): lambda real: real.push(consent()),
    ("POST /inbound/{channel}", "a repeat (200)"): _repeat,
    ("POST /inbound/{channel}", "same id, other body (409)"): _conflict,
    ("POST /inbound/{channel}", "another party's channel or sender (403)"): lambda real: real.push(
        screening(), "region"
    ),
    ("POST /inbound/{channel}", "token refused"): lambda real: real.push(screening(), None),
    ("POST /inbound/{channel}", "faulty (400, 413, 415, 422)"): lambda real: real.push(b"{"),
    ("GET /inbound/{channel}/messages/{id}", "own message"): _status,
    ("GET /inbound/{channel}/messages/{id}", "any other (404)"): lambda real: real.call(
        "GET", "/inbound/alingsas-kommun/messages/none", "kommun"
    ),
    ("GET /inbound/{channel}/messages/{id}", "token refused"): lambda real: real.call(
        "GET", "/inbound/alingsas-kommun/messages/none", None
    ),
    ("* /inbound/{rest:path}", "anything (404, 405)"): lambda real: real.call(
        "PUT", "/inbound/alingsas-kommun", "kommun"
    ),
    ("* /inbound/{rest:path}", "token refused"): lambda real: real.call("GET", "/inbound/x/y", None),
    ("GET /healthz", "always"): lambda real: real.http.get("/healthz"),
    ("GET /readyz", "always"): lambda real: real.http.get("/readyz"),
    ("GET /metrics", "always"): lambda real: real.http.get("/metrics"),
    ("GET /console", "always"): lambda real: real.http.get("/console"),
    ("MOUNT /console/static", "always"): lambda real: real.http.get("/console/static/console.css"),
    ("GET /console/", "shown"): _page("/console/?state=dead"),
    ("GET /console/", "not signed in"): _without_session("/console/"),
    ("GET /console/messages/{message_id}", "shown"): _message_page,
    ("GET /console/messages/{message_id}", "not there, or not theirs (404)"): _no_message_page,
    ("GET /console/messages/{message_id}", "not signed in"): _without_session("/console/messages/x"),
    ("POST /console/messages/{message_id}/{act}", "done"): _act(),
    ("POST /console/messages/{message_id}/{act}", "no reason"): _act(reason=" "),
    ("POST /console/messages/{message_id}/{act}", "not there, or not theirs (404)"): _act("none"),
    ("POST /console/messages/{message_id}/{act}", "form too old"): _act(forged=True),
    ("POST /console/messages/{message_id}/{act}", "not signed in"): _without_session(
        "/console/messages/x/cancel", "POST"
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
    ("GET /console/sign-in/oidc", "begun"): _begin_elsewhere,
    ("GET /console/sign-in/oidc/done", "right"): _sign_in_elsewhere,
    ("GET /console/sign-in/oidc/done", "wrong, or without rights"): lambda real: _sign_in_elsewhere(
        real, 403, sambro=[]
    ),
    ("POST /console/sign-out", "done"): _sign_out,
    ("POST /console/sign-out", "form too old"): _sign_out_forged,
    ("POST /console/sign-out", "not signed in"): _without_session("/console/sign-out", "POST"),
    ("MLLP", "AA"): _says("AA", oru_r01),
    ("MLLP", "AE"): _says("AE", lambda: oru_r01().replace(b"^^^&1.2.752", b"^^^&9.9.999")),
    ("MLLP", "AR"): _says("AR", lambda: b"nothing of HL7"),
}
