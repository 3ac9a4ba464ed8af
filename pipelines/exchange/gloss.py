"""What marked words of another language mean, word by word, from the lexicons that found them.

The reader's language is English, as the reports are. A gloss says what the lexicon takes a word for, not what a
translator would write: it helps to read a signal, and is no evidence of its own.
"""

from __future__ import annotations

from functools import cache

from classifiers.catalogue import CLASSES
from classifiers.folding import Folder
from classifiers.lexicon import FOLDER, LANGUAGES, LanguageFile, phrases, read_yaml
from classifiers.wording import split_choices

READER = "en"
# The lexicons' sets whose words mean one thing, in the order in which a word that is in several is told.
MEANINGS = {
    "no": "no, not, without",
    "neg": "no, not, without",
    "nothing": "nothing",
    "none": "none",
    "notneed": "not needed",
    "need": "needed, required",
    "must": "must",
    "ffl": "licensed dealer",
    "w_dealer": "dealer, gunsmith, gun shop",
    "trader": "dealer, trader",
    "shop": "shop",
    "licence": "licence or permit",
    "lic": "licence or permit",
    "permit": "licence or permit",
    "w_proof": "licence, permit or papers",
    "check": "background check",
    "paper": "papers, licence or registration",
    "document": "document",
    "id": "proof of identity",
    "ident": "proof of identity",
    "office": "register or authority",
    "gunlaw": "word of weapons law",
    "serial": "serial number or mark",
    "gone": "removed, made illegible",
    "goneverb": "removed, made illegible",
    "arm": "gun",
    "ship": "ship, send",
    "send": "ship, send",
    "carrier": "post or parcel service",
    "abroad": "abroad",
    "country": "country",
    "cash": "cash",
    "crypto": "cryptocurrency",
    "voucher": "voucher or gift card",
    "messenger": "messenger",
    "barred": "who may not own one",
    "minors": "under age",
    "clean": "clean record",
    "convert": "converted",
    "blank": "blank-firing",
    "deac": "deactivated",
    "large": "a number, three or more",
    "thousands": "a large number",
    "two": "two",
    "more": "more",
    "w_move": "handing over, sending",
    "sell": "sell",
    "s_offer": "for sale",
    "s_wanted": "wanted",
    "s_trade": "in exchange",
    "s_magazine": "magazine",
    "s_with": "with",
    "s_for": "for",
}
_UNSPACED = frozenset({"zh"})
_RIGHT_TO_LEFT = frozenset({"ar"})
_FOLDER = Folder()


def gloss(language: str | None, words: str) -> str:
    """Return `word: meaning` for each word that the lexicon of `language` knows; nothing in the reader's own.

    Of a language that is written from right to left only the meanings, in the order of the words.
    """
    if language is None or language == READER or language not in LANGUAGES:
        return ""
    known = _meanings(language)
    text = _FOLDER.fold(words).text
    longest = max(map(len, known), default=0)
    found: dict[str, str] = {}
    place = 0
    while place < len(text):
        for end in range(min(len(text), place + longest), place, -1):
            phrase = text[place:end]
            if phrase in known and _is_apart(text, place, end, language):
                found.setdefault(phrase, known[phrase])
                place = end
                break
        else:
            place += 1
    if language in _RIGHT_TO_LEFT:  # words of both directions on one line change places
        return "; ".join(dict.fromkeys(found.values()))
    return "; ".join(f"{phrase}: {meaning}" for phrase, meaning in found.items())


def _is_apart(text: str, start: int, end: int, language: str) -> bool:
    if language in _UNSPACED:
        return True
    return not (start and text[start - 1].isalnum()) and not (end < len(text) and text[end].isalnum())


@cache  # a data file that comes with the code: 0.1 s for the first signal in a language
def _meanings(language: str) -> dict[str, str]:
    words = read_yaml(FOLDER / f"{language}.yaml", LanguageFile)
    told = {name: (text, MEANINGS[name]) for name, text in words.sets.items() if name in MEANINGS}
    texts = [told[name] for name in MEANINGS if name in told]
    kinds = {"gun": "gun", **{name: name.replace("_", " ") for name in CLASSES}}
    texts += [(text, kinds[name]) for name, text in words.objects.items() if name in kinds]
    known: dict[str, str] = {}
    for text, meaning in texts:
        plain = " | ".join(choice for choice in split_choices(text) if "<" not in choice)
        for phrase in phrases(plain):
            known.setdefault(_FOLDER.fold(phrase).text, meaning)
    known.pop("", None)
    return known
