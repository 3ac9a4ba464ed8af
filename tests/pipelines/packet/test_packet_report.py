from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from lxml import html
from packet_samples import URL

from pipelines.packet.pieces import mark_words
from pipelines.packet.report import write_report
from pipelines.packet.tracing import COLUMNS, guard_cell, trace_items, write_csv
from pipelines.packet.urlkey import make_url_key

if TYPE_CHECKING:
    from pipelines.packet.dossier import Dossier

BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f"


def parse(report: bytes) -> html.HtmlElement:
    return html.fromstring(report.decode())


def test_hostile_text_is_inert_in_the_report(dossier: Dossier) -> None:
    report = write_report(dossier)
    page = parse(report)
    assert (
        page.xpath(
            "//script | //a | //img | //iframe | //form | //link | //object | //*[@*[starts-with(name(), 'on')]]"
        )
        == []
    )
    assert "default-src 'none'" in page.xpath("string(//meta[@http-equiv]/@content)")
    assert not set(BIDI) & set(report.decode())
    assert "[U+202E]" in report.decode()
    assert "<script>alert(1)</script>" in page.text_content()
    # Everything from outside stands in an element that isolates its direction.
    for node in page.xpath("//*[contains(text(), 'пистолет')]"):
        assert node.xpath("ancestor-or-self::bdi[@dir='auto']")


def test_the_report_shows_what_was_seen_and_what_was_not(dossier: Dossier) -> None:
    text = parse(write_report(dossier)).text_content()
    assert "Seen 4 times" in text
    assert "no check is wanted" in text
    assert "a transfer by a dealer is stated" in text
    assert "The listing states no posted." in text
    assert "Items whose serial is not stated: 1." in text
    assert "robots" in text
    assert "It does not show that the site served them" in text
    assert "a lead for a person, not a finding" in text
    page = parse(write_report(dossier))
    assert page.xpath("string(//p[@class='text']//mark[@class='for'])") == "no check needed"
    assert page.xpath("string(//p[@class='text']//mark[@class='against'])") == "FFL"


def test_a_bare_listing_has_a_report_too(dossier: Dossier) -> None:
    bare = evolve(
        dossier, listing={"site": "market", "id": "17"}, assessment=None, seller=None, captures=(), versions=(),
        runs=(), reviews=(),
    )  # fmt: skip
    text = parse(write_report(bare)).text_content()
    for words in ("has not been assessed", "no decision is recorded: needs review", "No history of a seller"):
        assert words in text


def test_a_screenshot_that_was_not_taken_is_said(dossier: Dossier) -> None:
    captures = tuple(evolve(capture, screenshot=None) for capture in dossier.captures)
    assert b"No screenshot was taken" in write_report(evolve(dossier, captures=captures))
    assert b"No screenshot was taken" not in write_report(dossier)


@given(text=st.text(), spans=st.lists(st.tuples(st.integers(-5, 60), st.integers(-5, 60), st.booleans()), max_size=5))
def test_marking_keeps_every_character_and_never_makes_markup(text: str, spans: list[tuple[int, int, bool]]) -> None:
    signals = [
        {"field": "title", "start": start, "end": end, "weight": -1.0 if against else 1.0}
        for start, end, against in spans
    ]
    pieces = mark_words(text, signals, "title")
    shown = "".join(piece["text"] for piece in pieces)
    assert shown == "".join(piece["text"] for piece in mark_words(text, [], "title"))
    assert not set(BIDI) & set(shown)
    assert {piece["kind"] for piece in mark_words(text, signals, "description")} <= {"plain", "hidden"}
    clear = "".join(char for char in text if char.isascii() and char.isprintable())
    assert "".join(piece["text"] for piece in mark_words(clear, signals, "title")) == clear


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\n=1",
        " =1",
        "\u200b=1",
        "\ufeff=1",
        "\u202e=1",
        "＝1",
        "|x",
        "%x",
        "\x00=1",
    ],
)
def test_no_cell_is_a_formula(cell: str) -> None:
    assert guard_cell(cell).startswith("'")


@given(st.text())
def test_cells_stay_on_one_line_and_keep_harmless_text(text: str) -> None:
    cell = guard_cell(text)
    assert not set("\r\n\x00") & set(cell)
    assert cell[:1] not in set("=+-@|%＝＋－＠")
    if text.isalnum() and text.isascii():
        assert cell == text


def test_the_tracing_form_shows_gaps(dossier: Dossier) -> None:
    [row] = trace_items(dossier)
    assert (row["make"], row["model"], row["serial"]) == ("=1+1", "P-17", None)
    assert row["gaps"] == ["calibre", "serial", "country_of_manufacture", "country_of_import"]
    table = list(csv.reader(io.StringIO(write_csv([row]).decode("utf-8-sig"))))
    assert tuple(table[0]) == COLUMNS
    assert dict(zip(COLUMNS, table[1], strict=True))["make"] == "'=1+1"
    assert trace_items(evolve(dossier, listing={**dossier.listing, "items": None})) == []


@pytest.mark.parametrize(
    ("url", "key"),
    [
        (URL, "com,example,market)/l/17"),
        ("http://WWW2.Example.COM:80/A/?b=2&a=1", "com,example)/a?a=1&b=2"),
        ("https://example.com:8443", "com,example:8443)/"),
        ("urn:view:x Y", "urn:view:x%20y"),
        ("http://[broken", "http://[broken"),
    ],
)
def test_variants_of_an_address_have_one_key(url: str, key: str) -> None:
    assert make_url_key(url) == key
