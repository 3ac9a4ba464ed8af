"""Cases from the desk: filled from anywhere, worked on, referred by two, and sealed."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from desk_samples import PISTOLS
from desk_serving import visiting
from test_desk_screens import custody_of, page, text_of, token_of

from pipelines.packet.keys import TrustedKeys
from pipelines.packet.verification import verify

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.testclient import TestClient

    from pipelines.workspace import Workspace


def send(client: TestClient, address: str, status: int = 303, **values: str) -> str:
    """What a form sends; where the answer leads."""
    answer = client.post(address, data={"form_token": token_of(page(client, "/cases")), **values})
    assert answer.status_code == status, answer.text[:800]
    return answer.headers.get("location", "")


def open_case(client: TestClient, name: str = "Eleven in six weeks") -> str:
    seller = {"kind": "seller", "site": "riverside", "id": "quietriver", "offers": "true"}
    return send(client, "/cases/add", name=name, **seller)


def test_a_seller_becomes_a_case_with_all_its_listings(client: TestClient, workspace: Workspace) -> None:
    assert "No case yet" in text_of(page(client, "/cases"))
    address = open_case(client)
    shown = text_of(page(client, address))
    assert f"Listings ({len(PISTOLS)})" in shown
    assert "Sellers (1)" in shown
    assert "Quiet River" in shown
    assert "Eleven in six weeks" in text_of(page(client, "/cases"))
    reference = address.rpartition("/")[2]
    assert [action for _, action in custody_of(workspace, f"case:{reference}")][:2] == ["case", "case"]


def test_triage_puts_a_listing_into_the_last_case_and_comes_back(client: TestClient) -> None:
    address = send(client, "/cases", name="By hand")
    html = page(client, "/triage")
    assert "By hand" in html
    listed = {"kind": "listing", "site": "riverside", "id": "p1", "case": address.rpartition("/")[2]}
    assert send(client, "/cases/add", then="/triage?item=riverside%2Fp1", **listed) == "/triage?item=riverside%2Fp1"
    assert "Glock 17 9mm pistol" in page(client, address)
    assert send(client, f"{address}/remove", reason="another gun", **{k: listed[k] for k in ("kind", "site", "id")})
    assert "Listings (0)" in text_of(page(client, address))
    assert "took out of the case: riverside/p1" in text_of(page(client, address))


def test_notes_tasks_and_their_times(client: TestClient) -> None:
    address = open_case(client)
    send(client, f"{address}/note", text="=HYPERLINK(1) seen twice")
    send(client, f"{address}/task", text="ask the carrier", assignee="ben", due="2026-01-31")
    shown = text_of(page(client, address))
    assert "=HYPERLINK(1) seen twice" in shown
    assert "due 2026-01-31" in shown
    assert 'class="late"' in page(client, "/cases")
    send(client, f"{address}/done", number="1")
    assert "done" in text_of(page(client, address))
    send(client, f"{address}/task", 400, text="more", due="tomorrow")
    rows = list(csv.DictReader(io.StringIO(client.get(f"{address}/timeline.csv").text)))
    assert [row["at"] for row in rows] == sorted(row["at"] for row in rows)
    assert {"first seen", "wrote a note"} <= {row["what"] for row in rows}


def test_one_persons_word_refers_nothing(workspace: Workspace) -> None:
    with visiting(workspace) as client:
        address = open_case(client)
        send(client, f"{address}/agree", reason="clear", recipient="Example Unit")
        send(client, f"{address}/agree", reason="clear again", recipient="Example Unit")
        shown = text_of(page(client, address))
        assert "It takes a second person" in shown
        assert "referred" not in shown.partition("Referral")[0]
    with visiting(workspace, "ben") as client:
        send(client, f"{address}/agree", reason="agreed")
        shown = text_of(page(client, address))
        assert "referred to Example Unit" in shown
        note = {"kind": "listing", "site": "riverside", "id": "o1", "case": address.rpartition("/")[2]}
        send(client, "/cases/add", 400, **note)


def test_a_case_is_sealed_and_verifies(client: TestClient, workspace: Workspace, tmp_path: Path) -> None:
    address = open_case(client)
    html = page(client, address)
    assert f"Goes in: {len(PISTOLS)} captures" in text_of(html)
    answer = client.post(f"{address}/packet", data={"form_token": token_of(html)})
    assert answer.status_code == 200, answer.text[:500]
    packet = tmp_path / "case.zip"
    packet.write_bytes(answer.content)
    assert verify(packet, TrustedKeys.load(workspace.trusted_keys), None).json["valid"] is True


def test_an_unknown_case_is_not_there(client: TestClient) -> None:
    page(client, "/cases/none", 404)
    send(client, "/cases", 400, name="  ")
