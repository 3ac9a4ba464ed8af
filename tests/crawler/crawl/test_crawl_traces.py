"""A crawl hands its visits to a collector, each the first step of the trace that the index ends."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from collector import Collector
from crawl_room import Room
from crawl_server import Answer, Asked, Served, list_page, listing_page, site_text

from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path


def market(asked: Asked) -> Answer:
    if asked.path == "/robots.txt":
        return Answer(status=404)
    return Answer(listing_page(int(asked.path[6:])) if asked.path.startswith("/item/") else list_page(range(1, 4)))


def test_each_page_of_a_crawl_is_a_trace(tmp_path: Path) -> None:
    made = Room.make(tmp_path / "room").workspace.root
    with Collector() as collector, Served(market) as site:
        with (made / "tracemark.toml").open("a") as settings:
            settings.write(f'\n[observe]\ntraces = "{collector.url}"\n')
        room = Room(Workspace.read(made, {}))
        room.write_site("market", site_text("market", site.url))
        assert room.crawl("market").code == 0
    traces = defaultdict(list)
    for span in collector.spans:
        traces[span.trace_id].append(span.name)
    found = sorted(traces.values())
    assert found.count(["visit", "index"]) == 3  # the listings; the list and the seller's page have nothing to index
    assert {tuple(one) for one in found} == {("visit",), ("visit", "index")}
    kinds = {one.key: one.value.string_value for span in collector.spans for one in span.attributes}
    assert kinds["site"] == "market"
