"""The person's extract: readable by somebody who knows no FHIR, whole, recorded itself; the number never an argument."""

from __future__ import annotations

import csv
import io
import re
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapter.cli.extract_document import as_csv
from adapter.domain.requester import Requester
from adapter.exchange.extract_entries import Entry
from tests.cli.command import Installation, Run
from tests.cli.story import happened
from tests.exchange.bodies import OTHER, SAMORDNING, TOLVAN, adt_a40, consent, plan_consent, screening, sip
from tests.exchange.house import House
from tests.exchange.parties import region, requester

STRANGER: Requester = requester("2321000016", "SE2321000016-E0901", "TREAT")
REGION = "Öppenpsykiatrisk mottagning Alingsås, Västra Götalandsregionen"
KOMMUN = "IFO öppenvård, Alingsås kommun"


async def exchange(house: House) -> None:
    """Refused before the consent, sent and fetched after it; a stranger asks."""
    for body in (screening("SCR-early"), consent(), plan_consent(), sip()):
        await house.push(body)
        house.clock.move(seconds=1)
    await house.process()
    house.clock.move(seconds=1)
    await house.deliver()
    for asking in (region(), STRANGER):
        house.clock.move(seconds=1)
        await house.search("CarePlan", requester=asking)


def rows(run: Run, installation: Installation, *options: str, number: str = TOLVAN) -> list[dict[str, str]]:
    ran = run(*installation.options, "audit", "extract", "--format", "csv", *options, given=f"{number}\n")
    assert ran.code == 0, ran.err
    return list(csv.DictReader(io.StringIO(ran.out.removeprefix("\ufeff")), delimiter=";"))


def test_each_act_is_told_in_plain_words(run: Run, served: Installation) -> None:
    happened(served, exchange)
    told = [(row["Vem"], row["Vad"], row["Grund"], row["Utfall"]) for row in rows(run, served)]
    plan = "samordnad individuell plan (SIP)"
    assert (
        "Alingsås kommun",
        "lämnade in resultat av AUDIT eller DUDIT",
        "det finns inget gällande samtycke",
        "Nekat: lämnades inte vidare till någon",
    ) in told
    assert any(
        who == KOMMUN
        and what.startswith(f"sände {plan}")
        and what.endswith(f"till {REGION}")
        and ground == "samtycke"
        for who, what, ground, _ in told
    )
    assert any(who == REGION and what.startswith(f"tog emot {plan}") for who, what, _, _ in told)
    assert (REGION, f"sökte efter {plan}", "samtycke", f"Tillåtet: fick {plan} från {KOMMUN}") in told


def test_the_strangers_attempt_is_there_and_who_it_was(run: Run, served: Installation) -> None:
    happened(served, exchange)
    [attempt] = [row for row in rows(run, served) if "SE2321000016-E0901" in row["Vem"]]
    assert "232100-0016" in attempt["Vem"]
    assert (attempt["Ändamål"], attempt["Utfall"], attempt["Nekat"]) == (
        "vård och behandling",
        "Nekat: fick inget",
        "ja",
    )


def test_times_are_swedish_and_a_period_can_be_chosen(run: Run, served: Installation) -> None:
    happened(served, exchange)
    assert {row["Tidpunkt"] for row in rows(run, served)} >= {"2026-11-22 13:00:00"}
    assert rows(run, served, "--to", "2026-11-21") == []
    assert len(rows(run, served, "--from", "2026-11-22", "--to", "2026-11-22")) > 5


def test_numbers_that_were_merged_are_one_person(run: Run, served: Installation) -> None:
    async def merged(house: House) -> None:
        await house.search("CarePlan", SAMORDNING, requester=STRANGER)
        house.clock.move(seconds=1)
        await house.send(adt_a40())

    happened(served, merged)
    told = rows(run, served)
    assert [row["Nekat"] for row in told] == ["ja", "nej"]
    assert "gäller samma person" in told[1]["Vad"]


def test_the_extract_is_recorded_and_tells_of_the_one_before(run: Run, served: Installation) -> None:
    happened(served, exchange)
    taken = "tog fram ett sådant här utdrag"
    assert [[row["Vad"] for row in rows(run, served)].count(taken) for _ in range(3)] == [0, 1, 2]
    assert rows(run, served, number=OTHER) == []


def test_the_page_stands_alone_and_names_no_code(run: Run, served: Installation) -> None:
    happened(served, exchange)
    ran = run(*served.options, "audit", "extract", given=TOLVAN)
    assert ran.code == 0
    assert "<h1>Utdrag ur loggen</h1>" in ran.out
    assert "19121212-1212" in ran.out
    assert not re.search(r"<script|<link|<img|src=|href=|url\(", ran.out)
    assert not re.search(r"AuditEvent|CarePlan|110106|no-consent|TREAT|urn:oid|1-[A-Za-z0-9_-]{32}", ran.out)


@pytest.mark.parametrize("how", ["--person-file", "-"])
def test_the_number_comes_by_file_or_standard_input(
    run: Run, served: Installation, tmp_path: Path, how: str
) -> None:
    happened(served, exchange)
    (tmp_path / "person").write_text("19121212-1212\n", encoding="utf-8")
    file = "-" if how == "-" else str(tmp_path / "person")
    page = tmp_path / "utdrag.html"
    asked = ("audit", "extract", "--person-file", file, "--output", str(page))
    ran = run(*served.options, *asked, given=TOLVAN if how == "-" else "")
    assert (ran.code, ran.out) == (0, "")
    assert (stat.S_IMODE(page.stat().st_mode), KOMMUN in page.read_text(encoding="utf-8")) == (0o600, True)


def test_a_file_that_others_could_read_is_the_owners_before_it_holds_anything(
    run: Run, served: Installation, tmp_path: Path
) -> None:
    page = tmp_path / "utdrag.html"
    page.write_text("x" * 100_000, encoding="utf-8")
    page.chmod(0o644)
    ran = run(*served.options, "audit", "extract", "--output", str(page), given=TOLVAN)
    assert (ran.code, stat.S_IMODE(page.stat().st_mode)) == (0, 0o600)
    assert page.read_text(encoding="utf-8").rstrip().endswith("</html>")


@pytest.mark.parametrize("number", ["", "191212121213", "Tolvan", "SE2321000016-E0901"])
def test_what_is_no_number_is_a_usage_error_that_does_not_repeat_it(
    run: Run, served: Installation, number: str
) -> None:
    ran = run(*served.options, "audit", "extract", given=f"{number}\n")
    assert ran.code == 2
    assert not number or number not in ran.out + ran.err


def test_a_number_as_argument_is_a_usage_error(run: Run, served: Installation) -> None:
    assert run(*served.options, "audit", "extract", "any").code == 2


@pytest.mark.parametrize(
    ("text", "shown"), [("=cmd", "'=cmd"), ("A,=cmd", "A,'=cmd"), ("A; @x", "A;' @x"), ("A-1, b", "A-1, b")]
)
def test_a_cell_is_never_a_formula(text: str, shown: str) -> None:
    entry = Entry(datetime(2026, 1, 1, tzinfo=UTC), text, "x")
    [_, row] = csv.reader(io.StringIO(as_csv([entry])), delimiter=";")
    assert row[1:3] == [shown, "x"]
