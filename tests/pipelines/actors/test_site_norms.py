"""What is usual on a site, of its sellers in a real store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from seller_rooms import NOW
from seller_samples import OWN_WORDS, piece

from pipelines.sellers.rates import drawn, measure_norms, silent_sellers
from pipelines.store.tables import seller_assessments, sellers

if TYPE_CHECKING:
    from seller_rooms import Room

LARGE, SMALL = 110, 20


def put(connection: sa.Connection, number: int, total: int, silent: int) -> int:
    """A seller of `total` firearms, assessed."""
    row = {"site": "market", "native_id": f"n{number}", "first_seen": NOW, "last_seen": NOW}
    made: int = connection.execute(sa.insert(sellers).values(row).returning(sellers.c.id)).scalar_one()
    values = {"seller": made, "at": NOW, "sequence": 1, "rules": "r", "review": "none"}
    values["body"] = {"site": "market", "id": f"n{number}", "signals": []}
    counted = {"firearms": total, "observed_days": 300, "fresh": 0, "total": total, "silent": silent}
    connection.execute(sa.insert(seller_assessments).values({**values, **counted}))
    return made


def test_the_percentile_of_silence_is_of_a_hundred_sellers_of_ten_and_more(room: Room) -> None:
    with room.database.write() as connection:
        rows = [put(connection, at, 20, min(20, at // 6)) for at in range(LARGE)]
        for at in range(SMALL):
            put(connection, 900 + at, 5, 5)
        found = measure_norms(connection)["market"]
        silent = sum(min(20, at // 6) for at in range(LARGE)) + SMALL * 5
        assert found.silent_ratio == pytest.approx((silent + 9) / (LARGE * 20 + SMALL * 5 + 10), abs=1e-6)
        # By the nearest rank the 99th percentile of 110 is the 109th: only the one after it may lie over it.
        assert found.silent_high == pytest.approx(drawn(108 // 6, 20, found.silent_ratio))
        assert silent_sellers(connection, "market", found) == []
        most = put(connection, 999, 200, 199)
        assert silent_sellers(connection, "market", measure_norms(connection)["market"]) == [most]
        gone = sa.delete(seller_assessments).where(seller_assessments.c.seller.in_(rows[:12]))
        connection.execute(gone)
        found = measure_norms(connection)["market"]
        assert found.silent_high is None
        assert silent_sellers(connection, "market", found) == []


def test_who_lies_over_it_is_told_in_the_round_in_which_it_is_first_known(room: Room) -> None:
    with room.database.write() as connection:
        for at in range(LARGE):
            put(connection, at, 20, at % 9)
    for at in range(10):
        silent = (("missing_check_statement", 0.0),)
        room.offer("market/still", at * 40, f"{OWN_WORDS[at % 6]} {at}", piece(f"m{at}"), signals=silent)
    room.assess()
    signals = {one["name"]: one for one in room.sellers()["market/still"]["signals"]}
    assert "10 of 10 firearms" in signals["missing_check_ratio"]["reason"]
    assert signals["missing_check_ratio"]["weight"] == 0.3
