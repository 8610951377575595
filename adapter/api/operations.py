"""Health, readiness and metrics: names and numbers only, no personal data (docs/operations.md lists them)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapter.domain.errors import Unreachable
from adapter.domain.instants import Clock
from adapter.store.database import Database
from adapter.store.measures import Measures, measure


@dataclass(frozen=True, slots=True)
class Operations:
    """The routes for operations. ``dev_issuer``: development tokens are accepted, which readiness shows."""

    database: Database
    clock: Clock
    dev_issuer: bool

    def routes(self) -> list[Route]:
        """The routes, to be added as they are."""
        return [
            Route("/healthz", self._health, methods=["GET"]),
            Route("/readyz", self._readiness, methods=["GET"]),
            Route("/metrics", self._metrics, methods=["GET"]),
        ]

    async def _health(self, _request: Request) -> Response:
        return _json({"status": "ok"})

    async def _readiness(self, _request: Request) -> Response:
        try:
            await self.database.read(lambda connection: connection.execute(select(1)).scalar())
            # It changes nothing, but has its turn: who cannot write cannot answer.
            await self.database.write(lambda _: None)
        except Unreachable as fault:
            return _json({"status": "unavailable", "code": fault.code}, 503)
        return _json({"status": "ready", "devIssuer": self.dev_issuer})

    async def _metrics(self, _request: Request) -> Response:
        try:
            measures = await self._measures()
        except Unreachable:
            return Response(status_code=503)
        registry = CollectorRegistry()
        registry.register(_Gauges(measures))
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    async def _measures(self) -> Measures:
        now = self.clock()
        return await self.database.read(lambda connection: measure(connection, now))


class _Gauges:
    """What was measured, as Prometheus metrics."""

    def __init__(self, measures: Measures) -> None:
        self._measures = measures

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """See prometheus_client.registry.Collector."""
        yield GaugeMetricFamily(
            "sambro_content_held", "Pieces of record content at rest", value=self._measures.content_held
        )
        messages = GaugeMetricFamily("sambro_messages", "Messages in the log, by state", labels=["state"])
        for state, count in self._measures.messages.items():
            messages.add_metric([state.value], count)
        yield messages
        lanes = GaugeMetricFamily("sambro_lanes_due", "Lanes with work that is due", labels=["kind"])
        for kind, count in self._measures.lanes_due.items():
            lanes.add_metric([kind], count)
        yield lanes
        alerts = GaugeMetricFamily("sambro_alerts", "Alerts that last, by code", labels=["code"])
        for code, count in self._measures.alerts.items():
            alerts.add_metric([code], count)
        yield alerts
        breakers = GaugeMetricFamily(
            "sambro_breaker_open", "Recipients' systems that are left alone", labels=["system", "position"]
        )
        for system, position in self._measures.breakers.items():
            breakers.add_metric([system, position.value], 1)
        yield breakers
        paused = GaugeMetricFamily(
            "sambro_recipient_paused", "Recipients' systems whose deliveries are paused", labels=["system"]
        )
        for system in sorted(self._measures.paused):
            paused.add_metric([system], 1)
        yield paused
        channels = GaugeMetricFamily(
            "sambro_channel_paused", "Channels that take no records for now", labels=["channel"]
        )
        for channel in sorted(self._measures.channels_paused):
            channels.add_metric([channel], 1)
        yield channels


def _json(content: dict[str, object], status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")
