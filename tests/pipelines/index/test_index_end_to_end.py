"""A marketplace crawled into a real Elasticsearch by the commands that people type, and the same answers in process."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from command_line import PERSON, answer, tracemark

from crawler.demo.marketplaces import Marketplaces
from crawler.demo.views import visible_listings

if TYPE_CHECKING:
    from pathlib import Path

QUERIES = ("rifle", "nail OR glue", '"private sale"', "seller:mercer", "price:100..300 -table", "status:sold")


def test_a_crawl_into_elasticsearch(tmp_path: Path, elasticsearch_url: str) -> None:
    tracemark("init", "room", *PERSON, cwd=tmp_path)
    settings = tmp_path / "room" / "tracemark.toml"
    settings.write_text(f'{settings.read_text()}\n[index]\nname = "end-to-end"\n')
    with Marketplaces(hosts={"harborlist": "127.0.0.1:0"}) as marketplaces:
        site = resources.files("crawler.demo").joinpath("sites", "harborlist.yaml").read_text("utf-8")
        url = marketplaces.urls["harborlist"]
        (tmp_path / "room" / "sites" / "harborlist.yaml").write_text(site.replace("HARBORLIST/", f"{url}/"))
        cluster = {"TRACEMARK_INDEX_URL": elasticsearch_url}
        run = answer(
            "crawl", "harborlist", "--workspace", "room", cwd=tmp_path, TRACEMARK_ALLOW_LOOPBACK="1", **cluster
        )
    expected = len(visible_listings("harborlist", 45))
    assert (run["status"], run["new"]) == ("done", expected)
    assert answer("search", "", "--workspace", "room", cwd=tmp_path, **cluster)["total"] == expected
    answer("reindex", "--workspace", "room", cwd=tmp_path)  # now the embedded engine, from the same store
    for query in QUERIES:
        there, here = (
            answer("search", query, "--limit", "500", "--workspace", "room", cwd=tmp_path, **where)
            for where in (cluster, {})
        )
        assert there["total"] == here["total"] > 0, query
        assert {hit["id"] for hit in there["hits"]} == {hit["id"] for hit in here["hits"]}, query
        assert there["facets"] == here["facets"], query
