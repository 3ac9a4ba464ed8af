"""The first look: what is plainly something else is let go, whatever names a weapon or sounds like one is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers import Assessor, LexiconError, Text
from classifiers.first_stage import BITS, SEGMENT, cut_segments, find_grams, load_first_stage, write_first_stage
from classifiers.first_stage_training import fit_first_stage
from classifiers.folding import Folder

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = (
    ("Garden hose, 20 m", "With reel. Pick up on Sunday, cash."),
    ("Sandália feminina 37", "Usada duas vezes, retirar no local."),
    ("Gartenbank aus Teakholz", "Wetterfest, nur Abholung."),
    ("Детский самокат", "Почти новый, самовывоз."),
    ("电饭煲 3升", "九成新，自提"),
)
STOCK = "Oak table, six chairs, pick up only. " * 60


def _let_go(assessor: Assessor, texts: list[Text]) -> list[bool]:
    return [one.derivation["evidence"][0][2].startswith("nothing speaks") for one in assessor.assess(texts)]


def test_plain_goods_are_let_go_and_say_by_what_number(assessor: Assessor) -> None:
    texts = [Text(title=title, description=description) for title, description in PLAIN]
    assert sum(_let_go(assessor, texts)) >= len(PLAIN) - 2
    let_go = next(one for one in assessor.assess(texts) if "nothing speaks" in one.derivation["evidence"][0][2])
    assert (let_go.item_class, let_go.review, let_go.signals, let_go.abstained) == ("other", "none", (), None)
    assert str(load_first_stage().file.least) in let_go.derivation["evidence"][0][2]


@pytest.mark.parametrize(
    "text",
    [
        Text(title="Glock 19"),
        Text(title="Table", description=STOCK + "And a Remington 870."),
        Text(title="Things", category="Handguns"),
        Text(title="gl0ck for trade"),
        Text(title="Пистолет ТТ, без номера"),
        Text(title="без номера, от кузнеца, без бумаг"),
    ],
)
def test_what_may_be_about_a_weapon_is_read_closely(assessor: Assessor, text: Text) -> None:
    assert _let_go(assessor, [text]) == [False]


def test_a_text_scores_alone_as_in_a_batch_and_a_long_one_as_its_loudest_segment() -> None:
    model, folder = load_first_stage(), Folder()
    texts = ["Glock 19 pistol", "", "sofa", "枪", STOCK, STOCK + "pistol revolver rifle ammunition"]
    together = model.score(texts, folder)
    assert together.tolist() == [model.score([text], folder)[0] for text in texts]
    assert together[5] > together[4]


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_every_gram_belongs_to_its_own_segment(texts: list[str]) -> None:
    segments, owners = cut_segments(texts)
    assert sorted(set(owners)) == list(range(len(texts)))
    assert all(len(segment) <= SEGMENT + 2 for segment in segments)
    buckets, starts = find_grams(segments)
    ends = [*starts[1:].tolist(), len(buckets)]
    for segment, start, end in zip(segments, starts.tolist(), ends, strict=True):
        alone, _ = find_grams([segment])
        assert sorted(buckets[start:end].tolist()) == sorted(alone.tolist())


def test_the_shipped_model_keeps_what_the_bar_asks() -> None:
    measured = load_first_stage().file.measured
    assert measured["related_kept"] >= 0.995
    assert measured["related"] > 500


def test_too_few_ads_leave_the_shipped_model_and_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "first_stage.npz"
    assert fit_first_stage([], path).content_hash == load_first_stage().content_hash
    write_first_stage(path, load_first_stage().file, np.zeros(3, np.int16), np.zeros(3, np.int16))
    with pytest.raises(LexiconError, match=f"first_stage.npz: not {1 << BITS}"):
        load_first_stage(path)
    path.write_bytes(b"")
    with pytest.raises(LexiconError, match=r"first_stage\.npz"):
        load_first_stage(path)
