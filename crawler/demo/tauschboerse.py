"""tauschboerse: a German marketplace in hand-made HTML, without any structured data.

Fields stand in labelled table rows and in definition lists, prices and dates in German form. A sold listing
stays in the lists and says so; a removed one answers 200 with a page that says so; one that is gone or not
yet there answers 404.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from crawler.demo import addresses
from crawler.demo.inventory import Market
from crawler.demo.site import CSS, TEXT, Page, cut_page, group_thousands, make_environment, page_number, respond_picture
from pipelines.models import ListingStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from decimal import Decimal

    from crawler.demo.inventory import DayView, ListingOnDay

MARKET = Market.TAUSCHBOERSE
PAGE_SIZE = 20
_RELATED = 3
_NEAR = 2
_LIST = re.compile(r"/(?:anzeigen|kategorie/([a-z0-9-]+))/seite/(\d+)")
_LISTING = re.compile(r"/anzeige/(\d{7,8})\.html")
_SELLER = re.compile(r"/anbieter/(s-[a-z0-9-]+)\.html")
_ROBOTS = "User-agent: *\nDisallow: /konto/\n"


def format_price(amount: Decimal | None) -> str:
    """Write a price as the pages do: `1.250,00 €`, or `auf Anfrage`."""
    return "auf Anfrage" if amount is None else f"{group_thousands(amount, '.', ',')} €"


def format_date(day: date) -> str:
    """Write a date as the pages do: `14.03.2026`."""
    return f"{day:%d.%m.%Y}"


def choose_numbers(number: int, pages: int) -> list[int | None]:
    """Return the page numbers to link from page `number`; None stands for an ellipsis."""
    near = {1, pages, *range(max(1, number - _NEAR), min(pages, number + _NEAR) + 1)}
    chosen: list[int | None] = []
    for candidate in sorted(near):
        if chosen and chosen[-1] is not None and candidate > chosen[-1] + 1:
            chosen.append(None)
        chosen.append(candidate)
    return chosen


class Tauschboerse:
    """The pages of tauschboerse."""

    def __init__(self) -> None:
        self._templates = make_environment(MARKET, price=format_price, date=format_date)
        style = (files("crawler.demo") / "static" / "tauschboerse.css").read_bytes()
        self._fixed = {
            "/robots.txt": Page(body=_ROBOTS.encode(), content_type=TEXT),
            "/stil.css": Page(body=style, content_type=CSS),
            "/konto/anmelden": self._render("anmelden.html", 200),
        }

    def respond(self, view: DayView, path: str, query: Mapping[str, str]) -> Page:  # noqa: ARG002 - it has no queries
        """Return the page at `path` on the day of `view`."""
        if path in self._fixed:
            return self._fixed[path]
        if path == "/":
            return self._start(view)
        if match := _LIST.fullmatch(path):
            return self._choose_list(view, match[1], match[2])
        if match := _LISTING.fullmatch(path):
            return self._listing(view, match[1])
        if match := _SELLER.fullmatch(path):
            return self._seller(view, match[1])
        return respond_picture(MARKET, view, path) or self._missing()

    def _render(self, template: str, status: int, **values: Any) -> Page:
        return Page(body=self._templates.get_template(template).render(**values).encode(), status=status)

    def _missing(self) -> Page:
        return self._render("meldung.html", 404, removed=False)

    def _start(self, view: DayView) -> Page:
        tops = sorted((top, len(listings)) for top, listings in view.by_category.items() if len(top) == 1)
        return self._render("start.html", 200, view=view, categories=tops, newest=view.listed[:10])

    def _choose_list(self, view: DayView, slug: str | None, page: str) -> Page:
        if slug is None:
            return self._list("Alle Anzeigen", "/anzeigen", view.listed, page)
        for path, listings in view.by_category.items():
            if addresses.category_slug(path) == slug:
                return self._list(" › ".join(path), f"/kategorie/{slug}", listings, page)
        return self._missing()

    def _list(self, heading: str, address: str, listings: Sequence[ListingOnDay], page: str) -> Page:
        number = page_number(page)
        if number is None:
            return self._missing()
        shown, pages = cut_page(listings, number, PAGE_SIZE)
        if number > pages:
            return self._missing()
        values = {"heading": heading, "address": address, "listings": shown, "number": number}
        return self._render("liste.html", 200, total=len(listings), numbers=choose_numbers(number, pages), **values)

    def _listing(self, view: DayView, id_: str) -> Page:
        listing = view.by_id.get(id_)
        if listing is None:
            return self._missing()
        if listing.status is ListingStatus.REMOVED:
            return self._render("meldung.html", 200, removed=True)
        others = [other for other in view.by_seller.get(listing.entry.seller, ()) if other is not listing]
        # Which fields stand in the table and which in the list changes from listing to listing.
        return self._render(
            "anzeige.html", 200, listing=listing, others=others[:_RELATED], price_in_table=int(id_) % 3 != 0
        )

    def _seller(self, view: DayView, id_: str) -> Page:
        seller = view.sellers.get(id_)
        if seller is None:
            return self._missing()
        return self._render("anbieter.html", 200, seller=seller, listings=view.by_seller.get(id_, ()))
