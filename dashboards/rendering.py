"""Pages from templates: everything escaped, the form token and the address at hand."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from dashboards import wording
from dashboards.people.covering import shown_text
from dashboards.people.identity import Right, current_person
from dashboards.safeguards import COOKIE, STATIC, sign_in_secret

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response

    from dashboards.safeguards import FormTokens


class Pages:
    """Writes the templates of one workspace out, for the person who asks."""

    def __init__(
        self, tokens: FormTokens, *, static: Path, workspace: str, now: Callable[[], datetime], secure: bool = False
    ) -> None:
        self._tokens = tokens
        self._now = now
        self._secure = secure
        self._templates = Environment(
            loader=PackageLoader("dashboards"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {
            "moment": wording.moment,
            "day": wording.day,
            "price": wording.price,
            "name": wording.name,
            "signed": wording.signed,
            "covered": shown_text,
            "query": urlencode,
        }
        self._templates.globals |= {
            "listing_address": wording.listing_address,
            "seller_address": wording.seller_address,
            "levels": wording.LEVELS,
            "answers": wording.DECISIONS,
            "score_names": wording.SCORES,
            "run_states": wording.RUN_STATES,
            "asset": {file.name: _address_of(file) for file in static.iterdir() if file.is_file()},
            "workspace_name": workspace,
            "rights": Right,
        }

    def render(self, request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
        """A page. A browser that has no cookie yet is given one, so that its forms can be told from others'."""
        cookie = request.cookies.get(COOKIE) or secrets.token_urlsafe(24)
        response = HTMLResponse(self._write(request, template, cookie, values), status_code=status)
        if COOKIE not in request.cookies:
            response.set_cookie(COOKIE, cookie, httponly=True, samesite="strict", path="/", secure=self._secure)
        return response

    def fragment(self, request: Request, template: str, **values: Any) -> str:
        """A part of a page, for a browser that has its cookie."""
        return self._write(request, template, request.cookies.get(COOKIE, ""), values)

    def _write(self, request: Request, template: str, cookie: str, values: dict[str, Any]) -> str:
        token = self._tokens.token(cookie + sign_in_secret(request))
        address = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        shared = {
            "form_token": token,
            "path": request.url.path,
            "asked_for": address,
            "asked_at": self._now(),
            "person": current_person(),
        }
        html = self._templates.get_template(template).render(**shared, **values)
        return str(wording.printable(html))


def _address_of(file: Path) -> str:
    """Where a static file is, named by what is in it: a browser may keep it, and asks anew when it has changed."""
    return f"{STATIC}{file.name}?{hashlib.sha256(file.read_bytes()).hexdigest()[:12]}"
