"""Ways to reach or pay a seller as written in a text, with their place in it."""

from __future__ import annotations

from pipelines.models import Contact
from pipelines.reading.addresses import find_emails, find_messengers
from pipelines.reading.payments import find_payments
from pipelines.reading.phones import find_phones
from pipelines.reading.spans import Spans

LONGEST_TEXT = 100_000  # code points in which contacts are looked for: an offer's text has a few thousand
MOST_CONTACTS = 200


def find_contacts(text: str, *, field: str, country: str | None = None) -> tuple[Contact, ...]:
    """Find phones, e-mails, messenger and payment handles of `text` (a listing's `field`), in reading order.

    `start` and `end` are code points of `text` as given. Where two readings overlap the more telling one stays:
    an e-mail before a payment handle, that before a messenger, that before a phone. `country` is ISO 3166-1
    alpha-2: with it national phone numbers become E.164, without it they stay digits. Only the first `LONGEST_TEXT`
    code points are read and the first `MOST_CONTACTS` kept; time grows with the length of the text.
    """
    text = text[:LONGEST_TEXT]
    readings = [
        *((one.kind, one.value, one.start, one.end) for one in find_emails(text)),
        *(("payment", one.value, one.start, one.end) for one in find_payments(text)),
        *((one.kind, one.value, one.start, one.end) for one in find_messengers(text)),
        *(("phone", one.value, one.start, one.end) for one in find_phones(text, country=country)),
    ]
    taken = Spans()
    kept = [
        Contact(kind=kind, value=value, field=field, start=start, end=end)
        for kind, value, start, end in readings
        if taken.add(start, end)
    ]
    return tuple(sorted(kept, key=lambda contact: contact.start)[:MOST_CONTACTS])
