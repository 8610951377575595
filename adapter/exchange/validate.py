"""The use case behind ``$validate``: a caller's own resource held to FHIR R4 and our profiles; nothing is kept of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from adapter.domain.errors import InputError, Issue
from adapter.domain.instants import Clock
from adapter.domain.requester import Requester
from adapter.exchange import audit_requests, trail
from adapter.exchange.audit_forms import Act
from adapter.exchange.audit_kinds import AuditKind
from adapter.exchange.trail import Trail
from adapter.fhir.profiles.checker import ProfileChecker
from adapter.store.database import Database


class Validate:
    """Validates what a caller hands over."""

    def __init__(self, *, database: Database, checker: ProfileChecker, audit: Trail, clock: Clock) -> None:
        self._database = database
        self._checker = checker
        self._trail = audit
        self._clock = clock

    @property
    def invariants(self) -> Mapping[str, str]:
        """What each invariant says to a human, by key."""
        return self._checker.invariants

    def knows(self, resource_type: str) -> bool:
        """Whether resources of that type can be validated."""
        return self._checker.definitions.resource(resource_type) is not None

    async def __call__(
        self,
        requester: Requester,
        resource: Mapping[str, Any],
        profiles: Sequence[str],
        request_id: str,
        caller: str | None = None,
    ) -> tuple[Issue, ...]:
        """What is wrong with a resource, by the profiles that it claims and by ``profiles``.

        Raises InputError (400) for a profile that we do not know, and Unreachable.
        """
        if not all(map(self._checker.knows, profiles)):
            raise InputError([Issue("http.profile", "unknown-profile")], status=400)
        # In a thread: a large Bundle takes a while, and others want their answers meanwhile.
        issues = await asyncio.to_thread(partial(self._checker.check, resource, profiles=profiles))
        act = Act(self._clock(), None, request_id, caller)
        event = audit_requests.validation(act, requester)
        row = trail.row(AuditKind.VALIDATION, None, act.at, event)
        await self._database.write(partial(self._trail.append, rows=[row]))
        return issues
