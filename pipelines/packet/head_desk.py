"""Signs where the custody log stands: when asked, or once a day beside other work that has the key open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from pipelines.packet.heads import Head, is_due, load_heads
from pipelines.store.custody import newest_row
from pipelines.store.stamps import ask_stamp

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from pipelines.packet.authority import TimeAuthority
    from pipelines.packet.keys import SigningKey
    from pipelines.store.database import Database


@frozen(kw_only=True)
class SignedHead:
    """A head as it was made: its file, and why it has no time stamp yet though an authority is configured."""

    head: Head
    path: Path
    unstamped: str | None


@frozen(kw_only=True)
class HeadDesk:
    """Makes heads into `folder`; `key` is only asked for once there is something to sign."""

    database: Database
    folder: Path
    workspace: str
    key: Callable[[], SigningKey]
    authority: TimeAuthority | None
    now: Callable[[], datetime]

    def sign(self, *, only_when_due: bool) -> SignedHead | None:
        """The log's newest row, signed, stamped or queued to be; None where nothing is to be signed.

        A row that has its head keeps it: another one in its place would leave the stamp that the first waits for to
        nothing. What it still lacks, it is given.
        """
        now = self.now()
        with self.database.read() as connection:
            newest = newest_row(connection)
        heads = load_heads(self.folder)
        if newest is None or (only_when_due and not is_due(heads, newest, now)):
            return None
        head = Head.sign(newest, self.key(), workspace=self.workspace, now=now, authority=self.authority)
        head = next((one for one in heads if one.says_as_much_as(head)), head)
        reason = None
        if self.authority is not None and head.token is None:
            head, reason = head.stamp(self.authority)
        path = head.save(self.folder)
        if reason is not None:
            with self.database.write() as connection:
                ask_stamp(connection, kind="head", name=path.name, message=head.signature, now=now, reason=reason)
        return SignedHead(head=head, path=path, unstamped=reason)
