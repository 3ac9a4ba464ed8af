"""Each form by the field's own reader, with hostile text in it, twice the same."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import stix2
from attrs import evolve
from jsonschema import Draft4Validator  # type: ignore[import-untyped]  # no stubs
from packet_samples import HOSTILE
from pymisp import MISPEvent

from pipelines.exchange.formats import FORMATS
from pipelines.exchange.redaction import redact
from pipelines.packet.report import write_report

if TYPE_CHECKING:
    from pipelines.packet.dossier import Dossier

BIN = Path(sys.executable).parent


@pytest.fixture(params=["hostile", "case", "bare"])
def dossier(request: pytest.FixtureRequest) -> Dossier:
    found: Dossier = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def bare(hostile: Dossier) -> Dossier:
    """Nothing but that it was there."""
    times = {name: hostile.listing[name] for name in ("first_seen", "last_seen")}
    listing = {**times, "site": "market", "id": "99", "title": "", "seller": None}
    gone = {"captures": (), "versions": (), "custody": (), "reviews": (), "assessment": None, "seller": None}
    return evolve(hostile, id="99", listing=listing, **gone)


def written(dossier: Dossier, form: str) -> Any:
    return json.loads(FORMATS[form].write(dossier))


def strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for pair in value.items() for one in pair for text in strings(one)]
    if isinstance(value, list):
        return [text for one in value for text in strings(one)]
    return [value] if isinstance(value, str) else []


def test_case_uco_by_case_validate(case: Dossier, bare: Dossier, tmp_path: Path) -> None:
    files = [tmp_path / "case.jsonld", tmp_path / "bare.jsonld"]
    for file, one in zip(files, (case, bare), strict=True):
        file.write_bytes(FORMATS["case-uco"].write(one))
    done = subprocess.run([BIN / "case_validate", *files], capture_output=True, text=True, check=False)
    assert "Conforms: True" in done.stdout, done.stdout + done.stderr
    graph = json.loads(files[0].read_bytes())["@graph"]
    assert len([one for one in graph if one["@type"] == "uco-observable:WebPage"]) == len(case.parts)
    actions = [one for one in graph if one["@type"].endswith("InvestigativeAction")]
    assert len(actions) == len(case.captures)
    assert {len(one["uco-action:object"]) for one in actions} == {2}  # each page shows both listings


def test_stix_by_its_library(dossier: Dossier) -> None:
    bundle = stix2.parse(FORMATS["stix"].write(dossier).decode(), allow_custom=False)
    kinds = [one.type for one in bundle.objects]
    assert kinds.count("observed-data") == len(dossier.listings())
    assert not {"indicator", "threat-actor", "malware", "campaign"} & set(kinds)
    ids = {one.id for one in bundle.objects}
    for one in bundle.objects:
        refs = [*one.get("object_refs", ()), *one.get("object_marking_refs", ()), one.get("created_by_ref")]
        assert {ref for ref in refs if ref} <= ids
    for one in bundle.objects:
        if one.type in {"url", "email-addr", "user-account", "file"}:
            assert type(one)(**{k: v for k, v in one.items() if k not in {"id", "type"}}).id == one.id


def test_misp_by_its_schema_and_library(dossier: Dossier) -> None:
    body = written(dossier, "misp")
    Draft4Validator(json.loads((files("pymisp") / "data" / "schema.json").read_text("utf-8"))).validate(body)
    event = MISPEvent(strict_validation=True)
    event.from_dict(**body["Event"])
    assert not any(one.to_ids for one in event.attributes)
    assert event.published is False
    keys = [(one.category, one.type, one.value) for one in event.attributes]
    assert len(set(keys)) == len(keys)


def test_tracing_shows_what_is_not_stated(hostile: Dossier) -> None:
    [item] = written(hostile, "tracing-json")["items"]
    assert item["model"] == "P-17"
    assert item["gaps"] == ["calibre", "serial", "country_of_manufacture", "country_of_import"]
    text = FORMATS["tracing-csv"].write(hostile).decode("utf-8-sig")
    [row] = csv.DictReader(io.StringIO(text, newline=""))
    assert row["make"] == "'=1+1"
    assert row["gaps"] == "calibre; serial; country_of_manufacture; country_of_import"
    assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for cell in row.values())


@pytest.mark.parametrize(
    ("said", "items", "serial"),
    [
        ("Serial number BKR-4471.", 1, "BKR4471"),
        ("s/n BKR44xxx", 1, "BKR44…"),
        ("Serial number BKR-4471.", 2, None),
        ("Serial number BKR-4471, the other serial number 99812.", 1, None),
    ],
)
def test_a_serial_number_is_told_as_stated_and_kept_from_outside_readers(
    hostile: Dossier, said: str, items: int, serial: str | None
) -> None:
    listing = {**hostile.listing, "description": said, "items": hostile.listing["items"] * items}
    found = written(evolve(hostile, listing=listing), "tracing-json")["items"]
    assert {row["serial"] for row in found} == {serial}
    assert ("serial" in found[0]["gaps"]) == (serial is None)
    outside = redact(evolve(hostile, listing=listing))
    assert "4471" not in outside.listing["description"]
    assert written(outside, "tracing-json")["items"][0]["serial"] is None


@pytest.mark.parametrize("form", ["case-uco", "stix", "misp"])
def test_hostile_text_is_inert_and_complete(hostile: Dossier, form: str) -> None:
    data = FORMATS[form].write(hostile)
    assert not set(b"<>&") & set(data)
    assert "\u202e" not in data.decode()
    shown = HOSTILE.replace("\u202e", "[U+202E]")
    assert any(shown in text for text in strings(json.loads(data)))


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_the_same_dossier_gives_the_same_bytes(case: Dossier, form: str) -> None:
    view = {**case.custody[0], "sequence": 99, "action": "view", "at": "2026-09-01T00:00:00+00:00"}
    seen = evolve(case, custody=(*case.custody, view))
    assert FORMATS[form].write(case) == FORMATS[form].write(seen)


@pytest.mark.parametrize("form", ["case-uco", "stix", "misp"])
def test_half_characters_are_written_out(hostile: Dossier, form: str) -> None:
    broken = evolve(hostile, listing={**hostile.listing, "title": "P\ud83d-17"})
    assert b"P[U+D83D]-17" in FORMATS[form].write(broken)


def test_two_workspaces_name_things_differently_but_observables_alike(hostile: Dossier) -> None:
    other = evolve(hostile, workspace="Another desk")
    mine, theirs = ({one["id"] for one in written(one, "stix")["objects"]} for one in (hostile, other))
    assert {name.split("--")[0] for name in mine & theirs} == {"file", "url", "user-account", "marking-definition"}


def test_the_report_of_a_case_says_who_would_refer_it(case: Dossier) -> None:
    word = {"at": "2026-03-04T12:00:00+00:00", "by": "ana", "to": "Focal <point>", "reason": "read all of it"}
    told = write_report(evolve(case, case={**(case.case or {}), "agreements": [word]})).decode()
    assert "It should be referred to Focal &lt;point&gt;. read all of it" in told
    outside = redact(evolve(case, case={**(case.case or {}), "agreements": [word]}))
    assert "read all of it" not in write_report(outside).decode()
