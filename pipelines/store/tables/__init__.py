"""The tables, a module per subject. Alembic's migrations make them; a test holds the two together.

Times are UTC. JSON columns hold what the contracts of docs/schema hold, never more.
"""

from pipelines.store.tables.alerts import alert_deliveries, alert_digests, alert_hits, saved_searches
from pipelines.store.tables.base import UtcTime, columns_of, metadata
from pipelines.store.tables.collection import capture_listings, captures, frontier, runs, sites, vault_files
from pipelines.store.tables.desk import decisions, leases, looks, site_pauses
from pipelines.store.tables.findings import assessments, item_listings, items, seller_assessments
from pipelines.store.tables.offers import listings, sellers, status_changes, versions
from pipelines.store.tables.pictures import picture_captures, pictures
from pipelines.store.tables.record import custody, journal, set_aside

__all__ = [
    "UtcTime",
    "alert_deliveries",
    "alert_digests",
    "alert_hits",
    "assessments",
    "capture_listings",
    "captures",
    "columns_of",
    "custody",
    "decisions",
    "frontier",
    "item_listings",
    "items",
    "journal",
    "leases",
    "listings",
    "looks",
    "metadata",
    "picture_captures",
    "pictures",
    "runs",
    "saved_searches",
    "seller_assessments",
    "sellers",
    "set_aside",
    "site_pauses",
    "sites",
    "status_changes",
    "vault_files",
    "versions",
]
