"""The console of an installation: over its rows, and over its own mapping files and readers."""

from __future__ import annotations

import asyncio
import secrets

import httpx
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from adapter.api.openid_provider import OpenIdProvider
from adapter.console.app import build_console
from adapter.console.single_sign_on import PATH
from adapter.domain.agreement import System
from adapter.domain.instants import utc_now
from adapter.exchange.administrators import SignIn
from adapter.exchange.mapping_bench import MappingBench, sample_readers
from adapter.exchange.ports import Tester
from adapter.exchange.refusals import Refusals
from adapter.exchange.single_sign_on import SingleSignOn
from adapter.fhir.check import RecordChecker
from adapter.fhir.profiles.packaged import packaged_shapes, profile_checker
from adapter.main import wires
from adapter.main.certificates import certificates
from adapter.main.core import Core, new_id
from adapter.mapping.catalog import load_catalog, packaged_files
from adapter.settings import Endpoint, Settings
from connectors.hl7v2_mllp.probe import MllpProbe
from connectors.http_probe.probe import HttpProbe


def console(
    core: Core, client: httpx.AsyncClient, refusals: Refusals, stopping: asyncio.Event
) -> list[BaseRoute]:
    """Its routes; ``stopping`` as for ``build_console``."""
    settings = core.settings
    sign_in = SignIn(core.database, core.trail, utc_now)
    app = build_console(
        core.database,
        utc_now,
        secure_cookies=settings.public_url.startswith("https://"),
        agreements=settings.agreements,
        cursor_key=secrets.token_bytes(32),
        stopping=stopping,
        audit=core.trail,
        sign_in=sign_in,
        refusals=refusals,
        keyring=core.keyring,
        new_id=new_id,
        bench=_mapping_bench(settings),
        vault=core.vault,
        testers=_testers(settings, client),
        certificates=tuple(certificates(settings)),
        provider=_single_sign_on(core, client, sign_in),
    )
    return [Route("/console", _to_console, methods=["GET"]), Mount("/console", app)]


async def _to_console(_request: Request) -> Response:
    # A mount answers below its path only, and this is the address that people type.
    return RedirectResponse("console/")


def _single_sign_on(core: Core, client: httpx.AsyncClient, sign_in: SignIn) -> SingleSignOn | None:
    stated = core.settings.console_sign_in
    if stated is None:
        return None
    provider = OpenIdProvider(
        issuer=stated.issuer,
        client_id=stated.client_id,
        client_secret=stated.client_secret,
        redirect_uri=f"{core.settings.public_url}/console{PATH}",
        client=client,
        clock=utc_now,
    )
    return SingleSignOn(
        provider=provider,
        sign_in=sign_in,
        keyring=core.keyring,
        clock=utc_now,
        name_claim=stated.name_claim,
        rights_claim=stated.rights_claim,
        parties=frozenset((one.id, party.id) for one in core.settings.agreements for party in one.parties),
    )


def _mapping_bench(settings: Settings) -> MappingBench:
    """Mappings are read anew at each try, so that a change can be tried before the service is started with it."""
    return MappingBench(
        catalog=lambda: load_catalog(packaged_files(settings.mapping_overrides), packaged_shapes),
        readers=sample_readers(lambda connector: wires.reader(connector, settings.limits)),
        agreements=settings.agreements,
        checker=RecordChecker(profile_checker()),
    )


def _testers(settings: Settings, client: httpx.AsyncClient) -> dict[str, Tester]:
    """What tests each system of the agreements that has an endpoint, by its id."""
    return {
        system.id: _tester(system, settings.endpoints[system.id], client)
        for agreement in settings.agreements
        for system in agreement.systems
        if system.id in settings.endpoints
    }


def _tester(system: System, endpoint: Endpoint, client: httpx.AsyncClient) -> Tester:
    if system.connector == "hl7v2_mllp":
        return MllpProbe(wires.mllp_recipient(endpoint), float(endpoint.timeout_seconds))
    token = endpoint.token or ""
    if system.connector == "fhir_rest":
        # The capabilities interaction (http://hl7.org/fhir/R4/http.html#capabilities).
        return HttpProbe(client, "GET", f"{endpoint.url.rstrip('/')}/metadata", token=token)
    return HttpProbe(client, "OPTIONS", endpoint.url, token=token)
