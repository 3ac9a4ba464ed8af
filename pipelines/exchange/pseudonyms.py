"""Who and what a dossier names, and what they are called for outside readers: the same name for the same one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import phonenumbers
from attrs import define, field

from pipelines.exchange.scrubbing import FEWEST_DIGITS, Scrubber
from pipelines.reading.contacts import find_contacts
from pipelines.sellers.serials import find_serials

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelines.models import JsonObject
    from pipelines.packet.dossier import Dossier

READ = ("title", "description", "location", "shipping", "condition")
# Words of shops' names that say nothing of whose they are: replaced, a text could not be read.
_PLAIN = {"the", "and", "for", "gun", "guns", "arms", "firearms", "ammo", "shop", "store", "sales", "dealer", "sports"}
_SHORTEST_PART = 3


@define
class Pseudonyms:
    """Names given in the order in which the dossier shows them. Make one with `Pseudonyms.of`."""

    scrubber: Scrubber = field(factory=Scrubber)
    _given: dict[tuple[str, ...], str] = field(factory=dict)
    _counts: dict[str, int] = field(factory=dict)
    _programs: set[str] = field(factory=set)

    @classmethod
    def of(cls, dossier: Dossier) -> Pseudonyms:
        """Name every account, contact and person of a dossier."""
        found = cls()
        for run in dossier.runs:
            found._programs.add(str((run.get("authority") or {}).get("operator")))
        made = _items(dossier)
        for site, account in _accounts(dossier):
            found._protect_account(site, account, made)
        for content in _contents(dossier):
            for contact, written in _contacts(content):
                found._protect_contact(contact, written)
            for serial in find_serials(f"{content.get('title') or ''}\n{content.get('description') or ''}"):
                pseudonym = found._name("serial", serial.text)
                for hidden in ("", *("x" * number for number in range(2, 9) if not serial.whole)):
                    short = serial.text.isdigit() and len(serial.text) < FEWEST_DIGITS  # a model is called 1911
                    found.scrubber.protect(serial.text + hidden, pseudonym, whole=short)
        return found

    def account(self, site: str, identity: Any) -> str:
        """What an account is called."""
        return self._name("account", site, str(identity))

    def contact(self, kind: str, value: str) -> str:
        """What a way to reach somebody is called."""
        return self._name(_kind(kind), value)

    def person(self, actor: Any) -> str | None:
        """What one of the team is called; programs, and the operator that a run names, stay."""
        if actor is None or str(actor) in self._programs or str(actor).startswith("tracemark "):
            return None if actor is None else str(actor)
        return self._name("person", str(actor))

    def listing(self, site: str, native_id: Any) -> str:
        """A listing's id on its site, but where it holds a protected word."""
        text = str(native_id)
        return self._name("listing", site, text) if self.scrubber.holds(text) else text

    def reference(self, text: str) -> str:
        """A case's reference, but where somebody chose one that holds a protected word."""
        return self._name("case", text) if self.scrubber.holds(text) else text

    def counts(self) -> dict[str, int]:
        """How many of each kind got a name."""
        return dict(sorted(self._counts.items()))

    def _name(self, kind: str, *parts: str) -> str:
        if (kind, *parts) not in self._given:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._given[kind, *parts] = f"{kind}-{self._counts[kind]}"
        return self._given[kind, *parts]

    def _protect_account(self, site: str, account: JsonObject, made: set[str]) -> None:
        identity = account.get("id") or account.get("name")
        if not identity:
            return
        pseudonym = self.account(site, identity)
        for name in ("id", "name", "licence", "url"):
            if account.get(name):
                self.scrubber.protect(str(account[name]), pseudonym)
        parts = re.findall(r"[^\W\d_]+", str(account.get("name") or ""))
        for part in parts if len(parts) > 1 else ():
            if len(part) >= _SHORTEST_PART and part.casefold() not in _PLAIN | made:
                self.scrubber.protect(part, pseudonym, whole=True)

    def _protect_contact(self, contact: JsonObject, written: str) -> None:
        kind, value = str(contact["kind"]), str(contact["value"])
        same = [value, written, value.partition(":")[2], *([_national(value)] if kind == "phone" else [])]
        known = [name for word in same if (name := self.scrubber.known(word))]
        if known:  # the account by its own handle, or one number written in two ways
            self._given.setdefault((_kind(kind), value), known[0])
        pseudonym = self.contact(kind, value)
        for word in [*same, *([value.partition("@")[0]] if kind == "email" else [])]:
            self.scrubber.protect(word, pseudonym)


def _kind(text: str) -> str:
    return text if text in {"phone", "email", "messenger", "payment"} else "contact"


def _accounts(dossier: Dossier) -> Iterator[tuple[str, JsonObject]]:
    """Every account with its site, in the order in which the packet shows them."""
    for one in dossier.listings():
        lines: Iterable[JsonObject] = (one.listing, *(version.get("content") or {} for version in one.versions))
        for line in lines:
            seller = line.get("seller")
            if seller:
                yield one.site, seller if isinstance(seller, dict) else {"id": seller, "name": seller}
    for account in accounts_of(dossier):
        yield str(account.get("site")), account
        history = account.get("history") or {}
        yield str(account.get("site")), {"id": account.get("id"), "name": history.get("name")}
        yield str(account.get("site")), {"id": account.get("id"), "name": _stated(history.get("licence"))}
    for member in (dossier.case or {}).get("sellers") or ():
        yield str(member.get("site")), {"id": member.get("id"), "name": member.get("name")}


def accounts_of(dossier: Dossier) -> list[JsonObject]:
    """The accounts whose history the dossier holds."""
    seller = dossier.seller or {}
    found: list[JsonObject] = seller.get("sellers", [seller])
    return [account for account in found if account]


def _stated(licence: Any) -> Any:
    return licence.get("stated") if isinstance(licence, dict) else licence


def _contents(dossier: Dossier) -> Iterator[JsonObject]:
    for one in dossier.listings():
        yield one.listing
        yield from (version["content"] for version in one.versions if version.get("content"))


def _contacts(content: JsonObject) -> Iterator[tuple[JsonObject, str]]:
    """The contacts that were read, and those that reading again finds, also where intake does not look."""
    for contact in content.get("contacts") or ():
        text = str(content.get(contact.get("field")) or "")
        yield contact, text[int(contact.get("start") or 0) : int(contact.get("end") or 0)]
    country = content.get("country")
    for name in READ:
        text = str(content.get(name) or "")
        for found in find_contacts(text, field=name, country=country):
            yield {"kind": found.kind, "value": found.value}, text[found.start : found.end]


def _items(dossier: Dossier) -> set[str]:
    """Makes and models: words that a text needs, also where a shop is called by them."""
    rows = [item for one in dossier.listings() for item in one.listing.get("items") or ()]
    words = [str(row.get(name) or "").casefold() for row in rows for name in ("make", "model")]
    return {part for word in words for part in [word, *word.split()]}


def _national(value: str) -> str:
    try:
        return str(phonenumbers.parse(value).national_number)
    except phonenumbers.NumberParseException:
        return value
