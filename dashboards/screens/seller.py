"""A seller's page."""

from typing import Annotated

from attrs import frozen
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from dashboards.accounts import view_account
from dashboards.desk import Desk
from dashboards.rendering import Pages


@frozen
class SellerScreen:
    """`/seller/…`."""

    desk: Desk
    pages: Pages

    def routes(self) -> APIRouter:
        """What it answers to."""
        router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)
        router.add_api_route("/seller", self.seller_by_query, methods=["GET"])
        router.add_api_route("/seller/{site}/{native_id:path}", self.seller, methods=["GET"])
        return router

    def seller_by_query(self, request: Request, site: str, native_id: Annotated[str, Query(alias="id")]) -> Response:
        """A seller whose id no path can hold."""
        return self.seller(request, site, native_id)

    def seller(self, request: Request, site: str, native_id: str) -> Response:
        """What an account offered over time, and what that shows."""
        view = view_account(self.desk.database, site, native_id)
        self.desk.note("view", f"seller:{site}/{native_id}", {"by": "seller page"})
        return self.pages.render(request, "seller.html", view=view, cases=self.desk.open_cases())
