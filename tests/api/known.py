"""The ways in which somebody can be known to the adapter while a requester may be told nothing of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.resources import files
from itertools import count
from typing import Final

from sqlalchemy import update

from adapter.domain.agreement import Agreement
from adapter.domain.agreement_file import read_agreements
from adapter.store import tables
from tests.exchange import bodies
from tests.exchange.bodies import KOMMUN, KOMMUN_UNIT, REGION_UNIT, Json
from tests.exchange.house import House
from tests.exchange.parties import alingsas, person

_OTHER_RECEPTION: Final = "lerum-socialmedicinska.yaml"
_LERUM: Final[Json] = {"organisation": "2120001447", "enhet": "SE2120001447-1001"}
_ids = count(1)


async def withheld(house: House, number: str, _: str) -> None:
    """Records came, and no consent did."""
    await house.push(bodies.sip(person=number))
    await house.push(bodies.screening(person=number))


async def revoked(house: House, number: str, _: str) -> None:
    """A plan was held for the requester until the person took the consents back."""
    consents = await _held(house, number)
    for consent_id in consents:
        await house.push(bodies.revocation(consent_id, person=number))


async def expired(house: House, number: str, _: str) -> None:
    """The consent's period is over."""
    await _consent(house, number, period={"start": "2025-11-16", "slut": "2026-11-21"})


async def other_unit(house: House, number: str, _: str) -> None:
    """The consent names another unit of the requester's organisation."""
    recipient = {"organisation": "2321000131", "enhet": "SE2321000131-E0111"}
    await _consent(house, number, mottagare=[recipient])


async def other_record_type(house: House, number: str, _: str) -> None:
    """The consent is to another record type than any that is exchanged this way."""
    await _consent(house, number, uppgifter=["person"])


async def other_purpose(house: House, number: str, _: str) -> None:
    """The consent is for another purpose than the requester's."""
    await _consent(house, number, andamal=["HQUALIMP"])


async def blocked(house: House, number: str, _: str) -> None:
    """A plan was held for the requester until the kommun's records were blocked."""
    await _held(house, number)
    fields: Json = {
        "kategori": "sparr",
        "mottagare": None,
        "andamal": None,
        "period": None,
        "uppgifter": None,
    }
    await house.push(bodies.consent(_consent_id(), person=number, **fields))


async def protected(house: House, number: str, _: str) -> None:
    """The person has protected identity, and no consent."""
    await house.push(bodies.person_data("person.protected", person=number))


async def elsewhere(house: House, number: str, _: str) -> None:
    """The consent was given at another reception, to the requester's unit."""
    recipient = {"organisation": "2321000131", "enhet": REGION_UNIT}
    consent = bodies.consent(
        _consent_id(), person=number, avsandare=_LERUM, lamnarUt=[_LERUM, KOMMUN], mottagare=[recipient]
    )
    await house.push(consent, "lerum-kommun")


async def merged(house: House, number: str, other: str) -> None:
    """The number ceased, and the permit lapsed with it."""
    await _consent(house, number)
    await house.send(bodies.adt_a40(_consent_id(), ceasing=number, surviving=other))


async def unreadable(house: House, number: str, _: str) -> None:
    """The consent cannot be opened any more: indeterminate."""
    await _consent(house, number)
    key = house.keyring.person_key(person(number))
    spoil = update(tables.consent).where(tables.consent.c.person_key == key).values(sealed=b"spoilt")
    await house.database.write(lambda connection: connection.execute(spoil))


async def between_others(house: House, number: str, _: str) -> None:
    """The consent is between two units of the kommun: not even its existence is the requester's to know."""
    recipient = {"organisation": "2120001553", "enhet": "SE2120001553-1002"}
    await _consent(
        house, number, lamnarUt=[{"organisation": "2120001553", "enhet": KOMMUN_UNIT}], mottagare=[recipient]
    )


Way = Callable[[House, str, str], Awaitable[None]]
WAYS: Final[tuple[Way, ...]] = (
    withheld,
    revoked,
    expired,
    other_unit,
    other_record_type,
    other_purpose,
    blocked,
    protected,
    elsewhere,
    merged,
    unreadable,
    between_others,
)
"""Each makes a number known; the last argument is another number that nobody asks for."""


def packaged() -> tuple[Agreement, ...]:
    """The packaged agreement (plans held, screenings read live), and that of another reception where the region is a party, too."""
    text = (files("mappings") / "agreements" / _OTHER_RECEPTION).read_text(encoding="utf-8")
    return alingsas(), *read_agreements({_OTHER_RECEPTION: text})


def modes_swapped() -> tuple[Agreement, ...]:
    """The same, with plans read live and screenings held."""
    return alingsas(_swap), *packaged()[1:]


def _swap(tree: Json) -> None:
    plans, screenings = tree["flows"][:2]
    held = plans.pop("hold")
    plans |= {"modes": ["forward", "query"], "query": screenings.pop("query")}
    screenings |= {"modes": ["forward", "hold"], "hold": held}


async def _held(house: House, number: str) -> list[str]:
    """Consent to everything, and a plan that waits in the hold."""
    consents = [_consent_id(), _consent_id()]
    await house.push(bodies.consent(consents[0], person=number))
    await house.push(bodies.plan_consent(consents[1], person=number))
    await house.push(bodies.sip(f"P-{next(_ids)}", person=number))
    await house.process()
    return consents


async def _consent(house: House, number: str, **fields: object) -> None:
    await house.push(bodies.consent(_consent_id(), person=number, **fields))


def _consent_id() -> str:
    return f"S-{next(_ids)}"
