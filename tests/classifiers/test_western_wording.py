"""Spanish, Portuguese, French and German: one scene, two polarities. The sentences are not in the corpus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from classifiers.values import Text

if TYPE_CHECKING:
    from classifiers.assessor import Assessor

CHECKED = "check_or_permit_required"
SPANISH = [
    ("Pistola Glock 17. Sin licencia no la vendo.", {CHECKED}, {"no_check_offered"}),
    ("Pistola Glock 17. No te pido guía ni licencia.", {"no_check_offered"}, {CHECKED}),
    ("Pistola Glock 17. El traspaso se hace en la casa de armas.", {"ffl_transfer"}, {"no_check_offered"}),
]
PORTUGUESE = [
    ("Pistola Taurus G2C. Sem CR não vendo.", {CHECKED}, {"no_check_offered"}),
    ("Pistola Taurus G2C. Ninguém pede registro.", {"no_check_offered"}, {CHECKED}),
    ("Pistola Taurus G2C. Entrego na loja de sua confiança.", {"ffl_transfer"}, {"no_check_offered"}),
    ("Pistola Taurus G2C, arma de família.", set(), {"printed_firearm"}),
]
FRENCH = [
    ("Fusil Baikal. Apportez votre permis.", {CHECKED}, {"no_check_offered"}),
    ("Fusil Baikal. Gardez votre permis, jamais déclaré.", {"no_check_offered"}, {CHECKED}),
    ("Fusil Baikal. Sans permis de chasse.", {"no_check_offered"}, {"no_licence_needed_claim"}),
]
GERMAN = [
    ("Pistole Walther P99. Verkauf setzt WBK voraus.", {CHECKED}, {"no_check_offered"}),
    ("Pistole Walther P99. Der Händler entfällt.", {"no_check_offered"}, {"ffl_transfer"}),
    ("Pistole Walther P99. Liegt beim Büchsenmacher.", {"ffl_transfer"}, {"dealer", "no_check_offered"}),
]


@pytest.mark.parametrize(("words", "seen", "unseen"), [*SPANISH, *PORTUGUESE, *FRENCH, *GERMAN])
def test_terms_are_read_with_their_polarity(assessor: Assessor, words: str, seen: set[str], unseen: set[str]) -> None:
    (assessment,) = assessor.assess([Text(title="Anuncio", description=words)])
    names = {finding.name for finding in assessment.signals}
    assert seen <= names
    assert not unseen & names
