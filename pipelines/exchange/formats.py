"""The forms in which a listing or a case can be handed on, by the names that the command line uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from pipelines.exchange.caseuco import write_case_uco
from pipelines.exchange.misp import write_misp
from pipelines.exchange.stix import write_stix
from pipelines.packet.dossier import to_json
from pipelines.packet.tracing import trace_items, write_csv

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.packet.dossier import Dossier


@frozen
class Format:
    """A form: how it is written, and how a file in it ends."""

    write: Callable[[Dossier], bytes]
    ending: str


FORMATS = {
    "case-uco": Format(write_case_uco, ".jsonld"),
    "misp": Format(write_misp, ".json"),
    "stix": Format(write_stix, ".json"),
    "tracing-csv": Format(lambda dossier: write_csv(trace_items(dossier)), ".csv"),
    "tracing-json": Format(
        lambda dossier: to_json({"format": "tracemark-tracing/1", "items": trace_items(dossier)}), ".json"
    ),
}
