"""How a watch keeps others from the sites it visits: by locks in its folder, or by leases in the store."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Protocol

from attrs import define, field, frozen

from pipelines.errors import PartMissing
from pipelines.work.holding import LEASE, claim_or_refuse, is_shared
from pipelines.work.leases import read_leases, release_lease
from pipelines.workspace import WorkspaceHeld

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager

    from crawler.sites.schema import SiteFile
    from pipelines.store.database import Database
    from pipelines.work.leases import Claim
    from pipelines.workspace import Workspace


class SiteHolds(Protocol):
    """Whoever keeps a site for one visit."""

    @property
    def claims(self) -> Mapping[str, Claim]:
        """What the processes of visits need to hold their sites, by site."""
        ...

    def keep(self, file: SiteFile) -> AbstractContextManager[None]:
        """Keep the site for a visit that is started inside. Raises `WorkspaceHeld` where somebody else does."""
        ...

    def is_kept(self, site: str) -> bool:
        """Whether somebody else is at it."""
        ...


def choose_holds(workspace: Workspace, database: Database, holder: str, seconds: float = LEASE) -> SiteHolds:
    """What fits the store; leases are claimed by `holder` for `seconds`."""
    return StoreHolds(database, holder, seconds) if is_shared(database) else FolderHolds(workspace)


@frozen
class FolderHolds:
    """Locks in the workspace's folder: among the processes of one machine."""

    workspace: Workspace
    claims: Mapping[str, Claim] = field(factory=dict, init=False)

    @contextmanager
    def keep(self, file: SiteFile) -> Iterator[None]:
        """Keep other watches from it; the visit holds the site itself."""
        with self.workspace.hold(f"watch-{file.site}"):
            yield

    def is_kept(self, site: str) -> bool:
        """Whether a process holds the site."""
        try:
            with self.workspace.hold(f"site-{site}"):
                return False
        except WorkspaceHeld:
            return True


@define
class StoreHolds:
    """Leases in the store: among all machines that share it.

    The lease is claimed here, so that no process is started only to find the site held, and kept by the visit's own
    process, which lives on where the worker that started it dies.
    """

    database: Database
    holder: str
    seconds: float
    claims: dict[str, Claim] = field(factory=dict, init=False)

    @contextmanager
    def keep(self, file: SiteFile) -> Iterator[None]:
        """Claim the site; when its visit has ended, however it did, let go of what it still held."""
        claim = claim_or_refuse(self.database, f"site-{file.site}", self.holder, self.seconds)
        self.claims[file.site] = claim
        try:
            yield
        finally:
            del self.claims[file.site]
            with suppress(PartMissing), self.database.alter() as connection:
                release_lease(connection, claim, rest=file.pace.delay)

    def is_kept(self, site: str) -> bool:
        """Whether somebody else holds it, or it rests."""
        if site in self.claims:
            return False
        with self.database.alter() as connection:
            return bool(read_leases(connection, f"site-{site}"))
