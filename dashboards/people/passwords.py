"""Passwords: which are taken, and how they are kept (Argon2id, RFC 9106's second recommended setting)."""

from __future__ import annotations

import secrets
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from pipelines.errors import BadInput

SHORTEST, LONGEST = 12, 256
"""Characters of a password (NIST SP 800-63B asks for 8 at least, no rules of composition)."""

_hasher = PasswordHasher()
_at_once = BoundedSemaphore(2)  # each takes 64 MiB: as many as ask at once would take the machine's memory


def check_password(password: str, name: str) -> None:
    """BadInput with every reason at once, where `password` is not one to take for the account `name`."""
    wrong = []
    if len(password) < SHORTEST:
        wrong.append(f"it is shorter than {SHORTEST} characters")
    if len(password) > LONGEST:
        wrong.append(f"it is longer than {LONGEST} characters")
    if name.casefold() in password.casefold():
        wrong.append("it holds the account's name")
    if len(set(password.casefold())) < 6:
        wrong.append("it is made of fewer than 6 different characters")
    if wrong:
        raise BadInput(
            "this password is not taken", hint="several words in a row are long and easy to keep", details=tuple(wrong)
        )


def hash_password(password: str) -> str:
    """What is kept of a password."""
    with _at_once:
        return _hasher.hash(password)


def fits(kept: str | None, password: str) -> bool:
    """Whether `password` is the one kept. Takes as long where nothing is kept: no name can be told by the clock."""
    with _at_once:
        try:
            return _hasher.verify(kept or _NOBODYS, password) and kept is not None
        except (VerificationError, InvalidHashError):
            return False


def is_dated(kept: str) -> bool:
    """Whether a kept password should be kept anew, at today's cost."""
    return _hasher.check_needs_rehash(kept)


def new_password() -> str:
    """A password to hand over once: 20 characters of an alphabet without look-alikes, 99 bits."""
    return "-".join("".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(5)) for _ in range(4))


_NOBODYS = "$argon2id$v=19$m=65536,t=3,p=4$o1fw6vhtMW9uTB5Cecy8YQ$XQQsiI18JeQZukPyqTLIvD5d9bjTahy38wQCRaAokkM"
"""Kept of no password."""
