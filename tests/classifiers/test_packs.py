"""Law as dated data: what counts where, since when, and what is shown but weighs nothing."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from classifiers import Assessor, LexiconError, Text
from classifiers.catalogue import load_catalogue
from classifiers.packs import load_packs, standing

if TYPE_CHECKING:
    from pathlib import Path

PACKS = load_packs(load_catalogue())
GERMAN = "Gut erhalten, zwei Magazine, Abholung in Kassel."


def names(assessor: Assessor, *, title: str, description: str, jurisdiction: str | None = None) -> dict[str, float]:
    [assessment] = assessor.assess([Text(title=title, description=description, jurisdiction=jurisdiction)])
    return {finding.name: finding.weight for finding in assessment.signals}


def test_nine_jurisdictions_and_every_hook_with_its_source() -> None:
    assert set(PACKS.files) == {"US", "DE", "FR", "GB", "ES", "MX", "BR", "CA", "CN", "ANY"}
    for pack in PACKS.files.values():
        for hook in pack.hooks:
            assert hook.source
            assert date.fromisoformat(hook.checked_on) == date(2026, 11, 21)


def test_a_hook_counts_only_while_in_force_and_freshly_checked() -> None:
    hooks = {hook.id: hook for hook in PACKS.files["US"].hooks}
    assert standing(hooks["US-932"], date(2026, 11, 21)) == ""
    assert standing(hooks["US-932"], date(2022, 1, 1)) == "not before 2022-06-25"
    assert standing(hooks["US-932"], date(2027, 3, 1)).startswith("last checked 2026-11-21")
    assert standing(hooks["US-478.13"], date(2026, 11, 21)) == "status: enjoined"
    assert standing(hooks["US-1715"], date(2026, 11, 21)) == "status: not_enforced"


def test_the_prescribed_statement_is_missed_only_where_it_is_prescribed(assessor: Assessor) -> None:
    pistol = {"title": "Pistole Glock 17", "description": GERMAN}
    assert names(assessor, **pistol, jurisdiction="DE")["mandatory_statement_missing"] > 0
    assert "mandatory_statement_missing" not in names(assessor, **pistol, jurisdiction="US")
    assert "mandatory_statement_missing" not in names(assessor, **pistol)
    air = {"title": "Luftgewehr Diana 31", "description": "Kaliber 4,5 mm, frei ab 18."}
    assert "mandatory_statement_missing" not in names(assessor, **air, jurisdiction="DE")


def test_a_stale_pack_weighs_nothing_and_is_shown() -> None:
    late = Assessor.load(as_of=date(2027, 6, 1))
    [assessment] = late.assess([Text(title="Pistole Glock 17", description=GERMAN, jurisdiction="DE")])
    [finding] = [one for one in assessment.signals if one.name == "mandatory_statement_missing"]
    assert finding.weight == 0
    assert finding.hooks == ("DE-35",)
    assert any(hook["id"] == "DE-35" and not hook["counts"] for hook in assessment.derivation["hooks"])


def test_the_jurisdiction_raises_what_language_never_does(assessor: Assessor) -> None:
    words = {"title": "Pistola Glock 17", "description": "Sin papeles, sin licencia."}
    assert (
        names(assessor, **words, jurisdiction="ES")["no_check_offered"] > names(assessor, **words)["no_check_offered"]
    )


def test_reserved_calibres_count_where_they_are_reserved(assessor: Assessor) -> None:
    words = {"title": "Pistola Glock 17 9mm", "description": "Buen estado."}
    assert "restricted_class" in names(assessor, **words, jurisdiction="MX")
    assert "restricted_class" not in names(assessor, **words, jurisdiction="US")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("signal: straw_purchase_offer", "signal: no_such_signal"), "unknown no_such_signal"),
        (("status: enjoined", "status: perhaps"), "status"),
        (('checked_on: "2026-11-21"', 'checked_on: "yesterday"'), "checked_on"),
        (("jurisdiction: US", "jurisdiction: XX"), "says XX"),
        (("id: US-932,", "id: US-922k,"), "is there twice"),
        (("covers: straw purchasing", "colour: blue"), "colour"),
    ],
)
def test_a_pack_with_a_mistake_is_refused_with_its_place(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    source = (load_packs.__globals__["FOLDER"] / "us.yaml").read_text(encoding="utf-8")
    assert change[0] in source
    (tmp_path / "us.yaml").write_text(source.replace(*change), encoding="utf-8")
    with pytest.raises(LexiconError, match=message):
        load_packs(load_catalogue(), tmp_path)
