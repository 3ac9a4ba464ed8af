"""The report a person reads, as one HTML page: no script, nothing loaded, nothing that accuses."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from jinja2 import Environment, Template

from pipelines.packet.account import give_account

if TYPE_CHECKING:
    from pipelines.packet.dossier import Dossier


def write_report(dossier: Dossier) -> bytes:
    """Return the report as UTF-8 HTML; the same dossier gives the same bytes."""
    return _TEMPLATE.render(**give_account(dossier)).encode()


def _load_template() -> Template:
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(files("pipelines.packet").joinpath("report.html").read_text("utf-8"))


_TEMPLATE = _load_template()  # compiling it for each packet took as long as all the rest
