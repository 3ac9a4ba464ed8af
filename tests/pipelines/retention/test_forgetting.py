"""Listings forgotten on request and let go by age; what is held or gathered stays, and the log says what went."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from command_line import PERSON, answer, tracemark

from pipelines.cli import main
from pipelines.errors import BadInput
from pipelines.retention.holds import Held, lift_hold, place_hold, reason_to_keep_seller, reasons_to_keep
from pipelines.retention.policy import apply_limits, find_due
from pipelines.settings import Retention
from pipelines.store.custody import broken_at
from pipelines.store.database import Database
from pipelines.store.tables import (
    captures,
    case_sellers,
    cases,
    custody,
    decisions,
    journal,
    listings,
    marketplace_requests,
    metadata,
    request_listings,
    sellers,
)
from pipelines.warc.reader import iterate

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PAGE = """<!doctype html><html lang="en"><head><title>{title}</title></head><body><h1>{title}</h1><p class="price">$80
</p><p>{text}</p><p>Seller: <a href="/user/{seller}">{seller}</a></p></body></html>"""


def _ad(number: str, seller: str, **more: str) -> dict[str, str]:
    return {"id": number, "title": f"Thing {number}", "description": f"words-of-{number}", "seller": seller, **more}


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with five listings of a feed, two saved pages, a case with one of them and a hold on another."""
    folder = tmp_path_factory.mktemp("forget")
    assert tracemark("init", "room", *PERSON, cwd=folder).returncode == 0
    ads = [_ad("1", "ann"), _ad("2", "ann"), _ad("3", "ben"), _ad("4", "cleo"), _ad("5", "dan")]
    (folder / "feed.jsonl").write_text("".join(json.dumps(ad) + "\n" for ad in ads))
    assert tracemark("import", "feed.jsonl", "--site", "market", "--workspace", "room", cwd=folder).returncode == 0
    for number, seller in ((8, "eva"), (9, "fay")):
        page = PAGE.format(title=f"Oak chair {number}", text=f"words-of-{number} and more of them", seller=seller)
        (folder / f"{number}.html").write_text(page)
        url = f"https://market.example/item/{number}"
        done = tracemark("import", f"{number}.html", "--site", "saved", "--url", url, "--workspace", "room", cwd=folder)
        assert done.returncode == 0, done.stderr
    answer("assess", "--workspace", "room", cwd=folder)
    answer("case", "create", "A matter", "--reference", "M-1", "--workspace", "room", cwd=folder)
    answer("case", "add", "M-1", "market/3", "--workspace", "room", cwd=folder)
    answer("hold", "add", "market/4", "--reason", "Order 7/2026", "--workspace", "room", cwd=folder)
    return folder


def _lines(folder: Path) -> dict[str, dict[str, Any]]:
    done = tracemark("export", "listings", "--workspace", "room", cwd=folder)
    return {one["title"]: one for one in map(json.loads, done.stdout.splitlines())}


def _vault(folder: Path) -> bytes:
    files = [path.read_bytes() for path in sorted((folder / "room" / "vault").rglob("*")) if path.is_file()]
    return b"".join(gzip.decompress(one) if one.startswith(b"\x1f\x8b") else one for one in files)


