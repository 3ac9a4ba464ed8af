"""The sort key of an address in a web archive's index (SURT): host reversed, case and noise removed.

Own writing, since the usual library is AGPL. The index also holds the address itself; the key only has to
bring the variants of one address together.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_WWW = re.compile(r"^www\d*\.")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def make_url_key(url: str) -> str:
    """Return the key; an address without a host is its own key."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        return url.lower().replace(" ", "%20")
    if not host:
        return url.lower().replace(" ", "%20")
    name = ",".join(reversed(_WWW.sub("", host).split(".")))
    place = "" if port in {None, _DEFAULT_PORTS.get(parts.scheme)} else f":{port}"
    path = parts.path.lower().rstrip("/") or "/"
    query = "&".join(sorted(parts.query.lower().split("&")))
    return f"{name}{place}){path}{'?' if query else ''}{query}".replace(" ", "%20")
