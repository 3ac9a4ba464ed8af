"""How a listing ends, as its page says it: gone, or removed by a moderator; sold is a listing that says so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelines.models import ListingStatus, PageKind

if TYPE_CHECKING:
    from crawler.visit import Visit

GONE = frozenset({404, 410})
"""HTTP statuses by which a site says that a page is not there (RFC 9110)."""

_BY_MODERATOR = re.compile(
    r"(?:removed|deleted|taken down) by (?:a |the |our )?(?:moderat|administrat|staff)"
    r"|(?:von der|durch die|vom|durch einen) moderat\w+ (?:entfernt|gelöscht|gesperrt)"
    r"|(?:retirée?|supprimée?) par (?:la |le |un |notre )?modérat"
    r"|(?:eliminad|retirad)[oa] por (?:el |la |un )?moderad|(?:eliminad|retirad)[oa] por moderación"
    r"|removid[oa] (?:pel[oa]|por) moderad?"
    r"|(?:удален[оа]?|снято) модератор|版主删除|管理员(?:删除|移除)|(?:أزال|حذف)\w* (?:المشرف|الإدارة)",
    re.IGNORECASE,
)


def read_ending(visit: Visit) -> ListingStatus | None:
    """What a page that once held a listing says of its end; None where it says nothing."""
    if visit.page.listing is not None or visit.page.kind in (PageKind.LOGIN, PageKind.CHALLENGE):
        return None
    if _BY_MODERATOR.search(visit.text):
        return ListingStatus.REMOVED
    return ListingStatus.GONE if visit.http_status in GONE else None
