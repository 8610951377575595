"""Plans of the test person, with the consents that permit them to be given out."""

from __future__ import annotations

from adapter.exchange.receipt import Receipt
from tests.exchange.bodies import consent, plan_consent, sip
from tests.exchange.house import House


async def push_plans(house: House, *plans: str) -> Receipt:
    """Hand over both consents and plans by their ids, one unless several are named; the last plan's receipt."""
    for body in (consent(), plan_consent()):
        await house.push(body)
    receipts = [await house.push(sip(plan)) for plan in plans or ("SIP-1",)]
    return receipts[-1]


async def hold_plans(house: House, *plans: str) -> Receipt:
    """The same, and work it all off: the region's system has them, and they are held for its calls."""
    receipt = await push_plans(house, *plans)
    await house.work()
    return receipt
