"""Sellers assessed in a real store: only those whose listings changed, and as on any day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from seller_samples import BOILERPLATE, OWN_WORDS, START, piece

from pipelines.intake import Arrival, Intake
from pipelines.models import Capture, CaptureMethod, ListingContent, PageKind, SellerRef, StoredBytes
from pipelines.sellers import desk, templates
from pipelines.sellers.desk import assess_sellers
from pipelines.sellers.export import item_lines, seller_lines
from pipelines.sellers.rules import SellerRules
from pipelines.sellers.templates import Templates
from pipelines.store.assessing import AssessmentRecord, keep_assessments, read_waiting
from pipelines.store.database import Database
from pipelines.store.lines import all_rows, listing_records
from pipelines.store.runs import Run, SiteRecord, record_site, start_run
from pipelines.store.tables import item_listings, items, journal, seller_assessments, sellers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

IDS = count(1)
RULES = SellerRules.shipped()
MODELS = (("Glock", "19"), ("Taurus", "G2C"), ("Smith & Wesson", "SD9"))


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    opened = Database.open(store_url)
    with opened.write() as connection:
        for site in ("market", "other"):
            record_site(connection, SiteRecord(name=site, source="crawl"), START)
            start_run(connection, Run(id=site, site=site, started=START))
    yield opened
    opened.close()


def see(
    database: Database,
    native_id: str,
    day: float,
    *,
    seller: str | None = "s1",
    text: str = "",
    site: str = "market",
    posted: str | None = None,
) -> None:
    number = next(IDS)
    at = START + timedelta(days=day)
    capture = Capture(
        id=f"{number:032x}",
        site=site,
        run=site,
        url=None,
        method=CaptureMethod.HTTP,
        at=at,
        http_status=200,
        content_type=None,
        stored=StoredBytes(file="f", offset=number, length=1, payload_sha256="0" * 64),
        kind=PageKind.DETAIL,
    )
    content = ListingContent(
        id=native_id,
        url=None,
        title=f"Listing {native_id}",
        description=text or f"words of {native_id} alone",
        posted=posted,
        seller=None if seller is None else SellerRef(id=seller, name=seller.upper()),
    )
    Intake(database, "Example Unit").take([Arrival(capture=capture, listing=content)], committed={"f": 1})


def body(signals: Sequence[tuple[str, float]] = (), review: str = "none", queue: str | None = None) -> dict[str, Any]:
    found = [
        {"name": name, "polarity": "for" if weight >= 0 else "against", "weight": weight} for name, weight in signals
    ]
    return {"class": "firearm_handgun", "signals": found, "review": review, "queue": queue}


def assess(database: Database, *, made_by: str = "m.r.l", **more: Any) -> None:
    """Give every listing that waits an assessment made by hand: one pistol each, of three makes in turn."""
    with database.write() as connection:
        waiting = read_waiting(connection, made_by, after=0, most=1000)
        records = []
        for one in waiting:
            make, model = MODELS[one.row % 3]
            record = AssessmentRecord(
                version=one.version,
                made_by=made_by,
                at=START,
                body=body(**more),
                items=[piece(model, make=make)],
                derivation={},
                vector=None,
            )
            records.append((one.row, record))
        keep_assessments(connection, records)


def sellers_assessed(database: Database) -> int:
    return assess_sellers(database, now=lambda: datetime(2026, 11, 1, tzinfo=UTC), rules=RULES).assessed


def reviews(database: Database) -> list[str | None]:
    with database.read() as connection:
        return [record.seller_review for record in listing_records(connection, all_rows(connection))]


def rows(database: Database, table: sa.Table) -> list[dict[str, Any]]:
    with database.read() as connection:
        return [dict(row) for row in connection.execute(sa.select(table)).mappings()]


def bulk(database: Database, number: int = 11, *, seller: str = "s1", **more: Any) -> None:
    for at in range(number):
        text = f"{OWN_WORDS[(at // 3 + 2 * at) % 6]} {seller} {at} {BOILERPLATE}"
        see(database, f"{seller}-{at}", at * 3.8, seller=seller, text=text, **more)


def test_only_sellers_whose_listings_changed_are_assessed(database: Database) -> None:
    for seller in ("s1", "s2", "s3"):
        see(database, f"{seller}-a", 0, seller=seller)
        see(database, f"{seller}-b", 9, seller=seller)
    see(database, "nameless", 0, seller=None)
    assert sellers_assessed(database) == 0
    assess(database)
    assert sellers_assessed(database) == 3
    assert sellers_assessed(database) == 0
    see(database, "s2-c", 10, seller="s2")
    assert sellers_assessed(database) == 0  # its new listing waits for its own assessment
    assess(database)
    assert sellers_assessed(database) == 1
    assert sellers_assessed(database) == 0


def test_a_seller_whose_level_changes_renews_its_listings_for_the_index_and_no_more(database: Database) -> None:
    bulk(database)
    see(database, "quiet", 0, seller="s2")
    assess(database, signals=[("new_in_box", 0.3)])
    before = len(rows(database, journal))
    assert sellers_assessed(database) == 2
    assert [one["listing"] for one in rows(database, journal)[before:]] == list(range(1, 12))
    assert reviews(database) == ["review"] * 11 + ["none"]
    assert sellers_assessed(database) == 0


def test_more_sellers_than_one_transaction_takes(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "_BATCH", 2)
    for number in range(7):
        see(database, f"{number}", 0, seller=f"s{number}")
    assess(database)
    assert sellers_assessed(database) == 7
    assert sellers_assessed(database) == 0
    assert len(rows(database, seller_assessments)) == len(rows(database, items)) == 7


def test_other_rules_assess_everyone_again(database: Database) -> None:
    see(database, "a", 0)
    assess(database)
    assert sellers_assessed(database) == 1
    assert rows(database, seller_assessments)[0]["rules"] == RULES.sha256
    with database.write() as connection:
        connection.execute(sa.update(seller_assessments).values(rules="another"))
    assert sellers_assessed(database) == 1


def test_another_model_assesses_everyone_again(database: Database) -> None:
    see(database, "a", 0)
    assess(database)
    sellers_assessed(database)
    assess(database, made_by="n.r.l", signals=[("removed_marks", 3.5)], review="review")
    assert sellers_assessed(database) == 1
    assert reviews(database) == ["review"]


def test_an_estate_is_looked_at_again_when_it_has_gone_quiet(database: Database) -> None:
    for number in range(9):
        see(database, f"{number}", number, text=f"{OWN_WORDS[number % 6]} {number}")
    with database.write() as connection:
        records = []
        for one in read_waiting(connection, "m.r.l", after=0, most=100):
            stated = piece(f"m{one.row}", make=f"Maker {one.row}", long=True)
            made = body([("estate_or_collection", -1.0)])
            record = AssessmentRecord(
                version=one.version, made_by="m.r.l", at=START, body=made, items=[stated], derivation={}, vector=None
            )
            records.append((one.row, record))
        keep_assessments(connection, records)
    assert sellers_assessed(database) == 1
    assert reviews(database)[0] == "idle"
    see(database, "elsewhere", 90, seller="s9", site="other")
    assert sellers_assessed(database) == 0  # another site's days say nothing about this one's
    see(database, "here", 20, seller="s2")
    assert sellers_assessed(database) == 1
    assert reviews(database)[0] == "none"
    assert sellers_assessed(database) == 0


def test_an_account_that_lost_its_only_listing_has_no_items_left(database: Database) -> None:
    see(database, "a", 0, seller="s1")
    assess(database)
    sellers_assessed(database)
    see(database, "a", 1, seller="s2")
    assess(database)
    assert sellers_assessed(database) == 2
    assert sellers_assessed(database) == 0
    lines = {line["id"]: line for line in seller_lines(database, None)}
    assert lines["s1"]["windows"] == []
    assert lines["s2"]["windows"][0]["firearms"] == 1
    assert len(rows(database, item_listings)) == 1


def test_the_sites_own_dates_spread_what_a_first_visit_finds_on_one_day(database: Database) -> None:
    for number in range(12):
        posted = (START - timedelta(days=60 * number)).date().isoformat()
        see(database, f"{number}", 0, text=f"{OWN_WORDS[number % 6]} {number}", posted=posted)
    assess(database)
    sellers_assessed(database)
    [line] = seller_lines(database, None)
    month = next(window for window in line["windows"] if window["days"] == 30)
    assert month["firearms"] == 1
    assert line["review"] == "none"


def test_storefronts_that_send_nothing_are_not_counted(database: Database) -> None:
    bulk(database)
    assess(database, queue="scam_storefront")
    sellers_assessed(database)
    [line] = seller_lines(database, None)
    assert (line["windows"], line["review"]) == ([], "none")


def test_exports_as_they_stand_and_as_on_a_day(database: Database) -> None:
    bulk(database)
    see(database, "nameless", 3, seller=None)
    see(database, "late", 40, seller="s2")
    assess(database, signals=[("new_in_box", 0.3)])
    sellers_assessed(database)
    [now, _late] = seller_lines(database, None)
    assert (now["id"], now["review"], now["windows"][-1]["firearms"]) == ("s1", "review", 11)
    [then] = seller_lines(database, date(2026, 1, 12))
    assert (then["id"], then["review"], then["windows"][-1]["firearms"]) == ("s1", "none", 3)
    assert then["last_seen"] <= "2026-01-13"
    assert list(seller_lines(database, date(2025, 1, 1))) == []
    assert list(seller_lines(database, date(2030, 1, 1))) == list(seller_lines(database, None))
    ids = {item["id"] for item in item_lines(database, None)}
    assert len(ids) == 13
    assert ids == {item["id"] for item in item_lines(database, date(2030, 1, 1))}
    assert len(list(item_lines(database, date(2026, 1, 12)))) == 4
    assert {one for window in now["windows"] for one in window["items"]} <= ids


def test_a_seller_without_an_assessment_has_a_line_too(database: Database) -> None:
    see(database, "a", 0)
    [line] = seller_lines(database, None)
    assert (line["review"], line["windows"], line["signals"]) == ("none", [], [])


def test_an_item_keeps_its_id_when_more_is_offered(database: Database) -> None:
    bulk(database, 3)
    assess(database)
    sellers_assessed(database)
    before = {item["id"] for item in item_lines(database, None)}
    bulk(database, 6)
    assess(database)
    sellers_assessed(database)
    assert before < {item["id"] for item in item_lines(database, None)}


@pytest.mark.parametrize("bound", ["_KEPT_BANDS", "_KEPT_SKETCHES"])
def test_who_shows_a_text_is_the_same_however_little_is_kept_at_hand(
    database: Database, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    for number in range(21):
        see(database, f"a{number}", number, seller=f"s{number % 7}", text=f"{OWN_WORDS[number % 3]} {BOILERPLATE}")
    assess(database)
    sellers_assessed(database)
    with database.read() as connection:
        rows = list(connection.scalars(sa.select(sellers.c.id)))
        at_once = Templates(connection).count_sharers(rows)
        monkeypatch.setattr(templates, bound, 1)
        one_by_one: dict[int, frozenset[int]] = {}
        little = Templates(connection)
        for row in rows:
            one_by_one |= little.count_sharers([row])
    assert len(at_once) == 21
    assert all(len(found) == 7 for found in at_once.values())
    assert one_by_one == at_once


def test_marks_of_a_few_sellers_are_not_sought_among_everybodys(tmp_path: Path) -> None:
    """SQLite's planner chooses by the indexes alone: with the wrong ones the work grows with the square of sellers."""
    database = Database.open(f"sqlite:///{tmp_path / 'store.db'}")
    plans: dict[str, str] = {}

    def note(connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT") and "seller_marks" in statement and "seller IN" in statement:
            told = connection.connection.dbapi_connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans[statement] = " | ".join(row[3] for row in told)

    sa.event.listen(database.engine, "before_cursor_execute", note)
    with database.write() as connection:
        for site in ("market", "other"):
            record_site(connection, SiteRecord(name=site, source="crawl"), START)
            start_run(connection, Run(id=site, site=site, started=START))
    for number in range(12):
        see(database, f"a{number}", number, seller=f"s{number % 6}", text=OWN_WORDS[0])
    assess(database)
    sellers_assessed(database)
    database.close()
    assert len(plans) >= 4
    assert [plan for plan in plans.values() if "(seller=?)" not in plan] == []
