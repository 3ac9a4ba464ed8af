"""The rules over histories that a workspace goes by: the shipped packs, and its own files in place of some of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from attrs import evolve

from classifiers.catalogue import load_catalogue
from classifiers.lexicon import read_yaml
from classifiers.packs import PackFile, load_packs
from classifiers.values import LexiconError
from pipelines.errors import BadInput, ConfigurationError
from pipelines.sellers.rules import SellerRules

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date
    from pathlib import Path


def rules_with(files: Sequence[Path], *, as_of: date | None = None) -> SellerRules:
    """The shipped rules, with the `history` of each of `files` in place of its jurisdiction's; the last one counts.

    A rule that is not in force on `as_of`, or was last checked more than 90 days before it, weighs nothing; without a
    day, the latest on which any was checked. Raises ConfigurationError where a file cannot be used.
    """
    catalogue = load_catalogue()
    packs = load_packs(catalogue)
    found = dict(packs.files)
    for path in files:
        pack = _read(path)
        unknown = sorted({rule.signal for rule in pack.history.values()} - _seller_signals(packs.files.values()))
        if unknown:
            raise ConfigurationError(
                f"{path.name}: {', '.join(unknown)} is no signal of a seller's history",
                hint="docs/signals.md lists them; a new rule raises one of them",
            )
        shipped = found.get(pack.jurisdiction, pack)
        found[pack.jurisdiction] = shipped.model_copy(update={"history": pack.history})
    return SellerRules.of(evolve(packs, files=found), as_of)


def own_files(folder: Path) -> list[Path]:
    """The pack files of a workspace, by name."""
    return sorted(folder.glob("*.yaml"))


def keep_file(path: Path, folder: Path) -> Path:
    """Make a pack file the workspace's own, in place of the one of its jurisdiction."""
    kept = folder / f"{_read(path).jurisdiction.lower()}.yaml"
    folder.mkdir(exist_ok=True)
    beside = kept.with_suffix(".new")
    beside.write_bytes(path.read_bytes())
    os.replace(beside, kept)  # noqa: PTH105 -- whole or not at all, and the same call on every system
    return kept


def _read(path: Path) -> PackFile:
    try:
        return read_yaml(path, PackFile)
    except LexiconError as error:
        raise ConfigurationError(
            f"the pack cannot be used: {error}", hint="docs/sellers.md explains its keys"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8'}") from error


def _seller_signals(packs: Iterable[PackFile]) -> set[str]:
    return {rule.signal for pack in packs for rule in pack.history.values()}
