"""Opening the index that the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.index.analysis import Analyzer
from pipelines.index.generations import Generations
from pipelines.index.tantivy_engine import TantivyIndex

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.index.port import Index


def open_index(
    path: Path,
    url: str | None,
    name: str,
    password: str | None = None,
    ca: Path | None = None,
    *,
    read_only: bool = False,
) -> Index:
    """The index `name`: tantivy under the folder `path`, or Elasticsearch at `url`.

    `password` is that of the user in the URL (`elastic` where it names none), or an API key as `ApiKey …`; `ca` the
    certificate authority to trust. PartMissing where the server does not answer.
    """
    analyzer = Analyzer()
    if url is None:
        return TantivyIndex(Generations(path, name), analyzer, read_only=read_only)
    from pipelines.index.elastic_engine import open_elastic  # noqa: PLC0415 -- the client takes 0.4 s to import

    return open_elastic(url, name, analyzer, password=password, ca=ca, read_only=read_only)