def test_a_forgotten_listing_leaves_a_row_of_the_log_and_nothing_else(room: Path) -> None:
    saved = next(one["id"] for one in _lines(room).values() if one["title"] == "Oak chair 8")
    assert b"words-of-8" in _vault(room)
    for named, words in ((f"saved/{saved}", b"words-of-8"), ("market/1", b"words-of-1")):
        gone = answer("forget", named, "--reason", "Request 12/2026", "--workspace", "room", cwd=room)
        assert gone["deleted"]["listings"] == 1
        assert gone["deleted"]["captures"] == 1
        assert gone["kept"] == []
        assert words not in _vault(room), "the bytes are overwritten"
    assert {"Thing 1", "Oak chair 8"}.isdisjoint(_lines(room))
    assert {"Thing 2", "Oak chair 9"} <= _lines(room).keys()
    assert answer("search", '"Thing 1" OR "Oak chair 8"', "--workspace", "room", cwd=room)["total"] == 0
    assert answer("search", '"Thing 2" OR "Oak chair 9"', "--workspace", "room", cwd=room)["total"] == 2
    for path in (room / "room" / "vault").rglob("*.warc.gz"):
        assert list(iterate(path)), "every file is whole to its end"
    answer("reindex", "--workspace", "room", cwd=room)
    assert answer("search", "words-of-1 OR words-of-8", "--workspace", "room", cwd=room)["total"] == 0
    database = Database.open(f"sqlite:///{room / 'room' / 'tracemark.db'}")
    with database.read() as connection:
        assert broken_at(connection) is None
        told = connection.execute(sa.select(custody).where(custody.c.action == "delete")).mappings().all()
        for table in metadata.sorted_tables:
            if table.name not in ("custody", "journal", "frontier"):
                text = str([tuple(row) for row in connection.execute(sa.select(table))])
                assert "words-of-1'" not in text, table.name
                assert "words-of-8" not in text, table.name
    database.close()
    assert [row["subject"] for row in told] == ["seller:saved/eva", f"saved/{saved}", "market/1"], "ann has another"
    assert all(row["detail"]["reason"] == "Request 12/2026" for row in told)
    assert len(told[1]["detail"]["payloads_sha256"]) == 1


def test_what_is_gathered_or_held_stays_and_says_why(room: Path) -> None:
    for named, why in (("market/3", "it is in case M-1"), ("market/4", "it is under hold 1: Order 7/2026")):
        stays = answer("forget", named, "--reason", "Request", "--workspace", "room", cwd=room, code=4)
        assert stays == {
            "deleted": {"listings": 0, "sellers": 0, "captures": 0},
            "kept": [{"subject": named, "reason": why}],
        }
    assert {"Thing 3", "Thing 4"} <= _lines(room).keys()


def test_a_seller_is_forgotten_with_every_listing_once_no_hold_is_left(room: Path) -> None:
    answer("hold", "add", "--seller", "market/dan", "--reason", "Order 8", "--workspace", "room", cwd=room)
    first = answer("forget", "--seller", "market/dan", "--reason", "R", "--workspace", "room", cwd=room, code=4)
    assert first["kept"] == [
        {"subject": "market/5", "reason": "its seller is under hold 2: Order 8"},
        {"subject": "seller market/dan", "reason": "the seller is under hold 2: Order 8"},
    ]
    answer("hold", "lift", "2", "--reason", "withdrawn", "--workspace", "room", cwd=room)
    done = answer("forget", "--seller", "market/dan", "--reason", "R", "--workspace", "room", cwd=room)
    assert done["deleted"] == {"listings": 1, "sellers": 1, "captures": 1}
    left = tracemark("export", "sellers", "--workspace", "room", cwd=room).stdout
    assert '"dan"' not in left
    held = answer("hold", "list", "--all", "--workspace", "room", cwd=room)
    assert [(one["id"], one["lifted"] is None) for one in held] == [(1, True), (2, False)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("forget", "--reason", "R"), "name a listing"),
        (("forget", "market/none", "--reason", "R"), "no listing"),
        (("forget", "--seller", "market/none", "--reason", "R"), "no seller"),
        (("forget", "market/2", "--reason", " "), "needs a reason"),
        (("hold", "add", "market/2", "--reason", " "), "needs a reason"),
        (("hold", "lift", "99", "--reason", "R"), "no hold 99 is in force"),
    ],
)
def test_a_slip_is_told(room: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--workspace", str(room / "room")])
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


@pytest.fixture
def aged(store_url: str) -> Database:
    """Four listings, a hundred days old: decided not relevant, decided relevant, held, and neither."""
    database = Database.open(store_url)
    seen = NOW - timedelta(days=100)
    with database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO sites (name, source, added) VALUES ('m', 'crawl', '2026-01-01 00:00:00')"
        )
        connection.exec_driver_sql(
            "INSERT INTO runs (id, site, kind, started, status, authority, expected, found, unseen) "
            "VALUES ('r', 'm', 'crawl', '2026-01-01 00:00:00', 'done', '{}', '{}', '{}', '{}')"
        )
        rows = [
            {"site": "m", "native_id": name, "status": "active", "first_seen": seen, "last_seen": seen}
            for name in ("no", "yes", "held", "plain")
        ]
        connection.execute(sa.insert(listings), rows)
        verdicts = [
            {"listing": row, "at": seen, "actor": "p", "decision": word, "reason": "r"}
            for row, word in ((1, "relevant"), (1, "not_relevant"), (2, "not_relevant"), (2, "relevant"))
        ]
        connection.execute(sa.insert(decisions), verdicts)
        shown = [(f"c{row}", row, None) for row in range(1, 5)] + [("list", None, None), ("again", None, "list")]
        pages = [
            {
                "id": name,
                "site": "m",
                "run": "r",
                "method": "http",
                "kind": "detail",
                "file": "f.warc.gz",
                "offset": 0,
                "length": 400,
                "payload_sha256": name,
                "listing": row,
                "revisit_of": repeats,
                "at": NOW if name == "again" else seen,
            }
            for name, row, repeats in shown
        ]
        connection.execute(sa.insert(captures), pages)
        place_hold(connection, Held.LISTING, "m", "held", reason="Order 1", actor="p", now=NOW)
    return database


