"""What the report tells, as data: one account of a listing from which the page and the PDF are both written."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from pipelines.exchange.gloss import gloss
from pipelines.packet.pieces import is_counter, mark_words, pick_pieces, to_pieces
from pipelines.packet.rates import ErrorRates
from pipelines.packet.tracing import trace_items
from pipelines.warc.encoding import encode_date

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.models import Capture, JsonObject
    from pipelines.packet.dossier import Dossier
    from pipelines.packet.pieces import Pieces

LEAD = (
    "This report is a lead for a person, not a finding. It says what was seen in public and which signals were "
    "observed in it. A signal is an observation of wording or counting; most offers in which signals are observed are "
    "lawful."
)
SCORE = (
    "A score is the estimated probability that a careful reader of the project's own corpus would want to look for "
    "that reason. It is not a probability of an offence."
)
PROOF = (
    "The seal shows that these bytes were collected by the system that holds the signing key, existed by the sealed "
    "time as claimed by that system's own clock (or by a time authority, where a token is in the packet), and are "
    "unchanged since. It does not show that the site served them, nor that what the listing says is true."
)
MARKS = "Marks that would turn or hide text, and characters that no shipped font has, are written as [U+…]."


LEFT_OUT = "Only the first thirty and the last thirty rows of a long table are printed; data/listing.json has them all."
MOST_ROWS = 60


def give_account(dossier: Dossier) -> JsonObject:
    """Return all that the report says, of a listing or of each of a case; the same dossier gives the same account."""
    rates = ErrorRates.shipped()
    return {
        "lead": LEAD,
        "marks": MARKS,
        "score_means": SCORE,
        "proof": PROOF,
        "name": to_pieces(dossier.name),
        "workspace": to_pieces(dossier.workspace),
        "case": _case(dossier),
        "listings": [_listing(one, rates) for one in dossier.listings()],
        "sellers": _sellers(dossier),
        "missing": _missing(dossier),
        "unseen": [
            [to_pieces(run.get("id")), to_pieces(name), to_pieces(value)]
            for run in dossier.runs
            for name, value in sorted((run.get("unseen") or {}).items())
        ],
        "runs": [
            [to_pieces(run.get("id")), to_pieces(run.get("started")), *_authority(run.get("authority") or {})]
            for run in dossier.runs
        ],
    }


def _listing(dossier: Dossier, rates: ErrorRates) -> JsonObject:
    assessment = dossier.assessment or {}
    signals = list(assessment.get("signals") or ())
    listing = dossier.listing
    language = assessment.get("language")
    return {
        "name": to_pieces(dossier.name),
        "offered": _offered(listing),
        "title": mark_words(str(listing.get("title") or ""), signals, "title"),
        "description": mark_words(str(listing.get("description") or ""), signals, "description"),
        "items": [
            pick_pieces(item, "class", "make", "model", "calibre", "quantity") for item in listing.get("items") or ()
        ],
        "sightings": _ends(_sightings(dossier)),
        "versions": _ends(_versions(dossier)),
        "counts": [len(_sightings(dossier)), len(dossier.versions)],
        "left_out": LEFT_OUT if max(len(dossier.captures), len(dossier.versions)) > MOST_ROWS else "",
        "period": [to_pieces(listing.get("first_seen")), to_pieces(listing.get("last_seen"))],
        "for": [_signal(one, rates, language) for one in signals if not is_counter(one)],
        "against": [_signal(one, rates, language) for one in signals if is_counter(one)],
        "rates": [rates.of_language(language), rates.caution(assessment.get("versions") or {})] if signals else [],
        "level": to_pieces(assessment.get("review")),
        "scores": [
            [to_pieces(name), to_pieces(score)] for name, score in sorted((assessment.get("scores") or {}).items())
        ],
        "decisions": [pick_pieces(one, "at", "actor", "decision", "reason") for one in dossier.reviews],
        "notes": [pick_pieces(one, "at", "text") for one in dossier.notes],
        "missing": _gaps(dossier),
    }


def _case(dossier: Dossier) -> JsonObject | None:
    """What people wrote down of the case."""
    case = dossier.case
    if case is None:
        return None
    words = case.get("agreements") or ()
    said = [
        *(case.get("notes") or ()),
        *({**one, "text": f"It should be referred to {one['to']}. {one['reason']}"} for one in words),
    ]
    facts = {"Reference": "reference", "Name": "name", "State": "state", "Opened by": "owner", "Opened": "created"}
    return {
        "facts": [[label, to_pieces(case.get(name))] for label, name in facts.items()],
        "notes": [pick_pieces(one, "at", "by", "text") for one in sorted(said, key=lambda one: str(one["at"]))],
    }


def explain(name: str) -> str:
    """Return an ordinary, lawful reason for what a signal observes."""
    return _EXPLANATIONS.get(name, "")


def _offered(listing: JsonObject) -> list[list[Any]]:
    price, seller = listing.get("price"), listing.get("seller")
    stated = f"{price.get('amount')} {price.get('currency') or ''}".strip() if price else "not stated"
    name = str(seller.get("name") or seller.get("id") or "") if isinstance(seller, dict) else seller
    rows = {
        "Address": listing.get("url"),
        "Status": listing.get("status"),
        "Price": stated,
        "Seller, as shown": name,
        "Place, as stated": listing.get("location"),
        "Posted, as stated": listing.get("posted"),
    }
    return [[label, to_pieces(value)] for label, value in rows.items()]


def _signal(signal: JsonObject, rates: ErrorRates, language: str | None) -> JsonObject:
    name = str(signal.get("name"))
    told = gloss(language, str(signal.get("text") or ""))
    return {
        "name": to_pieces(name),
        "words": to_pieces(signal.get("text")),
        "reason": to_pieces(f"{signal.get('reason')}. In English: {told}" if told else signal.get("reason")),
        "weight": to_pieces(signal.get("weight")),
        "confidence": to_pieces(signal.get("confidence")),
        "rate": rates.of_signal(name, language),
        "lawful": explain(name),
    }


def _ends(rows: list[list[Pieces]]) -> list[list[Pieces]]:
    """What a reader looks through of a long table: its beginning and its end."""
    return rows if len(rows) <= MOST_ROWS else [*rows[: MOST_ROWS // 2], *rows[-MOST_ROWS // 2 :]]


def _sightings(dossier: Dossier) -> list[list[Pieces]]:
    changed = {version.get("capture") for version in dossier.versions}
    captures: list[Capture] = sorted(dossier.captures, key=lambda capture: (capture.at, capture.id))
    return [
        [
            to_pieces(encode_date(capture.at)),
            to_pieces(f"{capture.method.value}, {capture.kind.value}"),
            to_pieces(capture.url),
            to_pieces(capture.http_status),
            to_pieces(capture.stored.payload_sha256),
            to_pieces("yes" if capture.id in changed else "no"),
        ]
        for capture in captures
    ] + [
        [to_pieces(one["at"]), to_pieces(f"{one['method']}, left out"), *[to_pieces(None)] * 4]
        for one in (dossier.redaction or {}).get("withheld", ())
    ]


def _versions(dossier: Dossier) -> list[list[Pieces]]:
    """Each version and what it changed of the one before."""
    rows = []
    before: JsonObject | None = None
    for version in dossier.versions:
        content: JsonObject = version.get("content") or {}
        if before is None:
            what = "first seen so"
        else:
            names = sorted(name for name in {*before, *content} if before.get(name) != content.get(name))
            what = f"changed: {', '.join(names)}" if names else "nothing that is kept by field"
        rows.append([to_pieces(version.get("number")), to_pieces(version.get("seen_at")), to_pieces(what)])
        before = content
    return rows


def _sellers(dossier: Dossier) -> list[JsonObject]:
    """The sellers' histories: distinct guns by window, and the rules that fired, each with its lawful reading."""
    if dossier.seller is None:
        return []
    return [_seller(one) for one in dossier.seller.get("sellers", [dossier.seller])]


