"""Forms: only those that this process showed to the same browser are taken, and they lead back into the desk."""

import re
from typing import Annotated

from attrs import frozen
from fastapi import Form, Request

from dashboards.safeguards import FormTokens
from pipelines.errors import BadInput, NotPermitted

_INSIDE = re.compile(r"/(?:(?:triage|listing|seller|cases|quality|sites|search)(?:[/?#][^\s\\]*)?)?")


@frozen
class FormGuard:
    """Refuses a form that this process did not show to the same browser."""

    tokens: FormTokens

    def __call__(self, request: Request, form_token: Annotated[str, Form(max_length=200)] = "") -> None:
        """Let it pass, or NotPermitted."""
        if not self.tokens.fits(request, form_token):
            raise NotPermitted(
                "This form was not shown to you by this server, or the server has been started anew since.",
                hint="Go back, load the page again, and send the form once more.",
            )


def inside(address: str) -> str:
    """`address` where it is one of the desk's own screens. BadInput else: no form leads anywhere else."""
    if not _INSIDE.fullmatch(address) or "//" in address.partition("?")[0]:
        raise BadInput("the form names an address that is none of the desk's own")
    return address
