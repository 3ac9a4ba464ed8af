"""Each screen's main task, as a plain browser without scripting would do it."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

import pytest
from desk_samples import MADE_BY, PISTOLS, feed_lines, make_workspace, receive
from desk_serving import visiting

from pipelines.composition import opened
from pipelines.models import RunStatus
from pipelines.packet.keys import TrustedKeys
from pipelines.packet.verification import verify
from pipelines.store.custody import broken_at, custody_rows
from pipelines.store.runs import Run, finish_run, latest_run

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.testclient import TestClient

    from pipelines.workspace import Workspace


def text_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def page(client: TestClient, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.text[:500]
    assert answer.text.count("<h1") == 1
    return answer.text


def token_of(html: str) -> str:
    found = re.search(r'name="form_token" value="([0-9a-f]{64})"', html)
    assert found is not None
    return found.group(1)


def custody_of(workspace: Workspace, subject: str) -> list[tuple[str, str]]:
    with opened(workspace) as database, database.read() as connection:
        assert broken_at(connection) is None
        return [(row["actor"], row["action"]) for row in custody_rows(connection, subject=subject)]


def test_today_counts_what_waits_and_leads_there(reader: TestClient) -> None:
    shown = text_of(page(reader, "/"))
    assert f"{len(PISTOLS)} to decide" in shown
    assert "0 sites in trouble" in shown
    assert "found lines 39" in shown
    assert f"1 of {len(PISTOLS)} that need review" in text_of(page(reader, "/triage"))


def test_an_empty_workspace_shows_three_next_steps(tmp_path: Path) -> None:
    workspace = make_workspace(tmp_path / "empty", [])
    with visiting(workspace) as client:
        html = page(client, "/")
        assert "three next steps" in html
        assert re.search(r"<ol>(\s*<li>.*?</li>){3}\s*</ol>", html, re.DOTALL)
        for address in ("/triage", "/search", "/sites"):
            page(client, address)


def test_a_run_that_found_too_little_needs_a_person(workspace: Workspace) -> None:
    with opened(workspace) as database, database.write() as connection:
        run = latest_run(connection, "riverside")
        assert run is not None
        values = {name: getattr(run, name) for name in ("id", "site", "started")}
        report = {"expected": {"listings": 900}, "found": {"listings": 40}, "unseen": {"robots": 7}}
        finish_run(
            connection,
            Run(**values, finished=run.finished, status=RunStatus.DEGRADED, reason="40 of 900 <b>found</b>", **report),
        )
    with visiting(workspace) as client:
        assert "1 sites in trouble" in text_of(page(client, "/"))
        sites = page(client, "/sites")
        assert "40 of 900 &lt;b&gt;found&lt;/b&gt;" in sites
        assert "listings 900" in text_of(sites)
        assert "robots 7" in text_of(sites)
        assert "found less than expected" in sites


def test_search_marks_words_counts_and_narrows(reader: TestClient) -> None:
    html = page(reader, "/search?q=glock")
    assert "<mark>Glock</mark>" in html
    assert "3 listings" in text_of(html)
    include = unescape(re.search(r'class="include" href="([^"]*no_check_offered[^"]*)"', html).group(1))
    assert "3 listings" in text_of(page(reader, include))
    exclude = unescape(re.search(r'class="exclude" href="([^"]*direct_shipment[^"]*)"', html).group(1))
    assert "2 listings" in text_of(page(reader, exclude))


def test_every_facet_count_equals_the_list_behind_it(reader: TestClient) -> None:
    html = page(reader, "/search?q=")
    links = re.findall(r'class="include" href="([^"]+)"[^>]*>.*?<span class="number">([\d,]+)</span>', html)
    assert len(links) > 20
    for link, count in links:
        assert re.search(rf'id="count">{count} listing', page(reader, unescape(link))), link


def test_every_bar_equals_the_list_behind_it(reader: TestClient) -> None:
    for by in ("week", "month", "year"):
        html = page(reader, f"/search?q=pistol&by={by}")
        bars = re.findall(r'<th scope="row"><a href="([^"]+)">[^<]*</a></th><td class="number">(\d+)</td>', html)
        assert sum(int(count) for _, count in bars) == 2 * len(PISTOLS)  # by days, and by prices
        for link, count in bars:
            if count != "0":
                assert f'id="count">{count} listing' in page(reader, unescape(link))


def test_pages_are_numbered_and_hold_every_listing_once(reader: TestClient) -> None:
    first, second = page(reader, "/search?sort=price-low"), page(reader, "/search?sort=price-low&page=2")
    ids = [re.findall(r'<h3><a href="(/listing/[^"]+)"', html) for html in (first, second)]
    assert [len(found) for found in ids] == [25, 14]
    assert len({*ids[0], *ids[1]}) == 39
    assert "page 2 of 2" in second.partition("</title>")[0]
    assert 'rel="prev"' in second
    assert 'rel="next"' not in second


def test_a_mistaken_query_is_shown_at_its_column(reader: TestClient) -> None:
    html = page(reader, "/search?q=glock+sgnal:no_serial", 400)
    assert "(column 7)" in html
    assert "<mark>sgnal:</mark>" in html
    assert 'value="glock sgnal:no_serial"' in html
    assert html.partition("</title>")[0].rpartition("<title>")[2].startswith("Error: ")
    assert "/search?q=glock+signal%3Ano_serial" in html


def test_no_hits_name_what_to_leave_out(reader: TestClient) -> None:
    shown = text_of(page(reader, "/search?q=glock+site:elsewhere"))
    assert "without site:elsewhere : 3 listings" in shown
    assert "without glock : 0 listings" in shown


@pytest.mark.parametrize("address", ["/search?page=0", "/search?sort=best", "/triage?skip=-1", "/search?cursor=x&q=a"])
def test_a_request_out_of_bounds_says_so(reader: TestClient, address: str) -> None:
    page(reader, address, 400)


def test_a_missing_index_is_told(workspace: Workspace) -> None:
    for file in sorted(workspace.index.rglob("*"), reverse=True):
        file.unlink() if file.is_file() else file.rmdir()
    with visiting(workspace) as client:
        assert "tracemark reindex" in page(client, "/search")


def test_an_unreachable_index_is_a_clear_page(workspace: Workspace) -> None:
    with (workspace.root / "tracemark.toml").open("a") as settings:
        settings.write('\n[index]\nengine = "elasticsearch"\nurl = "http://127.0.0.1:9"\n')
    with visiting(type(workspace).read(workspace.root, {})) as client:
        html = page(client, "/search?q=glock", 503)
        assert 'role="alert"' in html
        page(client, "/triage")
        assert client.get("/api/v1/search?q=glock").json()["error"]


def test_a_listing_shows_words_with_their_signals_and_where_fields_came_from(reader: TestClient) -> None:
    html = page(reader, "/listing/riverside/p1")
    for phrase in ("Cash only", "no background check", "ship straight to you"):
        assert re.search(rf'<a class="mark for" href="#signal-(\d)" id="words-\1">{phrase}<sup>\1</sup>', html)
    numbered = dict(re.findall(r'id="words-(\d+)">([^<]+)<', html))
    listed = re.findall(r'id="signal-(\d+)".*?class="count">(\d+)<.*?<q dir="auto">([^<]+)</q>', html, re.DOTALL)
    assert len(listed) == len(numbered) == 5
    assert all(number == shown and numbered[number] == words for number, shown, words in listed)
    shown = text_of(html)
    assert "feed · price" in shown
    assert "needs review by the listing's own words" in shown
    assert "volume +2.00" in shown
    assert MADE_BY not in shown
    assert custody_row_count(reader, "p1") > 0


def custody_row_count(client: TestClient, native_id: str) -> int:
    return int(re.search(r"(\d+) entries about this listing", page(client, f"/listing/riverside/{native_id}")).group(1))


def test_what_speaks_against_stands_before_the_score(reader: TestClient) -> None:
    html = page(reader, "/listing/riverside/r0")
    assert 'class="mark against"' in html
    assert html.index("What speaks against") < html.index(">Scores<")
    assert "−2.00" in html


def test_the_derivation_adds_up_to_the_sum_shown(reader: TestClient) -> None:
    html = page(reader, "/listing/riverside/p1")
    table = html.partition("How unlicensed sale came about")[2].partition("</table>")[0]
    *terms, total = [float(one.replace("−", "-")) for one in re.findall(r"<td>([+−][\d.]+)</td>", table)]
    assert sum(terms) == pytest.approx(total, abs=0.005)


def test_every_look_is_in_the_custody_log(workspace: Workspace) -> None:
    with visiting(workspace) as client:
        page(client, "/listing/riverside/p1")
        page(client, "/seller/riverside/quietriver")
        page(client, "/search?q=glock")
        client.get("/api/v1/listings/riverside/p1")
    assert custody_of(workspace, "riverside/p1")[-2:] == [("ana", "view"), ("ana", "view")]
    assert custody_of(workspace, "seller:riverside/quietriver") == [("ana", "view")]
    assert custody_of(workspace, "search") == [("ana", "view")]


def test_a_changed_listing_shows_what_changed(workspace: Workspace) -> None:
    changed = next(line for line in feed_lines() if line["id"] == "p1")
    receive(workspace, [{**changed, "price": 390, "description": changed["description"].replace("Cash", "Card")}])
    with visiting(workspace) as client:
        html = page(client, "/listing/riverside/p1?check=1")
    assert "<del>Cash</del>" in html.replace("<del> Cash</del>", "<del>Cash</del>")
    assert "<ins>390 USD</ins>" in html
    assert "2 of 2 verified now" in html


def test_a_damaged_vault_fails_its_check(workspace: Workspace) -> None:
    feed = next(workspace.vault.rglob("feed.jsonl"))
    feed.write_bytes(feed.read_bytes().replace(b"Glock 17", b"Glock 18"))
    with visiting(workspace) as client:
        html = page(client, "/listing/riverside/p1?check=1")
    assert "0 of 1 verified now" in html
    assert "failed: the feed line is not the one that was stored" in html


def test_a_packet_is_made_handed_over_and_holds(workspace: Workspace) -> None:
    with visiting(workspace) as client:
        token = token_of(page(client, "/listing/riverside/p1"))
        answer = client.post("/packets", data={"form_token": token, "site": "riverside", "id": "p1"})
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="riverside-p1.zip"'
    file = workspace.packets / "riverside-p1.zip"
    assert file.read_bytes() == answer.content
    assert verify(file, TrustedKeys.load(workspace.trusted_keys), None).json["valid"] is True
    assert custody_of(workspace, "riverside/p1")[-1] == ("ana", "export")


def test_a_missing_key_is_told_before_anything_is_made(workspace: Workspace) -> None:
    workspace.signing_key.unlink()
    with visiting(workspace) as client:
        token = token_of(page(client, "/listing/riverside/p1"))
        answer = client.post("/packets", data={"form_token": token, "site": "riverside", "id": "p1"})
    assert answer.status_code == 503
    assert "signing key" in answer.text
    assert not list(workspace.packets.glob("*.zip"))


def test_a_seller_shows_windows_signals_and_items(reader: TestClient) -> None:
    html = page(reader, "/seller/riverside/quietriver")
    shown = text_of(html)
    assert "Quiet River" in shown
    assert f"30 days 2026-10-01 2026-10-28 {min(len(PISTOLS), 10)}" in shown
    assert html.count('class="strip firearm_handgun"') == len(PISTOLS)
    assert f"Items ({len(PISTOLS)})" in shown
    signals = re.findall(r'href="#item-([0-9a-f]+)"', html)
    assert signals
    for item in set(signals):
        assert f'id="item-{item}"' in html


def test_a_stated_licence_is_shown_as_stated(reader: TestClient) -> None:
    assert "licence stated: 1-23-456-78-9A-01234 (not matched with a register)" in text_of(
        page(reader, "/seller/riverside/oakdealer")
    )


@pytest.mark.parametrize(
    "address", ["/listing/riverside/zz", "/seller/riverside/zz", "/capture/zz/screenshot.png", "/no"]
)
def test_an_address_with_nothing_there_says_so(reader: TestClient, address: str) -> None:
    html = page(reader, address, 404)
    assert "<title>Error: " in html
    assert 'role="alert"' in html
