from __future__ import annotations

import asyncio
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from packet_samples import HOSTILE, SEALED
from packet_tamperings import read_zip

from classifiers.catalogue import load_catalogue
from pipelines.packet.account import explain, give_account
from pipelines.packet.keys import SigningKey
from pipelines.packet.paper import set_paper, write_paper
from pipelines.packet.paper_signing import make_certificate, sign_paper
from pipelines.packet.pieces import printable
from pipelines.packet.rates import ErrorRates, read_card
from pipelines.packet.typefaces import Coverage

if TYPE_CHECKING:
    from pipelines.packet.dossier import Dossier

ROOT = Path(__file__).parents[3]
ARABIC = "للبيع مسدس عيار 9mm بدون ترخيص"
CHINESE = "出售手枪，無需證件，現金交易"


def read_words(paper: bytes, folder: Path) -> str:
    (folder / "paper.pdf").write_bytes(paper)
    command = ["pdftotext", "-layout", folder / "paper.pdf", "-"]
    return subprocess.run(command, capture_output=True, check=True).stdout.decode()


def with_words(dossier: Dossier, **words: str) -> Dossier:
    return evolve(dossier, listing={**dossier.listing, **words})


def test_the_same_dossier_gives_the_same_paper(dossier: Dossier) -> None:
    assert write_paper(dossier) == write_paper(dossier)


def test_arabic_and_chinese_read_right_and_what_no_font_has_is_told_by_its_number(
    dossier: Dossier, tmp_path: Path
) -> None:
    words = read_words(write_paper(with_words(dossier, title=CHINESE, description=f"{ARABIC}\n\U0001f52b")), tmp_path)
    assert CHINESE in words
    # pdftotext gives the letters of a line from right to left back in their logical order.
    assert "بدون ترخيص" in words
    assert "[U+1F52B]" in words
    fonts = subprocess.run(["pdffonts", tmp_path / "paper.pdf"], capture_output=True, check=True).stdout.decode()
    rows = fonts.splitlines()[2:]
    assert {"NotoSansArabic", "NotoSansCJKsc"} <= {row.split()[0].split("+")[1].split("-")[0] for row in rows}
    assert all(row.split()[-5] == "yes" for row in rows)  # embedded


def test_a_long_table_is_cut_in_the_middle_and_says_so(dossier: Dossier, tmp_path: Path) -> None:
    versions = tuple({**dossier.versions[0], "number": number} for number in range(1, 101))
    words = read_words(write_paper(evolve(dossier, versions=versions)), tmp_path)
    assert "100 versions" in words
    assert "Only the first thirty and the last thirty rows" in " ".join(words.split())
    assert "Only the first thirty" not in read_words(write_paper(dossier), tmp_path)


def test_hostile_text_is_inert_on_paper(dossier: Dossier, tmp_path: Path) -> None:
    markup = '#import "x" $x^2$ *bold* @ref <label> \\ #panic() //'
    paper = write_paper(with_words(dossier, title=markup, description=f"{HOSTILE}\n{'x' * 500}"))
    words = read_words(paper, tmp_path)
    assert markup in words
    assert "<script>alert(1)</script>[U+202E]gnp.exe" in words
    assert b"/JavaScript" not in paper
    assert b"/Launch" not in paper
    assert b"/URI" not in paper


def test_a_character_without_a_font_stops_a_paper_that_was_not_prepared(dossier: Dossier) -> None:
    account = give_account(with_words(dossier, title="\U0001f52b"))
    assert printable([{"text": "a\U0001f52b", "kind": "for"}], Coverage.shipped()) == [
        {"text": "a", "kind": "for"},
        {"text": "[U+1F52B]", "kind": "hidden"},
    ]
    assert set_paper(account)


def test_pdfsig_finds_the_signature_good_and_a_changed_word_bad(packet: Path, tmp_path: Path, key: SigningKey) -> None:
    paper = read_zip(packet.read_bytes())["report.pdf"]
    (tmp_path / "good.pdf").write_bytes(paper)
    said = subprocess.run(["pdfsig", tmp_path / "good.pdf"], capture_output=True, text=True, check=False).stdout
    assert "Signature is Valid" in said
    assert "Total document signed" in said
    assert f"CN=Tracemark packet key {key.public.fingerprint[:32]}" in said
    (tmp_path / "bad.pdf").write_bytes(paper.replace(b"(Report of", b"(Repost of", 1))
    said = subprocess.run(["pdfsig", tmp_path / "bad.pdf"], capture_output=True, text=True, check=False).stdout
    assert "Signature is Valid" not in said


def test_the_signature_is_appended_and_its_key_follows_from_the_workspace_key(
    dossier: Dossier, key: SigningKey
) -> None:
    paper = write_paper(dossier)
    assert sign_paper(paper, key, SEALED).startswith(paper)
    assert sign_paper(paper, key, SEALED + timedelta(days=1)).startswith(paper)
    assert make_certificate(key) == make_certificate(key)
    assert make_certificate(key) != make_certificate(SigningKey.generate())


def test_a_paper_is_signed_inside_a_running_loop_too(dossier: Dossier, key: SigningKey) -> None:
    async def sign() -> bytes:
        return sign_paper(paper, key, SEALED)

    paper = write_paper(dossier)
    with ThreadPoolExecutor(1) as apart:  # this thread may have a loop already, from a browser's test before
        assert apart.submit(asyncio.run, sign()).result().startswith(paper)


def test_every_signal_has_a_lawful_reading() -> None:
    names = [name for name, entry in load_catalogue().file.signals.items() if entry.polarity == "for"]
    assert len(names) > 40
    assert [name for name in names if not explain(name)] == []


def test_the_error_rates_are_those_of_the_model_card() -> None:
    card = (ROOT / "docs" / "model-card.md").read_text("utf-8")
    assert ErrorRates.shipped().figures == read_card(card)
    with pytest.raises(ValueError, match="no tables"):
        read_card("# Nothing\n")


def test_an_error_rate_says_how_little_is_known() -> None:
    rates = ErrorRates(
        figures={
            "versions": {"model": "ab"},
            "overall": {"en": {"n": 60, "precision": "0.7 (0.6–0.8)", "recall": "0.5 (0.4–0.6)"}},
            "signals": {
                "cash_only": {
                    "false": [20, 10, 30],
                    "languages": {"all": {"f1": 0.6, "n": 70}, "en": {"f1": 0.7, "n": 55}},
                },
                "threat": {"false": None, "languages": {"all": {"f1": 0.0, "n": 4}}},
            },
        }
    )  # fmt: skip
    assert "about 20 were wrong" in rates.of_signal("cash_only", "en")
    assert "F1 is 0.70 (55 cases)" in rates.of_signal("cash_only", "en")
    assert "it has not been measured" in rates.of_signal("cash_only", "zh")
    assert "4 labelled cases only" in rates.of_signal("threat", "en")
    assert "has not been measured" in rates.of_signal("new_one", "en")
    assert "0.7 (0.6–0.8) were right" in rates.of_language("en")
    assert "no error rate" in rates.of_language("ar")
    assert "other versions" in rates.caution({"model": "cd99"})
    assert "other versions" not in rates.caution({"model": "ab99"})
