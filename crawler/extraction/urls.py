"""Addresses on a page: absolute, and one spelling per page."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit, urlunsplit

from attrs import frozen

_TRACKING = re.compile(
    r"^(?:utm_\w+|gclid|fbclid|msclkid|yclid|dclid|gbraid|wbraid|mc_[ce]id|_ga|_gl|igshid|ref_?src|referrer|ref|"
    r"spm|scm|trk\w*|"
    r"clickid|click_id|campaign(?:id)?|source|src|from|sid|sessionid|session_id|phpsessid|jsessionid|pk_\w+|"
    r"mtm_\w+|hsa_\w+|"
    r"vero_id|_openstat|wt_mc|cmpid|ncid|xtor|at_\w+)$",
    re.IGNORECASE,
)
_SESSION_PATH = re.compile(r";jsessionid=[^/?#]*", re.IGNORECASE)
_NOT_PAGES = (
    "javascript:",
    "mailto:",
    "tel:",
    "sms:",
    "whatsapp:",
    "data:",
    "about:",
    "ftp:",
    "file:",
    "blob:",
    "viber:",
    "tg:",
    "skype:",
)


def canonicalise_url(url: str) -> str:
    """Drop fragment, tracking parameters, session ids and default ports; lower-case scheme and host.

    The order of the parameters that stay is kept: some sites answer differently to another order.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = parts.port
    except ValueError:
        return url
    scheme = parts.scheme.lower()
    if port and (scheme, port) not in {("http", 80), ("https", 443)}:
        host = f"{host}:{port}"
    query = parts.query
    if query:
        query = "&".join(pair for pair in query.split("&") if pair and not _TRACKING.match(pair.partition("=")[0]))
    return urlunsplit((scheme, host, _SESSION_PATH.sub("", parts.path) or "/", query, ""))


def is_address(url: str | None) -> bool:
    """Whether a text can be taken apart as an address at all."""
    try:
        urlsplit(url or "")
    except ValueError:
        return False
    return url is not None


@frozen(kw_only=True)
class Base:
    """What relative addresses on a page are relative to."""

    url: str
    origin: str  # scheme and host, no slash at the end; empty where the page's address is not known

    @classmethod
    def of(cls, url: str | None) -> Base:
        """Take a page's address, or None for a page whose address is not known."""
        try:
            parts = urlsplit(url or "")
        except ValueError:
            return cls(url="", origin="")
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            return cls(url="", origin="")
        return cls(url=url or "", origin=f"{parts.scheme}://{parts.netloc.lower()}")

    def resolve(self, href: str) -> str | None:
        """Make `href` absolute and canonical; None where it leads to no page."""
        href = href.strip()
        if not href or href[0] == "#" or href.lower().startswith(_NOT_PAGES):
            return None
        if (
            href[0] == "/"
            and href[1:2] != "/"
            and self.origin
            and "?" not in href
            and "#" not in href
            and ";" not in href
            and "/." not in href
        ):
            return self.origin + href
        try:
            absolute = urljoin(self.url, href)
            urlsplit(absolute)
        except ValueError:
            return None
        if not absolute.lower().startswith(("http://", "https://")):
            return absolute if not self.origin and "://" not in absolute else None
        return canonicalise_url(absolute)


def id_in(url: str, pattern: re.Pattern[str]) -> str | None:
    """Read the site's own id from an address: the pattern's group `id`, else its first group, else all it matches."""
    match = pattern.search(url)
    if match is None:
        return None
    return match.groupdict().get("id") or (match[1] if match.lastindex else match[0])
