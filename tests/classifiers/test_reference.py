"""The signal reference is the data: the page in docs is what the command writes today."""

from __future__ import annotations

from pathlib import Path

from classifiers.catalogue import load_catalogue
from classifiers.lexicon import load_lexicon
from classifiers.packs import load_packs
from classifiers.reference import write_reference

PAGE = Path(__file__).parents[2] / "docs" / "signals.md"


def test_the_page_in_docs_is_up_to_date_and_names_every_signal_and_hook() -> None:
    catalogue = load_catalogue()
    packs = load_packs(catalogue)
    page = write_reference(catalogue, load_lexicon(), packs, packs.latest_check)
    assert PAGE.read_text(encoding="utf-8") == page, "run: python -m classifiers.reference > docs/signals.md"
    for name in catalogue.file.signals:
        assert f"| `{name}` |" in page
    for pack in packs.files.values():
        for hook in pack.hooks:
            assert hook.id in page


def test_the_page_accuses_nobody() -> None:
    words = PAGE.read_text(encoding="utf-8").casefold()
    assert "trafficker" not in words
    assert "criminal" not in words
    assert "illegal seller" not in words
