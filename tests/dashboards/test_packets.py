"""Packets from the desk: followed while they are made, called off, in both forms, for who ordered them."""

from __future__ import annotations

import re
import zipfile
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from itertools import repeat
from time import sleep
from typing import TYPE_CHECKING

import pytest
from desk_samples import NOW, SITE
from desk_serving import copied, visiting
from people_samples import Clock, add_people, desk_of, signed_in, token_on
from test_desk_cases import open_case
from test_desk_pictures import capture_page, make_png
from test_desk_screens import custody_of, page, text_of, token_of

from dashboards.packets import CalledOff, FileTurns, Making, Subject
from dashboards.people.identity import Role
from pipelines.composition import opened
from pipelines.evidence import gather_dossier
from pipelines.packet.creation import create
from pipelines.packet.keys import SigningKey, TrustedKeys
from pipelines.packet.verification import verify

if TYPE_CHECKING:
    from pathlib import Path

    from httpx2 import Response
    from starlette.testclient import TestClient

    from pipelines.workspace import Workspace


def order(client: TestClient, **more: str) -> Response:
    token = token_of(page(client, "/listing/riverside/17"))
    return client.post("/packets", data={"form_token": token, "site": SITE, "id": "17", **more})


def wait_for(client: TestClient, address: str) -> str:
    """The page that follows a packet, once it does not ask to be looked at again."""
    for _ in repeat(None, 600):
        answer = client.get(address)
        if "refresh" not in answer.headers:
            return answer.text
        sleep(0.05)
    raise AssertionError(address)


def names_in(content: bytes) -> set[str]:
    with zipfile.ZipFile(BytesIO(content)) as packet:
        return set(packet.namelist())


def test_a_file_is_made_by_one_at_a_time_and_then_forgotten(tmp_path: Path) -> None:
    turns, at_work, most = FileTurns(), [0], [0]

    def make(path: Path) -> None:
        with turns.making(path):
            at_work[0] += 1
            most[0] = max(most[0], at_work[0])
            sleep(0.005)
            at_work[0] -= 1
            if path.name == "bad.zip":
                raise ValueError(path)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(make, repeat(tmp_path / "one.zip", 12)))
        assert most == [1]
        failed = [pool.submit(make, tmp_path / "bad.zip") for _ in range(3)]
        list(pool.map(make, [tmp_path / f"{number}.zip" for number in range(12)]))
    assert [type(one.exception()) for one in failed] == [ValueError] * 3
    assert turns.under_way == set()


def test_what_takes_long_is_followed_and_handed_over(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    capture_page(workspace, make_png())
    monkeypatch.setattr("dashboards.packets.AT_ONCE", 0.0)
    with visiting(workspace) as client, opened(workspace) as database:
        html = page(client, "/listing/riverside/17")
        with database.write():  # the packet waits for its row of the custody log
            data = {"form_token": token_of(html), "site": SITE, "id": "17"}
            answer = client.post("/packets", data=data)
            assert answer.status_code == 303
            address = answer.headers["location"]
            followed = client.get(address)
            assert followed.headers["refresh"] == "1"
            assert re.search(r'<progress max="100" value="\d\d?"', followed.text)
            assert client.get(f"{address}/file").status_code == 404
        assert "Evidence packet: made" in text_of(wait_for(client, address))
        file = client.get(f"{address}/file")
        assert file.headers["content-disposition"] == 'attachment; filename="riverside-17.zip"'
        assert (workspace.packets / "riverside-17.zip").read_bytes() == file.content
        page(client, "/packets/none", 404)
    assert verify(workspace.packets / "riverside-17.zip", TrustedKeys.load(workspace.trusted_keys), None).json["valid"]
    assert custody_of(workspace, "riverside/17")[-1] == ("ana", "export")


def test_what_stops_it_is_told_where_it_is_followed(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    capture_page(workspace, make_png())
    workspace.signing_key.unlink()
    monkeypatch.setattr("dashboards.packets.AT_ONCE", 0.0)
    with visiting(workspace) as client:
        answer = order(client)
        told = text_of(wait_for(client, answer.headers["location"]) if answer.status_code == 303 else answer.text)
        assert "signing key" in told


def test_called_off_nothing_is_left(workspace: Workspace) -> None:
    capture_page(workspace, make_png())
    with opened(workspace) as database:
        dossier = gather_dossier(database, SITE, "17", vault=workspace.vault, workspace="room")
    making = Making(number="1", person="ana", subject=Subject(site=SITE, id="17"), redacted=False, ordered=NOW)
    watched = making.watch(dossier)
    key = SigningKey.load(workspace.signing_key, None)
    create(watched, workspace.packets / "whole.zip", key)
    assert making.read == making.total > 0
    assert making.percent == 99
    making.off.set()
    with pytest.raises(CalledOff):
        create(watched, workspace.packets / "off.zip", key)
    assert {file.name for file in workspace.packets.iterdir()} == {"whole.zip"}


def test_the_form_for_outside_readers_holds_no_page_and_no_name(workspace: Workspace, tmp_path: Path) -> None:
    capture_page(workspace, make_png())
    with visiting(workspace) as client:
        whole, redacted = order(client), order(client, redacted="true")
        address = open_case(client)
        of_case = client.post(
            f"{address}/packet", data={"form_token": token_of(page(client, address)), "redacted": "1"}
        )
    assert redacted.headers["content-disposition"] == 'attachment; filename="riverside-17-redacted.zip"'
    assert any(name.endswith(".wacz") for name in names_in(whole.content))
    for answer in (redacted, of_case):
        assert not any(name.endswith((".wacz", ".png")) for name in names_in(answer.content))
        packet = tmp_path / "redacted.zip"
        packet.write_bytes(answer.content)
        assert verify(packet, TrustedKeys.load(workspace.trusted_keys), None).json["valid"] is True
    with zipfile.ZipFile(BytesIO(of_case.content)) as packet_of_case:
        words = b"".join(packet_of_case.read(name) for name in packet_of_case.namelist() if name.endswith(".json"))
    assert b"Quiet River" not in words
    assert b"quietriver" not in words


def test_another_person_sees_nothing_of_it(sample: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboards.packets.AT_ONCE", 0.0)
    workspace = copied(sample, tmp_path / "people")
    add_people(workspace)
    with desk_of(workspace, Clock()) as client, opened(workspace) as database:
        ines, sven = signed_in(client, Role.INVESTIGATOR), signed_in(client, Role.SUPERVISOR)
        token = token_on(ines, "/listing/riverside/p1")
        with database.write():
            answer = ines.post("/packets", data={"form_token": token, "site": SITE, "id": "p1"})
        address = answer.headers["location"]
        assert ines.get(address).status_code == 200
        assert sven.get(address).status_code == 404
        off = {"form_token": token_on(sven, "/listing/riverside/p1")}
        assert sven.post(f"{address}/call-off", data=off).status_code == 404
        off = {"form_token": token_on(ines, "/listing/riverside/p1")}
        assert ines.post(f"{address}/call-off", data=off).status_code == 303
        wait_for(ines, address)
