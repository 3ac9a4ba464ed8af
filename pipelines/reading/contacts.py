"""Ways to reach or pay a seller as written in a text, with their place in it."""

from __future__ import annotations

from pipelines.models import Contact
from pipelines.reading.addresses import find_emails, find_messengers
from pipelines.reading.payments import find_payments
from pipelines.reading.phones import find_phones


def find_contacts(text: str, *, field: str, country: str | None = None) -> tuple[Contact, ...]:
    """Find phones, e-mails, messenger and payment handles of `text` (a listing's `field`), in reading order.

    `start` and `end` are code points of `text` as given. Where two readings overlap the more telling one stays:
    an e-mail before a payment handle, that before a messenger, that before a phone. `country` is ISO 3166-1
    alpha-2: with it national phone numbers become E.164, without it they stay digits.
    """
    readings = [
        *((one.kind, one.value, one.start, one.end) for one in find_emails(text)),
        *(("payment", one.value, one.start, one.end) for one in find_payments(text)),
        *((one.kind, one.value, one.start, one.end) for one in find_messengers(text)),
        *(("phone", one.value, one.start, one.end) for one in find_phones(text, country=country)),
    ]
    kept: list[Contact] = []
    for kind, value, start, end in readings:
        if not any(start < other.end and other.start < end for other in kept):
            kept.append(Contact(kind=kind, value=value, field=field, start=start, end=end))
    return tuple(sorted(kept, key=lambda contact: contact.start))