def test_ages_go_by_the_kind_of_listing_and_the_last_decision(aged: Database) -> None:
    limits = Retention(ordinary=90, dismissed=30, relevant=200, flagged=1, pages=50)
    with aged.read() as connection:
        due = find_due(connection, limits, NOW)
    assert due.listings == {"dismissed": [1], "ordinary": [4]}
    assert due.kept == {"it is under hold 1: Order 1": 1}
    assert due.pages == [], "a list that a later capture repeats stays with it"
    erased = apply_limits(aged, limits, actor="p", now=NOW)
    assert (erased.listings, erased.captures) == (2, 2)
    with aged.read() as connection:
        assert list(connection.scalars(sa.select(listings.c.native_id).order_by(listings.c.id))) == ["yes", "held"]
        gone = sa.select(journal.c.deleted).where(journal.c.deleted.is_not(None)).order_by(journal.c.sequence)
        assert list(connection.scalars(gone)) == ["m/no", "m/plain"]
        assert broken_at(connection) is None
    later = NOW + timedelta(days=60)
    erased = apply_limits(aged, Retention(pages=50), actor="p", now=later)
    assert erased.captures == 2, "the list and what repeats it go together"
    aged.close()


def test_without_an_age_everything_stays(aged: Database) -> None:
    with aged.read() as connection:
        due = find_due(connection, Retention(), NOW + timedelta(days=9999))
    assert (due.listings, due.pages) == ({}, [])
    aged.close()


def test_a_seller_in_a_case_stays_even_without_a_listing(aged: Database) -> None:
    with aged.write() as connection:
        row = {"site": "m", "native_id": "ann", "first_seen": NOW, "last_seen": NOW}
        seller = connection.execute(sa.insert(sellers).values(row).returning(sellers.c.id)).scalar_one()
        assert reason_to_keep_seller(connection, seller) is None
        matter = {"reference": "M-2", "name": "n", "state": "open", "owner": "p", "created": NOW, "changed": NOW}
        case = connection.execute(sa.insert(cases).values(matter).returning(cases.c.id)).scalar_one()
        connection.execute(sa.insert(case_sellers).values(case=case, seller=seller, at=NOW, actor="p"))
        assert reason_to_keep_seller(connection, seller) == "the seller is in case M-2"
        request = {"reference": "R-1", "kind": "takedown", "site": "m", "made": NOW, "actor": "p", "form": {}}
        made = sa.insert(marketplace_requests).values(request).returning(marketplace_requests.c.id)
        asked = connection.execute(made).scalar_one()
        connection.execute(sa.insert(request_listings).values(request=asked, listing=4))
        assert reasons_to_keep(connection, [4]) == {4: "it is in request R-1"}
    aged.close()


def test_a_hold_is_lifted_once(aged: Database) -> None:
    with aged.write() as connection:
        assert reasons_to_keep(connection, [3, 4]) == {3: "it is under hold 1: Order 1"}
        lift_hold(connection, 1, reason="withdrawn", actor="p", now=NOW)
        assert reasons_to_keep(connection, [3]) == {}
        with pytest.raises(BadInput, match="no hold 1 is in force"):
            lift_hold(connection, 1, reason="again", actor="p", now=NOW)
    aged.close()
