"""What is known of an account beside its name: its profile's address, since when it exists, its licence."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from crawler.extraction.lexicon import SINCE
from crawler.extraction.text import squeeze
from crawler.extraction.urls import id_in

if TYPE_CHECKING:
    from crawler.extraction.facts import Facts

LONGEST_NAME = 60
SELLER_PATH = re.compile(
    r"/(?:users?|usr|u|sellers?|members?|profiles?|profil|vendors?|dealers?|haendler|anbieter|verkaeufer|"
    r"mitglied|nutzer|vendeurs?|"
    r"membres?|vendedor(?:es)?|uzytkownik|kullanici|utente|gebruiker|usuarios?|perfil|anunciante|polzovatel|prodavets|account|people|agents?|"
    r"seller-?profile|ffl)"
    r"(?:\.(?:php|aspx?|cgi))?(?:[/=]|\?)(?!(?:login|register|new|create|index)\b)[^/?#]",
    re.IGNORECASE,
)
_PROFILE_QUERY = re.compile(  # forum engines and old shops name the account in a parameter, Discuz in the file's name
    r"[?&;](?:action|mode|do|page|p|act|mod)=(?:view)?(?:profile|user|member|vendor|seller|space)\b|"
    r"[?&;](?:user|seller|member|vendor)_?id=\w|/space-uid-\d|/@[\w.-]+/?(?:[?#]|$)",
    re.IGNORECASE,
)
_LICENCE = re.compile(r"(?<!\d)\d-\d{2}-\d{3}-\d{2}-\d[a-z0-9]-\d{5}(?!\d)")  # an FFL number, 27 CFR 478.92's layout
SINCE_WHEN = re.compile(
    r"(?:(?:member|user|registered|seller|active|selling|here|on \w+) since|joined|"
    r"(?:mitglied|dabei|angemeldet|registriert|aktiv|nutzer) seit|"
    r"(?:membre|inscrite?|présente?) depuis|(?:miembro|usuario|registrado|membro|cadastrado|na plataforma) desde|"
    r"на сайте с|зарегистрирована?|عضو منذ|مسجل منذ|注册于|加入于|注册时间)[:：\s]*(?P<when>[^()]{4,30})",
    re.IGNORECASE,
)


def seller_id(url: str | None) -> str | None:
    """The account's own part of its profile's address: a parameter's value, else the last telling part of the path."""
    if not url:
        return None
    parts = urlsplit(url)
    for key, value in parse_qsl(parts.query.replace(";", "&")):
        if (
            key.lower()
            in {
                "id",
                "uid",
                "user",
                "seller",
                "u",
                "user_id",
                "userid",
                "seller_id",
                "member",
                "username",
                "name",
                "anbieter",
                "nutzer",
                "vendedor",
                "vendor",
            }
            and value
        ):
            return value
    segments = [segment for segment in parts.path.split("/") if segment]
    match = SELLER_PATH.search(parts.path)
    if match:
        rest = parts.path[match.end() - 1 :].split("/")
        if rest[0]:
            return re.sub(r"\.(?:html?|php|aspx?)$", "", rest[0])
    return segments[-1] if segments else None


def account_id(url: str | None, facts: Facts) -> str | None:
    """The account's id in its profile's address: by the site file's pattern where it has a group `id`."""
    pattern = facts.hints.seller_links
    if url and pattern is not None and "id" in pattern.groupindex:
        return id_in(url, pattern) or seller_id(url)
    return seller_id(url)


def leads_to_account(url: str) -> bool:
    """Whether an address by its own words leads to an account."""
    path, mark, query = url.partition("?")
    return SELLER_PATH.search(f"{path}?{query}") is not None or _PROFILE_QUERY.search(path + mark + query) is not None


def is_profile(href: str, facts: Facts) -> bool:
    """Whether an address leads to an account: by the site file's pattern, else by its own words."""
    pattern = facts.hints.seller_links
    if pattern is not None:
        return pattern.search(facts.document.base.resolve(href) or href) is not None
    rooted = href if href.startswith("/") or "://" in href else f"/{href}"
    return leads_to_account(rooted)


def find_joined(facts: Facts) -> str | None:
    """Since when the account exists: an ISO date, or the site's own wording where it could not be read."""
    row = facts.row("joined")
    stated = row.value if row and len(row.value) <= LONGEST_NAME else None
    if stated is None and SINCE.occur_in(facts.document.folded):
        for block in facts.document.shown:
            match = SINCE_WHEN.search(block.text) if len(block.text) <= LONGEST_NAME else None
            if match and any(character.isdigit() for character in block.text):
                stated = match["when"]
                break
    return (facts.read_date(stated) or squeeze(stated)) if stated else None


def find_licence(facts: Facts) -> str | None:
    """The licence number that the page states, as stated."""
    row = facts.row("licence")
    if row and any(character.isdigit() for character in row.value) and len(row.value) <= LONGEST_NAME:
        return squeeze(row.value)
    match = _LICENCE.search(facts.document.folded)
    return match[0].upper() if match else None
