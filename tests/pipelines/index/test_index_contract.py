"""What every engine must do: the same suite for tantivy and for a real Elasticsearch."""

from __future__ import annotations

import json
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pipelines.errors import BadInput, NotPermitted
from pipelines.index.document import IndexDocument
from pipelines.index.opening import open_index
from pipelines.index.parser import parse
from pipelines.index.port import Histogram, Index, Interval, Results, Search, Sort, results_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Make = Callable[..., IndexDocument]
    Open = Callable[..., Index]

ENGINES = ("tantivy", "elasticsearch")
NAMES = count()
CORPUS = 300


@pytest.fixture(params=ENGINES)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens the same new index as often as asked."""
    url = request.getfixturevalue("elasticsearch_url") if request.param == "elasticsearch" else None
    name = f"contract{next(NAMES)}"
    handles: list[Index] = []

    def open_again(*, read_only: bool = False) -> Index:
        handles.append(open_index(tmp_path, url, name, read_only=read_only))
        return handles[-1]

    yield open_again
    for handle in handles:
        handle.close()


@pytest.fixture
def index(opened: Open) -> Index:
    return opened()


@pytest.fixture(scope="module")
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, document: Make
) -> Iterator[dict[str, Index]]:
    """Both engines with the same varied documents; some written twice, some deleted."""
    url = request.getfixturevalue("elasticsearch_url")
    folder = tmp_path_factory.mktemp("filled")
    indexes = {"tantivy": open_index(folder, None, "filled"), "elasticsearch": open_index(folder, url, "filled")}
    for one in indexes.values():
        documents = [document(number, with_vector=number % 3 != 0) for number in range(CORPUS + 20)]
        assert one.upsert(documents).done == CORPUS + 20
        assert one.upsert(documents[:40]).done == 40
        assert one.delete([(made.key, made.sequence) for made in documents[CORPUS:]]).done == 20
    yield indexes
    for one in indexes.values():
        one.close()


def ask(index: Index, query: str = "", **options: Any) -> Results:
    return index.search(Search(query=parse(query), **options))


def keys(results: Results) -> list[str]:
    return [hit.key for hit in results.hits]


def read_all(index: Index, query: str, limit: int, **options: Any) -> list[str]:
    found: list[str] = []
    cursor = None
    while True:
        page = ask(index, query, limit=limit, cursor=cursor, **options)
        found += keys(page)
        cursor = page.cursor
        if cursor is None:
            return found


# -- the same answers

QUERIES = (
    "",
    "glock",
    "glock 19",
    "pistols",
    "pistolas",
    "munições",
    "municoes",
    "déclaré",
    "gewehr",
    "пистолет",
    "елочный",
    "مسدس",
    "手枪",
    "枪",
    "手枪 glock",
    "全新手枪",
    "zurich",
    "ceska",
    '"background check"',
    '"no background check needed"',
    '"sin papeles"',
    "gloc*",
    "glok~1",
    "belreta~2",
    "glock -airsoft",
    "-airsoft -scope",
    "glock OR ruger",
    "(glock OR ruger) -signal:cash_only",
    "NOT (glock OR ruger)",
    "title:pistola",
    "description:(papeles OR licencié)",
    "title:pis*",
    "site:alpha",
    "SITE:ALPHA",
    "site:alp*",
    "signal:bulk_quantity",
    "signal:bulk*",
    "signal:bulk_quantty~1",
    "class:firearm_handgun",
    'make:"smith & wesson"',
    "make:wesson",
    "make:česká",
    "model:92fs",
    "10/22",
    "calibre:.45",
    'seller:"john d3"',
    "seller:u3",
    "account:alpha/u3",
    "-account:beta/U4 account:(beta/u5 OR gamma/u6)",
    "collector",
    "status:(sold OR gone)",
    "review:review",
    "decision:none",
    "decision:relevant",
    "country:us",
    "language:de",
    "location:texas",
    "price:200..400",
    "price:<250",
    "price:<=250",
    "price:>800",
    "price:250",
    "-price:>0",
    "posted:>=2026-01-01",
    "posted:2025-11",
    "posted:<2025-10-01",
    "first:2026-01",
    "first:>=2026-05-01",
    "seen:2026-01-15",
    "seen:>2026-05-01",
    "seen:2026-01..2026-02",
    "glock price:<500 posted:>=2026-01-01 -airsoft",
    "price:(<100 OR >1000) site:beta",
    "contact:+12025550003",
    'contact:"(202) 555-0003"',
    "contact:1202555*",
    "score:>=0.7",
    "score:0.15",
    "band:0.8-1.0",
    "state:us-tx",
    "state:de",
    "listing:alpha/a1*",
    "nothinglikeit",
    "https://example.com/nowhere",
)


@pytest.mark.parametrize("query", QUERIES)
def test_both_engines_find_the_same_in_the_same_order(filled: dict[str, Index], query: str) -> None:
    ours, theirs = (
        ask(one, query, limit=500, facets=("site", "signal", "review", "make", "seller", "decision", "band", "state"))
        for one in (filled["tantivy"], filled["elasticsearch"])
    )
    assert ours.total == theirs.total == len(ours.hits)
    assert set(keys(ours)) == set(keys(theirs))
    assert kendall_tau(keys(ours)[:20], keys(theirs)) >= 0.9
    assert ours.facets == theirs.facets
    by_key = {hit.key: hit for hit in theirs.hits}
    for hit in ours.hits:
        assert hit.highlights == by_key[hit.key].highlights
        assert hit.line == by_key[hit.key].line


def kendall_tau(order: list[str], other: list[str]) -> float:
    """Agreement of two orders over the keys of the first: 1 the same, -1 reversed."""
    place = {key: at for at, key in enumerate(other)}
    pairs = [(first, second) for at, first in enumerate(order) for second in order[at + 1 :]]
    if not pairs:
        return 1.0
    agreeing = sum(1 if place.get(first, 10**6) < place.get(second, 10**6) else -1 for first, second in pairs)
    return agreeing / len(pairs)


def test_the_queries_are_not_all_empty(filled: dict[str, Index]) -> None:
    empty = [query for query in QUERIES if ask(filled["tantivy"], query).total == 0]
    assert empty == ["nothinglikeit", "https://example.com/nowhere"]


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize("query", ["", "glock", "gloc*", "site:alpha"])
def test_pages_by_cursor_give_every_hit_once_in_the_same_order(
    filled: dict[str, Index], sort: Sort, query: str
) -> None:
    ours = read_all(filled["tantivy"], query, 37, sort=sort)
    theirs = read_all(filled["elasticsearch"], query, 37, sort=sort)
    assert len(ours) == len(set(ours)) == ask(filled["tantivy"], query).total
    assert ours == theirs or kendall_tau(ours, theirs) > 0.99
    assert ours == keys(ask(filled["tantivy"], query, sort=sort, limit=500))


def test_ties_larger_than_a_page_are_read_through(filled: dict[str, Index]) -> None:
    for one in filled.values():
        found = read_all(one, "gloc*", 2)
        assert len(found) == len(set(found)) == ask(one, "gloc*").total


def test_a_sort_by_price_is_sorted_and_ends_with_what_has_none(filled: dict[str, Index]) -> None:
    for one in filled.values():
        for sort, falling in ((Sort.PRICE_LOW, False), (Sort.PRICE_HIGH, True)):
            prices = [hit.line["price"] and hit.line["price"]["amount"] for hit in ask(one, sort=sort, limit=500).hits]
            known = [price for price in prices if price is not None]
            assert known == sorted(known, reverse=falling)
            assert None not in prices[: len(known)]


@pytest.mark.parametrize(
    "histogram",
    [Histogram(name=name, interval=interval) for name in ("posted", "first", "seen") for interval in Interval]
    + [Histogram(name="price", width=250.0)],
    ids=lambda asked: f"{asked.name}-{asked.interval}",
)
def test_histograms_agree_and_add_up(filled: dict[str, Index], histogram: Histogram) -> None:
    ours, theirs = (ask(one, "glock site:alpha", histograms=(histogram,), facets=("site",)) for one in filled.values())
    assert ours.histograms == theirs.histograms
    counted = ask(
        filled["tantivy"], f"glock site:alpha {'price' if histogram.name == 'price' else histogram.name}:>0001"
    )
    if histogram.name == "price":
        assert sum(bar.count for bar in ours.histograms["price"]) == counted.total
    assert ours.histograms[histogram.name]


def test_a_week_begins_on_monday(index: Index, document: Make) -> None:
    index.upsert([document(1, posted="2026-03-04"), document(2, posted="2026-03-08"), document(3, posted="2026-03-09")])
    bars = ask(index, histograms=(Histogram(name="posted", interval=Interval.WEEK),)).histograms["posted"]
    assert [(bar.start, bar.count) for bar in bars] == [("2026-03-02", 2), ("2026-03-09", 1)]


def test_dear_things_have_bars_of_their_own(index: Index, document: Make) -> None:
    amounts = (0, 99.99, 100, 12_345_678.5)
    index.upsert([document(n, price={"amount": amount, "currency": "EUR"}) for n, amount in enumerate(amounts)])
    bars = ask(index, histograms=(Histogram(name="price", width=100),)).histograms["price"]
    assert [(bar.start, bar.count) for bar in bars] == [("0", 2), ("100", 1), ("12345600", 1)]


def test_facets_count_under_the_other_filters(filled: dict[str, Index]) -> None:
    for one in filled.values():
        free = ask(one, "glock", facets=("site", "status"))
        chosen = ask(one, "glock site:alpha", facets=("site", "status"))
        assert chosen.facets["site"] == free.facets["site"]
        assert sum(count.count for count in chosen.facets["status"]) == chosen.total < free.total
        both = ask(one, "glock site:alpha status:sold", facets=("site", "status"))
        assert both.facets["status"] == chosen.facets["status"]


def test_meaning_is_the_same_on_both(filled: dict[str, Index], document: Make) -> None:
    wanted = document(7, with_vector=True)
    assert wanted.vector is not None
    for query in ("", "glock", "site:alpha", "glock site:alpha", "-airsoft price:<500"):
        ours, theirs = (ask(one, query, vector=wanted.vector, limit=50) for one in filled.values())
        assert keys(ours) == keys(theirs)
        assert ours.hits
    alone = [ask(one, vector=wanted.vector) for one in filled.values()]
    assert [found.hits[0].key for found in alone] == [wanted.key, wanted.key]


def test_hits_by_meaning_obey_the_conditions_and_go_on_by_cursor(filled: dict[str, Index], document: Make) -> None:
    vector = document(7, with_vector=True).vector
    for one in filled.values():
        found = read_all(one, "glock site:alpha", 7, vector=vector)
        assert len(found) == len(set(found))
        assert all(key.startswith("alpha/") for key in found)
        assert set(read_all(one, "glock site:alpha", 50)) <= set(found)


def test_more_like_a_listing_leaves_it_out(filled: dict[str, Index], document: Make) -> None:
    for number in (7, 9):  # with a vector, and without
        key = document(number).key
        ours, theirs = (keys(ask(one, more_like=key, limit=10)) for one in filled.values())
        assert ours
        assert key not in ours
        assert set(ours) == set(theirs)


def test_suggestions_are_the_most_frequent_first(filled: dict[str, Index]) -> None:
    ours, theirs = (one.suggest("s", "make") for one in filled.values())
    assert ours == theirs
    assert {count.value for count in ours} == {"Sig Sauer", "Smith & Wesson"}
    assert [one.suggest("CESKA", "make")[0].value for one in filled.values()] == ["Česká zbrojovka"] * 2
    assert [count.value for count in filled["tantivy"].suggest("bulk", "signal")] == ["bulk_quantity"]


def test_what_is_new_since_a_sequence(filled: dict[str, Index]) -> None:
    for one in filled.values():
        found = ask(one, since=250, sort=Sort.SEQUENCE, limit=500)
        assert [hit.line["id"] for hit in found.hits] == [f"a{number}" for number in range(250, CORPUS)]


def test_what_cannot_be_asked_is_refused(filled: dict[str, Index]) -> None:
    other = ask(filled["tantivy"], "glock", limit=5).cursor
    for one in filled.values():
        with pytest.raises(BadInput, match="another search"):
            ask(one, "ruger", cursor=other)
        with pytest.raises(BadInput, match="cannot be read"):
            ask(one, "glock", cursor="§")
        with pytest.raises(BadInput, match="not in the index"):
            ask(one, more_like="alpha/missing")
        with pytest.raises(BadInput, match="no suggestions"):
            one.suggest("a", "description")
    with pytest.raises(BadInput, match="no such facet"):
        Search(facets=("colour",))
    with pytest.raises(BadInput, match="1000 hits"):
        Search(limit=1001)


# -- one engine at a time


def test_a_new_index_is_empty_and_answers(index: Index) -> None:
    found = ask(index, "glock", facets=("site",), histograms=(Histogram(name="seen"),))
    assert (found.total, found.hits, found.facets, found.cursor) == (0, (), {"site": ()}, None)
    assert (index.count(), index.position(), index.suggest("a", "site")) == (0, 0, ())
    assert ask(index, vector=np.ones(384, np.float32)).hits == ()


def test_a_later_version_takes_the_place_of_an_earlier_one_and_never_the_reverse(index: Index, document: Make) -> None:
    index.upsert([document(1, 10, title="ten")])
    index.upsert([document(1, 12, title="twelve")])
    assert index.upsert([document(1, 11, title="eleven")]).done == 1
    assert (index.count(), ask(index, "eleven").total, ask(index, "twelve").total) == (1, 0, 1)
    index.upsert([document(1, 12, title="twelve again")])
    assert ask(index, "again").total == 1


def test_the_last_of_a_batch_with_one_key_twice_is_the_latest(index: Index, document: Make) -> None:
    report = index.upsert([document(1, 5, title="five"), document(1, 7, title="seven"), document(1, 6, title="six")])
    assert (report.done, report.failed, index.count(), ask(index, "seven").total) == (3, (), 1, 1)


def test_a_deleted_document_stays_deleted_for_late_writes(index: Index, document: Make) -> None:
    index.upsert([document(1, 10), document(2, 11)])
    key = document(1).key
    index.delete([(key, 9)])
    assert index.count() == 2
    index.delete([(key, 12), ("alpha/never-there", 13)])
    index.upsert([document(1, 11)])
    assert keys(ask(index)) == [document(2).key]
    index.upsert([document(1, 14)])
    assert index.count() == 2


def test_bad_documents_are_told_apart_and_the_rest_goes_in(index: Index, document: Make) -> None:
    good = document(1)
    bad = [
        IndexDocument(key="alpha/x", sequence=1, line={"site": "alpha"}),
        IndexDocument(key="alpha/wrong", sequence=1, line=good.line),
        IndexDocument(key=good.key, sequence=-1, line=good.line),
        IndexDocument(key=good.key, sequence=1, line=good.line, vector=np.ones(3, np.float32)),
        IndexDocument(key=good.key, sequence=1, line=good.line, vector=np.zeros(384, np.float32)),
        document(2, price={"amount": float("nan"), "currency": None}),
        document(3, title="\ud800"),
        document(4, last_seen="yesterday"),
    ]
    report = index.upsert([*bad, good])
    assert (report.done, len(report.failed)) == (1, len(bad))
    assert all(item.permanent and item.reason for item in report.failed)
    assert keys(ask(index)) == [good.key]


def test_the_line_comes_back_as_it_was(index: Index, document: Make) -> None:
    made = document(1, title="Ünïcode \u0000 枪 \U0001f52b", description="", location=None)
    index.upsert([made])
    (hit,) = ask(index).hits
    assert hit.line == made.line
    assert json.loads(json.dumps(results_json(ask(index))))["hits"][0]["title"] == made.line["title"]


def test_highlights_are_offsets_into_the_original(index: Index, document: Make) -> None:
    description = "Zwei Gewehre, g\u200block und ein Gewehr. Keine Papiere nötig! 出售手枪"
    index.upsert([document(1, title="x", description=description, assessment={"language": "de"})])
    for query, marked in (
        ("gewehr", ["Gewehre", "Gewehr"]),
        ("glock", ["g\u200block"]),
        ('"keine papiere"', ["Keine", "Papiere"]),
        ("notig", ["nötig"]),
        ("papi*", ["Papiere"]),
        ("papire~1", ["Papiere"]),
        ("手枪", ["手", "枪"]),
        ("枪", ["枪"]),
    ):
        (hit,) = ask(index, query).hits
        assert [description[span.start : span.end] for span in hit.highlights["description"]] == marked
        assert hit.snippet is not None
        assert hit.snippet.text == description[hit.snippet.start : hit.snippet.end]
    (hit,) = ask(index, "-airsoft").hits
    assert hit.highlights == {}


def test_hidden_spelling_is_found_and_marked(index: Index, document: Make) -> None:
    written = ("gl0ck 19", "G L O C K 19", "gl.ock", "Gl\u043e\u0441k", "glock 26", "g1ock mags", "clock and g19")
    documents = [
        document(number, title="x", description=text, items=[], assessment={"language": ("en", "zh")[number % 2]})
        for number, text in enumerate(written)
    ]
    index.upsert(documents)
    found = ask(index, "description:glock", limit=10)
    assert {hit.line["description"] for hit in found.hits} == set(written[:-1])
    for hit in found.hits:
        text = hit.line["description"]
        (span,) = hit.highlights["description"]
        assert text[span.start : span.end] == text.removesuffix(" 19").removesuffix(" 26").removesuffix(" mags")
    assert [hit.line["description"] for hit in ask(index, "gl0ck").hits] == ["gl0ck 19"]
    index.upsert([document(20, title="x", description="出售全新手槍", items=[])])
    assert (ask(index, "手枪").total, ask(index, "手槍").total) == (1, 1)


def test_the_level_shown_is_the_higher_of_listing_and_seller(index: Index, document: Make) -> None:
    levels = (("none", "review"), ("idle", "none"), ("review", None), (None, "idle"), (None, None))
    index.upsert(
        [
            document(number, assessment=of_listing and {"review": of_listing}, seller_review=of_seller)
            for number, (of_listing, of_seller) in enumerate(levels)
        ]
    )
    found = {level: ask(index, f"review:{level}").total for level in ("none", "idle", "review")}
    assert found == {"none": 0, "idle": 2, "review": 2}


def test_an_account_is_one_sellers_on_one_site(index: Index, document: Make) -> None:
    sellers = (("alpha", "u 1", "A"), ("alpha", "u2", "u 1"), ("beta", "u 1", "A"), ("alpha", "u 1 b", "A"))
    index.upsert(
        [
            document(number, site=site, seller={"id": identity, "name": name})
            for number, (site, identity, name) in enumerate(sellers)
        ]
    )
    assert keys(ask(index, 'account:"alpha/u 1"')) == ["alpha/a0"]
    with pytest.raises(BadInput, match="site, too"):
        ask(index, "account:u2")
    with pytest.raises(BadInput, match="as it stands"):
        ask(index, "account:alpha/u*")


def test_a_phrase_does_not_run_over_two_values(index: Index, document: Make) -> None:
    items = [{"make": "Sig", "class": "x"}, {"make": "Sauer", "class": "x"}]
    index.upsert([document(1, items=items, title="t", description="d")])
    assert ask(index, "make:sig make:sauer").total == 1
    assert ask(index, 'make:"sig sauer"').total == 0


def test_a_document_may_lose_its_vector(index: Index, document: Make) -> None:
    first, second = document(1, 1, with_vector=True), document(2, 2, with_vector=True)
    index.upsert([first, second])
    assert first.vector is not None
    assert set(keys(ask(index, vector=first.vector))) == {first.key, second.key}
    index.upsert([document(1, 3)])
    assert keys(ask(index, vector=first.vector)) == [second.key]
    index.delete([(second.key, 4)])
    assert keys(ask(index, vector=first.vector)) == []


def test_the_position_is_kept_with_the_index(opened: Open, document: Make) -> None:
    index = opened()
    index.upsert([document(1)])
    index.set_position(17)
    index.close()
    again = opened()
    assert (again.position(), again.count()) == (17, 1)


def test_a_rebuild_is_seen_only_when_it_is_swapped_in(opened: Open, document: Make) -> None:
    index, other = opened(), opened(read_only=True)
    index.upsert([document(1), document(2)])
    index.set_position(2)
    assert other.count() == 2
    making = index.rebuild()
    making.fresh.upsert([document(number) for number in range(5)])
    making.fresh.set_position(9)
    assert (index.count(), other.count(), index.position()) == (2, 2, 2)
    making.swap()
    assert (index.count(), other.count(), index.position()) == (5, 5, 9)
    assert ask(other).total == 5
    index.upsert([document(7)])
    assert (ask(other).total, len(keys(ask(index)))) == (6, 6)


def test_a_discarded_rebuild_leaves_nothing(index: Index, document: Make) -> None:
    index.upsert([document(1)])
    before = index.describe()
    making = index.rebuild()
    making.fresh.upsert([document(2)])
    making.discard()
    assert (index.count(), index.describe().generation) == (1, before.generation)
    making = index.rebuild()
    making.fresh.upsert([document(3)])
    making.swap()
    assert keys(ask(index)) == [document(3).key]


def test_what_is_open_for_reading_does_not_write(opened: Open, document: Make) -> None:
    reader = opened(read_only=True)
    for write in (lambda: reader.upsert([document(1)]), lambda: reader.set_position(1), reader.rebuild):
        with pytest.raises(NotPermitted):
            write()


def test_it_says_what_it_is(index: Index, document: Make) -> None:
    index.upsert([document(1, with_vector=True), document(2)])
    index.set_position(3)
    told = index.describe()
    assert (told.documents, told.vectors, told.position) == (2, 1, 3)
    assert told.engine.split()[0] in {"tantivy", "Elasticsearch"}
    assert told.size_bytes > 0
