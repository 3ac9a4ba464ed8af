"""A listing's law and likes; a seller's windows, rules, prices, places, and the links to other accounts."""

from __future__ import annotations

import re
from html import unescape
from itertools import combinations
from math import hypot
from typing import TYPE_CHECKING

import pytest
from desk_samples import PISTOLS, SITE, feed_lines, receive
from test_desk_cases import send
from test_desk_screens import custody_of, page, text_of

from dashboards.graphs import Link, draw_graph
from pipelines.actors.members import row_of
from pipelines.composition import opened
from pipelines.store.tables.linking import actor_links

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from pipelines.workspace import Workspace


def test_a_signal_names_its_law_and_how_it_stands(reader: TestClient) -> None:
    shown = text_of(page(reader, "/listing/riverside/p1"))
    assert "18 USC 922(a)(1)(A) : dealing in firearms without a licence" in shown
    assert "enjoined by a court" in shown
    assert "weighs nothing (enjoined)" in shown
    assert "XX-gone : no longer in the packs" in shown


def test_windows_and_rules_stand_above_what_they_rest_on(reader: TestClient) -> None:
    html = page(reader, "/seller/riverside/quietriver")
    assert len(re.findall(r'<rect class="strip firearm_handgun"', html)) == len(PISTOLS)
    windows = re.findall(r'<rect class="span window"', html)
    rules = re.findall(r'<rect class="span rule"', html)
    assert windows
    assert rules
    bars = [float(y) for y in re.findall(r'<rect class="span \w+" x="[^"]+" y="([^"]+)"', html)]
    strips = [float(y) for y in re.findall(r'<rect class="strip \w+" x="[^"]+" y="([^"]+)"', html)]
    assert max(bars) < min(strips)
    shown = text_of(html)
    assert "firearm handgun USD 11 400 525 650" in shown
    assert "Springfield, IL 11" in shown


def test_a_sellers_listings_are_found_by_the_account_and_no_other(client: TestClient, workspace: Workspace) -> None:
    """A name is no account: another may bear it, or have it as its id."""
    receive(workspace, [feed_lines()[1] | {"id": "n1", "seller": {"id": "other", "name": "quietriver"}}])
    address = re.search(r'href="(/search[^"]+)">11 listings<', page(client, "/seller/riverside/quietriver"))
    assert address
    assert "11 listings" in text_of(page(client, unescape(address[1])))


def test_linked_accounts_lead_to_what_they_all_offer(linked: Workspace, client: TestClient) -> None:
    html = page(client, "/seller/riverside/quietriver")
    address = re.search(r'href="(/search[^"]+)">All listings of these 2 accounts', html)
    assert address
    assert "12 listings" in text_of(page(client, unescape(address[1])))
    address = re.search(r'href="(/search[^"]+)">listings<span class="aside"> of <bdi>Twin Account<', html)
    assert address
    assert "1 listing" in text_of(page(client, unescape(address[1])))
    assert linked.root.exists()


def link_accounts(workspace: Workspace) -> None:
    """Two accounts between which a link was found that holds, and a third, linked too weakly with the second."""
    twin = feed_lines()[0] | {"id": "t1", "seller": {"id": "twin", "name": "Twin Account"}}
    receive(workspace, [twin])
    reason = {"kind": "contact", "weight": 2.5, "words": "the same telephone number", "listings": []}
    with opened(workspace) as database, database.write() as connection:
        rows = {name: row_of(connection, SITE, name) or 0 for name in ("quietriver", "twin", "oakdealer")}
        connection.execute(actor_links.delete())
        for name, holds in (("quietriver", True), ("oakdealer", False)):
            one, other = sorted((rows["twin"], rows[name]))
            values = {"one": one, "other": other, "weight": 2.5, "holds": holds, "reasons": [reason]}
            connection.execute(actor_links.insert(), values)


@pytest.fixture
def linked(workspace: Workspace) -> Workspace:
    link_accounts(workspace)
    return workspace


def graph_of(html: str) -> str:
    """The picture of the accounts around an account."""
    found = re.search(r'<svg class="graph".*?</svg>', html, re.DOTALL)
    assert found
    return found[0]


def test_a_graph_shows_thirty_accounts_at_most_apart_and_inside_its_frame() -> None:
    for around in range(1, 30):
        accounts = [(f"account {number}", SITE, str(number)) for number in range(around + 1)]
        links = [Link(ends=(0, number), stands="weak", reasons=(("text", "x"),)) for number in range(1, around + 1)]
        graph = draw_graph(accounts, links, {})
        for one, other in combinations(graph.nodes, 2):
            assert hypot(one.x - other.x, one.y - other.y) > 36, (around, one.number, other.number)
        assert all(18 <= one.x <= graph.width - 18 and 18 <= one.y <= graph.height - 36 for one in graph.nodes)
        assert len(graph.edges) == around


def test_a_link_names_its_reason_and_is_cut_and_taken_back(linked: Workspace, client: TestClient) -> None:
    address = "/seller/riverside/quietriver"
    shown = text_of(page(client, address))
    assert "Twin Account" in shown
    assert "the same telephone number" in shown
    drawn = graph_of(page(client, address))
    assert re.search(r'<line class="edge holds"[^>]*/><title>the same telephone number</title>', drawn)
    assert re.search(r'class="edgelabel"[^>]*>contact<', drawn)
    assert re.search(
        r'<a href="/seller/riverside/twin">.*?<text class="nodename"[^>]*>Twin Account \(\+1\)<', drawn, re.DOTALL
    )
    names = {"site": SITE, "id": "quietriver", "other_site": SITE, "other_id": "twin"}
    send(client, "/seller-links", 400, action="cut", reason=" ", **names)
    send(client, "/seller-links", 400, action="burn", reason="x", **names)
    send(client, "/seller-links", action="cut", reason="another town", **names)
    html = page(client, address)
    assert "ana: not the same" in text_of(html)
    assert 'class="edge cut"' in graph_of(html)
    number = re.search(r'name="number" value="(\d+)"', html).group(1)
    assert ("ana", "cut") in custody_of(linked, "seller:riverside/quietriver")
    send(client, "/seller-links/undo", number=number, then=address)
    assert "confirm or cut" in page(client, address) or "No other account" in page(client, address)
    assert ("ana", "undo") in custody_of(linked, f"decision:{number}")
    send(client, "/seller-links/undo", 400, number=number)
