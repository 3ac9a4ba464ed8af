"""What commands that sign share: the workspace's key, opened by the environment's passphrase or by asking."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.packet.keys import SigningKey
    from pipelines.workspace import Workspace

PASSPHRASE = "TRACEMARK_KEY_PASSPHRASE"  # noqa: S105 -- the variable's name


def open_key(workspace: Workspace) -> SigningKey:
    """The key that signs, asked for on a terminal where it is protected and the environment says nothing.

    Raises ConfigurationError where it is missing or cannot be opened.
    """
    from pipelines.packet.keys import SigningKey  # noqa: PLC0415 -- cryptography takes 0.1 s

    passphrase = os.environ.get(PASSPHRASE) or None
    if passphrase is None and sys.stdin.isatty() and _is_protected(workspace.signing_key):
        passphrase = click.prompt("Passphrase of the signing key", hide_input=True, err=True)
    return SigningKey.load(workspace.signing_key, passphrase)


def new_passphrase() -> str | None:
    """The passphrase of a key to be made: the environment's, or asked for twice on a terminal; None is none."""
    given = os.environ.get(PASSPHRASE) or None
    if given is not None or not sys.stdin.isatty():
        return given
    asked: str = click.prompt(
        "Passphrase of the new key (empty for none)", default="", hide_input=True, confirmation_prompt=True, err=True
    )
    return asked or None


def _is_protected(path: Path) -> bool:
    try:
        return b"ENCRYPTED" in path.read_bytes()[:64]
    except OSError:
        return False  # opening it says why
