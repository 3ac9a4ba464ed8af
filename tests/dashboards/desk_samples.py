"""A small workspace made from real parts: a feed received, assessments kept by hand with exact spans, an index."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner

from pipelines.cli import root
from pipelines.composition import feed_desk, opened, project, utc_now
from pipelines.feed_line import FeedOptions
from pipelines.sellers.desk import assess_sellers
from pipelines.store.assessing import AssessmentRecord, keep_assessments, read_waiting
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipelines.store.assessing import Waiting

SITE = "riverside"
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
MADE_BY = "model.rules.lexicon"
WORDING = {
    "no background check": ("no_check_offered", "for", 1.0, "terms", "no check is needed or wanted"),
    "ship straight to you": ("direct_shipment", "for", 1.0, "terms", "a firearm is shipped to the buyer"),
    "cash only": ("cash_only", "for", 0.3, "terms", "cash is asked for"),
    "more available": ("more_available", "for", 1.0, "item", "has or can get more"),
    "lot of six": ("bulk_quantity", "for", 1.0, "item", "several identical items"),
    "new in box": ("new_in_box", "for", 0.3, "item", "new or unfired"),
    "through an FFL": ("ffl_transfer", "against", -2.0, "terms", "a transfer through a dealer is stated"),
    "bill of sale": ("bill_of_sale", "against", -0.3, "terms", "a bill of sale is stated"),
}
HOOKS = (
    {"id": "US-922a1A", "signal": "no_check_offered", "effect": "notes", "counts": True, "why": None},
    {"id": "US-478.13", "signal": "new_in_box", "effect": "notes", "counts": False, "why": "enjoined"},
    {"id": "XX-gone", "signal": "cash_only", "effect": "notes", "counts": False, "why": "repealed"},
)
PISTOLS = (
    "Glock 19",
    "Glock 17",
    "Sig P320",
    "Beretta 92",
    "Walther PPQ",
    "CZ 75",
    "Glock 43",
    "Ruger LC9",
    "Colt 1911",
    "Kahr CW9",
    "Taurus G3",
)


def feed_lines() -> list[dict[str, Any]]:
    """Three dozen invented offers: one busy account, a few others, and ordinary things."""
    lines = [
        {
            "id": f"p{number}",
            "title": f"{name} 9mm pistol, new in box",
            "description": f"Private sale of my {name}. Cash only, no background check needed, no paperwork.\n"
            + (
                "I can ship straight to you. More available, ask for the list."
                if number % 2
                else "Meet near the river."
            ),
            "price": 400 + number * 25,
            "currency": "USD",
            "posted": (date(2026, 10, 1) + timedelta(days=number * 3)).isoformat(),
            "seller": {"id": "quietriver", "name": "Quiet River", "joined": "2026-09-20"},
            "location": "Springfield, IL",
            "country": "US",
        }
        for number, name in enumerate(PISTOLS)
    ]
    lines += [
        {
            "id": f"r{number}",
            "title": f"Hunting rifle {number}, walnut stock",
            "description": "Transfer through an FFL only, bill of sale on request. A lot of six boxes goes along."
            if number % 3 == 0
            else "Well kept. Transfer through an FFL only.",
            "price": f"{700 + number * 10}.50",
            "currency": "USD",
            "posted": (date(2026, 8, 1) + timedelta(days=number * 5)).isoformat(),
            "seller": {"id": "oakdealer", "name": "Oak Arms", "licence": "1-23-456-78-9A-01234"},
            "location": "Peoria, IL",
            "country": "US",
        }
        for number in range(6)
    ]
    lines += [
        {
            "id": f"o{number}",
            "title": f"Garden table number {number}",
            "description": "Solid oak, collected from the door. " * (1 + number % 3),
            "price": 30 + number,
            "currency": "EUR",
            "posted": f"2026-11-{1 + number % 15:02d}",
            "seller": {"id": f"neighbour{number}", "name": f"Neighbour {number}"},
            "location": "Köln",
        }
        for number in range(22)
    ]
    return lines


def make_workspace(folder: Path, lines: Sequence[dict[str, Any]], *, site: str = SITE) -> Workspace:
    """A workspace in `folder` with the feed taken in, assessed and indexed."""
    made = CliRunner().invoke(root, ["init", str(folder), "--operator", "Example Unit", "--json"])
    assert made.exit_code == 0, made.output
    workspace = Workspace.read(folder, {})
    if lines:
        receive(workspace, lines, site=site)
    return workspace


def receive(workspace: Workspace, lines: Sequence[dict[str, Any]], *, site: str = SITE) -> None:
    """Take a feed in, assess by `WORDING`, and bring the index up to date."""
    feed = workspace.root / "feed.jsonl"
    feed.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    with opened(workspace) as database:
        feed_desk(workspace, database, lambda _lines: None).receive(feed, FeedOptions(site=site))
        with database.read() as connection:
            waiting = read_waiting(connection, MADE_BY, after=0, most=10_000)
        with database.write() as connection:
            keep_assessments(connection, [(one.row, assess(one)) for one in waiting])
        assess_sellers(database, now=utc_now)
        project(workspace, database)


def assess(waiting: Waiting) -> AssessmentRecord:
    """An assessment with exact spans: every phrase of `WORDING` where it stands."""
    content = waiting.content
    signals = []
    for field in ("title", "description"):
        text = getattr(content, field)
        for phrase, (name, polarity, weight, family, reason) in WORDING.items():
            for match in re.finditer(re.escape(phrase), text, re.IGNORECASE):
                place = {"field": field, "start": match.start(), "end": match.end(), "text": match.group()}
                named = {"name": name, "polarity": polarity, "weight": weight, "family": family}
                signals.append({**named, **place, "confidence": 1.0, "layer": "wording", "reason": reason})
    found = {one["name"] for one in signals}
    names = {one["name"] for one in signals if one["polarity"] == "for" and one["weight"] >= 1.0}
    terms = [{"signal": one["name"], "weight": one["weight"]} for one in signals]
    logit = round(-3.5 + sum(term["weight"] for term in terms), 4)
    names_a_gun = re.search("pistol|rifle", content.title)
    kind = "firearm_handgun" if "pistol" in content.title else "firearm_long" if names_a_gun else "other"
    value = round(1 / (1 + 2.718281828**-(logit)), 4)
    quiet = {"base": -3.5, "terms": [], "weak_signs_cut": 0.0, "interactions": [], "logit": -3.5, "score": 0.0293}
    scores = dict.fromkeys(("bulk_sale", "straw_purchase", "untraceable", "prohibited_item"), quiet)
    derived = {"unlicensed_sale": {**quiet, "terms": terms, "logit": logit, "score": value}, **scores}
    return AssessmentRecord(
        version=waiting.version,
        made_by=MADE_BY,
        at=NOW,
        body={
            "language": "en",
            "class": kind,
            "class_probability": 0.97,
            "signals": signals,
            "scores": {name: one["score"] for name, one in derived.items()},
            "review": "review" if len(names) > 1 else "idle" if names else "none",
            "abstained": None,
            "queue": None,
            "versions": {"model": "1f0c" * 16, "rules": "2e1d" * 16, "lexicon": "3d2e" * 16},
        },
        items=[_item(content.title, kind)] if names_a_gun else [],
        derivation={"scores": derived, "hooks": [hook for hook in HOOKS if hook["signal"] in found]},
        vector=None,
    )


def _item(title: str, kind: str) -> dict[str, Any]:
    make, _, model = title.partition(" 9mm")[0].partition(" ")
    known = {"make": make, "model": model} if kind == "firearm_handgun" else {"make": None, "model": title}
    return {"class": kind, **known, "calibre": None, "quantity": 1, "field": "title", "start": 0, "end": len(make)}
