"""What a site file may tell the extractor about its site."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping


@frozen(kw_only=True)
class ExtractionHints:
    """All optional: without any the extractor works by what the page itself shows.

    `currency` is ISO 4217, `country` ISO 3166-1 alpha-2, `languages` BCP 47 tags, `timezone` an IANA name,
    `date_order` DMY, MDY or YMD. Patterns are searched in the canonical URL; `listing_id` finds the site's own
    id in a listing's URL (its group `id`, else its first group, else the whole match); a group `id` of
    `seller_links` gives an account's. `selectors` maps a field of ListingContent, or
    `seller_name`, `seller_id`, `seller_url`, `seller_joined`, `seller_licence`, to CSS, or to XPath where it
    begins with `/`, `./` or `(`.
    """

    currency: str | None = None
    country: str | None = None
    languages: tuple[str, ...] = ()
    timezone: str | None = None
    date_order: str | None = None
    listing_links: re.Pattern[str] | None = None
    index_links: re.Pattern[str] | None = None
    seller_links: re.Pattern[str] | None = None
    listing_id: re.Pattern[str] | None = None
    selectors: Mapping[str, str] = field(factory=dict)
