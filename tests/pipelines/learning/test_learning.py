"""Decisions become reviews; a workspace chooses its model and is told what is wrong with it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from command_line import PERSON, answer, tracemark

from classifiers.assessor import SHIPPED
from classifiers.training import FILES
from pipelines.learning import read_reviews
from pipelines.places import Places
from pipelines.store.database import Database
from pipelines.store.tables import decisions, listings

if TYPE_CHECKING:
    from pathlib import Path

LINES = [
    {"id": "1", "title": "Glock 19 gen 4 9mm", "description": "No background check.", "price": 500},
    {"id": "2", "title": "Ruger 10/22", "description": "FFL only."},
    {"id": "3", "title": "Oak table", "description": "Seats six."},
]


def make_workspace(folder: Path) -> Path:
    tracemark("init", "ws", *PERSON, cwd=folder)
    feed = folder / "feed.jsonl"
    feed.write_text("".join(json.dumps(line) + "\n" for line in LINES), encoding="utf-8")
    assert tracemark("import", str(feed), "--site", "market", "--currency", "USD", cwd=folder / "ws").returncode == 0
    return folder / "ws"


def test_the_last_decision_of_each_listing_counts(tmp_path: Path) -> None:
    workspace = make_workspace(tmp_path)
    database = Database.open(f"sqlite:///{next(workspace.glob('*.db'))}")
    with database.write() as connection:
        rows = {row.native_id: row.id for row in connection.execute(sa.select(listings))}
        for native_id, decision in [("1", "not_relevant"), ("1", "relevant"), ("2", "not_relevant"), ("3", "unsure")]:
            connection.execute(
                sa.insert(decisions).values(
                    listing=rows[native_id],
                    at=datetime(2026, 1, 1, tzinfo=UTC),
                    actor="a",
                    decision=decision,
                    reason="",
                )
            )
    reviews = read_reviews(database, Places.shipped())
    database.close()
    assert [(one.text.title, one.wanted) for one in reviews] == [("Glock 19 gen 4 9mm", True), ("Ruger 10/22", False)]
    assert reviews[0].text.jurisdiction == "US"


def test_a_workspace_assesses_with_the_model_it_chose(tmp_path: Path) -> None:
    workspace = make_workspace(tmp_path)
    settings = workspace / "tracemark.toml"
    before = settings.read_text(encoding="utf-8")
    settings.write_text(before + '\n[classifier]\nmodel = "models/own"\n', encoding="utf-8")
    refused = tracemark("assess", cwd=workspace)
    assert refused.returncode == 3
    assert "the model models/own cannot be used" in refused.stderr
    own = workspace / "models" / "own"
    own.mkdir(parents=True)
    for file in FILES:
        (own / file).write_bytes((SHIPPED / file).read_bytes())
    calibration = json.loads((own / "model.json").read_text())
    calibration["scores"]["unlicensed_sale"]["offset"] -= 1
    (own / "model.json").write_text(json.dumps(calibration))
    assert answer("assess", cwd=workspace)["assessed"] == 3
    scores = answer("assess", "--explain", "market/1", cwd=workspace)["assessment"]["scores"]
    settings.write_text(before, encoding="utf-8")
    assert answer("assess", cwd=workspace)["assessed"] == 3
    shipped = answer("assess", "--explain", "market/1", cwd=workspace)["assessment"]["scores"]
    assert shipped["unlicensed_sale"] > scores["unlicensed_sale"]
