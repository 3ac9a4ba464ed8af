"""Figures from reviews: counted by hand, and bounded whatever was decided."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipelines.quality.figures import FEWEST, measure
from pipelines.quality.reviews import Reviewed, Verdict

DAY = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
ANSWERS = st.sampled_from(("relevant", "not_relevant", "unsure"))


def verdict(decision: str, actor: str = "ana", way: str = "open") -> Verdict:
    return Verdict(at=DAY, actor=actor, decision=decision, reason="", way=way)


def reviewed(row: int, *verdicts: Verdict, score: float = 0.9, level: str = "review") -> Reviewed:
    return Reviewed(
        row=row,
        site="harbor",
        id=str(row),
        first_seen=DAY + timedelta(days=row),
        level=level,
        score=score,
        language="en",
        signals=frozenset({"cash_only"}),
        verdicts=verdicts,
    )


def test_precision_follows_the_score_and_says_when_it_rests_on_too_few() -> None:
    found = [reviewed(row, verdict("relevant" if row < 8 else "not_relevant"), score=1 - row / 50) for row in range(40)]
    figures = measure(found)
    assert [(one["first"], one["right"], one["too_few"]) for one in figures["precision_at"]] == [
        (10, 8, True),
        (25, 8, True),
    ]
    assert figures["levels"]["review"]["value"] == 0.2
    assert not figures["levels"]["review"]["too_few"]
    assert figures["false_leads_per_100"]["value"] == 80.0
    assert figures["false_leads_per_100"]["low"] < 80.0 < figures["false_leads_per_100"]["high"]
    assert figures["levels"]["none"] == {"value": None, "low": None, "high": None, "right": 0, "of": 0, "too_few": True}
    assert figures["by"]["signal"] == [{"name": "cash_only", **figures["levels"]["review"]}]
    assert sum(week["of"] for week in figures["weeks"]) == 40


def test_agreement_counts_only_who_saw_nothing_of_the_first_word() -> None:
    found = [
        reviewed(1, verdict("relevant"), verdict("relevant", "ben", "second")),
        reviewed(2, verdict("relevant"), verdict("not_relevant", "ben", "second")),
        reviewed(3, verdict("not_relevant"), verdict("not_relevant", "ben", "audit")),
        reviewed(4, verdict("relevant"), verdict("not_relevant", "ben")),
        reviewed(5, verdict("relevant"), verdict("relevant", "ana", "audit")),
    ]
    agreement = measure(found)["agreement"]
    assert (agreement["right"], agreement["of"]) == (2, 3)
    assert agreement["kappa"] == 0.4


def test_a_dispute_stands_until_it_is_settled() -> None:
    opposed = (verdict("relevant"), verdict("not_relevant", "ben", "second"))
    settled = (*opposed, verdict("relevant", "cleo", "settled"))
    found = [
        reviewed(1, *opposed),
        reviewed(2, *settled),
        reviewed(3, *settled, verdict("not_relevant", "ben")),
        reviewed(4, verdict("relevant"), verdict("unsure", "ben")),
    ]
    assert [one["id"] for one in measure(found)["disputed"]] == ["1", "3"]


def test_the_audit_alone_tells_what_lies_below() -> None:
    found = [reviewed(row, verdict("not_relevant", way="audit"), level="none", score=0.1) for row in range(FEWEST)]
    audit = measure([*found, reviewed(99, verdict("relevant"), level="none")])["audit"]
    assert (audit["none"]["right"], audit["none"]["of"], audit["none"]["too_few"]) == (0, FEWEST, False)


@given(st.lists(st.tuples(st.floats(0, 1), ANSWERS, ANSWERS), max_size=40))
def test_every_rate_lies_in_its_interval(drawn: list[tuple[float, str, str]]) -> None:
    found = [
        reviewed(row, verdict(first), verdict(second, "ben", "second"), score=score)
        for row, (score, first, second) in enumerate(drawn)
    ]
    figures = measure(found)
    rates = [*figures["levels"].values(), *figures["precision_at"], *figures["calibration"], figures["agreement"]]
    for rate in rates:
        assert rate["value"] is None or 0 <= rate["low"] <= rate["value"] <= rate["high"] <= 1
        assert rate["right"] <= rate["of"] <= len(drawn)
    assert sum(rate["of"] for rate in figures["calibration"]) == figures["decided"]
