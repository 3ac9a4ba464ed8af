"""The tables, a module per subject. Alembic's migrations make them; a test holds the two together.

Times are UTC. JSON columns hold what the contracts of docs/schema hold, never more.
"""

from pipelines.store.tables.alerts import alert_deliveries, alert_digests, alert_hits, saved_searches
from pipelines.store.tables.base import UtcTime, columns_of, metadata
from pipelines.store.tables.cases import (
    case_agreements,
    case_history,
    case_listings,
    case_notes,
    case_sellers,
    case_tasks,
    cases,
)
from pipelines.store.tables.collection import capture_listings, captures, frontier, runs, sites, vault_files
from pipelines.store.tables.desk import decisions, leases, looks, site_pauses
from pipelines.store.tables.fetching import fetch_counts, host_turns
from pipelines.store.tables.findings import assessments, item_listings, items, seller_assessments
from pipelines.store.tables.linking import (
    actor_links,
    actor_members,
    actors,
    hand_decisions,
    hand_subjects,
    offer_features,
    seller_marks,
    site_norms,
)
from pipelines.store.tables.objects import vault_objects
from pipelines.store.tables.offers import listings, sellers, status_changes, versions
from pipelines.store.tables.people import api_tokens, failed_sign_ins, people, person_identities, sign_ins
from pipelines.store.tables.pictures import picture_captures, pictures
from pipelines.store.tables.record import custody, journal, set_aside
from pipelines.store.tables.registers import licences, register_imports, stolen_serials
from pipelines.store.tables.requests import marketplace_requests, request_answers, request_listings
from pipelines.store.tables.retention import blanks, holds
from pipelines.store.tables.stamps import stamps
from pipelines.store.tables.work import work_leases, workers

__all__ = [
    "UtcTime",
    "actor_links",
    "actor_members",
    "actors",
    "alert_deliveries",
    "alert_digests",
    "alert_hits",
    "api_tokens",
    "assessments",
    "blanks",
    "capture_listings",
    "captures",
    "case_agreements",
    "case_history",
    "case_listings",
    "case_notes",
    "case_sellers",
    "case_tasks",
    "cases",
    "columns_of",
    "custody",
    "decisions",
    "failed_sign_ins",
    "fetch_counts",
    "frontier",
    "hand_decisions",
    "hand_subjects",
    "holds",
    "host_turns",
    "item_listings",
    "items",
    "journal",
    "leases",
    "licences",
    "listings",
    "looks",
    "marketplace_requests",
    "metadata",
    "offer_features",
    "people",
    "person_identities",
    "picture_captures",
    "pictures",
    "register_imports",
    "request_answers",
    "request_listings",
    "runs",
    "saved_searches",
    "seller_assessments",
    "seller_marks",
    "sellers",
    "set_aside",
    "sign_ins",
    "site_norms",
    "site_pauses",
    "sites",
    "stamps",
    "status_changes",
    "stolen_serials",
    "vault_files",
    "vault_objects",
    "versions",
    "work_leases",
    "workers",
]
