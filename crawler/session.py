"""A login that an authority gave: cookies or a browser's storage state, from a file that a variable names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from attrs import frozen

from pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scrapy.http.request import VerboseCookie

    from crawler.sites.schema import SiteFile

_COOKIE_KEYS = ("name", "value", "domain", "path")


@frozen(kw_only=True)
class Session:
    """Cookies as a browser exports them, and the whole storage state where there is one."""

    cookies: tuple[Mapping[str, str], ...] = ()
    storage_state: Mapping[str, Any] | None = None

    @classmethod
    def read(cls, file: SiteFile, environment: Mapping[str, str]) -> Session:
        """The session that the site file's variables name. Raises `ConfigurationError` where it cannot be read."""
        if file.session.storage_state:
            state = _read(file.session.storage_state, environment)
            if not isinstance(state, dict):
                raise _malformed(file.session.storage_state, "a storage state is one JSON object")
            return cls(cookies=_cookies(file.session.storage_state, state.get("cookies", [])), storage_state=state)
        if file.session.cookies:
            return cls(cookies=_cookies(file.session.cookies, _read(file.session.cookies, environment)))
        return cls()

    def cookies_for(self, url: str) -> list[VerboseCookie]:
        """The cookies that belong to the host of `url`, in Scrapy's form."""
        host = urlsplit(url).hostname or ""
        return [
            cast(
                "VerboseCookie",
                {name: one[name] for name in _COOKIE_KEYS if name in one and (name, one[name]) != ("domain", host)},
            )
            for one in self.cookies
            if host == one["domain"].lstrip(".") or host.endswith(f".{one['domain'].lstrip('.')}")
        ]

    def browser_state(self) -> dict[str, Any] | None:
        """The storage state for a browser's context, or None without a session."""
        if self.storage_state is not None:
            return dict(self.storage_state)
        if not self.cookies:
            return None
        return {"cookies": [{"path": "/", **one} for one in self.cookies], "origins": []}


def _read(variable: str, environment: Mapping[str, str]) -> Any:
    path = environment.get(variable)
    if not path:
        raise ConfigurationError(
            f"the site file takes its session from the variable {variable}, which is not set",
            hint=f"export {variable}=/path/to/file.json",
        )
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"the session file that {variable} names cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise _malformed(variable, "it is not JSON") from error


def _cookies(variable: str, found: Any) -> tuple[Mapping[str, str], ...]:
    if not isinstance(found, list):
        raise _malformed(variable, "cookies are a JSON list")
    for one in found:
        if not isinstance(one, dict) or not all(isinstance(one.get(name), str) for name in ("name", "value", "domain")):
            raise _malformed(variable, "each cookie has name, value and domain")
    return tuple({name: one[name] for name in _COOKIE_KEYS if isinstance(one.get(name), str)} for one in found)


def _malformed(variable: str, what: str) -> ConfigurationError:
    return ConfigurationError(
        f"the session file that {variable} names cannot be used: {what}",
        hint='cookies: [{"name": "sid", "value": "…", "domain": "market.example"}]; or a Playwright storage state',
    )
