"""Lexicons are validated when loaded: every mistake is named with its file."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from classifiers.catalogue import load_catalogue
from classifiers.lexicon import FOLDER, LANGUAGES, VOID, load_lexicon
from classifiers.values import LexiconError

if TYPE_CHECKING:
    from pathlib import Path

LEXICON = load_lexicon()
CATALOGUE = load_catalogue()


def test_every_pattern_names_a_signal_of_the_catalogue() -> None:
    assert {pattern.signal for pattern in LEXICON.patterns} <= {*CATALOGUE.file.signals, VOID}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_wording_for_the_signals_that_wording_can_show(language: str) -> None:
    worded = {pattern.signal for pattern in LEXICON.patterns if pattern.language == language}
    assert {
        "no_check_offered",
        "removed_marks",
        "no_serial",
        "ffl_transfer",
        "check_or_permit_required",
        "bulk_quantity",
    } <= worded
    assert len(worded) >= 55


def test_every_file_says_where_its_words_come_from() -> None:
    for name, source, day in LEXICON.sources:
        assert source, name
        assert day.startswith("20")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("language: en\n", "language: en\nextra: 1\n"), "en.yaml: extra"),
        (('date: "2026-11-21"', 'date: "soon"'), "en.yaml: date"),
        (("<no> <check>", "<no> <nonsense>"), "nonsense"),
        (("sets:\n", "sets:\n  broken: 'a(b'\n"), "unbalanced"),
        (("sets:\n", "sets:\n  self: '<self>'\n"), "refers to itself"),
        (("sets:\n", "sets:\n\t- x\n"), "en.yaml"),
        (("void: |\n", "void: |\n  [nonsense] a b\n"), "no such signals: nonsense"),
    ],
)
def test_a_lexicon_with_a_mistake_is_refused_with_its_place(
    tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    folder = tmp_path / "lexicons"
    shutil.copytree(FOLDER, folder)
    text = (folder / "en.yaml").read_text(encoding="utf-8")
    assert change[0] in text
    (folder / "en.yaml").write_text(text.replace(*change, 1), encoding="utf-8")
    with pytest.raises(LexiconError, match=message):
        load_lexicon(folder)


def test_a_void_pattern_may_silence_one_signal_only(tmp_path: Path) -> None:
    folder = tmp_path / "lexicons"
    shutil.copytree(FOLDER, folder)
    text = (folder / "en.yaml").read_text(encoding="utf-8")
    added = text.replace("void: |\n", "void: |\n  [dealer urgency] gone by noon\n", 1)
    (folder / "en.yaml").write_text(added, encoding="utf-8")
    narrowed = [pattern for pattern in load_lexicon(folder).patterns if pattern.silences]
    assert {"dealer", "urgency"} in [set(pattern.silences) for pattern in narrowed if pattern.language == "en"]


def test_a_changed_word_changes_the_content_hash(tmp_path: Path) -> None:
    folder = tmp_path / "lexicons"
    shutil.copytree(FOLDER, folder)
    path = folder / "de.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "# a note\n", encoding="utf-8")
    assert load_lexicon(folder).content_hash != LEXICON.content_hash