def _seller(seller: JsonObject) -> JsonObject:
    history: JsonObject = seller.get("history") or {}
    licence = (history.get("licence") or {}).get("stated")
    return {
        "about": [
            ["Site", to_pieces(seller.get("site"))],
            ["Id on the site", to_pieces(seller.get("id"))],
            ["Name", to_pieces(seller.get("name"))],
            ["Joined, as shown", to_pieces(seller.get("joined"))],
            ["Licence, as stated", to_pieces(licence or seller.get("licence"))],
            ["First seen", to_pieces(history.get("first_seen"))],
            ["Last seen", to_pieces(history.get("last_seen"))],
            ["Level of the history", to_pieces(history.get("review"))],
        ],
        "windows": [
            [
                to_pieces(f"{one['days']} days" if one.get("days") else f"{one.get('business_days')} business days"),
                *pick_pieces(one, "from", "to", "firearms", "handguns"),
            ]
            for one in history.get("windows") or ()
        ],
        "rules": [
            {
                "name": to_pieces(one.get("name")),
                "reason": to_pieces(one.get("reason")),
                "weight": to_pieces(one.get("weight")),
                "listings": to_pieces(len(one.get("listings") or ())),
                "lawful": "" if is_counter(one) else explain(str(one.get("name"))),
                "against": is_counter(one),
            }
            for one in history.get("signals") or ()
        ],
    }


def _gaps(dossier: Dossier) -> list[str]:
    """Say what is not shown of a listing, so that silence is not read as an answer."""
    gaps = [
        f"The listing states no {name}." for name in ("price", "location", "posted") if not dossier.listing.get(name)
    ]
    if dossier.redaction is not None:
        gaps.append("Pages, pictures and feed lines are left out of this form for outside readers (redaction.json).")
    elif not dossier.pages():
        gaps.append("No page was captured: the listing came by feed, and the line is kept as it was received.")
    elif not any(capture.screenshot for capture in dossier.captures):
        gaps.append("No screenshot was taken.")
    gaps += [f"Items whose {name} is not stated: {count}." for name, count in _untold(dossier).items() if count]
    if dossier.assessment is None:
        gaps.append("The listing has not been assessed.")
    if not dossier.reviews:
        gaps.append("No decision of a person is recorded: needs review.")
    return gaps


def _missing(dossier: Dossier) -> list[str]:
    """Say what the whole packet does not show."""
    gaps = [] if dossier.seller else ["No history of a seller is in this packet."]
    gaps += [f"Left out or replaced: {what}" for what in (dossier.redaction or {}).get("removed", ())]
    return [*gaps, "What was offered, said or agreed outside these pages was not seen; nothing was bought or asked."]


def _untold(dossier: Dossier) -> dict[str, int]:
    items = trace_items(dossier)
    return {name: sum(not item.get(name) for item in items) for name in ("make", "model", "calibre", "serial")}


def _authority(authority: JsonObject) -> Iterator[Pieces]:
    stated = [f"{name}: {value}" for name, value in sorted(authority.items()) if value is not None]
    yield to_pieces("; ".join(stated) or None)


def _load_explanations() -> dict[str, str]:
    found: dict[str, str] = json.loads(files("pipelines.packet").joinpath("explanations.json").read_text("utf-8"))
    return found


_EXPLANATIONS = _load_explanations()  # read for each packet, they would cost as much as the rest of the account
