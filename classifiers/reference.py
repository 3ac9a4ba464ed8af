"""Writes the signal reference from the data: `python -m classifiers.reference > docs/signals.md`."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING

from classifiers.catalogue import Catalogue, load_catalogue
from classifiers.lexicon import LANGUAGES, VOID, Lexicon, load_lexicon
from classifiers.packs import Packs, Touch, load_packs, standing

if TYPE_CHECKING:
    from datetime import date

INTRODUCTION = """# Signals: what each one means, weighs and answers

Written by `python -m classifiers.reference` from `classifiers/lexicons` and `classifiers/packs`:
change those, not this page.

A signal is an observation of wording or counting in a public listing: something to look at, never a finding about
a person. Weights are log-odds before calibration, multiplied by the confidence of the finding; all weak (W) signs
together count at most {cap}. A listing is shown for review where one H stands, or M and more from both families
(terms and item); one M or S that stands is `idle`; W alone is `none`. A signal stands while more than {standing}
of its weight is left after the counter-signals that answer it. What belongs to a class that leaves
({left}) is noted with weight 0.

Weights: {weights}.
"""


def write_reference(catalogue: Catalogue, lexicon: Lexicon, packs: Packs, as_of: date) -> str:
    """The whole page as Markdown."""
    file = catalogue.file
    weights = " · ".join(f"{letter} {size:g}" for letter, size in file.weights.items())
    parts = [
        INTRODUCTION.format(cap=file.weak_cap, standing=file.standing, left=", ".join(file.left), weights=weights),
        _signals(catalogue, "for", "What speaks for looking"),
        _signals(catalogue, "against", "What speaks against it (counter-signals)"),
        _interactions(catalogue),
        _wording(lexicon),
        _law(packs, as_of),
        _sources(lexicon),
    ]
    return "\n".join(parts)


def _signals(catalogue: Catalogue, polarity: str, title: str) -> str:
    rows = [
        f"## {title}\n",
        "| signal | weight | family | score | it says | counts for | beside it |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, entry in catalogue.file.signals.items():
        if entry.polarity != polarity:
            continue
        beside = [f"answers {', '.join(entry.answers)}"] if entry.answers else []
        beside += [f"halves {', '.join(entry.moderates)}"] if entry.moderates else []
        beside += [f"cancels {', '.join(entry.cancels)}"] if entry.cancels else []
        beside += ["only by a hook in force"] if entry.needs_hook else []
        scores = ", ".join(entry.scores) or "none"
        rows.append(
            f"| `{name}` | {entry.strength} | {entry.family} | {scores} | {entry.means} "
            f"| {entry.scope} | {'; '.join(beside)} |"
        )
    return "\n".join(rows) + "\n"


def _interactions(catalogue: Catalogue) -> str:
    rows = ["## Named interactions\n", "| name | together | adds | to |", "|---|---|---|---|"]
    for name, entry in catalogue.file.interactions.items():
        rows.append(f"| {name} | {' + '.join(entry.needs)} | {entry.adds:+g} | {entry.to} |")
    rows.append("\n## Where each scope reaches\n")
    rows += [f"- **{name}**: {', '.join(classes)}" for name, classes in catalogue.file.scopes.items()]
    return "\n".join(rows) + "\n"


def _wording(lexicon: Lexicon) -> str:
    counts = Counter((pattern.signal, pattern.language) for pattern in lexicon.patterns)
    names = sorted({pattern.signal for pattern in lexicon.patterns} - {VOID})
    rows = [
        "## Wording patterns per language\n",
        "How many patterns there are says nothing about how well they work: see the model card.\n",
        f"| signal | {' | '.join(LANGUAGES)} |",
        f"|---|{'---|' * len(LANGUAGES)}",
    ]
    rows += [f"| {name} | {' | '.join(str(counts[name, code]) for code in LANGUAGES)} |" for name in [*names, VOID]]
    return "\n".join(rows) + "\n"


def _law(packs: Packs, as_of: date) -> str:
    rows = [
        f"## Legal hooks, as of {as_of}\n",
        "A hook not in force, or last checked more than 90 days before, weighs nothing and is shown grey.\n",
        "| hook | provision | covers | status | from | to | checked | source | touches | counts |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for code, pack in sorted(packs.files.items()):
        for hook in pack.hooks:
            touches = ", ".join(_touch(touch) for touch in hook.touches)
            why = standing(hook, as_of)
            cells = [hook.id, hook.provision, hook.covers, hook.status, hook.since or "", hook.until or ""]
            cells += [hook.checked_on, hook.source, touches, f"no: {why}" if why else "yes"]
            rows.append(f"| {code} {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def _touch(touch: Touch) -> str:
    return f"{touch.signal} ({touch.effect}{' ' + touch.strength if touch.strength else ''})"


def _sources(lexicon: Lexicon) -> str:
    rows = ["## Lexicons\n", "No language but English has been read by a native speaker of the trade yet.\n"]
    rows += [f"- `{name}` ({day}): {source}" for name, source, day in lexicon.sources]
    return "\n".join(rows) + "\n"


def main() -> int:
    """Write the page to standard output."""
    catalogue = load_catalogue()
    packs = load_packs(catalogue)
    sys.stdout.write(write_reference(catalogue, load_lexicon(), packs, packs.latest_check))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
