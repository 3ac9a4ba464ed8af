"""The figures of one evaluation, or of two beside each other, as lines for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from classifiers.evaluation.rates import JsonObject

LEAST_SHOWN = 5  # labelled cases under which a signal's line says nothing


def headlines(figures: JsonObject) -> dict[str, tuple[float | None, int]]:
    """The figures that a version is compared by: name to value and number of cases."""
    kind, signals, pairs = figures["class"], figures["signals"], figures["minimal_pairs"]
    shown: dict[str, tuple[float | None, int]] = {
        "class, accuracy": (kind["accuracy"]["value"], kind["accuracy"]["of"]),
        "class, macro F1": (kind["macro_f1"], kind["accuracy"]["of"]),
        "firearm or not, F1": (figures["firearm"]["f1"], figures["firearm"]["n"]),
        "hard negatives called firearms": _rate(figures["firearm"]["hard_negatives_called_firearms"]),
        "make, precision": _rate(figures["make"]["precision"]),
        "make, coverage": _rate(figures["make"]["coverage"]),
        "number of guns right": _rate(figures["items"]["quantity"]),
        "minimal pairs right": _rate(pairs["all"]),
    }
    for language, tally in signals["micro"].items():
        shown[f"signals {language}, micro F1"] = (tally["f1"], tally["n"])
    for language, rate in signals["counter_recall"].items():
        shown[f"counter-signals {language}, recall"] = _rate(rate)
    for score, one in figures["calibration"].items():
        shown[f"calibration error, {score}"] = (one["error"], one["n"])
    for level in ("review", "idle"):
        shown[f"at {level}: caught"] = _rate(figures["false_leads"][level]["caught"])
        shown[f"at {level}: false among put up"] = _rate(figures["false_leads"][level]["false"])
    return shown


def _rate(rate: JsonObject) -> tuple[float | None, int]:
    return rate["value"], rate["of"]


def lines(figures: JsonObject, before: JsonObject | None = None) -> Iterator[str]:
    """Headlines, then each class and signal; with `before`, the earlier figure in front of each."""
    earlier = headlines(before) if before else {}
    for name, (value, cases) in headlines(figures).items():
        was = f"{_number(earlier.get(name, (None, 0))[0])} -> " if before else ""
        yield f"{name:44} {was}{_number(value)}  (n {cases})"
    for title, now, then in (
        ("class", figures["class"]["per_class"], before["class"]["per_class"] if before else {}),
        ("signal", _overall(figures), _overall(before) if before else {}),
    ):
        for name, tally in now.items():
            if tally["n"] >= LEAST_SHOWN:
                was = f"{_number(then.get(name, {}).get('f1'))} -> " if before else ""
                sides = f"precision {_number(tally['precision']['value'])} recall {_number(tally['recall']['value'])}"
                yield f"{f'{title} {name}':44} {was}F1 {_number(tally['f1'])}  {sides}  (n {tally['n']})"


def _overall(figures: JsonObject) -> JsonObject:
    return {name: languages["all"] for name, languages in figures["signals"]["per_signal"].items()}


def _number(value: float | None) -> str:
    return "  -  " if value is None else f"{value:.3f}"
