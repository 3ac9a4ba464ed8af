"""The forms for a marketplace: a preservation request, then a takedown notice. A person reads, signs and sends them.

They say what was seen and what is asked, under whose name, and that signals are observations. What the law of the
place asks of such a form is the sender's to add: `basis` is theirs.
"""

from __future__ import annotations

import textwrap
from enum import StrEnum
from typing import TYPE_CHECKING

from pipelines.exchange.facts import show_marks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from pipelines.models import JsonObject

_WIDTH = 100


class RequestKind(StrEnum):
    """What a marketplace is asked."""

    PRESERVATION = "preservation"  # keep what you have
    TAKEDOWN = "takedown"  # look at it and, where your rules or the law ask for it, take it down


_TITLES = {
    RequestKind.PRESERVATION: "Request to preserve records",
    RequestKind.TAKEDOWN: "Notice of listings for review and removal",
}
_ASKS = {
    RequestKind.PRESERVATION: (
        "Keep, unchanged, what you hold of the listings below and of the accounts that placed them, in every version.",
        "Keep with it when, and from where, they were placed and changed.",
        "Keep them until the day named below, whether or not the listings are removed.",
        "Hand nothing over in answer to this request: what may be disclosed, to whom, is for the competent authority.",
        "Do not tell the account holders, as far as the law that binds you allows.",
        "Confirm receipt, and say what is kept and what no longer exists.",
    ),
    RequestKind.TAKEDOWN: (
        "Review the listings below under your own rules and the law that binds you.",
        "Where they do not comply, remove them from view, keeping the records (see our request to preserve them).",
        "Give the account holders the reasons and the means to object that your rules and the law provide.",
        "Tell us what you decided, listing by listing, and why.",
    ),
}
_CAUTION = (
    "Signals were observed in these listings: of wording, counting or history. They are leads for a person, not "
    "findings, and may have a lawful explanation."
)
_READ = " A person has read each listing in this notice and decided that it is relevant."


def fill_form(
    kind: RequestKind,
    *,
    reference: str,
    made: datetime,
    sender: Mapping[str, str | None],
    recipient: str,
    basis: str,
    until: date | None,
    lines: Sequence[JsonObject],
) -> JsonObject:
    """Return a form as data (docs/schema/request.json). `lines` are export lines of listings of one site."""
    return {
        "format": "tracemark-request/1",
        "kind": kind.value,
        "reference": reference,
        "title": _TITLES[kind],
        "date": made.date().isoformat(),
        "from": {name: sender.get(name) for name in ("operator", "contact", "authority")},
        "to": recipient,
        "basis": basis,
        "until": None if until is None else until.isoformat(),
        "asks": list(_ASKS[kind]),
        "caution": _CAUTION + (_READ if kind is RequestKind.TAKEDOWN else ""),
        "listings": [
            {
                "site": line["site"],
                "id": line["id"],
                "url": line.get("url"),
                "title": line.get("title"),
                "account": (line.get("seller") or {}).get("id"),
                "first_seen": line["first_seen"],
                "last_seen": line["last_seen"],
            }
            for line in lines
        ],
    }


def print_form(form: JsonObject) -> str:
    """Return a form as plain text to be read, signed and sent by a person."""
    sender = form["from"]
    parts = [
        form["title"].upper(),
        "",
        f"Reference: {form['reference']}",
        f"Date:      {form['date']}",
        f"From:      {_line(sender['operator'])}",
        f"Contact:   {_line(sender['contact'])}",
        f"Authority: {_line(sender['authority'])}",
        f"To:        {_line(form['to'])}",
        "",
        *_wrap(f"Legal basis: {_line(form['basis'])}"),
        "",
        *(line for number, ask in enumerate(form["asks"], start=1) for line in _wrap(f"{number}. {ask}")),
        "",
    ]
    if form["until"]:
        parts += [f"Keep until: {form['until']}", ""]
    parts += ["Listings:", ""]
    for number, listing in enumerate(form["listings"], start=1):
        parts += [
            *_wrap(f"{number}. {_line(listing['title'])}"),
            f"   Id on your site: {_line(listing['id'])}",
            f"   Address:         {_line(listing['url'])}",
            f"   Account:         {_line(listing['account'])}",
            f"   Seen:            {listing['first_seen']} to {listing['last_seen']}",
            "",
        ]
    parts += [*_wrap(form["caution"]), "", "Signed (name, function, date):", ""]
    return "\n".join(parts)


def _line(value: object) -> str:
    return show_marks(" ".join(str(value).split())) if value else "not stated"


def _wrap(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, subsequent_indent="   ", break_long_words=False, break_on_hyphens=False)
