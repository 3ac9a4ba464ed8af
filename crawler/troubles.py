"""Why a page could not be had, in words that a person can act on."""

from __future__ import annotations

import re

_WORDS = {
    "DownloadConnectionRefusedError": "the connection was refused",
    "ConnectionRefusedError": "the connection was refused",
    # Twisted tells a refused answer no differently from a missing one.
    "CannotResolveHostError": "the name leads to no public address",
    "DNSLookupError": "the name leads to no public address",
    "DownloadTimeoutError": "no answer in time",
    "TimeoutError": "no answer in time",
    "TCPTimedOutError": "no answer in time",
    "ResponseDataLossError": "the answer was cut short",
    "ResponseFailed": "the connection was cut",
    "DownloadFailedError": "the connection was cut",
    "ConnectionLost": "the connection was cut",
    "TargetClosedError": "the browser was closed",
    "DownloadCancelledError": "the page is larger than a page may be",
}

_CHROMIUM = {
    "ERR_EMPTY_RESPONSE": "the connection was cut",
    "ERR_TUNNEL_CONNECTION_FAILED": "the connection could not be made",
    "ERR_CERT": "the certificate does not hold",
    "ERR_TIMED_OUT": "no answer in time",
    "ERR_CONTENT_LENGTH_MISMATCH": "the answer was cut short",
    "ERR_INCOMPLETE_CHUNKED_ENCODING": "the answer was cut short",
}

_NET_ERROR = re.compile(r"net::(ERR_[A-Z_]+)")


def explain(error: BaseException) -> str:
    """What went wrong with a request, in a few words."""
    name, text = type(error).__name__, str(error)
    if name == "IgnoreRequest":
        return _WORDS["DownloadCancelledError"] if "DOWNLOAD_MAXSIZE" in text else text or "left out"
    if (net := _NET_ERROR.search(text)) is not None:
        return next((words for start, words in _CHROMIUM.items() if net[1].startswith(start)), net[1])
    return _WORDS.get(name, f"{name}: {text[:120]}" if text else name)
