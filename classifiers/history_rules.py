"""Rules over a seller's history as the jurisdiction packs hold them: data with a source, a status and dates.

They stand beside the hooks of the same jurisdiction; reading histories by them is not this package's business.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from classifiers.lexicon import Dated, Strict

HistoryStatus = Literal["in_force", "enjoined", "vacated", "proposed", "repealed", "not_enforced", "heuristic"]


class Span(Strict):
    """The length of a rolling window: days, or business days (Monday to Friday)."""

    days: int | None = Field(default=None, ge=1)
    business_days: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _one_of_them(self) -> Span:
        if (self.days is None) == (self.business_days is None):
            raise ValueError("a window has days or business_days, and not both")
        return self


class Step(Strict):
    """From `least` counted on the signal weighs `weight` (log-odds)."""

    least: int = Field(ge=1)
    weight: float


class HistoryRule(Strict):
    """One rule: what it counts, in which window, from how many on, and which counter-signals exempt from it.

    `counts` names what is counted (docs/sellers.md lists them); `needs` are the further conditions of that kind of
    count. A rule whose `from` lies after a window, or whose `to` lies before it, does not count what is in it.
    """

    signal: str
    polarity: Literal["for", "against"] = "for"
    fact: str
    counts: str
    window: Span | None = None
    steps: list[Step]
    needs: dict[str, float] = Field(default_factory=dict)
    exempts: list[str] = Field(default_factory=list)
    status: HistoryStatus
    since: Dated | None = Field(alias="from")
    until: Dated | None = Field(alias="to")
    provision: str
    source: str
    checked_on: Dated
    reason: str
