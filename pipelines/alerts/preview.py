"""What a search would have told, before it is saved."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from attrs import frozen

from pipelines.index.port import Histogram, Interval, Search, Sort
from pipelines.index.query import And, Fielded, Range

if TYPE_CHECKING:
    from datetime import datetime

    from pipelines.index.port import Bar, Hit, Index
    from pipelines.index.query import Query
    from pipelines.models import JsonObject

DAYS = 30
_SHOWN = 5


@frozen(kw_only=True)
class Preview:
    """Listings that match: in all, first seen in the last DAYS days, and these by week (from its Monday)."""

    total: int
    recent: int
    weeks: tuple[Bar, ...]
    newest: tuple[Hit, ...]

    @property
    def per_week(self) -> float:
        """How many a week, over the last DAYS days."""
        return self.recent / DAYS * 7

    def to_json(self) -> JsonObject:
        """For `--json`."""
        return {
            "total": self.total,
            "days": DAYS,
            "recent": self.recent,
            "per_week": round(self.per_week, 1),
            "weeks": [{"start": bar.start, "count": bar.count} for bar in self.weeks],
            "newest": [{"listing": hit.key, "title": hit.line["title"]} for hit in self.newest],
        }


def preview(query: Query, index: Index, now: datetime) -> Preview:
    """What a query with its items looked up would have told."""
    first = (now - timedelta(days=DAYS)).date().isoformat()
    recent: Query = Fielded(name="first", child=Range(low=first))
    weeks = Histogram(name="first", interval=Interval.WEEK)
    both = And(children=(query, recent))
    found = index.search(Search(query=both, histograms=(weeks,), sort=Sort.NEWEST, limit=_SHOWN))
    total = index.search(Search(query=query, limit=0)).total
    return Preview(total=total, recent=found.total, weeks=found.histograms["first"], newest=found.hits)
