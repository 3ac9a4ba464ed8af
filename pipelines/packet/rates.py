"""What the shipped model card says of each signal's errors: read from the card once, kept beside the report.

`python -m pipelines.packet.rates` reads docs/model-card.md, which the wheel does not carry, and writes
error_rates.json; `make model-card` runs it after the card.
"""

from __future__ import annotations

import json
import re
import sys
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Self

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pipelines.models import JsonObject

_FILE = "error_rates.json"
_CASES = re.compile(r"(?:not measured \()?([\d.]+), n (\d+)\)?")
_FALSE = re.compile(r"(\d+) \((\d+)–(\d+)\)")
_VERSION = re.compile(r"(lexicon|model|rules) `([0-9a-f]+)`")
MEASURED = 50
"""Labelled cases under which the card gives no figure."""


@frozen(kw_only=True)
class ErrorRates:
    """The card's figures: of every signal, over all languages and in each."""

    figures: JsonObject

    @classmethod
    def shipped(cls) -> Self:
        """Those of the card that came with this version."""
        return cls(figures=json.loads(files("pipelines.packet").joinpath(_FILE).read_text("utf-8")))

    def of_signal(self, name: str, language: str | None) -> str:
        """One sentence: of a hundred such findings how many were wrong, and how well it is known in the language."""
        found = self.figures["signals"].get(name)
        if found is None:
            return "How often it is wrong has not been measured."
        words = "How often it is wrong has not been measured."
        if found["false"] is not None:
            share, low, high = found["false"]
            words = f"Of 100 such findings about {share} were wrong (95 % interval {low} to {high})."
        cases = found["languages"].get("all", {}).get("n", 0)
        if cases < MEASURED:
            words += f" That rests on {cases} labelled cases only."
        here = found["languages"].get(language or "")
        if here is None:
            return f"{words} In this listing's language it has not been measured."
        if here["n"] < MEASURED:
            return f"{words} In this listing's language there were only {here['n']} cases: not measured."
        return f"{words} In this listing's language its F1 is {here['f1']:.2f} ({here['n']} cases)."

    def of_language(self, language: str | None) -> str:
        """What is known of all signals together in a language."""
        found = self.figures["overall"].get(language or "")
        if found is None:
            return "For this listing's language no error rate has been measured."
        return (
            f"In this listing's language, of all signals found {found['precision']} were right "
            f"and {found['recall']} of those present were found (95 % intervals; {found['n']} labelled)."
        )

    def caution(self, versions: Mapping[str, str]) -> str:
        """Where the figures come from, and whether they are of the versions that assessed the listing."""
        text = "Measured on invented advertisements that nothing was fitted to; on real ones the rates may differ."
        same = all(str(versions.get(name, "")).startswith(key) for name, key in self.figures["versions"].items())
        return text if same else f"{text} They are of other versions of model, rules or lexicon than the assessment."


def read_card(text: str) -> JsonObject:
    """The figures of a model card. Raises ValueError where its tables are not there."""
    overall: JsonObject = {}
    signals: JsonObject = {}
    section = text.split("\n## Signals\n", 1)[-1].split("\n## ", 1)[0]
    languages: list[str] = []
    for row in _rows(section):
        if row[0] == "signal":
            languages = [name for name in row[1:] if not name.startswith("expected")]
        elif row[0] == "language" or not languages:
            if row[0] != "language":
                overall[row[0]] = {"n": int(row[1]), "precision": row[2], "recall": row[3]}
        else:
            signals[row[0]] = _signal(row, languages)
    if not overall or not signals:
        raise ValueError("the card has no tables of signals")
    return {"versions": dict(_VERSION.findall(text)), "overall": overall, "signals": signals}


def _signal(row: Sequence[str], languages: Sequence[str]) -> JsonObject:
    cells = dict(zip(languages, [row[1], *row[3:]], strict=True))
    measured = {name: _CASES.search(cell) for name, cell in cells.items()}
    false = _FALSE.fullmatch(row[2])
    return {
        "false": None if false is None else [int(number) for number in false.groups()],
        "languages": {
            name: {"f1": float(found.group(1)), "n": int(found.group(2))} for name, found in measured.items() if found
        },
    }


def _rows(section: str) -> Iterator[list[str]]:
    for line in section.splitlines():
        if line.startswith("|") and not line.startswith("|---"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def main() -> int:
    """Write error_rates.json beside this module."""
    card = Path(__file__).parents[2] / "docs" / "model-card.md"
    Path(__file__).with_name(_FILE).write_text(
        json.dumps(read_card(card.read_text("utf-8")), sort_keys=True, ensure_ascii=False) + "\n", "utf-8"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
