"""A seller's page, and what people say of its links to other accounts."""

from typing import Annotated

from attrs import frozen
from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from dashboards.accounts import view_account
from dashboards.desk import Desk
from dashboards.forms import FormGuard, inside
from dashboards.linking import decide_link, neighbourhood_of, undo_link
from dashboards.rendering import Pages
from dashboards.searching import account_query
from dashboards.wording import seller_address


@frozen(kw_only=True)
class LinkForm:
    """A word about the link between two accounts."""

    site: Annotated[str, Form(max_length=64)]
    id: Annotated[str, Form(max_length=512)]
    other_site: Annotated[str, Form(max_length=64)]
    other_id: Annotated[str, Form(max_length=512)]
    action: Annotated[str, Form(max_length=16)]
    reason: Annotated[str, Form(max_length=10_000)] = ""


@frozen
class SellerScreen:
    """`/seller/…`."""

    desk: Desk
    pages: Pages
    guard: FormGuard

    def routes(self) -> APIRouter:
        """What it answers to."""
        router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)
        router.add_api_route("/seller", self.seller_by_query, methods=["GET"])
        router.add_api_route("/seller/{site}/{native_id:path}", self.seller, methods=["GET"])
        guarded = [Depends(self.guard)]
        router.add_api_route("/seller-links", self.link, methods=["POST"], dependencies=guarded)
        router.add_api_route("/seller-links/undo", self.undo, methods=["POST"], dependencies=guarded)
        return router

    def seller_by_query(self, request: Request, site: str, native_id: Annotated[str, Query(alias="id")]) -> Response:
        """A seller whose id no path can hold."""
        return self.seller(request, site, native_id)

    def seller(self, request: Request, site: str, native_id: str) -> Response:
        """What an account offered over time, and what that shows."""
        view = view_account(self.desk.database, site, native_id)
        with self.desk.database.read() as connection:
            near = neighbourhood_of(connection, (site, native_id))
        self.desk.note("view", f"seller:{site}/{native_id}", {"by": "seller page"})
        one_hand = [(site, native_id), *((one.site, one.id) for one in near.links if one.stands == "holds")]
        return self.pages.render(
            request,
            "seller.html",
            view=view,
            near=near,
            cases=self.desk.open_cases(),
            offered_by=account_query,
            one_hand=one_hand,
        )

    def link(self, sent: Annotated[LinkForm, Depends()]) -> Response:
        """Confirm or cut a link."""
        account, other = (sent.site, sent.id), (sent.other_site, sent.other_id)
        decide_link(self.desk, account, other, sent.action, sent.reason)
        return RedirectResponse(f"{seller_address(*account)}#links", status_code=303)

    def undo(
        self, number: Annotated[int, Form(ge=1)], then: Annotated[str, Form(max_length=2_000)] = "/search"
    ) -> Response:
        """Take back what was said of a link."""
        target = inside(then)
        undo_link(self.desk, number)
        return RedirectResponse(target, status_code=303)
