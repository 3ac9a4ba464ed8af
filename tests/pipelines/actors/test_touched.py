"""What one new listing touches: its hand, and as many rows and statements whatever else the store holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from seller_rooms import Room
from seller_samples import OWN_WORDS, piece

from pipelines.store.tables import seller_assessments, sellers

if TYPE_CHECKING:
    from pathlib import Path

PHONE = "+12025550147"
SMALL, LARGE = 3, 15


def fill(folder: Path, template: Path, others: int) -> Room:
    """Two accounts of one hand, and `others` of strangers with two pistols each, assessed."""
    folder.mkdir()
    room = Room.open(folder, template)
    for place in ("market/fox", "other/hen"):
        for at in range(2):
            room.offer(place, at * 5, f"{OWN_WORDS[at]} {place}", piece(f"{at}"), phone=PHONE)
    for number in range(others):
        for at in range(2):
            room.offer(f"third/s{number}", at * 5, f"{OWN_WORDS[2 + at]} {number} {at}", piece(f"{at}"))
    assert room.assess() == others + 2
    return room


def add_one(room: Room) -> tuple[dict[str, int], set[str]]:
    """One new listing of that hand: rows written by table, statements that read, and the accounts assessed again."""
    room.offer("other/hen", 90, OWN_WORDS[5], piece("5"), phone=PHONE)
    with room.database.write() as connection:
        before = connection.scalar(sa.select(sa.func.max(seller_assessments.c.sequence))) or 0
    touched: dict[str, int] = {"reading": 0}

    def note(_connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        words = statement.split()
        if words[0] in {"INSERT", "UPDATE", "DELETE"}:
            table = words[1] if words[0] == "UPDATE" else words[2]
            touched[table] = touched.get(table, 0) + max(cursor.rowcount, 0)
        else:
            touched["reading"] += 1

    sa.event.listen(room.database.engine, "after_cursor_execute", note)
    room.assess()
    sa.event.remove(room.database.engine, "after_cursor_execute", note)
    with room.database.read() as connection:
        query = sa.select(sellers.c.native_id).join(seller_assessments, seller_assessments.c.seller == sellers.c.id)
        again = set(connection.scalars(query.where(seller_assessments.c.sequence > before)))
    return touched, again


def test_one_listing_touches_its_hand_however_many_others_there_are(tmp_path: Path, template: Path) -> None:
    few, again_few = add_one(fill(tmp_path / "few", template, SMALL))
    many, again_many = add_one(fill(tmp_path / "many", template, LARGE))
    assert again_few == again_many == {"fox", "hen"}
    assert few == many
    assert many["seller_assessments"] == 4  # of two accounts: taken out and put in
    assert sum(many.values()) < 200
