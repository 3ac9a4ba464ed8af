"""Watching one contact, one item, one listing: the forms that people type, and what the store says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import BadInput
from pipelines.index.contacts import contact_forms, contact_values
from pipelines.index.items import with_items
from pipelines.index.opening import open_index
from pipelines.index.parser import parse
from pipelines.index.port import Search
from pipelines.index.query import Or, QueryError, Word

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipelines.index.document import IndexDocument

ITEMS = {"a1": ("alpha/One",), "b2": ("alpha/One", "beta/TWO two")}


def look_up(item: str) -> tuple[str, ...]:
    return ITEMS.get(item, ())


@pytest.mark.parametrize(
    ("typed", "held"),
    [
        ("+1 202-555-0147", "+12025550147"),
        ("(202) 555-0147", "+12025550147"),
        ("2025550147", "+12025550147"),
        ("0151 23456789", "+4915123456789"),
        ("+4915123456789", "+4915123456789"),
    ],
)
def test_a_phone_is_found_however_it_is_typed(typed: str, held: str) -> None:
    assert set(contact_forms(typed)) & set(contact_values([{"kind": "phone", "value": held}]))


def test_a_handle_is_found_with_and_without_its_sign() -> None:
    held = contact_values([{"kind": "messenger", "value": "Quiet_Fox"}])
    assert set(contact_forms("@quiet_fox")) & set(held)
    assert set(contact_forms("QUIET_FOX")) & set(held)
    assert not set(contact_forms("quiet")) & set(held)


def test_another_number_is_not_found() -> None:
    held = contact_values([{"kind": "phone", "value": "+12025550147"}, {"kind": "phone", "value": "555"}])
    for typed in ("+12025550148", "025550147", "12345"):
        assert not set(contact_forms(typed)) & set(held)


@given(st.text(max_size=40), st.sampled_from(["phone", "email", "messenger"]))
def test_every_contact_is_found_as_it_was_read(value: str, kind: str) -> None:
    held = contact_values([{"kind": kind, "value": value}])
    assert not held or set(contact_forms(value)) & set(held)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("item:a1", 'listing:"alpha/One"'),
        ("glock -item:b2", 'glock -listing:("alpha/One" OR "beta/TWO two")'),
        ("(item:a1 OR ruger) price:<5", '(listing:"alpha/One" OR ruger) price:<5'),
        ("NOT item:(NOT a1)", 'NOT listing:(NOT "alpha/One")'),
        ("glock site:alpha", "glock site:alpha"),
    ],
)
def test_an_item_is_its_listings(query: str, expected: str) -> None:
    assert with_items(parse(query), look_up) == parse(expected)


@pytest.mark.parametrize(("query", "at"), [("glock item:zz", 11), ("item:a*", 5)])
def test_an_item_that_is_not_there_is_pointed_at(query: str, at: int) -> None:
    with pytest.raises(QueryError) as caught:
        with_items(parse(query), look_up)
    assert caught.value.start == at


@pytest.mark.parametrize("engine", ["tantivy", "elasticsearch"])
def test_an_item_is_searched_as_the_store_has_it(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path, document: Callable[..., IndexDocument]
) -> None:
    url = request.getfixturevalue("elasticsearch_url") if engine == "elasticsearch" else None
    made = [document(1), document(2, site="x-site", id="AbC"), document(3)]
    book = {"one": (made[0].key, made[1].key)}
    with open_index(tmp_path, url, "items") as index:
        index.upsert(made)
        found = index.search(Search(query=with_items(parse("item:one"), lambda item: book.get(item, ()))))
        assert {hit.key for hit in found.hits} == set(book["one"])
        for query, total in (("listing:x-site/AbC", 1), ("listing:x-site/abc", 0), ("listing:x-site/*", 1)):
            assert index.search(Search(query=parse(query))).total == total
        many = tuple(f"x-site/{number}" for number in range(9_000))
        crowd = with_items(parse("item:one OR glock"), lambda _: (*many, made[0].key))
        assert index.search(Search(query=crowd)).total >= 1
        with pytest.raises(QueryError, match="looked up in the store"):
            index.search(Search(query=parse("glock item:one")))


def test_a_question_that_the_server_does_not_take_is_the_questions_fault(
    elasticsearch_url: str, tmp_path: Path, document: Callable[..., IndexDocument]
) -> None:
    words = Or(children=tuple(Word(text=f"word{number}") for number in range(9_000)))
    with open_index(tmp_path, elasticsearch_url, "asked") as index:
        index.upsert([document(1)])
        with pytest.raises(BadInput, match="refused") as caught:
            index.search(Search(query=words))
        assert "fewer" in str(caught.value.hint)
