"""The form for outside readers: what names or reaches people is removed, the same one called the same throughout.

Only what is listed here is carried over, so that a field that is new somewhere is left out until somebody decides.
The dossier is redacted, not its documents: every document of a packet and every form is made from the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen

from pipelines.exchange.pseudonyms import Pseudonyms, accounts_of
from pipelines.warc.encoding import encode_date

if TYPE_CHECKING:
    from pipelines.exchange.scrubbing import Scrubbed
    from pipelines.models import JsonObject
    from pipelines.packet.dossier import Dossier

REMOVED = (
    "Accounts (id, name, licence number, own text) and contacts: each has one pseudonym throughout, in texts too.",
    "Serial numbers that a text states: serial-1 and so on. Their state (present, partial, removed…) stays.",
    "Names of the team: person-1, person-2 and so on. Reasons, notes and tasks are left out.",
    "Pages, screenshots, pictures and feed lines, with their hashes; withheld lists which were taken, when and how.",
    "Addresses of listings and pictures; fields of a page that we do not know; where a field was read from.",
    "The vector and the derivation of the assessment: both are made of the unredacted text.",
    "Particulars and hashes of the custody log: which row, when, what, and of what stay.",
)
KEPT = (
    "Site and id of a listing (unless the id itself names somebody): who may open the site can find the listing.",
    "Place as stated, price, dates, items, signals with their words, levels and scores as they were assessed.",
)
NOT_RECOGNISED = (
    "Somebody whom a text names and who is neither the account nor a contact.",
    "An account's id of one to three letters within a word, or of fewer than six digits within a text.",
    "What a reader knows besides: a rare item, price and place together may lead to one listing.",
)
_LINE = ("site", "status", "first_seen", "last_seen", "price", "country", "posted")
_CONTENT = ("price", "quantity", "country", "posted", "updated", "status")
_SIGNAL = ("name", "polarity", "weight", "family", "field", "confidence", "layer")
_ASSESSMENT = ("language", "class", "class_probability", "scores", "review", "abstained", "queue", "versions")
_ITEM = ("class", "quantity", "field", "serial_state", "condition", "gaps")
_ITEM_TEXT = ("make", "model", "calibre", "serial", "markings", "country_of_manufacture", "country_of_import")
_HISTORY = ("site", "first_seen", "last_seen", "windows", "new_in_box_ratio", "review")
_HISTORY_SIGNAL = ("name", "polarity", "weight", "fact", "items")
_RUN = ("id", "site", "kind", "started", "finished", "status")


def redact(dossier: Dossier) -> Dossier:
    """Return the dossier as outside readers may have it; the same dossier gives the same."""
    names = Pseudonyms.of(dossier)
    editor = _Editor(names=names)
    parts = tuple(editor.redact_listing(one) for one in dossier.parts)
    whole = dossier if dossier.case is not None else editor.redact_listing(dossier)
    redacted = evolve(
        whole,
        captures=(),
        read=_refuse,
        vector=None,
        seller=_sellers(dossier, editor),
        custody=tuple(editor.row(row) for row in dossier.custody),
        runs=tuple(editor.run(run) for run in dossier.runs),
        notes=(),
        reviews=tuple(editor.review(review) for review in dossier.reviews),
        case=None if dossier.case is None else editor.case(dossier.case),
        parts=parts,
    )
    account: JsonObject = {
        "redacted": True,
        "removed": list(REMOVED),
        "kept": list(KEPT),
        "not_recognised": list(NOT_RECOGNISED),
        "pseudonyms": names.counts(),
        "withheld": [
            {"capture": capture.id, "at": encode_date(capture.at), "method": capture.method.value}
            for capture in sorted(dossier.captures, key=lambda capture: (capture.at, capture.id))
        ],
    }
    withheld = {one.id: [capture.id for capture in one.captures] for one in dossier.parts}
    parts = tuple(
        evolve(one, redaction={**account, "withheld": [row for row in account["withheld"] if row["capture"] in ids]})
        for one, ids in zip(parts, withheld.values(), strict=True)
    )
    return evolve(redacted, redaction=account, parts=parts, logged_as=dossier.custody_subject)


@frozen(kw_only=True)
class _Editor:
    names: Pseudonyms
    scrubbed: dict[str, Scrubbed] = field(factory=dict)

    def redact_listing(self, dossier: Dossier) -> Dossier:
        line = dossier.listing
        native_id = self.names.listing(dossier.site, dossier.id)
        texts = {name: self._scrub(line.get(name)) for name in ("title", "description")}
        assessment = None if dossier.assessment is None else self._assessment(dossier.assessment, texts)
        listing = {
            **_pick(line, _LINE),
            **{name: scrubbed.text for name, scrubbed in texts.items()},
            "id": native_id,
            "url": None,
            "seller": self._seller(dossier.site, line.get("seller")),
            "contacts": self._contacts(line, texts),
            "location": self._text(line.get("location")),
            "items": [self._item(item, texts) for item in line.get("items") or ()],
            "assessment": None if line.get("assessment") is None else self._assessment(line["assessment"], texts),
        }
        return evolve(
            dossier,
            id=native_id,
            listing=listing,
            versions=tuple(self._version(dossier.site, version) for version in dossier.versions),
            captures=(),
            assessment=assessment,
            vector=None,
            seller=None if dossier.seller is None else self.account(dossier.seller),
            custody=tuple(self.row(row) for row in dossier.custody),
            runs=tuple(self.run(run) for run in dossier.runs),
            notes=(),
            reviews=tuple(self.review(review) for review in dossier.reviews),
        )

    def account(self, account: JsonObject) -> JsonObject:
        site = str(account.get("site"))
        name = self.names.account(site, account.get("id"))
        history = account.get("history")
        kept: JsonObject | None = None
        if history is not None:
            kept = {
                **_pick(history, _HISTORY),
                "id": name,
                "name": name,
                "licence": {"stated": None, "verified": (history.get("licence") or {}).get("verified")},
                "signals": [self._history_signal(signal) for signal in history.get("signals") or ()],
            }
        return {"site": site, "id": name, "name": name, "joined": account.get("joined"), "history": kept}

    def row(self, row: JsonObject) -> JsonObject:
        return {
            **_pick(row, ("sequence", "at", "action")),
            "actor": self.names.person(row.get("actor")),
            "subject": self._subject(str(row.get("subject"))),
        }

    def run(self, run: JsonObject) -> JsonObject:
        authority = {name: value for name, value in (run.get("authority") or {}).items() if name != "contact"}
        unseen = {name: _amount(value) for name, value in (run.get("unseen") or {}).items()}
        return {**_pick(run, _RUN), "authority": authority, "unseen": unseen}

    def review(self, review: JsonObject) -> JsonObject:
        return {**_pick(review, ("at", "decision")), "actor": self.names.person(review.get("actor")), "reason": ""}

    def case(self, case: JsonObject) -> JsonObject:
        words = [{**word, "by": self.names.person(word["by"]), "reason": ""} for word in case.get("agreements") or ()]
        return {
            **_pick(case, ("state", "created", "changed", "referred_to")),
            "reference": self.names.reference(str(case.get("reference"))),
            "name": self._text(case.get("name")),
            "owner": self.names.person(case.get("owner")),
            "listings": [self._member(one, "title") for one in case.get("listings") or ()],
            "sellers": [self._member(one, "name") for one in case.get("sellers") or ()],
            "notes": [],
            "tasks": [],
            "agreements": words,
            "history": [
                {**_pick(one, ("at", "action")), "by": self.names.person(one["by"]), "detail": {}}
                for one in case.get("history") or ()
            ],
        }

    def _member(self, member: JsonObject, shown: str) -> JsonObject:
        site = str(member.get("site"))
        if shown == "name":
            name = self.names.account(site, member.get("id"))
            told = {"id": name, "name": name}
        else:
            told = {"id": self.names.listing(site, member.get("id")), "title": self._text(member.get("title"))}
        return {"site": site, **told, "added": member.get("added"), "by": self.names.person(member.get("by"))}

    def _version(self, site: str, version: JsonObject) -> JsonObject:
        content = version.get("content") or {}
        texts = {name: self._scrub(content.get(name)) for name in ("title", "description")}
        return {
            **_pick(version, ("number", "seen_at")),
            "capture": None,
            "content": {
                **_pick(content, _CONTENT),
                **{name: scrubbed.text for name, scrubbed in texts.items()},
                **{name: self._text(content.get(name)) for name in ("location", "shipping", "condition")},
                "category": [self._text(one) for one in content.get("category") or ()],
                "seller": self._seller(site, content.get("seller")),
                "contacts": self._contacts(content, texts),
            },
        }

    def _assessment(self, assessment: JsonObject, texts: dict[str, Scrubbed]) -> JsonObject:
        signals = [self._signal(signal, texts) for signal in assessment.get("signals") or ()]
        return {**_pick(assessment, _ASSESSMENT), "signals": signals}

    def _signal(self, signal: JsonObject, texts: dict[str, Scrubbed]) -> JsonObject:
        told = {**_pick(signal, _SIGNAL), "reason": self._text(signal.get("reason"))}
        return {**told, "text": self._text(signal.get("text")), **_place(signal, texts)}

    def _item(self, item: JsonObject, texts: dict[str, Scrubbed]) -> JsonObject:
        place = {name: value for name, value in _place(item, texts).items() if name != "text"}
        return {**_pick(item, _ITEM), **{name: self._text(item.get(name)) for name in _ITEM_TEXT}, **place}

    def _history_signal(self, signal: JsonObject) -> JsonObject:
        shown = [
            {"site": one.get("site"), "id": self.names.listing(str(one.get("site")), one.get("id"))}
            for one in signal.get("listings") or ()
        ]
        return {**_pick(signal, _HISTORY_SIGNAL), "reason": self._text(signal.get("reason")), "listings": shown}

    def _contacts(self, content: JsonObject, texts: dict[str, Scrubbed]) -> list[JsonObject]:
        found = []
        for contact in content.get("contacts") or ():
            name = self.names.contact(str(contact["kind"]), str(contact["value"]))
            place = {key: value for key, value in _place(contact, texts).items() if key != "text"}
            found.append({"kind": contact["kind"], "value": name, "field": contact.get("field"), **place})
        return found

    def _seller(self, site: str, seller: Any) -> JsonObject | None:
        if not seller:
            return None
        shown = seller if isinstance(seller, dict) else {"id": seller}
        if not (shown.get("id") or shown.get("name")):
            return None
        name = self.names.account(site, shown.get("id") or shown.get("name"))
        return {"id": name, "name": name}

    def _subject(self, subject: str) -> str:
        site, slash, native_id = subject.partition("/")
        return f"{site}/{self.names.listing(site, native_id)}" if slash else self._scrub(subject).text

    def _text(self, value: Any) -> Any:
        return self._scrub(value).text if isinstance(value, str) else value

    def _scrub(self, value: Any) -> Scrubbed:
        text = "" if value is None else str(value)
        if text not in self.scrubbed:  # a text stands in the listing, its version and the words of its signals
            self.scrubbed[text] = self.names.scrubber.scrub(text)
        return self.scrubbed[text]


def _sellers(dossier: Dossier, editor: _Editor) -> JsonObject | None:
    accounts = [editor.account(account) for account in accounts_of(dossier)]
    if dossier.case is not None:
        return {"sellers": accounts}
    return accounts[0] if accounts else None


def _place(spanned: JsonObject, texts: dict[str, Scrubbed]) -> JsonObject:
    """Where a span lies in the scrubbed text, and what it covers now; nothing where it is not in one of `texts`."""
    scrubbed = texts.get(str(spanned.get("field")))
    if scrubbed is None or not isinstance(spanned.get("start"), int) or not isinstance(spanned.get("end"), int):
        return {}
    start, end = scrubbed.place(spanned["start"]), scrubbed.place(spanned["end"], end=True)
    return {"start": start, "end": end, "text": scrubbed.text[start:end]}


def _pick(row: JsonObject, names: tuple[str, ...]) -> JsonObject:
    return {name: row[name] for name in names if name in row}


def _amount(value: Any) -> int | None:
    if isinstance(value, list | dict):
        return len(value)
    return value if isinstance(value, int) else None


def _refuse(_: object) -> bytes:
    raise ValueError("a redacted dossier has no captured bytes")
