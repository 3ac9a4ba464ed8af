"""What arrivals make of listings, sellers and the journal, in a real store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.content import content_from_json, content_sha256, content_to_json, storable_content
from pipelines.history import Histories
from pipelines.intake import Arrival, Intake
from pipelines.models import (
    Capture,
    CaptureMethod,
    Contact,
    ListingContent,
    ListingStatus,
    PageKind,
    Price,
    Provenance,
    SellerRef,
    StoredBytes,
)
from pipelines.store.custody import broken_at
from pipelines.store.database import Database
from pipelines.store.lines import rows_of
from pipelines.store.runs import Run, SiteRecord, record_site, start_run
from pipelines.store.tables import journal, listings, seller_assessments, sellers, status_changes, versions

if TYPE_CHECKING:
    from collections.abc import Iterator

START = datetime(2026, 3, 1, tzinfo=UTC)
IDS = count(1)


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    opened = Database.open(store_url)
    with opened.write() as connection:
        record_site(connection, SiteRecord(name="a", source="crawl"), START)
        start_run(connection, Run(id="r", site="a", started=START))
    yield opened
    opened.close()


def arrival(
    native_id: str = "1",
    *,
    day: int = 0,
    title: str = "Thing",
    ended: tuple[str, ListingStatus] | None = None,
    **more: Any,
) -> Arrival:
    number = next(IDS)
    capture = Capture(
        id=f"{number:032x}",
        site="a",
        run="r",
        url=f"https://a.example/{native_id}",
        method=CaptureMethod.HTTP,
        at=START + timedelta(days=day),
        http_status=200,
        content_type="text/html",
        stored=StoredBytes(file="a/r.warc.gz", offset=number, length=1, payload_sha256="0" * 64),
        kind=PageKind.DETAIL,
    )
    listing = None if ended else ListingContent(id=native_id, url=capture.url, title=title, **more)
    return Arrival(capture=capture, listing=listing, ended=ended)


def take(database: Database, *arrivals: Arrival) -> dict[str, int]:
    report = Intake(database, "Example Unit").take(arrivals, committed={"a/r.warc.gz": 1})
    return {name: getattr(report, name) for name in ("new", "changed", "unchanged", "ended") if getattr(report, name)}


def rows(database: Database, table: sa.Table) -> list[dict[str, Any]]:
    with database.read() as connection:
        return [dict(row) for row in connection.execute(sa.select(table)).mappings()]


def test_a_listing_seen_again_is_a_version_only_where_it_differs(database: Database) -> None:
    assert take(database, arrival()) == {"new": 1}
    assert take(database, arrival(day=1)) == {"unchanged": 1}
    assert take(database, arrival(day=2, title="Thing, cheaper")) == {"changed": 1}
    assert take(database, arrival(day=3)) == {"changed": 1}
    assert [one["content"]["title"] for one in rows(database, versions)] == ["Thing", "Thing, cheaper", "Thing"]
    [listing] = rows(database, listings)
    assert (listing["first_seen"], listing["last_seen"]) == (START, START + timedelta(days=3))
    assert listing["version"] == rows(database, versions)[-1]["id"]


def test_the_journal_names_what_changed_and_nothing_else(database: Database) -> None:
    take(database, arrival("1"), arrival("2"))
    take(database, arrival("1"), arrival("2", title="Another"))
    assert [one["listing"] for one in rows(database, journal)] == [1, 2, 2]
    take(database, arrival("1", day=1))
    assert [one["listing"] for one in rows(database, journal)] == [1, 2, 2, 1]


def test_an_end_is_told_once_and_a_return_is_told(database: Database) -> None:
    take(database, arrival())
    gone = ("1", ListingStatus.GONE)
    assert take(database, arrival(day=1, ended=gone)) == {"ended": 1}
    assert take(database, arrival(day=2, ended=gone)) == {}
    assert take(database, arrival(day=3, ended=("unknown", ListingStatus.GONE))) == {}
    assert take(database, arrival(day=4)) == {"unchanged": 1}
    assert [one["status"] for one in rows(database, status_changes)] == ["active", "gone", "active"]
    assert rows(database, listings)[0]["status"] == "active"


def test_more_places_than_one_statement_takes(database: Database) -> None:
    take(database, arrival("39999"))
    places = [("a", str(number)) for number in range(40_000)]
    with database.read() as connection:
        histories = Histories.load(connection, places)
        known = rows_of(connection, places)
    assert list(histories.states) == list(known) == [("a", "39999")]


def test_what_no_store_keeps_is_shown_for_what_it_was(database: Database) -> None:
    take(
        database,
        arrival(
            title="a\x00\ud800b",
            attributes={"k\ud800": "\x00"},
            quantity=2**70,
            seller=SellerRef(id="s\x00", name="\udfff"),
            contacts=(Contact(kind="phone", value="1", field="title", start=3, end=4),),
        ),
    )
    [version] = rows(database, versions)
    assert version["content"]["title"] == "a\ufffd\ufffdb"
    assert version["content"]["attributes"] == {"k\ufffd": "\ufffd"}
    assert rows(database, sellers)[0]["native_id"] == "s\ufffd"
    with database.read() as connection:
        assert broken_at(connection) is None


@pytest.mark.parametrize("amount", ["1E+999999999", "NaN", "-Infinity", "1E-999999999"])
def test_a_price_that_is_no_amount_is_kept_as_stated(database: Database, amount: str) -> None:
    take(database, arrival(price=Price(amount=Decimal(amount), currency="USD")))
    content = rows(database, versions)[0]["content"]
    assert (content["price"], content["attributes"]) == (None, {"price": amount})


def test_an_account_with_a_new_name_renews_all_its_listings(database: Database) -> None:
    old, new = SellerRef(id="s", name="Old", joined="2020"), SellerRef(id="s", name="New")
    take(database, arrival("1", seller=old), arrival("2", seller=old), arrival("3"))
    take(database, arrival("2", seller=new, day=1))
    assert {one["listing"] for one in rows(database, journal)[3:]} == {1, 2}
    [seller] = rows(database, sellers)
    assert (seller["name"], seller["joined"]) == ("New", "2020")
    assert (seller["first_seen"], seller["last_seen"]) == (START, START + timedelta(days=1))


def test_an_account_that_loses_a_listing_is_to_be_assessed_again(database: Database) -> None:
    take(database, arrival("1", seller=SellerRef(id="s")))
    with database.write() as connection:
        kept = {"seller": 1, "at": START, "sequence": 9, "review": "none", "body": {}, "rules": ""}
        connection.execute(sa.insert(seller_assessments).values(kept))
    take(database, arrival("1", day=1, seller=SellerRef(id="t")))
    assert rows(database, seller_assessments)[0]["sequence"] == 0


TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
MAYBE = st.none() | TEXTS
CONTENTS = st.builds(
    ListingContent,
    id=TEXTS,
    url=MAYBE,
    title=TEXTS,
    description=TEXTS,
    price=st.none()
    | st.builds(
        Price,
        amount=st.decimals(allow_nan=False, allow_infinity=False, min_value=0),
        currency=st.sampled_from(["USD", None]),
    ),
    quantity=st.none() | st.integers(),
    condition=MAYBE,
    category=st.lists(TEXTS, max_size=3).map(tuple),
    attributes=st.dictionaries(TEXTS, TEXTS, max_size=3),
    seller=st.none()
    | st.builds(SellerRef, id=TEXTS, name=MAYBE, url=MAYBE, joined=MAYBE, licence=MAYBE, profile=MAYBE),
    contacts=st.lists(
        st.builds(Contact, kind=TEXTS, value=TEXTS, field=TEXTS, start=st.integers(0), end=st.integers(0)), max_size=2
    ).map(tuple),
    location=MAYBE,
    country=MAYBE,
    shipping=MAYBE,
    posted=MAYBE,
    updated=MAYBE,
    images=st.lists(TEXTS, max_size=2).map(tuple),
    status=st.sampled_from(ListingStatus),
    provenance=st.dictionaries(TEXTS, st.builds(Provenance, source=TEXTS, detail=TEXTS), max_size=2),
)


@settings(max_examples=200, deadline=None)
@given(CONTENTS)
def test_content_comes_back_equal_from_json(content: ListingContent) -> None:
    clean = storable_content(content)
    assert storable_content(clean) is clean
    back = content_from_json(content_to_json(clean))
    assert back == clean
    assert content_sha256(back) == content_sha256(clean)
    assert content_to_json(back) == content_to_json(clean)


@pytest.mark.parametrize("same", ["650", "650.0", "650.000", "6.5E+2", "0650"])
def test_one_amount_is_one_content(same: str) -> None:
    contents = [
        ListingContent(id="1", url=None, title="x", price=Price(amount=Decimal(text), currency="USD"))
        for text in ("650", same)
    ]
    assert len({content_sha256(content) for content in contents}) == 1


def test_what_does_not_make_a_new_version() -> None:
    def sha256(**more: Any) -> str:
        return content_sha256(ListingContent(id="1", url=None, title="x", **more))

    plain = sha256(seller=SellerRef(id="s", name="S"))
    assert sha256(seller=SellerRef(id="s", name="S", joined="2020", profile="hello")) == plain
    assert sha256(seller=SellerRef(id="s", name="S"), posted="2 hours ago", updated="now") == plain
    assert sha256(seller=SellerRef(id="s", name="S"), provenance={"title": Provenance(source="label")}) == plain
    assert sha256(seller=SellerRef(id="s", name="T")) != plain
    assert sha256(seller=SellerRef(id="s", name="S"), description="more") != plain
