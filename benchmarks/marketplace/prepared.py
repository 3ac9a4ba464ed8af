"""What a reader of an ad stores of it: prepared, for reading 200,000 of them with the classifiers would take hours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from marketplace.wording import Mark, Written

_WEIGHTS = {"new_in_box": 0.3, "estate_or_collection": -1.0, "ffl_transfer": -2.0, "dealer": -1.0, "private_sale": 0.0,
            "serial_offered": -0.3, "licence_number_stated": -1.0, "off_platform_contact": 0.3, "several_guns": 0.0,
            "bulk_quantity": 1.0, "missing_check_statement": 0.0, "removed_marks": 3.5,
            "scam_storefront": 0.0}  # fmt: skip
"""Signed, by the letters of the signal table."""
_FAMILY = {"new_in_box": "item", "serial_offered": "item", "several_guns": "item", "bulk_quantity": "item",
           "removed_marks": "item"}  # fmt: skip


def assessment_of(written: Written, versions: dict[str, str]) -> dict[str, Any]:
    """The `assessment` object that a reader of these words stores."""
    names = [mark.name for mark in written.signals]
    heavy, scam = "removed_marks" in names, "scam_storefront" in names
    review = "none" if scam else "review" if heavy else "idle" if "bulk_quantity" in names else "none"
    scores = dict.fromkeys(("unlicensed_sale", "bulk_sale", "straw_purchase", "untraceable", "prohibited_item"), 0.02)
    return {
        "language": "en",
        "class": written.item_class,
        "class_probability": 0.97,
        "signals": [_signal(mark, written) for mark in written.signals],
        "scores": scores | ({"untraceable": 0.8} if heavy else {}) | ({"bulk_sale": 0.5} if review == "idle" else {}),
        "review": review,
        "abstained": None,
        "queue": "scam_storefront" if scam else None if review == "none" else "main",
        "versions": versions,
    }


def _signal(mark: Mark, written: Written) -> dict[str, Any]:
    weight = _WEIGHTS[mark.name]
    in_title = mark.start < 0
    return {
        "name": mark.name,
        "polarity": "against" if weight < 0 else "for",
        "weight": weight,
        "family": _FAMILY.get(mark.name, "terms"),
        "field": "title" if in_title else "description",
        "start": max(mark.start, 0),
        "end": mark.end,
        "text": written.title if in_title else written.description[mark.start : mark.end],
        "confidence": 0.9,
        "layer": "prepared",
        "reason": "prepared with the marketplace",
    }
