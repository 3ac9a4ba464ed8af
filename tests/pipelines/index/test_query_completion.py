"""What a query being typed may go on with, on both engines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.index.completion import Completion, complete
from pipelines.index.opening import open_index
from pipelines.index.parser import parse
from pipelines.index.port import Search

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipelines.index.document import IndexDocument
    from pipelines.index.port import Index


@pytest.fixture(scope="module", params=["tantivy", "elasticsearch"])
def index(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, document: Callable[..., IndexDocument]
) -> Iterator[Index]:
    url = request.getfixturevalue("elasticsearch_url") if request.param == "elasticsearch" else None
    with open_index(tmp_path_factory.mktemp("completion"), url, "completion") as opened:
        opened.upsert([document(number) for number in range(60)])
        yield opened


def texts(found: tuple[Completion, ...]) -> list[str]:
    return [one.text for one in found]


def test_field_names_are_offered_with_what_they_mean(index: Index) -> None:
    assert texts(complete(index, "glock se")) == ["seller:", "seen:"]
    assert texts(complete(index, "glock -PRI")) == ["price:"]
    assert complete(index, "(pri")[0] == Completion(start=1, end=4, text="price:", meaning="amount as stated")
    assert texts(complete(index, "")) == []
    assert texts(complete(index, "glock ")) == []


def test_values_are_offered_as_they_must_be_typed(index: Index) -> None:
    assert texts(complete(index, "status:s")) == ["sold"]
    assert texts(complete(index, "review:")) == ["none", "idle", "review"]
    assert texts(complete(index, "make:CES")) == ['"Česká zbrojovka"']
    assert texts(complete(index, 'glock make:"sig s')) == ['"Sig Sauer"']
    assert texts(complete(index, "price:2")) == []
    assert texts(complete(index, "nofield:x")) == []
    assert texts(complete(index, '"a phrase with make:gl')) == []


def test_every_value_offered_finds_as_many_as_it_says(index: Index) -> None:
    for name in ("site", "signal", "make", "calibre", "country", "state", "contact", "seller", "location", "band"):
        typed = f"glock OR -{name}:"
        offered = complete(index, typed, limit=50)
        assert offered
        for one in offered:
            query = typed[: one.start].removeprefix("glock OR -") + one.text
            total = index.search(Search(query=parse(query), limit=0)).total
            assert total == one.count or one.count is None, query


def test_it_goes_on_where_the_cursor_stands(index: Index) -> None:
    (one,) = complete(index, "make:glo status:sold", 8)
    assert (one.start, one.end, one.text) == (5, 8, "Glock")


class Nothing:
    """An index that suggests a value with everything awkward in it."""

    def suggest(self, prefix: str, field: str, limit: int = 10) -> tuple[()]:
        return ()


@given(st.text(alphabet='ab:"() -makesiteč', max_size=25), st.integers(-3, 30))
def test_any_text_is_read_without_harm(text: str, at: int) -> None:
    for one in complete(Nothing(), text, at):  # type: ignore[arg-type] -- the one verb that is used
        assert 0 <= one.start <= one.end <= len(text)
