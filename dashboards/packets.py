"""Evidence packets made from the desk: each in a thread of its own, followed, called off, handed over."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from threading import Condition, Event
from typing import TYPE_CHECKING

import structlog
from attrs import define, evolve, field, frozen

from dashboards.failures import NothingThere
from dashboards.listings import gather
from dashboards.people.identity import current_person
from pipelines.composition import seal_packet
from pipelines.errors import NotPermitted, TracemarkError
from pipelines.evidence import gather_case_dossier
from pipelines.exchange.redaction import redact
from pipelines.packet.keys import SigningKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future
    from datetime import datetime
    from pathlib import Path

    from dashboards.desk import Desk
    from pipelines.models import StoredBytes
    from pipelines.packet.dossier import Dossier

log = structlog.get_logger(__name__)

AT_ONCE = 2.0
"""Seconds that the answer to an order waits: what is made by then is handed over at once."""
_MOST_KEPT = 100
_PASSES = 2  # every byte of a capture is read once to be checked, once to be copied


class CalledOff(NotPermitted):
    """The packet was called off by the person who ordered it."""


@frozen(kw_only=True)
class Subject:
    """What a packet is of: a listing (`site`, `id`), or a case by its reference in `id` with an empty `site`."""

    site: str
    id: str


@define(kw_only=True)
class Making:
    """A packet under way, or made. `read` of `total` bytes are done; `file` is there once it is sealed."""

    number: str
    person: str
    subject: Subject
    redacted: bool
    ordered: datetime
    members: int = 0
    total: int = 0
    read: int = 0
    file: Path | None = None
    problem: TracemarkError | None = None
    ended: Event = field(factory=Event)
    off: Event = field(factory=Event)

    @property
    def percent(self) -> int:
        """How much of what goes in has been read: 100 only once it is sealed."""
        if self.file is not None:
            return 100
        return min(99, self.read * 100 // self.total) if self.total else 0

    def watch(self, dossier: Dossier) -> Dossier:
        """The dossier, whose reading is counted, and ends when the packet is called off."""
        parts = [part for one in dossier.captures for part in (one.stored, one.screenshot, *one.resources) if part]
        self.members = len(dossier.captures)
        self.total = _PASSES * sum(part.length for part in parts)
        inner = dossier.read

        def read(stored: StoredBytes) -> bytes:
            if self.off.is_set():
                raise CalledOff("The packet was called off; nothing was sealed.")
            data = inner(stored)
            self.read += len(data)
            return data

        return evolve(dossier, read=read)


@define
class FileTurns:
    """Has a file made by one at a time. Only files under way are remembered."""

    under_way: set[Path] = field(factory=set, init=False)
    _ended: Condition = field(factory=Condition, init=False)

    @contextmanager
    def making(self, path: Path) -> Iterator[None]:
        """Make the file in this block, once nobody else does."""
        with self._ended:
            self._ended.wait_for(lambda: path not in self.under_way)
            self.under_way.add(path)
        try:
            yield
        finally:
            with self._ended:
                self.under_way.remove(path)
                self._ended.notify_all()


@define(kw_only=True)
class PacketRoom:
    """Where packets are made, two at a time. Those ordered last are remembered until the server ends."""

    _makings: dict[str, Making] = field(factory=dict)
    _pool: ThreadPoolExecutor = field(factory=lambda: ThreadPoolExecutor(2, "packet"))
    _files: FileTurns = field(factory=FileTurns)

    def order(self, desk: Desk, subject: Subject, *, redacted: bool = False) -> Making:
        """Begin to make a packet for who asks, and wait a moment for it.

        Raises what stopped it in that moment: NothingThere, BadInput for an empty case, ConfigurationError where the
        signing key cannot be opened.
        """
        making = Making(
            number=secrets.token_hex(8),
            person=desk.actor,
            subject=subject,
            redacted=redacted,
            ordered=desk.now(),
        )
        while len(self._makings) >= _MOST_KEPT:
            self._makings.pop(next(iter(self._makings)))
        self._makings[making.number] = making
        task: Future[None] = self._pool.submit(copy_context().run, self._make, desk, making)
        making.ended.wait(AT_ONCE)
        if making.ended.is_set():
            task.result()  # a mistake of ours is told like any other
            if making.problem is not None:
                raise making.problem
        return making

    def seal(self, desk: Desk, subject: Subject, *, redacted: bool = False) -> Path:
        """As `order`, for a program, which waits to the end. The file made."""
        making = self.order(desk, subject, redacted=redacted)
        making.ended.wait()
        if making.problem is not None:
            raise making.problem
        if making.file is None:
            raise RuntimeError("a packet ended without a file and without a reason")
        return making.file

    def find(self, number: str) -> Making:
        """A packet that who asks has ordered. NothingThere where it is another's, or none."""
        making = self._makings.get(number)
        if making is None or making.person != current_person().name:
            raise NothingThere("no packet is being made under this number", hint="Packets made lie in packets/.")
        return making

    def stop(self) -> None:
        """Call everything off: the server ends."""
        for making in self._makings.values():
            making.off.set()
        self._pool.shutdown(cancel_futures=True)

    def _make(self, desk: Desk, making: Making) -> None:
        try:
            dossier, name = _gather(desk, making)
            path = desk.workspace.packets / name
            with self._files.making(path):
                _seal(desk, making.watch(dossier), path)
            making.file = path
        except TracemarkError as error:
            making.problem = error
            log.info("packet_not_made", reason=error.message)
        finally:
            making.ended.set()


def _gather(desk: Desk, making: Making) -> tuple[Dossier, str]:
    subject, workspace = making.subject, desk.workspace
    if subject.site:
        dossier = gather(desk, subject.site, subject.id)
    else:
        name = workspace.root.name
        dossier = gather_case_dossier(desk.database, subject.id, vault=workspace.vault, workspace=name)
    if making.redacted:
        dossier = redact(dossier)
    named = f"{subject.site}-{_file_name(dossier.id)}" if subject.site else _file_name(subject.id)
    return dossier, f"{named}{'-redacted' if making.redacted else ''}.zip"


def _seal(desk: Desk, dossier: Dossier, path: Path) -> None:
    workspace, person = desk.workspace, current_person()
    key = SigningKey.load(workspace.signing_key, desk.passphrase)
    now: Callable[[], datetime] = desk.now
    seal_packet(workspace, desk.database, dossier, path, key, actor=person.name, now=now, matter=person.reason or None)


def _file_name(native_id: str) -> str:
    return "".join(char if char.isascii() and (char.isalnum() or char in "-_") else "-" for char in native_id)[:80]
