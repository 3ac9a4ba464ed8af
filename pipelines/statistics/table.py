"""Open statistics: items by signal, class, place, month and site, without a small cell and without a person in them."""

from __future__ import annotations

import csv
import io
from calendar import monthrange
from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING

from pipelines.statistics.disclosure import ALL, REST, Unit, publishable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pipelines.sellers.rates import Observed
    from pipelines.statistics.offers import Offer

COLUMNS = ("signal", "class", "place", "month", "site", "items", "observed_site_days")
ANY = "(any)"
_ORDER = ("month", "class", "place", "site")
"""The order of the tree. It never changes with what is asked for: two orders together could tell a small cell."""


def open_rows(offers: Iterable[Offer], observed: Mapping[str, Observed], last: date) -> Iterator[tuple[str, ...]]:
    """The rows under `COLUMNS`. The month that `last` lies in has not ended, and is left out unless it ends then."""
    months = _months_ended(last)
    counted = [offer for offer in offers if _month(offer) <= months]
    values = {offer.item: _values(offer) for offer in counted}
    signals = sorted({signal for offer in counted for signal in offer.signals})
    days = _observed_days(observed, sorted({_month(offer) for offer in counted}))
    for signal in (ANY, *signals):
        units = [
            Unit(
                values=values[offer.item],
                seller=offer.seller or ANY,
                inside=signal == ANY or signal in offer.signals,
            )
            for offer in counted
        ]
        for cell in publishable(units, len(_ORDER)):
            named = dict(zip(_ORDER, cell.values, strict=True))
            shown = days.get((named["month"], named["site"]))
            counts = (str(cell.count), "" if shown is None else str(shown))
            yield (signal, named["class"], named["place"], named["month"], named["site"], *counts)


def write_csv(rows: Iterable[Sequence[str]]) -> str:
    """The rows as CSV (RFC 4180 but for its line ends), with a header."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return text.getvalue()


def _values(offer: Offer) -> tuple[str, ...]:
    named = {"month": _month(offer), "class": offer.item_class, "place": offer.place, "site": offer.site}
    return tuple(named[name] for name in _ORDER)


def _month(offer: Offer) -> str:
    return f"{offer.first_seen:%Y-%m}"


def _months_ended(last: date) -> str:
    if last.day == monthrange(last.year, last.month)[1]:
        return f"{last:%Y-%m}"
    return f"{last.year - (last.month == 1)}-{(last.month - 2) % 12 + 1:02}"


def _observed_days(observed: Mapping[str, Observed], months: Sequence[str]) -> dict[tuple[str, str], int]:
    """Days that sites were observed, by month and site, and their sums; a rest of sites or months has none told."""
    found: dict[tuple[str, str], int] = defaultdict(int)
    for month in months:
        year, number = map(int, month.split("-"))
        first, last = date(year, number, 1), date(year, number, monthrange(year, number)[1])
        for site, days in observed.items():
            count = days.count(first, last)
            for key in ((month, site), (month, ALL), (ALL, site), (ALL, ALL)):
                found[key] += count
    return {key: count for key, count in found.items() if REST not in key}
