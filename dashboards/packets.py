"""Evidence packets made from the desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards.listings import gather
from dashboards.people.identity import current_person
from pipelines.composition import seal_packet
from pipelines.evidence import find_dossier
from pipelines.packet.keys import SigningKey

if TYPE_CHECKING:
    from pathlib import Path

    from dashboards.desk import Desk
    from pipelines.packet.dossier import Dossier


def make_packet(desk: Desk, site: str, native_id: str) -> Path:
    """Write the packet of a listing into the workspace's packets, signed, and note the export. The file made.

    Raises ConfigurationError where the signing key cannot be opened, NothingThere where there is no such listing.
    """
    return _make(desk, gather(desk, site, native_id), f"{site}-{_file_name(native_id)}.zip")


def make_case_packet(desk: Desk, reference: str) -> Path:
    """As `make_packet`, of a case."""
    workspace = desk.workspace
    dossier = find_dossier(desk.database, reference, vault=workspace.vault, workspace=workspace.root.name)
    return _make(desk, dossier, f"{_file_name(reference)}.zip")


def _make(desk: Desk, dossier: Dossier, name: str) -> Path:
    workspace, person = desk.workspace, current_person()
    key = SigningKey.load(workspace.signing_key, desk.passphrase)
    path = workspace.packets / name
    seal_packet(
        workspace, desk.database, dossier, path, key, actor=person.name, now=desk.now, matter=person.reason or None
    )
    return path


def _file_name(native_id: str) -> str:
    return "".join(char if char.isascii() and (char.isalnum() or char in "-_") else "-" for char in native_id)[:80]
