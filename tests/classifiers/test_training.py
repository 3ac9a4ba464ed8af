"""Training: a folder of files that an assessor loads, the same from the same ads, each part beside the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classifiers import Assessor, Text
from classifiers.evaluation.labelled import read_corpus
from classifiers.training import FILES, train

if TYPE_CHECKING:
    from pathlib import Path


def test_what_is_trained_is_loaded_and_held_out_ads_teach_nothing(tmp_path: Path) -> None:
    ads = [ad for ad in read_corpus() if ad.language == "de"][:120]
    kept = [ad for ad in ads if ad.split != "held"]
    assert len(kept) < len(ads)
    told: list[str] = []
    for name, chosen in (("all", ads), ("kept", kept)):
        (tmp_path / name).mkdir()
        train(chosen, tmp_path / name, tell=told.append)
    assert told == [*FILES, *FILES]
    assert all((tmp_path / "all" / file).read_bytes() == (tmp_path / "kept" / file).read_bytes() for file in FILES)
    own, shipped = Assessor.load(trained=tmp_path / "all"), Assessor.load()
    assert own.versions["model"] != shipped.versions["model"]
    assert own.versions["lexicon"] == shipped.versions["lexicon"]
    [found] = own.assess([Text(title="Walther P99 Pistole 9mm", description="Nur gegen WBK.")])
    assert found.item_class == "firearm_handgun"
