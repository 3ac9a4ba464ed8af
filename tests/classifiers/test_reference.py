"""The signal reference says what the data says."""

from __future__ import annotations

from classifiers.catalogue import load_catalogue
from classifiers.packs import load_packs
from classifiers.reference import PAGE, write_reference


def test_the_page_is_current() -> None:
    catalogue = load_catalogue()
    page = write_reference(catalogue, load_packs(catalogue))
    assert PAGE.read_text(encoding="utf-8") == page
    assert all(f"`{name}`" in page for name in catalogue.file.signals)
