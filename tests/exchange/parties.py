"""Who takes part: the packaged agreement and variants of it, persons, and who asks."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from functools import lru_cache
from importlib.resources import files
from typing import Final

from adapter.domain.agreement import Agreement
from adapter.domain.agreement_file import read_agreements
from adapter.domain.identity import (
    HSA_ID,
    ORGANISATIONSNUMMER,
    PERSONNUMMER,
    SAMORDNINGSNUMMER,
    Identifier,
    PersonId,
)
from adapter.domain.located import locate
from adapter.domain.requester import Requester
from tests.exchange.bodies import KOMMUN_UNIT, REGION_UNIT, Json

PUSH: Final = "alingsas-kommun"
HL7: Final = "alingsas-region-hl7"
REGION_PUSH: Final = "alingsas-region"


def alingsas(edit: Callable[[Json], object] = lambda _: None) -> Agreement:
    """The packaged agreement, changed by ``edit`` on its YAML."""
    tree = deepcopy(_packaged())
    edit(tree)
    # JSON is YAML.
    return _agreement(json.dumps(tree, default=str))


@lru_cache
def _packaged() -> Json:
    file = files("mappings") / "agreements" / "alingsas-socialmedicinska.yaml"
    tree: Json = locate(file.read_text(encoding="utf-8"), file.name).plain()
    return tree


@lru_cache
def _agreement(text: str) -> Agreement:
    [agreement] = read_agreements({"agreement.yaml": text})
    return agreement


def with_region_push(**consent_from: list[str]) -> Agreement:
    """The agreement, with a channel by which the region's system files consents, and other registrars where a party is named."""

    def edit(tree: Json) -> None:
        tree["channels"][REGION_PUSH] = {
            "party": "region",
            "unit": "oppenpsykiatri",
            "connector": "http_push",
            "mapping": "neutral_push",
        }
        for party, registrars in consent_from.items():
            tree["parties"][party]["consent_from"] = registrars

    return alingsas(edit)


def person(number: str) -> PersonId:
    """The person with a number of one of the two national kinds."""
    return PersonId(SAMORDNINGSNUMMER if int(number[6:8]) > 60 else PERSONNUMMER, number)


def requester(organization: str, unit: str | None, *purposes: str) -> Requester:
    """Someone who asks, by organisationsnummer and HSA-id."""
    return Requester(
        client_id="client",
        organization=Identifier(ORGANISATIONSNUMMER, organization),
        unit=None if unit is None else Identifier(HSA_ID, unit),
        practitioner=None,
        roles=(),
        purposes=purposes,
        scopes=frozenset({"system/*.rs"}),
        jti="jti-1",
    )


def region(*purposes: str, unit: str | None = REGION_UNIT) -> Requester:
    """The region's reception, for TREAT unless other purposes are stated."""
    return requester("2321000131", unit, *(purposes or ("TREAT",)))


def kommun() -> Requester:
    """The kommun's unit."""
    return requester("2120001553", KOMMUN_UNIT, "TREAT")
