"""Payment handles in a text: cash tags, payment links, coin addresses and bank accounts whose check digits hold."""

from __future__ import annotations

import re
from hashlib import sha256

from attrs import frozen

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GATE = re.compile(
    r"\$[A-Za-z]|venmo|paypal\.me|cash\.app|(?<![A-Za-z0-9])(?:bc1|0x|[13T4])[A-Za-z0-9]{25,}|"
    r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}[ A-Z0-9]{11,}"
)
_CASH_TAG = re.compile(r"(?<![\w$])\$(?P<name>[A-Za-z][A-Za-z0-9_-]{1,19})(?![\w])")
_CASH_WORD = re.compile(r"cash\s?app|cash\s?tag", re.IGNORECASE)
_LINK = re.compile(
    r"(?:https?://)?(?:www\.)?(?:(?P<paypal>paypal\.me/)|(?P<cashapp>cash\.app/\$?)|(?P<venmo>venmo\.com/(?:u/)?))(?P<name>[\w.-]*\w)",
    re.IGNORECASE,
)
_VENMO = re.compile(r"venmo\s?(?:me|is|:|-)?\s?@(?P<name>[\w-]{3,30})", re.IGNORECASE)
_COIN = re.compile(
    r"(?<![A-Za-z0-9])(?:bc1[a-z0-9]{25,62}|0x[0-9a-fA-F]{40}|[13T][1-9A-HJ-NP-Za-km-z]{25,34}|4[1-9A-HJ-NP-Za-km-z]{94})(?![A-Za-z0-9])"
)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){2,7}(?:\s?[A-Z0-9]{1,3})?(?![A-Za-z0-9])")


@frozen(kw_only=True)
class PaymentHandle:
    """`value` is `service:handle`; addresses keep their case, names are lower-case."""

    value: str
    start: int
    end: int


def find_payments(text: str) -> list[PaymentHandle]:
    """Find every payment handle, in reading order. A wrong check digit means that it is not one."""
    if not _GATE.search(text):
        return []
    found = [_named(match, _linked_service(match)) for match in _LINK.finditer(text)]
    found.extend(_named(match, "venmo") for match in _VENMO.finditer(text))
    if _CASH_WORD.search(text):
        found.extend(_named(match, "cashapp") for match in _CASH_TAG.finditer(text))
    for match in _COIN.finditer(text):
        coin = _coin(match[0])
        if coin:
            found.append(PaymentHandle(value=f"{coin}:{match[0]}", start=match.start(), end=match.end()))
    for match in _IBAN.finditer(text):
        account = re.sub(r"\s", "", match[0])
        if _is_iban(account):
            found.append(PaymentHandle(value=f"iban:{account}", start=match.start(), end=match.end()))
    kept: list[PaymentHandle] = []
    for one in sorted(found, key=lambda handle: (handle.start, -handle.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


def _linked_service(match: re.Match[str]) -> str:
    return next(name for name in ("paypal", "cashapp", "venmo") if match[name])


def _named(match: re.Match[str], service: str) -> PaymentHandle:
    return PaymentHandle(value=f"{service}:{match['name'].lower()}", start=match.start(), end=match.end())


def _coin(address: str) -> str | None:
    if address.startswith("bc1"):
        return "bitcoin" if _is_bech32(address) else None
    if address.startswith("0x"):
        return "ethereum"
    if len(address) == 95:
        return "monero"
    if not _is_base58(address):
        return None
    return "tron" if address.startswith("T") else "bitcoin"


def _is_base58(address: str) -> bool:
    """Base58Check: the last four bytes are the head of the double SHA-256 of the rest."""
    number = 0
    for character in address:
        number = number * 58 + _BASE58.index(character)
    raw = number.to_bytes(max(25, (number.bit_length() + 7) // 8), "big")
    return len(raw) == 25 and sha256(sha256(raw[:-4]).digest()).digest()[:4] == raw[-4:]


def _is_bech32(address: str) -> bool:
    """BIP 173 and BIP 350: the polynomial checksum is 1 (bech32) or 0x2bc830a3 (bech32m)."""
    if any(character not in _BECH32 for character in address[3:]):
        return False
    values = [3, 3, 0, 2, 3, *(_BECH32.index(character) for character in address[3:])]
    checksum = 1
    for value in values:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            checksum ^= generator if top >> bit & 1 else 0
    return checksum in {1, 0x2BC830A3}


def _is_iban(account: str) -> bool:
    """ISO 13616: country and check digits moved to the end, letters as numbers, the whole is 1 modulo 97."""
    if not 15 <= len(account) <= 34:
        return False
    return int("".join(str(int(character, 36)) for character in account[4:] + account[:4])) % 97 == 1
