"""The custody log against earlier heads: what a rewritten log cannot hide."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from time_authority import LocalAuthority

from pipelines.errors import BadInput
from pipelines.packet.authority import TimeAuthority
from pipelines.packet.heads import DAY, Head, inspect_log, is_due, load_heads
from pipelines.store.custody import GENESIS, row_hash

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipelines.packet.keys import SigningKey

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
Row = dict[str, Any]


def chain(*rows: Row) -> list[Row]:
    """The rows with numbers, links and hashes that hold: what anyone can make who can write to the store."""
    made: list[Row] = []
    for number, row in enumerate(rows, start=1):
        previous = made[-1]["hash"] if made else GENESIS
        whole = {**row, "sequence": number, "previous": previous}
        whole.pop("hash", None)
        made.append({**whole, "hash": row_hash(whole)})
    return made


def row(number: int, **more: object) -> Row:
    at = AT + timedelta(minutes=number)
    return {"at": at, "actor": "ana", "action": "review", "subject": f"m/{number}", "detail": {}, **more}


@pytest.fixture
def log() -> list[Row]:
    return chain(*(row(number) for number in range(10)))


def head_of(rows: list[Row], number: int, key: SigningKey) -> Head:
    found = rows[number - 1]
    return Head.sign(found, key, workspace="desk", now=found["at"] + timedelta(seconds=5), authority=None)


def checks(rows: list[Row], *heads: Head) -> set[str]:
    return {finding.check for finding in inspect_log(rows, heads)}


def test_an_untouched_log_holds_against_every_head(log: list[Row], key: SigningKey) -> None:
    assert checks(log, *(head_of(log, number, key) for number in range(1, 11))) == set()
    assert checks([]) == set()


ALONE: dict[str, tuple[Callable[[list[Row]], list[Row]], str]] = {
    "edited": (lambda rows: [{**one, "actor": "ben"} if one["sequence"] == 4 else one for one in rows], "edited"),
    "edited and hashed anew": (
        lambda rows: [
            {**one, "actor": "ben", "hash": row_hash({**one, "actor": "ben"})} if one["sequence"] == 4 else one
            for one in rows
        ],
        "reordered",
    ),
    "removed": (lambda rows: [one for one in rows if one["sequence"] != 4], "removed"),
    "two rows exchanged": (
        lambda rows: [
            {**rows[5], "sequence": 4} if n == 3 else {**rows[3], "sequence": 6} if n == 5 else one
            for n, one in enumerate(rows)
        ],
        "edited",
    ),
    "the first row removed": (lambda rows: rows[1:], "removed"),
}


@pytest.mark.parametrize("kind", ALONE)
def test_a_careless_change_is_found_by_the_chain_alone(log: list[Row], kind: str) -> None:
    change, found = ALONE[kind]
    assert found in checks(change(log))


REWRITTEN: dict[str, tuple[Callable[[list[Row]], list[Row]], str]] = {
    "edited": (lambda rows: chain(*({**one, "actor": "b"} if one["sequence"] == 4 else one for one in rows)), "forked"),
    "removed": (lambda rows: chain(*rows[:3], *rows[4:]), "forked"),
    "reordered": (lambda rows: chain(*rows[:3], rows[4], rows[3], *rows[5:]), "forked"),
    "inserted": (lambda rows: chain(*rows[:3], row(3, subject="m/x"), *rows[3:]), "forked"),
    "cut": (lambda rows: rows[:6], "cut"),
    "another log": (lambda rows: chain(*(row(n, actor="eve") for n in range(len(rows)))), "forked"),
    "back-dated behind the head": (lambda rows: chain(*rows, row(0, at=AT - timedelta(days=3))), "backdated"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REWRITTEN)
def test_a_log_written_anew_is_found_by_an_earlier_head(log: list[Row], key: SigningKey, kind: str) -> None:
    change, found = REWRITTEN[kind]
    changed = change(log)
    assert checks(changed) == set()  # the chain alone cannot tell
    assert found in checks(changed, head_of(log, 8, key))


def test_captures_may_be_older_than_the_head_they_follow(log: list[Row], key: SigningKey) -> None:
    received = chain(*log, row(0, action="capture", at=AT - timedelta(days=300)))
    assert checks(received, head_of(log, 10, key)) == set()


def test_two_heads_of_one_row_and_heads_out_of_order_are_found(log: list[Row], key: SigningKey) -> None:
    other = chain(*(row(number, actor="eve") for number in range(10)))
    assert "forked" in checks(log, head_of(log, 5, key), head_of(other, 5, key))
    late = Head.sign(log[2], key, workspace="desk", now=AT + timedelta(days=9), authority=None)
    assert checks(log, late, head_of(log, 9, key)) >= {"head"}


def test_a_head_is_kept_and_any_change_of_it_is_refused(tmp_path: Path, log: list[Row], key: SigningKey) -> None:
    path = head_of(log, 5, key).save(tmp_path)
    [loaded] = load_heads(tmp_path)
    assert (loaded.sequence, loaded.statement["hash"]) == (5, log[4]["hash"])
    body = json.loads(path.read_bytes())
    statement = body["statement"]
    broken: list[object] = [
        {**body, "statement": {**statement, "sequence": 6}},
        {**body, "statement": {**statement, "at": "2026-03-01T12:00:00"}},
        {**body, "statement": {**statement, "at": "soon"}},
        {**body, "statement": {**statement, "more": 1}},
        {**body, "statement": {**statement, "sequence": "5"}},
        {**body, "statement": []},
        {**body, "signature": "00" * 64},
        {**body, "public_key": "11" * 32},
        {**body, "timestamp": "AAAA"},
        {name: value for name, value in body.items() if name != "signature"},
        [],
        "x",
    ]
    for value in broken:
        path.write_text(json.dumps(value))
        with pytest.raises(BadInput):
            Head.load(path)
    path.write_bytes(b"[" * 100_000)
    with pytest.raises(BadInput):
        Head.load(path)
    with pytest.raises(BadInput, match="cannot be read"):
        Head.load(tmp_path / "missing")


def test_a_head_is_stamped_over_its_signature(
    tmp_path: Path, log: list[Row], key: SigningKey, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with LocalAuthority(tmp_path_factory.mktemp("heads")) as local:
        authority = TimeAuthority.load(local.url, local.certificates)
        head = Head.sign(log[4], key, workspace="desk", now=AT, authority=authority)
        assert head.stamped is None
        stamped, reason = head.stamp(authority)
        assert reason is None
        assert Head.load(stamped.save(tmp_path)).stamped is not None
        other = Head.sign(log[5], key, workspace="desk", now=AT, authority=authority)
        with pytest.raises(BadInput, match="token"):
            Head.load(other.with_token(stamped.token or b"").save(tmp_path))
        local.up = False
        unstamped, reason = other.stamp(authority)
        assert (unstamped.token, "503" in (reason or "")) == (None, True)


def test_a_head_is_due_once_a_day_and_only_where_the_log_grew(log: list[Row], key: SigningKey) -> None:
    assert not is_due([], None, AT)
    assert is_due([], log[-1], AT)
    head = head_of(log, 9, key)
    assert not is_due([head], log[-1], head.at + DAY - timedelta(seconds=1))
    assert is_due([head], log[-1], head.at + DAY)
    assert not is_due([head_of(log, 10, key)], log[-1], AT + timedelta(days=9))
