"""Which right each route needs: one table, compared with the application's own routes when it is put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen
from fastapi.routing import iter_route_contexts
from starlette.routing import compile_path

from dashboards.people.identity import Right

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Mapping

    from starlette.routing import BaseRoute

OPEN: Right | None = None
"""Needs no sign-in."""

ACCESS: dict[str, Right | None] = {
    "GET /sign-in": OPEN,
    "POST /sign-in": OPEN,
    "POST /sign-in/provider": OPEN,
    "GET /sign-in/back": OPEN,
    "POST /sign-out": Right.OWN,
    "GET /account": Right.OWN,
    "POST /account/password": Right.OWN,
    "POST /account/tokens": Right.OWN,
    "POST /account/end": Right.OWN,
    "GET /administration": Right.ADMINISTER,
    "GET /administration/checks": Right.ADMINISTER,
    "POST /administration/people": Right.ADMINISTER,
    "POST /administration/role": Right.ADMINISTER,
    "POST /administration/password": Right.ADMINISTER,
    "POST /administration/disable": Right.ADMINISTER,
    "POST /administration/enable": Right.ADMINISTER,
    "POST /administration/end": Right.ADMINISTER,
    "GET /custody": Right.AUDIT,
    "GET /": Right.READ,
    "GET /sites": Right.READ,
    "GET /sites/{name}": Right.READ,
    "POST /sites/{name}/file": Right.SUPERVISE,
    "POST /sites/{name}/run": Right.SUPERVISE,
    "GET /sites/{name}/look": Right.SUPERVISE,  # what was read may hold contacts
    "POST /sites/{name}/look": Right.SUPERVISE,
    "POST /sites/{name}/pause": Right.SUPERVISE,
    "POST /sites/{name}/go-on": Right.SUPERVISE,
    "GET /search": Right.READ,
    "GET /search/complete": Right.READ,
    "GET /search/export": Right.EXPORT,
    "GET /alerts/new": Right.DECIDE,
    "POST /alerts": Right.DECIDE,
    "POST /alerts/remove": Right.DECIDE,
    "GET /triage": Right.DECIDE,
    "GET /triage/{way}": Right.DECIDE,
    "POST /decisions": Right.DECIDE,
    "GET /decisions/together": Right.DECIDE,
    "POST /decisions/together": Right.DECIDE,
    "POST /decisions/undo": Right.DECIDE,
    "GET /cases": Right.DECIDE,  # notes may hold anybody's telephone number
    "POST /cases": Right.DECIDE,
    "POST /cases/add": Right.DECIDE,
    "GET /cases/{reference}": Right.DECIDE,
    "GET /cases/{reference}/timeline.csv": Right.EXPORT,
    "POST /cases/{reference}/packet": Right.EXPORT,
    "POST /cases/{reference}/remove": Right.DECIDE,
    "POST /cases/{reference}/note": Right.DECIDE,
    "POST /cases/{reference}/task": Right.DECIDE,
    "POST /cases/{reference}/done": Right.DECIDE,
    "POST /cases/{reference}/agree": Right.DECIDE,
    "POST /cases/{reference}/close": Right.DECIDE,
    "POST /cases/{reference}/reopen": Right.DECIDE,
    "GET /quality": Right.READ,
    "POST /quality/settle": Right.SUPERVISE,
    "GET /listing": Right.READ,
    "GET /listing/{site}/{native_id:path}": Right.READ,
    "GET /capture/{capture}/screenshot.png": Right.CONTACTS,
    "GET /capture/{capture}/page": Right.CONTACTS,
    "POST /packets": Right.EXPORT,
    "GET /packets/{number}": Right.EXPORT,
    "GET /packets/{number}/file": Right.EXPORT,
    "POST /packets/{number}/call-off": Right.EXPORT,
    "POST /seller-links": Right.SUPERVISE,
    "POST /seller-links/undo": Right.SUPERVISE,
    "GET /seller": Right.READ,
    "GET /seller/{site}/{native_id:path}": Right.READ,
    "GET /api/v1/openapi.json": Right.OWN,
    "GET /api/v1/status": Right.READ,
    "GET /api/v1/search": Right.READ,
    "GET /api/v1/listings/{site}/{id:path}": Right.READ,
    "GET /api/v1/sellers/{site}/{id:path}": Right.READ,
    "GET /api/v1/runs": Right.READ,
    "GET /api/v1/captures/{capture}/screenshot.png": Right.CONTACTS,
    "POST /api/v1/decisions": Right.DECIDE,
    "POST /api/v1/decisions/undo": Right.DECIDE,
    "GET /api/v1/cases": Right.DECIDE,
    "POST /api/v1/cases": Right.DECIDE,
    "GET /api/v1/cases/{reference}": Right.DECIDE,
    "POST /api/v1/cases/{reference}/members": Right.DECIDE,
    "POST /api/v1/cases/{reference}/notes": Right.DECIDE,
    "POST /api/v1/cases/{reference}/tasks": Right.DECIDE,
    "POST /api/v1/cases/{reference}/packet": Right.EXPORT,
    "POST /api/v1/packets": Right.EXPORT,
    "GET /api/v1/export/listings": Right.EXPORT,
    "GET /api/v1/export/items": Right.EXPORT,
    "GET /api/v1/export/sellers": Right.EXPORT,
    "GET /api/v1/me": Right.OWN,
    "GET /api/v1/alerts": Right.DECIDE,
    "GET /api/v1/custody": Right.AUDIT,
    "GET /api/v1/people": Right.ADMINISTER,
    "POST /api/v1/people": Right.ADMINISTER,
    "POST /api/v1/people/{name}/role": Right.ADMINISTER,
    "POST /api/v1/people/{name}/disable": Right.ADMINISTER,
    "POST /api/v1/people/{name}/enable": Right.ADMINISTER,
}
"""Method and path of a route: the right it needs. A route that is not here is not served: the server does not start."""


@frozen
class _Entry:
    method: str
    path: str
    pattern: re.Pattern[str]
    right: Right | None


@frozen
class NoRoute:
    """Nothing is at an address (404), or nothing that takes this method (405)."""

    status: int


@frozen
class RouteRights:
    """The right that a request needs, found as the router finds its route: the first that fits."""

    _entries: tuple[_Entry, ...]

    @classmethod
    def over(cls, routes: Iterable[BaseRoute], access: Mapping[str, Right | None] = ACCESS) -> RouteRights:
        """Of an application's routes. LookupError names every route that has no entry."""
        known, missing = [], []
        for method, path in served(routes):
            key = f"{method} {path}"
            if key in access:
                known.append(_Entry(method, path, compile_path(path)[0], access[key]))
            else:
                missing.append(key)
        if missing:
            raise LookupError(f"no right is set for {', '.join(missing)}: dashboards/people/access.py")
        return cls(tuple(known))

    def needed(self, method: str, path: str) -> Right | NoRoute | None:
        """What a request needs; None where it needs nothing."""
        fitting = [one for one in self._entries if one.pattern.match(path)]
        for one in fitting:
            if one.method == method:
                return one.right
        return NoRoute(405 if fitting else 404)


def served(routes: Iterable[BaseRoute]) -> list[tuple[str, str]]:
    """Method and path of every route, in the order in which the router tries them; mounts of files are not routes."""
    return [
        (method, str(context.path))
        for context in iter_route_contexts(list(routes))
        for method in sorted(context.methods or ())
        if method != "HEAD"
    ]
