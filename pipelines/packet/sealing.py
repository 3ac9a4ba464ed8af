"""Makes a packet as one act: written, noted in the custody log, and queued for its time stamp where that is late."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from pipelines.errors import BadInput
from pipelines.packet.authority import StampFailed
from pipelines.packet.creation import create
from pipelines.packet.heads import Head
from pipelines.packet.stamping import add_stamp, read_signature
from pipelines.store.custody import CustodyEvent, append_custody
from pipelines.store.stamps import ask_stamp, due_stamps, keep_token, note_failure

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from pipelines.packet.authority import TimeAuthority
    from pipelines.packet.creation import PacketReceipt
    from pipelines.packet.dossier import Dossier
    from pipelines.packet.keys import SigningKey
    from pipelines.store.database import Database
    from pipelines.store.stamps import StampRequest


@frozen(kw_only=True)
class Sealer:
    """Seals packets in the name of `actor`."""

    database: Database
    key: SigningKey
    authority: TimeAuthority | None
    actor: str
    now: Callable[[], datetime]
    matter: str | None = None  # what it is for, where that was said

    def seal(self, dossier: Dossier, path: Path) -> PacketReceipt:
        """Write the packet to `path`. Raises what `creation.create` raises."""
        receipt = create(dossier, path, self.key, clock=self.now, authority=self.authority)
        now = self.now()
        event = CustodyEvent(
            at=now,
            actor=self.actor,
            action="export",
            subject=dossier.custody_subject,
            detail={
                "packet": path.name,
                "sha256": receipt.sha256,
                "root": receipt.root,
                "redacted": dossier.redaction is not None,
                **({} if self.matter is None else {"matter": self.matter}),
            },
        )
        with self.database.write() as connection:
            append_custody(connection, [event])
            if receipt.unstamped is not None:
                name, message = str(path.resolve()), receipt.signature
                ask_stamp(connection, kind="packet", name=name, message=message, now=now, reason=receipt.unstamped)
        return receipt


@frozen(kw_only=True)
class StampReport:
    """What became of the requests: files that have their token now, and those that wait, with the reason."""

    stamped: tuple[str, ...]
    waiting: tuple[tuple[str, str], ...]


@frozen(kw_only=True)
class StampDesk:
    """Asks the authority again for what waits. `heads` is the folder of the custody log's heads."""

    database: Database
    authority: TimeAuthority
    heads: Path
    actor: str
    now: Callable[[], datetime]

    def run(self, *, everything: bool) -> StampReport:
        """Ask for what is due, or for `everything` that waits."""
        with self.database.read() as connection:
            requests = due_stamps(connection, None if everything else self.now())
        stamped: list[str] = []
        waiting: list[tuple[str, str]] = []
        for request in requests:
            reason = self._ask(request)
            if reason is None:
                stamped.append(request.name)
            else:
                waiting.append((request.name, reason))
        return StampReport(stamped=tuple(stamped), waiting=tuple(waiting))

    def stamp_file(self, path: Path) -> None:
        """Stamp one packet that has no token yet. Raises StampFailed, or BadInput where it is none."""
        add_stamp(path, self.authority.stamp(read_signature(path)))
        self._note(path.name)

    def _ask(self, request: StampRequest) -> str | None:
        """Why there is no token for a request, None where it lies in its file now."""
        try:
            token = self.authority.stamp(request.message)
            self._put(request, token)
        except (StampFailed, BadInput) as error:
            with self.database.write() as connection:
                note_failure(connection, request, str(error), self.now())
            return str(error)
        with self.database.write() as connection:
            keep_token(connection, request, token)
        return None

    def _put(self, request: StampRequest, token: bytes) -> None:
        if request.kind == "head":
            head = Head.load(self.heads / request.name)
            head.with_token(token).save(self.heads)
            return
        path = Path(request.name)
        if read_signature(path) != request.message:
            raise BadInput(f"{path} is another packet now", hint="tracemark packet stamp FILE, where it lies now")
        add_stamp(path, token)
        self._note(path.name)

    def _note(self, name: str) -> None:
        # Not under the listing's name: that the stamp came later must not change the root of its next packet.
        event = CustodyEvent(at=self.now(), actor=self.actor, action="stamp", subject=f"packet:{name}", detail={})
        with self.database.write() as connection:
            append_custody(connection, [event])
