"""How each route is asked in each of the cases that the table in docs/audit.md names.

An exercise brings about what the case needs, calls ``mark`` if that left rows of its own, and asks.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import httpx

from adapter.domain.instants import utc_now
from adapter.store import pauses
from adapter.store.pauses import Pause, Paused
from tests.api import consents as fhir_consents
from tests.api.official import parameters
from tests.audit.console_exercises import CONSOLE_EXERCISES
from tests.audit.real_app import Exercise, RealApp, asking
from tests.exchange.bodies import TOLVAN, consent, oru_r01, screening
from tests.exchange.releases import OFFICIAL

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


async def _everything(real: RealApp, **request: Any) -> None:
    await real.consent()
    found = (await real.fhir("Patient", params={"identifier": TOLVAN})).json()["entry"][0]["resource"]
    await real.mark()
    assert (await real.fhir(f"Patient/{found['id']}/$everything", **request)).status_code == 200


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


def _says(expected: str, message: Callable[[], bytes]) -> Exercise:
    async def exercise(real: RealApp) -> None:
        assert await real.send(message()) == expected

    return exercise


async def _pause(real: RealApp, channel: str) -> None:
    new = Pause(Paused.CHANNEL, channel, "agreement", "party", utc_now(), "admin", b"sealed")
    await real.core.database.write(lambda connection: pauses.begin(connection, new))


async def _push_to_paused(real: RealApp) -> None:
    await _pause(real, "alingsas-kommun")
    answer = await real.push(screening())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")


async def _send_to_paused(real: RealApp) -> None:
    await _pause(real, "alingsas-region-hl7")
    assert await real.send(oru_r01()) == "AE"


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


EXERCISES: Final[dict[tuple[str, str], Exercise]] = CONSOLE_EXERCISES | {
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
    ("POST /fhir/Patient/{id}/$everything", "found"): lambda real: _everything(real, method="POST"),
    ("POST /fhir/Patient/{id}/$everything", "not found (404)"): lambda real: real.fhir(
        f"Patient/{_UNKNOWN}/$everything", method="POST"
    ),
    ("POST /fhir/Patient/{id}/$everything", "faulty (400, 413, 415)"): lambda real: real.fhir(
        f"Patient/{_UNKNOWN}/$everything", method="POST", content=b"{}"
    ),
    ("POST /fhir/Patient/{id}/$everything", "token refused"): lambda real: real.fhir(
        f"Patient/{_UNKNOWN}/$everything", None, method="POST"
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
    ("POST /inbound/{channel}", "paused (503)"): _push_to_paused,
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
    ("MLLP", "AA"): _says("AA", oru_r01),
    ("MLLP", "AE"): _says("AE", lambda: oru_r01().replace(b"^^^&1.2.752", b"^^^&9.9.999")),
    ("MLLP", "AE, paused"): _send_to_paused,
    ("MLLP", "AR"): _says("AR", lambda: b"nothing of HL7"),
}
