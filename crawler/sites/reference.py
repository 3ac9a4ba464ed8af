"""Writes docs/site-file.md from the schema: `python -m crawler.sites.reference docs/site-file.md`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.sites.schema import SELECTABLE, SiteFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_OPENING = """\
<!-- Written by `python -m crawler.sites.reference docs/site-file.md`: change crawler/sites/schema.py instead. -->

# The site file

A site file tells Tracemark how to visit one marketplace: where to begin, which links are listings, how gently to go and
on whose authority. It is a text file in the workspace's `sites/` folder, like `sites/garden-market.yaml`. You need no
programming to write one; most marketplaces need fewer than ten lines, since titles, prices, sellers and dates are found
without being told where they stand.

## From an address to a visit

1. Let Tracemark look at the marketplace and draft the file. It asks robots.txt first and reads two pages:

       tracemark site new https://market.example/chairs --name garden-market --out sites/garden-market.yaml

2. Read the draft, and check it. Every mistake is told at once, with its line:

       tracemark site check sites/garden-market.yaml

3. Visit the marketplace, and see what was found:

       tracemark crawl garden-market
       tracemark status

## A worked example

```yaml
@EXAMPLE@```

Read aloud: *begin at the page of chairs. Addresses like `/item/12345-oak-chair` are listings, and the number is
the listing's own id. Addresses with `?page=` lead to more of the list, addresses like `/user/anna` to a seller. Never
follow links to the login. Wait three seconds between two pages, read at most 2,000 pages, and only at night. Prices
without a sign are euros, and 03/04/2026 is the third of April. Visit every night at a quarter past two. If fewer
than 50 listings are found, or fewer than nine in ten have a price, say that the visit was not good.*

## Patterns in two minutes

The keys under `links` are patterns (regular expressions) that are looked for anywhere in a link's address.

| you write | it finds |
|---|---|
| `/item/` | every address with `/item/` in it |
| `/item/\\d+` | ... followed by a number |
| `/item/(?P<id>\\d+)` | the same, and takes the number as the site's own id |
| `/(chairs\\|tables)/` | either of two words |
| `[?&]page=\\d+` | an address with `page=` and a number among its parameters |

Put patterns in single quotes, so that YAML leaves them alone. Only links within the marketplace itself are followed.

## What Tracemark does by itself

It waits longer when pages fail, and as long as a site asks for. It stops at a login, a captcha or a consent wall and
says what a person must do; it never works around one. It obeys robots.txt, keeps it as it was served beside what it
allowed, and where robots.txt cannot be had, nothing is visited. It goes on where an interrupted visit stopped. It
refuses private addresses. Whatever it did not see, it lists: `tracemark status` shows it.

## Every key

Only `site` and `start` are needed. Keys that are not in these tables are refused, so that a slip of the pen is noticed.
"""

EXAMPLE = """\
site: garden-market
start: ['https://market.example/chairs']
links:
  listing: '/item/(?P<id>\\d+)'
  index: '[?&]page=\\d+'
  seller: '/user/(?P<id>[^/?#]+)'
  skip: '/login'
pace: {delay: 3, pages: 2000, hours: '22:00-06:00'}
currency: EUR
country: DE
languages: [de]
timezone: Europe/Berlin
date_order: DMY
authority: {reference: 'File 12/2026', expires: 2026-12-31}
schedule: {cron: '15 2 * * *', timezone: Europe/Berlin, jitter: 600}
expect: {listings: 50, title: 1.0, price: 0.9}
"""

_CLOSING = """
## Fields that a selector may name

A selector is CSS, like `.ad-price b`, or XPath, like `//td[@id='price']`. It wins over what is found without it, and
one that finds nothing changes nothing. The fields: {fields}.

## Where no selector is enough

A programmer can put a page class (web-poet) for a host, with its port where it names one, into the workspace's `pages/`
folder, like `pages/market.py`. Its fields are those of a listing; what they give wins, and everything else is read as
always:

```python
{page_class}```

Every module in that folder is imported when a visit begins: put nothing there that you would not run.
"""


PAGE_CLASS = """\
from decimal import Decimal

from pipelines.models import ListingContent, Price
from web_poet import WebPage, field, handle_urls


@handle_urls("market.example", to_return=ListingContent)
class MarketPage(WebPage):
    @field
    def price(self):
        cents = self.css("[data-cents]::attr(data-cents)").get()
        return None if cents is None else Price(amount=Decimal(cents) / 100, currency="EUR")
"""


def write_reference() -> str:
    """The whole page, Markdown."""
    schema = SiteFile.model_json_schema()
    parts = schema["$defs"]
    own = {name: field for name, field in schema["properties"].items() if _part_of(field) is None}
    lines = [_OPENING.replace("@EXAMPLE@", EXAMPLE), *_table(own, schema["required"])]
    for name, field in schema["properties"].items():
        part = _part_of(field)
        if part is not None:
            lines += ["", f"### `{name}:`", "", *parts[part]["description"].splitlines(), ""]
            lines += _table(parts[part]["properties"], [])
    return (
        "\n".join(lines)
        + "\n"
        + _CLOSING.format(fields=", ".join(f"`{name}`" for name in SELECTABLE), page_class=PAGE_CLASS)
    )


def _table(fields: Mapping[str, Any], required: list[str]) -> Iterator[str]:
    yield "| key | value | without it | meaning |"
    yield "|---|---|---|---|"
    for name, field in fields.items():
        default = "needed" if name in required else tell_default(field.get("default"))
        meaning = " ".join(field.get("description", "").split()).replace("|", "\\|")
        yield f"| `{name}` | {tell_kind(field)} | {default} | {meaning} |"


def tell_kind(field: Mapping[str, Any]) -> str:
    """What a key of a JSON schema takes, in words."""
    shapes = [one for one in field.get("anyOf", [field]) if one.get("type") != "null"]
    return " or ".join(_shape(one) for one in shapes)


def _shape(shape: Mapping[str, Any]) -> str:
    if "enum" in shape:
        return " or ".join(f"`{one}`" for one in shape["enum"])
    kind = shape.get("type")
    if kind in ("integer", "number"):
        bounds = [f"at least {shape['minimum']:g}"] if "minimum" in shape else []
        bounds += [f"over {shape['exclusiveMinimum']:g}"] if "exclusiveMinimum" in shape else []
        bounds += [f"at most {shape['maximum']:g}"] if "maximum" in shape else []
        return f"{'whole number' if kind == 'integer' else 'number'}{', ' if bounds else ''}{', '.join(bounds)}"
    if shape.get("format") == "date":
        return "date, like 2026-12-31"
    names = {"string": "text", "boolean": "`true` or `false`", "array": "list", "object": "`field: selector` lines"}
    return names.get(str(kind), "text")


def tell_default(value: Any) -> str:
    """What holds where a key is not given; `-` for nothing."""
    if value is None or value in ([], {}):
        return "-"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _part_of(field: Mapping[str, Any]) -> str | None:
    reference = field.get("$ref")
    return None if reference is None else str(reference).rsplit("/", 1)[-1]


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(write_reference(), encoding="utf-8")
