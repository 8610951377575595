"""The notice that a basis ended: no release, but it leaves, so it too has one maker (gate.md, "Deciding" 10)."""

from __future__ import annotations

from dataclasses import InitVar, dataclass
from datetime import datetime
from typing import Final, final
from uuid import UUID

_MINT: Final = object()


@final
@dataclass(frozen=True, slots=True)
class Notice:
    """The id of a Consent and the instant at which it ended: nothing of a person or a record. Only ``notice_of_end`` can make one."""

    consent_id: str
    ended_at: datetime
    maker: InitVar[object]

    def __post_init__(self, maker: object) -> None:
        if maker is not _MINT:
            raise TypeError("a Notice is made by notice_of_end only")


def notice_of_end(consent_id: str, ended_at: datetime) -> Notice:
    """The notice for whoever had a release under a Consent; the caller has seen to that.

    Raises ValueError unless the id is one that we give (a UUID, which no number of a person is) and the instant aware.
    """
    if str(UUID(consent_id)) != consent_id or ended_at.tzinfo is None:
        raise ValueError("a notice is a UUID and an instant")
    return Notice(consent_id, ended_at, _MINT)
