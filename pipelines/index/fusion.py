"""Reciprocal rank fusion: several orders of the same documents made one.

Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and individual rank learning methods"
(SIGIR 2009): the score of a document is the sum of 1 / (60 + rank) over the lists it is in, ranks from 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

RANK_CONSTANT = 60


def fuse(lists: Iterable[Sequence[int]]) -> list[tuple[int, float]]:
    """Documents (by tie number) with their fused scores, best first; equal scores by number.

    A document counts once a list, at its best rank.
    """
    scores: dict[int, float] = {}
    for ranked in lists:
        for rank, tie in enumerate(dict.fromkeys(ranked), start=1):
            scores[tie] = scores.get(tie, 0.0) + 1.0 / (RANK_CONSTANT + rank)
    return sorted(scores.items(), key=lambda scored: (-scored[1], scored[0]))
