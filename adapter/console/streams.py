"""How many live tails there may be: in all, and of one account, so that nobody takes the others' places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Streams:
    """Counts the open ones of a process by their holders."""

    most: int = 32
    most_each: int = 4
    _open: Counter[str] = field(default_factory=Counter, init=False, repr=False)

    def has_room(self, holder: str) -> bool:
        """Whether the holder may open one more."""
        return self._open.total() < self.most and self._open[holder] < self.most_each

    @contextmanager
    def one(self, holder: str) -> Iterator[None]:
        """An open one."""
        self._open[holder] += 1
        try:
            yield
        finally:
            self._open[holder] -= 1
            if not self._open[holder]:
                del self._open[holder]
