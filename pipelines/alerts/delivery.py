"""The queue of what is to be sent: tried until it goes out, for good reasons given up, and never silently."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog
from attrs import frozen

from pipelines.alerts.senders import Letter, NotSent, Senders
from pipelines.store.custody import CustodyEvent, append_custody
from pipelines.store.tables import alert_deliveries, alert_digests

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from pipelines.models import JsonObject
    from pipelines.store.database import Database

log = structlog.get_logger(__name__)

MOST_ATTEMPTS = 12
"""With pauses that double from a minute to twelve hours: about three days."""
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=12)


@frozen(kw_only=True)
class Sent:
    """How many deliveries went out, wait for another attempt, and were given up now."""

    sent: int = 0
    waiting: int = 0
    failed: int = 0


def send_waiting(
    database: Database, senders: Senders, now: Callable[[], datetime], actor: str, silent: Collection[int] = ()
) -> Sent:
    """Send what is due, but for the searches `silent`, and record in the custody log what left.

    Each delivery is a transaction of its own. A crash between sending and recording sends again, under the same
    number (Message-ID, Idempotency-Key).
    """
    query = (
        sa.select(alert_deliveries, alert_digests.c.made, alert_digests.c.body)
        .join(alert_digests, alert_digests.c.id == alert_deliveries.c.digest)
        .where(alert_deliveries.c.state == "waiting", alert_deliveries.c.due <= now())
        .where(alert_digests.c.search.not_in(silent))
        .order_by(alert_deliveries.c.id)
    )
    with database.read() as connection:
        rows = list(connection.execute(query).mappings())
    counts = {"sent": 0, "waiting": 0, "failed": 0}
    for row in rows:
        letter = Letter(number=row["digest"], target=row["target"], made=row["made"], body=row["body"])
        values = _try(senders, row, letter, now())
        with database.write() as connection:
            mine = alert_deliveries.c.id == row["id"]
            connection.execute(sa.update(alert_deliveries).where(mine).values(**values))
            if values["state"] == "sent":
                append_custody(connection, [_custody(row, now(), actor)])
        counts[values["state"]] += 1
    return Sent(**counts)


def _try(senders: Senders, row: sa.RowMapping, letter: Letter, now: datetime) -> JsonObject:
    attempts = row["attempts"] + 1
    try:
        senders.send(row["kind"], letter)
    except NotSent as error:
        final = error.permanent or attempts >= MOST_ATTEMPTS
        log.warning("alert_not_sent", delivery=row["id"], reason=error.message, final=final)
        pause = min(_FIRST_PAUSE * 2 ** (attempts - 1), _LONGEST_PAUSE)
        state = "failed" if final else "waiting"
        return {"state": state, "attempts": attempts, "reason": error.message, "due": now + pause}
    return {"state": "sent", "attempts": attempts, "reason": None}


def _custody(row: sa.RowMapping, at: datetime, actor: str) -> CustodyEvent:
    body = row["body"]
    detail = {
        "digest": row["digest"],
        "channel": row["kind"],
        "target": row["target"],
        "listings": [one["listing"] for one in body["listings"]],
    }
    return CustodyEvent(at=at, actor=actor, action="export", subject=f"alert:{body['search']}", detail=detail)


def failed_deliveries(connection: sa.Connection) -> list[JsonObject]:
    """What was given up or waits for another attempt, with the reason: digest, channel, state."""
    query = (
        sa.select(alert_deliveries, alert_digests.c.body)
        .join(alert_digests, alert_digests.c.id == alert_deliveries.c.digest)
        .where(alert_deliveries.c.state != "sent", alert_deliveries.c.attempts > 0)
        .order_by(alert_deliveries.c.id)
    )
    return [
        {
            "search": row["body"]["search"],
            "channel": f"{row['kind']}:{row['target']}",
            "state": row["state"],
            "attempts": row["attempts"],
            "reason": row["reason"],
        }
        for row in connection.execute(query).mappings()
    ]
