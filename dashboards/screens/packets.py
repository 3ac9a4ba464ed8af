"""Evidence packets: ordered, followed, called off and handed over."""

from typing import Annotated

from attrs import frozen
from fastapi import APIRouter, Depends, Form, Path, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from dashboards.desk import Desk
from dashboards.failures import NothingThere
from dashboards.forms import FormGuard
from dashboards.matters import view_case
from dashboards.packets import Making, Subject
from dashboards.rendering import Pages

_Number = Annotated[str, Path(max_length=32)]
_SECONDS_TO_LOOK_AGAIN = "1"


@frozen
class PacketScreens:
    """`/packets…` and a case's packet."""

    desk: Desk
    pages: Pages
    guard: FormGuard

    def routes(self) -> APIRouter:
        """What it answers to."""
        router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)
        guarded = [Depends(self.guard)]
        router.add_api_route("/packets", self.order, methods=["POST"], dependencies=guarded)
        router.add_api_route("/cases/{reference}/packet", self.order_case, methods=["POST"], dependencies=guarded)
        router.add_api_route("/packets/{number}", self.follow, methods=["GET"])
        router.add_api_route("/packets/{number}/file", self.hand_over, methods=["GET"])
        router.add_api_route("/packets/{number}/call-off", self.call_off, methods=["POST"], dependencies=guarded)
        return router

    def order(
        self,
        site: Annotated[str, Form(max_length=64)],
        id: Annotated[str, Form(max_length=512)],  # noqa: A002 -- the field's name in the contracts
        redacted: Annotated[bool, Form()] = False,
    ) -> Response:
        """Make a listing's packet: the file where it is quick, else the page that follows it."""
        return self._answer(self.desk.packets.order(self.desk, Subject(site=site, id=id), redacted=redacted))

    def order_case(self, reference: str, redacted: Annotated[bool, Form()] = False) -> Response:
        """As `order`, of a case."""
        known = view_case(self.desk.database, reference).case.reference
        return self._answer(self.desk.packets.order(self.desk, Subject(site="", id=known), redacted=redacted))

    def follow(self, request: Request, number: _Number) -> Response:
        """How far a packet is, asked again by the browser itself until it has ended."""
        making = self.desk.packets.find(number)
        response = self.pages.render(request, "packet.html", making=making)
        if not making.ended.is_set():
            response.headers["Refresh"] = _SECONDS_TO_LOOK_AGAIN  # works with scripting off
        return response

    def hand_over(self, number: _Number) -> Response:
        """The file."""
        making = self.desk.packets.find(number)
        if making.file is None:
            raise NothingThere("this packet is not made", hint=f"/packets/{number} says how far it is.")
        return _file(making)

    def call_off(self, number: _Number) -> Response:
        """Make it no further; what was written of it is removed."""
        self.desk.packets.find(number).off.set()
        return RedirectResponse(f"/packets/{number}", status_code=303)

    def _answer(self, making: Making) -> Response:
        if making.file is not None:
            return _file(making)
        return RedirectResponse(f"/packets/{making.number}", status_code=303)


def _file(making: Making) -> Response:
    assert making.file is not None  # noqa: S101 -- asked before
    return FileResponse(making.file, media_type="application/zip", filename=making.file.name)
