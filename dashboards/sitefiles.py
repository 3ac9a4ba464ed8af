"""Site files from the desk: read, checked as `tracemark site check` does, and put in the place of the old one."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from dashboards.failures import NothingThere
from pipelines.errors import BadInput
from pipelines.store.custody import CustodyEvent, append_custody

if TYPE_CHECKING:
    from dashboards.desk import Desk

LONGEST = 200_000
_PATIENCE = 60  # seconds: a check without visits takes two


@frozen(kw_only=True)
class SiteText:
    """A site's file as it stands: `sha256` of its bytes tells whether somebody changed it meanwhile."""

    name: str
    text: str
    sha256: str


@frozen(kw_only=True)
class Verdict:
    """What a check says of a file: mistakes with their lines, and why it may not be visited, if so."""

    mistakes: tuple[str, ...] = ()
    not_permitted: str | None = None


def site_names(desk: Desk) -> list[str]:
    """The names of the workspace's site files."""
    return sorted(path.stem for path in desk.workspace.sites.glob("*.yaml"))


def read_site(desk: Desk, name: str) -> SiteText | None:
    """The file of the site `name`; None where it has none (a feed)."""
    if name not in site_names(desk):
        return None
    data = (desk.workspace.sites / f"{name}.yaml").read_bytes()
    return SiteText(name=name, text=data.decode("utf-8", "replace"), sha256=hashlib.sha256(data).hexdigest())


def check_text(desk: Desk, name: str, text: str) -> Verdict:
    """Check what would be the file of `name`; nothing is visited and nothing is kept."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.yaml"
        path.write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "pipelines.cli", "--workspace", str(desk.workspace.root), "site", "check"]
        done = subprocess.run(  # noqa: S603 -- our own arguments
            [*command, str(path), "--offline", "--json"], capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
        if done.returncode == 0:
            found = json.loads(done.stdout)
            if found["site"] != name:
                return Verdict(mistakes=(f"{name}.yaml: site: is {found['site']}, and this is the file of {name}",))
            return Verdict(not_permitted=found["not_permitted"])
        told = json.loads(done.stderr.strip().splitlines()[-1])
        lines = told.get("details") or [told["error"]]
        return Verdict(mistakes=tuple(str(line).replace(f"{path.parent}/", "") for line in lines))


def save_text(desk: Desk, name: str, text: str, shown: str) -> Verdict:
    """Check, and where nothing is wrong put it in place, noted with the hashes of both.

    BadInput where the file is no longer the one with the hash `shown`; NothingThere where the site has none.
    """
    before = read_site(desk, name)
    if before is None:
        raise NothingThere(f"no site file {name}.yaml", hint=f"tracemark site new URL --name {name}")
    if before.sha256 != shown:
        raise BadInput("the file was changed since it was shown to you", hint="Load the page again.")
    text = text.replace("\r\n", "\n")
    verdict = check_text(desk, name, text)
    if verdict.mistakes:
        return verdict
    part = desk.workspace.sites / f"{name}.yaml.part"
    part.write_text(text, encoding="utf-8")
    part.replace(desk.workspace.sites / f"{name}.yaml")
    detail = {"before": before.sha256, "after": hashlib.sha256(text.encode()).hexdigest()}
    event = CustodyEvent(at=desk.now(), actor=desk.actor, action="edit", subject=f"site:{name}", detail=detail)
    with desk.database.write() as connection:
        append_custody(connection, [event])
    return verdict
