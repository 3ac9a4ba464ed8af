"""The small form of the sellers' benchmark, and the statistics of what it leaves behind."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # no stubs

from pipelines.cli import main

if TYPE_CHECKING:
    from marketplace.models import Marketplace

SCHEMAS = Path(__file__).parents[3] / "docs" / "schema"


def _run(*arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as left:
        main(list(arguments))
    return int(left.value.code or 0), out.getvalue(), err.getvalue()


def test_the_figures_that_do_not_depend_on_the_machine_hold(found: dict[str, Any]) -> None:
    bars = {name: bar["value"] for name, bar in found["bars"].items()}
    assert bars["items_f1"] >= 0.95
    assert bars["actors_f1"] >= 0.90
    assert bars["actors_precision"] >= 0.98
    assert bars["firings_exact"] >= 0.997
    assert found["bars"]["sellers_for_one_listing"]["met"]
    assert bars["honest_review"] == 0.0
    assert bars["dealer_review"] == 0.0
    figures = found["figures"]
    assert figures["synthetic"] is True
    assert figures["items"]["f1"] > figures["exact_text_alone"]["f1"]
    assert figures["actors"]["f1"] > figures["same_phone_alone"]["f1"]


def test_the_last_line_is_a_bench_line(found: dict[str, Any]) -> None:
    schema = json.loads((SCHEMAS / "bench.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(json.loads(json.dumps(found)))


def test_the_figures_of_agreement_are_right_on_a_case_by_hand() -> None:
    from measuring import agree  # noqa: PLC0415 -- after the path of conftest.py

    things = set("abcdef")
    both = agree(["abc", "de"], ["ab", "cde"], set(things))
    assert (both.right, both.found, both.there) == (2, 4, 4)  # ab, de of ab ac bc de and ab cd ce de
    assert both.f1 == 0.5
    assert agree([], [], set(things)).f1 == 1.0


def test_what_grows_is_shown_for_any_week(workspace: Path) -> None:
    code, out, _ = _run("statistics", "--as-of", "2026-03-31", "--json", "--workspace", str(workspace))
    assert code == 0
    shown = json.loads(out)
    schema = json.loads((SCHEMAS / "statistics.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(shown)
    assert shown["week"] == {"from": "2026-03-25", "to": "2026-03-31"}
    assert {one["site"] for one in shown["observed"] if one["compared"]} >= {"harbor-ads", "summit-board"}
    assert all(row["count"] >= 3 for kind in ("sellers", "places", "models") for row in shown[kind])


def test_the_open_table_has_no_small_cell_and_nobody_in_it(
    workspace: Path, market: Marketplace, tmp_path: Path
) -> None:
    path = tmp_path / "open.csv"
    code, _, err = _run("statistics", "--open", str(path), "--workspace", str(workspace))
    assert code == 0
    assert "docs/statistics.md" in err
    text = path.read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert min(int(row["items"]) for row in rows) >= 10
    assert {row["class"] for row in rows} <= {"(all)", "(rest)", "firearm_handgun", "firearm_long"}
    for account in market.accounts:
        assert account.handle not in text or account.handle in ("hunter", "john", "mike", "trader", "vet")
        assert not [value for _, value, _ in account.contacts if value in text]
    scams = {ad.id for person in market.people if person.kind == "scam" for ad in person.ads}
    everything = next(row for row in rows if row["signal"] == row["class"].replace("(all)", "(any)") == "(any)")
    assert int(everything["items"]) < sum(1 for _ in market.ads()) - len(scams)


def test_a_person_reads_it_too(workspace: Path) -> None:
    code, out, err = _run("statistics", "--as-of", "2026-01-31", "--workspace", str(workspace))
    assert code == 0
    assert "A reason to look, never a finding." in err
    assert [line for line in out.splitlines() if line.startswith("Models")]


def test_mistakes_are_told(workspace: Path, tmp_path: Path) -> None:
    assert _run("init", str(tmp_path / "empty"))[0] == 0
    code, _, err = _run("statistics", "--workspace", str(tmp_path / "empty"))
    assert (code, "nothing in this workspace yet" in err) == (2, True)
    there = ("--workspace", str(workspace))
    assert _run("statistics", "--as-of", "tomorrow", *there)[0] == 2
    assert _run("statistics", "--open", "x.csv", "--json", *there)[0] == 2
    code, _, err = _run("statistics", "--open", str(tmp_path / "no" / "x.csv"), *there)
    assert (code, "cannot be written" in err) == (2, True)
