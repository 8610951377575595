"""The stages that one message has got through, each at the instant at which it ended."""

from __future__ import annotations

from adapter.domain.instants import Clock
from adapter.store.events import NewEvent, Stage


class Stages:
    """The stages of a message, as its timeline shows them."""

    def __init__(self, message_id: str, clock: Clock) -> None:
        self._message_id = message_id
        self._clock = clock
        self._ended: list[NewEvent] = []

    @property
    def ended(self) -> tuple[NewEvent, ...]:
        """In the order in which they ended."""
        return tuple(self._ended)

    def forget_after(self, stage: Stage) -> None:
        """What came after a stage is told nobody."""
        stages = [earlier.stage for earlier in self._ended]
        del self._ended[stages.index(stage) + 1 :]

    def end(self, stage: Stage) -> None:
        """A stage has ended now; one that is gone through anew takes what came after it along."""
        stages = [earlier.stage for earlier in self._ended]
        if stage in stages:
            del self._ended[stages.index(stage) :]
        self._ended.append(NewEvent(self._message_id, stage, self._clock()))
