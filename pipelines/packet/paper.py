"""The report as a PDF: typst sets it with the fonts that come with us, so that every machine gives the same bytes."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import typst

from pipelines.packet.account import give_account
from pipelines.packet.pieces import printable
from pipelines.packet.typefaces import Coverage, folder

if TYPE_CHECKING:
    from pipelines.packet.dossier import Dossier

_PIECE = frozenset({"text", "kind"})
_HELD = Coverage.shipped()


def write_paper(dossier: Dossier) -> bytes:
    """Return the report as PDF; the same dossier gives the same bytes."""
    return set_paper(_printable(give_account(dossier)))


def set_paper(account: Any) -> bytes:
    """Set an account whose pieces are printable. Raises RuntimeError where typst has something to say."""
    template = files("pipelines.packet").joinpath("report.typ").read_bytes()
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder()])
    made, warnings = typst.compile_with_warnings(
        template, format="pdf", font_paths=fonts, sys_inputs={"account": json.dumps(account)}
    )
    if warnings:  # a missing font is only a warning, and a report without its words
        raise RuntimeError(f"the report could not be set: {warnings}")
    return made


def _printable(value: Any) -> Any:
    """The same account with every piece cut to what the fonts hold; text that is ours is left as it is."""
    if isinstance(value, dict):
        return {name: _printable(inner) for name, inner in value.items()}
    if not isinstance(value, list):
        return value
    if value and all(isinstance(one, dict) and one.keys() == _PIECE for one in value):
        return printable(value, _HELD)
    return [_printable(one) for one in value]
