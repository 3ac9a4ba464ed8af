"""What every part of the API shares: the failures it tells, and bodies that say that they are JSON."""

from typing import Any

from fastapi import Request

from dashboards.api.models import FailureAnswer
from pipelines.errors import NotPermitted

FAILURES: dict[int | str, dict[str, Any]] = {
    status: {"model": FailureAnswer, "description": words}
    for status, words in (
        (400, "The request cannot be understood."),
        (401, "Nobody is signed in."),
        (403, "Not permitted."),
        (404, "There is nothing at this address."),
        (413, "The body is too large."),
        (429, "Too many requests: Retry-After says when to ask again."),
        (503, "A part is missing or does not answer."),
    )
}


def json_only(request: Request) -> None:
    """NotPermitted where the body does not say that it is JSON: no form of another site can send that."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise NotPermitted("the body must be sent as application/json")
