"""E-mail addresses and messenger handles in a text, also when written `name (at) host dot com`."""

from __future__ import annotations

import re

from attrs import frozen

from pipelines.reading.spans import Spans

_USER = r"[A-Za-z0-9][A-Za-z0-9._%+'-]{0,63}"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_PLAIN = re.compile(rf"(?<![\w.%+@-])({_USER})@((?:{_LABEL}\.)+[A-Za-z]{{2,24}})(?![\w@])")
_ENDS = (
    "com|net|org|edu|gov|info|biz|us|co|io|me|mail|de|fr|es|pt|br|ru|it|nl|pl|at|ch|be|uk|ca|au|mx|ar|cl|"
    "cn|jp|eu|ae|sa|eg|ua|cz|se|no|dk|fi"
)
_PROVIDERS = (
    "gmail|googlemail|yahoo|hotmail|outlook|icloud|aol|protonmail|proton|live|msn|"
    "gmx|comcast|mail|yandex|web|163|126|qq"
)
_NO_HOSTS = "the|a|an|my|our|your|this|that|any|every|some|der|die|das|le|la|el"
_OPEN, _CLOSE = r"[\(\[\{<*~_/|'\"“”‘’-]", r"[\)\]\}>*~_/|'\"“”‘’-]"
_AT_MARK = (
    rf"\s{{0,2}}(?:{_OPEN}\s?(?:at|ät|@|arroba|arobase|chiocciola|klammeraffe|собака|собачка)\s?{_CLOSE}"
    r"|@{1,2}|&#64;|&commat;)\s{0,2}"
)
_AT_WORD = r"\s(?:a\s?t|ät|chez|arroba|arobase|chiocciola|klammeraffe|собака)\s"
_DOT_MARK = rf"\s{{0,2}}(?:{_OPEN}\s?(?:dot|\.|punkt|point|punto|ponto|точка)\s?{_CLOSE}|\.|&#46;|&period;)\s{{0,2}}"
_DOT_WORD = r"\s(?:d\s?o\s?t|punkt|point|punto|ponto|точка)\s"
_DISGUISED = re.compile(
    rf"(?<![\w.%+@-])(?P<user>{_USER}(?:{_DOT_WORD}[A-Za-z0-9]+)?)"
    rf"(?:{_AT_MARK}(?P<host>{_LABEL}(?:(?:{_DOT_MARK}|{_DOT_WORD})(?!(?:{_ENDS})\b){_LABEL})?)(?:{_DOT_MARK}|{_DOT_WORD})(?P<end>(?:{_ENDS})(?:\.[a-z]{{2}})?)"
    rf"|{_AT_WORD}(?P<word_host>(?!(?:{_NO_HOSTS})\s){_LABEL}){_DOT_WORD}(?P<word_end>(?:{_ENDS}))"
    rf"|{_AT_WORD}(?P<provider>{_PROVIDERS})(?:{_DOT_MARK}|{_DOT_WORD})(?P<provider_end>(?:{_ENDS})))(?![\w@])",
    re.IGNORECASE,
)
_BARE_USER = r"[A-Za-z0-9][A-Za-z0-9._%+-]{1,63}"
_SAID = re.compile(
    rf"(?<![\w.%+@-])(?P<user>{_BARE_USER})\s(?:at|@)\s(?:(?P<host>(?:{_LABEL}\.)+(?:{_ENDS}))"
    r"|(?P<known>gmail|googlemail|yahoo|hotmail|outlook|icloud|aol|protonmail|gmx))(?![\w@]|\.\w|-)",
    re.IGNORECASE,
)
"""`name at example.com`, `name at gmail`: an address only where the name looks like one, or words before it say so."""
_WRITE_TO = re.compile(
    r"(?:e-?mails?|\bmail|write(?: to)?|reach(?: me)?|contact|hit me up|message me|address|addy|anfragen|schreib\w*|"
    r"erreichbar|joindre|écri\w*|escrib\w*|correo|contato|пиш\w*|почта|邮箱)\W+(?:(?:is|at|me|us|to|an|à|a|unter|на)\W+){0,2}$",
    re.IGNORECASE,
)
_NOBODY = re.compile(
    r"me|us|them|it|him|her|here|there|now|online|page|site|website|shop|store|look|looking|see|check|find|visit|order|"
    r"buy|bought|sold|selling|specs|details|info|more|prices?|pictures|photos|available|listed|posted",
    re.IGNORECASE,
)
_GLUED_END = re.compile(rf"(?P<end>(?:{_ENDS}))(?=[A-Z][a-z])")
_DOTS = re.compile(rf"{_DOT_WORD}|{_DOT_MARK}", re.IGNORECASE)
_AT_HINT = re.compile(
    r"@|&#64;|&commat;|[\(\[\{<*~_/|'\"“”‘’-]\s?[aä]t|\s(?:a\s?t|ät|chez)\s|klammeraffe|arroba|arobase|chiocciola|собак|собачка",
    re.IGNORECASE,
)

