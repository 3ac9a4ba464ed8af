"""What a person, or a program, is told when a request cannot be answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog
from attrs import frozen
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from dashboards.people.entrance import TooManyTries
from dashboards.safeguards import ANSWER_HEADERS
from dashboards.wording import printable
from pipelines.errors import BadInput, NotPermitted, TracemarkError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.responses import Response

    from dashboards.rendering import Pages

log = structlog.get_logger(__name__)

API = "/api/"
_STATUS_WORDS = {404: "There is nothing at this address", 405: "This address does not take that kind of request"}


class NothingThere(BadInput):
    """No listing, seller or picture is at this address."""


def status_of(error: TracemarkError) -> int:
    """The HTTP status of a failure that a person can act on."""
    if isinstance(error, NothingThere):
        return 404
    if isinstance(error, BadInput):
        return 400
    if isinstance(error, TooManyTries):
        return 429
    return 403 if isinstance(error, NotPermitted) else 503


def answer_failures(application: FastAPI, failures: Failures) -> None:
    """Answer every failure as a page, or under /api/ as JSON."""
    for kind, answer in (
        (TracemarkError, failures.tell_tracemark),
        (sa.exc.OperationalError, failures.tell_store),
        (HTTPException, failures.tell_http),
        (RequestValidationError, failures.tell_validation),
        (Exception, failures.tell_unforeseen),
    ):
        application.add_exception_handler(kind, answer)


@frozen
class Failures:
    """Says what happened, and what to do."""

    _pages: Pages

    def tell_tracemark(self, request: Request, error: Exception) -> Response:
        """A failure that a person can act on."""
        if not isinstance(error, TracemarkError):
            raise error
        status = status_of(error)
        if status >= 500:
            log.warning("request_failed", path=request.url.path, reason=error.message)
        return self.tell(request, status, error.message, error.hint, error.details)

    def tell_store(self, request: Request, error: Exception) -> Response:
        """The store is out of reach."""
        log.warning("store_failed", path=request.url.path, reason=str(error))
        return self.tell(request, 503, "The store does not answer.", "tracemark doctor")

    def tell_http(self, request: Request, error: Exception) -> Response:
        """What the framework refused."""
        if not isinstance(error, HTTPException):
            raise error
        return self.tell_status(request, error.status_code, str(error.detail))

    def tell_status(self, request: Request, status: int, words: str = "") -> Response:
        """A bare status."""
        return self.tell(request, status, _STATUS_WORDS.get(status, words), "Start from the first page, or search.")

    def tell_validation(self, request: Request, error: Exception) -> Response:
        """The address or the form holds what it should not."""
        if not isinstance(error, RequestValidationError):
            raise error
        details = [f"{'.'.join(map(str, one['loc'][1:])) or 'body'}: {one['msg']}" for one in error.errors()]
        return self.tell(request, 400, "The request cannot be understood.", "Correct what is listed.", details)

    def tell_unforeseen(self, request: Request, _error: Exception) -> Response:
        """A mistake of ours: the framework logs it, and answers outside of everything that adds headers."""
        hint = "Try again. If it stays so, the server's log tells what to report."
        answer = self.tell(request, 500, "The server made a mistake.", hint)
        answer.headers.update(ANSWER_HEADERS)
        return answer

    def tell(
        self, request: Request, status: int, message: str, hint: str | None = None, details: Sequence[str] = ()
    ) -> Response:
        """The page, or the JSON, of a failure."""
        if request.url.path.startswith(API):
            body = printable({"error": message, "hint": hint, "details": list(details)})
            return JSONResponse(body, status_code=status)
        return self._pages.render(
            request, "failure.html", status=status, message=message, hint=hint, details=details, number=status
        )
