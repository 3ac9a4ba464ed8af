"""Signed heads of the custody log: what lets a later look at the log tell that it was written anew.

A chain of hashes shows an edit; it does not show a log that was made again as a whole, or cut. A head, kept somewhere
else and stamped by a time authority, does: its row must still be there, and what follows it cannot be older.
"""

from __future__ import annotations

import base64
import json
import re
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self

import rfc8785
from attrs import Factory, define, evolve, frozen

from pipelines.errors import BadInput, DiskTrouble
from pipelines.packet.authority import StampFailed, stamp_time
from pipelines.packet.checks.stamp import authority_fingerprint, read_certificates
from pipelines.packet.dossier import to_json
from pipelines.packet.keys import PublicKey, verify_signature
from pipelines.store.custody import Finding, inspect_chain
from pipelines.warc.writer import sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from pipelines.models import JsonObject
    from pipelines.packet.authority import TimeAuthority
    from pipelines.packet.keys import SigningKey

FORMAT = "tracemark-custody-head/1"
SLACK = timedelta(minutes=10)
"""By how much clocks of machines that write to one log may differ."""
DAY = timedelta(days=1)
# These rows carry the time of the capture, which may be received from elsewhere long after.
_DATED_BY_CAPTURE = frozenset({"capture", "receive"})
_STATEMENT = frozenset({"format", "workspace", "sequence", "hash", "at", "key", "authority"})
_HEX = re.compile(r"[0-9a-f]+")


@frozen(kw_only=True)
class Head:
    """The log's last row at a time, signed. `statement` holds sequence, hash, at, key, authority (or None)."""

    statement: JsonObject
    public_key: bytes
    signature: bytes
    authority: bytes | None = None  # PEM
    token: bytes | None = None

    @classmethod
    def sign(
        cls, row: JsonObject, key: SigningKey, *, workspace: str, now: datetime, authority: TimeAuthority | None
    ) -> Self:
        """The head over `row`, the log's last."""
        statement = {
            "format": FORMAT,
            "workspace": workspace,
            "sequence": row["sequence"],
            "hash": row["hash"],
            "at": now.isoformat(),
            "key": key.public.fingerprint,
            "authority": None if authority is None else authority.fingerprint,
        }
        return cls(
            statement=statement,
            public_key=key.public.raw,
            signature=key.sign(rfc8785.dumps(statement)),
            authority=None if authority is None else authority.certificates,
        )

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a head's file. Raises BadInput where it is none, or where its signature or token does not hold."""
        try:
            if path.stat().st_size > 1 << 20:
                raise BadInput(f"{path} is too long for a head of the custody log")
            body = json.loads(path.read_bytes())
            head = cls(
                statement=body["statement"],
                public_key=bytes.fromhex(body["public_key"]),
                signature=bytes.fromhex(body["signature"]),
                authority=None if body["authority"] is None else body["authority"].encode("ascii"),
                token=None if body["timestamp"] is None else base64.b64decode(body["timestamp"], validate=True),
            )
        except OSError as error:
            raise BadInput(f"{path} cannot be read: {error.strerror}") from error
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise BadInput(f"{path} is no head of a custody log") from error
        reason = head.trouble()
        if reason is not None:
            raise BadInput(f"{path}: {reason}", hint="compare with another copy of this head")
        return head

    def trouble(self) -> str | None:
        """Why this head proves nothing, None where its parts hold."""
        stated: Any = self.statement
        if not isinstance(stated, dict) or stated.keys() != _STATEMENT or stated["format"] != FORMAT:
            return "not the fields of a head"
        if not isinstance(stated["sequence"], int) or not _HEX.fullmatch(str(stated["hash"])):
            return "not the fields of a head"
        try:
            if datetime.fromisoformat(stated["at"]).tzinfo is None:
                return "its time has no zone"
            message = rfc8785.dumps(stated)
        except (ValueError, TypeError):
            return "its time is none"
        if stated["key"] != PublicKey(raw=self.public_key).fingerprint:
            return "it is not signed by the key that it names"
        reason = verify_signature(self.public_key, self.signature, message)
        return reason or self._stamp_trouble()

    def _stamp_trouble(self) -> str | None:
        if self.token is None:
            return None
        try:
            if authority_fingerprint(read_certificates(self.authority or b"")) != self.statement["authority"]:
                return "its time authority is not the one that was signed"
            stamp_time(self.token, self.signature, self.authority or b"")
        except ValueError as error:
            return str(error)
        return None

    @property
    def sequence(self) -> int:
        """The row's number."""
        return int(self.statement["sequence"])

    @property
    def at(self) -> datetime:
        """When it was signed, by the system's own clock."""
        return datetime.fromisoformat(self.statement["at"])

    @property
    def stamped(self) -> str | None:
        """The time that an authority states, None without a token."""
        return None if self.token is None else stamp_time(self.token, self.signature, self.authority or b"")

    def says_as_much_as(self, other: Head) -> bool:
        """Whether this head is of the same row, by the same key and under the same authority; its time may differ."""
        return {**self.statement, "at": None} == {**other.statement, "at": None}

    def stamp(self, authority: TimeAuthority) -> tuple[Self, str | None]:
        """The head with a token, or as it was and why there is none."""
        try:
            return self.with_token(authority.stamp(self.signature)), None
        except StampFailed as error:
            return self, str(error)

    def with_token(self, token: bytes) -> Self:
        """The same head with its time stamp."""
        return evolve(self, token=token)

    def save(self, folder: Path) -> Path:
        """Write it into `folder`, named after its row; returns the file."""
        path = folder / f"head-{self.sequence:012d}.json"
        body = {
            "statement": self.statement,
            "public_key": self.public_key.hex(),
            "signature": self.signature.hex(),
            "authority": None if self.authority is None else self.authority.decode("ascii"),
            "timestamp": None if self.token is None else base64.b64encode(self.token).decode("ascii"),
        }
        try:
            folder.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            part.write_bytes(to_json(body))
            part.replace(path)
            sync_folder(folder)
        except OSError as error:
            raise DiskTrouble(f"{path} could not be written: {error.strerror}") from error
        return path