_SERVICES = {
    "telegram": r"telegram|телеграм\w*|تيليجرام|تلغرام|تليجرام|(?<![\w])tg(?=\s?[:@])",
    "instagram": r"instagram|insta|(?<![\w])ig(?=\s?[:@])",
    "snapchat": r"snap\s?chat|(?<![\w])sc(?=\s?:)",
    "kik": r"(?<![\w])kik",
    "wickr": r"wickr(?:\s?me)?",
    "threema": r"threema",
    "session": r"session\s?id",
    "wechat": r"we\s?chat|微信|vx(?=\s?[:：])",
    "line": r"line\s?id",
    "discord": r"discord",
    "skype": r"skype",
    "signal": r"signal(?=\s?[:@])",
    "qq": r"(?<![\w])qq(?=\s?[:：]?\s?\d)",
}
_HANDLE = r"@?(?P<handle>[A-Za-z0-9][\w.\-]{2,38}[A-Za-z0-9](?:#\d{4})?)"
_NAMED = {
    service: re.compile(
        rf"(?:{words})\s?(?:me|id|is|name|user|username|号)?\s?(?:(?P<mark>[:：@=-])\s?|(?P<near>\s(?=@)))@?{_HANDLE}",
        re.IGNORECASE,
    )
    for service, words in _SERVICES.items()
}
_ANY_SERVICE = re.compile("|".join(_SERVICES.values()), re.IGNORECASE)
_LINKED = re.compile(
    r"(?:https?://)?(?:www\.)?(?:(?P<telegram>(?:t\.me|telegram\.me)/(?!s/|joinchat))|(?P<whatsapp>wa\.me/)"
    r"|(?P<instagram>instagram\.com/)|(?P<signal>signal\.me/#p/)|(?P<discord>discord\.gg/)|(?P<kik>kik\.me/)"
    r"|(?P<snapchat>snapchat\.com/add/))(?P<handle>[\w.+-]*\w)",
    re.IGNORECASE,
)
_EVERYDAY = frozenset(
    (
        "the",
        "and",
        "for",
        "with",
        "message",
        "call",
        "text",
        "only",
        "mail",
        "email",
        "chat",
        "group",
        "channel",
        "photos",
        "pics",
        "pictures",
        "user",
        "username",
    )
)


@frozen(kw_only=True)
class Address:
    """`kind` is email or messenger; a messenger's `value` is `service:handle` in lower case."""

    kind: str
    value: str
    start: int
    end: int


def find_emails(text: str) -> list[Address]:
    """Find every e-mail address, lower-cased, disguised ones too, in reading order."""
    if not _AT_HINT.search(text):
        return []
    found = [_plain(match) for match in _PLAIN.finditer(text)]
    taken = Spans((one.start, one.end) for one in found)
    found += [one for one in map(_said, _SAID.finditer(text)) if one and taken.add(one.start, one.end)]
    for match in _DISGUISED.finditer(text):
        if taken.meet(match.start(), match.end()) or _is_plain_talk(match):
            continue
        host = match["host"] or match["word_host"] or match["provider"]
        end = match["end"] or match["word_end"] or match["provider_end"]
        value = f"{_DOTS.sub('.', match['user'])}@{_DOTS.sub('.', host)}.{end}".lower()
        found.append(Address(kind="email", value=value, start=match.start(), end=match.end()))
    return sorted(found, key=lambda one: one.start)


def _plain(match: re.Match[str]) -> Address:
    """As written; where the next sentence is glued to it (`name@example.comPrice`) without that."""
    name, _, end = match[0].rpartition(".")
    glued = _GLUED_END.match(end)
    written = f"{name}.{glued['end']}" if glued else match[0]
    return Address(kind="email", value=written.lower(), start=match.start(), end=match.start() + len(written))


def _said(match: re.Match[str]) -> Address | None:
    user = match["user"]
    before = match.string[max(0, match.start() - 40) : match.start()]
    named = re.search(r"[\d._%+-]", user) is not None or _WRITE_TO.search(before) is not None
    if not named or _NOBODY.fullmatch(user):
        return None
    value = f"{user}@{match['host'] or match['known'] + '.com'}".lower()
    return Address(kind="email", value=value, start=match.start(), end=match.end())


def _is_plain_talk(match: re.Match[str]) -> bool:
    """`Selling @ cost.com prices`: an at with a space on both sides, and nothing else that hides."""
    return _SAID.fullmatch(match[0]) is not None and _said(_SAID.match(match.string, match.start()) or match) is None


def find_messengers(text: str) -> list[Address]:
    """Find handles on messengers, where the text names the service or links to it."""
    found = []
    if "/" in text:
        for match in _LINKED.finditer(text):
            handle = match["handle"].lower().lstrip("+")
            value = f"{_service(match)}:{handle}"
            found.append(Address(kind="messenger", value=value, start=match.start(), end=match.end()))
    if not _ANY_SERVICE.search(text):
        return found
    taken = Spans((one.start, one.end) for one in found)
    for service, pattern in _NAMED.items():
        for match in pattern.finditer(text):
            handle = match["handle"].lower()
            start, end = match.span("handle")
            if handle in _EVERYDAY or not taken.add(start, end):
                continue
            found.append(Address(kind="messenger", value=f"{service}:{handle}", start=start, end=end))
    return sorted(found, key=lambda one: one.start)


def _service(match: re.Match[str]) -> str:
    return next(name for name, value in match.groupdict().items() if value and name != "handle")