def load_heads(folder: Path) -> list[Head]:
    """The heads in a folder, oldest row first. Raises BadInput where one does not hold."""
    return [Head.load(path) for path in sorted(folder.glob("head-*.json"))]


def inspect_log(rows: Iterable[JsonObject], heads: Sequence[Head]) -> Iterator[Finding]:
    """All that does not hold of a log, by itself and against earlier heads; the rows are read once."""
    yield from _compare_heads(heads)
    wanted: dict[int, list[Head]] = {}
    for head in heads:
        wanted.setdefault(head.sequence, []).append(head)
    watch = _Watch(wanted=wanted)
    for finding in inspect_chain(watch.read(rows)):
        yield from watch.take()
        yield finding
    yield from watch.take()
    for head in heads:
        if head.sequence > watch.last:
            reason = f"a head of {head.statement['at']} has row {head.sequence}, the log ends at {watch.last}"
            yield Finding(check="cut", sequence=watch.last, reason=reason)


@define
class _Watch:
    """Holds each row against the heads while the chain is read."""

    wanted: dict[int, list[Head]]
    last: int = 0
    newest: datetime | None = None
    found: list[Finding] = Factory(list)

    def read(self, rows: Iterable[JsonObject]) -> Iterator[JsonObject]:
        for row in rows:
            self.last = row["sequence"]
            if self.newest is not None and row["action"] not in _DATED_BY_CAPTURE and row["at"] < self.newest - SLACK:
                reason = f"it says {row['at'].isoformat()}, but a head of {self.newest.isoformat()} does not have it"
                self.found.append(Finding(check="backdated", sequence=self.last, reason=reason))
            for head in self.wanted.get(self.last, ()):
                if head.statement["hash"] != row["hash"]:
                    reason = f"a head of {head.statement['at']} has another row here: the log was written anew"
                    self.found.append(Finding(check="forked", sequence=self.last, reason=reason))
                self.newest = head.at if self.newest is None else max(self.newest, head.at)
            yield row

    def take(self) -> list[Finding]:
        found, self.found = self.found, []
        return found


def _compare_heads(heads: Sequence[Head]) -> Iterator[Finding]:
    """Two heads of one row must agree, and a later row cannot have an earlier head."""
    ordered = sorted(heads, key=lambda head: (head.sequence, head.at))
    for one, other in pairwise(ordered):
        if one.sequence == other.sequence and one.statement["hash"] != other.statement["hash"]:
            reason = "two heads have different rows here: there are two logs"
            yield Finding(check="forked", sequence=one.sequence, reason=reason)
        if other.sequence > one.sequence and other.at < one.at - SLACK:
            reason = f"its head says {other.statement['at']}, that of row {one.sequence} says {one.statement['at']}"
            yield Finding(check="head", sequence=other.sequence, reason=reason)


def is_due(heads: Sequence[Head], newest: JsonObject | None, now: datetime) -> bool:
    """Whether a day has passed since the last head, and the log has grown since."""
    if newest is None:
        return False
    if not heads:
        return True
    latest = max(heads, key=lambda head: head.sequence)
    return now - latest.at >= DAY and newest["sequence"] > latest.sequence
