"""`/api/v1/…`: what people do: decide and take back, work on cases, seal packets, export."""

import json
from collections.abc import Iterator
from typing import Annotated, Any

from attrs import frozen
from fastapi import APIRouter, Depends, Query
from fastapi.responses import FileResponse, Response, StreamingResponse

from dashboards.api.answers import FAILURES, json_only
from dashboards.api.models import (
    CaseAnswer,
    CaseLine,
    CaseMembersRequest,
    CasePacketRequest,
    CaseRequest,
    DecisionAnswer,
    DecisionRequest,
    NoteRequest,
    PacketRequest,
    TaskRequest,
)
from dashboards.decisions import Decided
from dashboards.desk import Desk
from dashboards.failures import NothingThere
from dashboards.packets import Subject
from dashboards.wording import printable
from pipelines.cases.models import CaseState
from pipelines.cases.records import cases_named, read_cases
from pipelines.composition import serial_key
from pipelines.index.port import Search, Sort
from pipelines.sellers.export import item_lines, seller_lines

_BATCH = 500
_NDJSON = "application/x-ndjson"


@frozen
class Work:
    """What changes something, or leaves the desk."""

    desk: Desk

    def routes(self) -> APIRouter:
        """What it answers to."""
        router = APIRouter(prefix="/api/v1", responses=FAILURES, tags=["work"])
        sent = [Depends(json_only)]
        for path, handler, model in (
            ("/decisions", self.decide, DecisionAnswer),
            ("/decisions/undo", self.undo, DecisionAnswer),
            ("/cases", self.create_case, CaseAnswer),
            ("/cases/{reference}/members", self.add_to_case, CaseAnswer),
            ("/cases/{reference}/notes", self.note_in_case, CaseAnswer),
            ("/cases/{reference}/tasks", self.plan_in_case, CaseAnswer),
        ):
            router.add_api_route(
                path, handler, methods=["POST"], response_model=model, status_code=201, dependencies=sent
            )
        router.add_api_route("/cases", self.cases, methods=["GET"], response_model=list[CaseLine])
        router.add_api_route("/cases/{reference}", self.case, methods=["GET"], response_model=CaseAnswer)
        for path, answer in (("/packets", self.packet), ("/cases/{reference}/packet", self.case_packet)):
            router.add_api_route(path, answer, methods=["POST"], response_class=FileResponse, dependencies=sent)
        for path, lines in (
            ("/export/listings", self.export_listings),
            ("/export/items", self.export_items),
            ("/export/sellers", self.export_sellers),
        ):
            router.add_api_route(path, lines, methods=["GET"], response_class=StreamingResponse)
        return router

    def decide(self, body: DecisionRequest) -> dict[str, Any]:
        """Keep a decision."""
        place = (body.site, printable(body.id))
        return _decided(self.desk.decisions.decide(self.desk.actor, [place], body.decision, printable(body.reason)))

    def undo(self) -> dict[str, Any]:
        """Take back the last decision of who asks."""
        undone = self.desk.decisions.undo(self.desk.actor)
        if undone is None:
            raise NothingThere("there is no decision of yours to take back")
        return _decided(undone)

    def cases(self, state: CaseState | None = None) -> list[dict[str, Any]]:
        """The cases, the one that changed last first."""
        with self.desk.database.read() as connection:
            return [printable(one.to_json()) for one in read_cases(connection, state=state)]

    def case(self, reference: str) -> dict[str, Any]:
        """A case with all that is in it."""
        self._check(reference)
        shown: dict[str, Any] = printable(self.desk.cases.view(reference).to_json())
        return shown

    def create_case(self, body: CaseRequest) -> dict[str, Any]:
        """Open a case."""
        made = self.desk.cases.create(printable(body.name), reference=body.reference)
        shown: dict[str, Any] = printable(made.to_json())
        return shown

    def add_to_case(self, reference: str, body: CaseMembersRequest) -> dict[str, Any]:
        """Put listings and sellers into a case."""
        self._check(reference)
        listed = [(one.site, printable(one.id)) for one in body.listings]
        sold_by = [(one.site, printable(one.id)) for one in body.sellers]
        shown: dict[str, Any] = printable(self.desk.cases.add(reference, listed=listed, sold_by=sold_by).to_json())
        return shown

    def note_in_case(self, reference: str, body: NoteRequest) -> dict[str, Any]:
        """Write something down in a case."""
        self._check(reference)
        shown: dict[str, Any] = printable(self.desk.cases.note(reference, printable(body.text)).to_json())
        return shown

    def plan_in_case(self, reference: str, body: TaskRequest) -> dict[str, Any]:
        """Add a task to a case."""
        self._check(reference)
        assignee = printable(body.assignee) if body.assignee else None
        made = self.desk.cases.plan(reference, printable(body.text), assignee=assignee, due=body.due)
        shown: dict[str, Any] = printable(made.to_json())
        return shown

    def packet(self, body: PacketRequest) -> Response:
        """Seal the packet of a listing: the file itself."""
        of = Subject(site=body.site, id=printable(body.id))
        path = self.desk.packets.seal(self.desk, of, redacted=body.redacted)
        return FileResponse(path, media_type="application/zip", filename=path.name)

    def case_packet(self, reference: str, body: CasePacketRequest | None = None) -> Response:
        """Seal the packet of a case: the file itself."""
        self._check(reference)
        of, redacted = Subject(site="", id=reference), body is not None and body.redacted
        path = self.desk.packets.seal(self.desk, of, redacted=redacted)
        return FileResponse(path, media_type="application/zip", filename=path.name)

    def export_listings(
        self, q: Annotated[str, Query(max_length=10_000, description="In the query language.")] = ""
    ) -> Response:
        """Every listing that fulfils a query, as JSON lines (docs/schema/listing.json)."""
        search = self.desk.search.asked(printable(q))
        self.desk.note("export", "export:listings", {"query": printable(q), "by": "api"})
        return StreamingResponse(_lines(self._listings(search)), media_type=_NDJSON)

    def export_items(self) -> Response:
        """Every item, as JSON lines (docs/schema/item.json)."""
        self.desk.note("export", "export:items", {"by": "api"})
        key = serial_key(self.desk.workspace)
        return StreamingResponse(_lines(item_lines(self.desk.database, None, key=key)), media_type=_NDJSON)

    def export_sellers(self) -> Response:
        """Every seller, as JSON lines (docs/schema/seller.json)."""
        self.desk.note("export", "export:sellers", {"by": "api"})
        key = serial_key(self.desk.workspace)
        return StreamingResponse(_lines(seller_lines(self.desk.database, None, key=key)), media_type=_NDJSON)

    def _listings(self, query: Any) -> Iterator[dict[str, Any]]:
        cursor: str | None = None
        while True:
            search = Search(query=query, sort=Sort.NEWEST, limit=_BATCH, cursor=cursor)
            found = self.desk.search.search(search)
            yield from (hit.line for hit in found.hits)
            cursor = found.cursor
            if cursor is None:
                return

    def _check(self, reference: str) -> None:
        with self.desk.database.read() as connection:
            if not cases_named(connection, reference):
                raise NothingThere(f"no case {printable(reference)}", hint="/api/v1/cases lists them")


def _decided(made: Decided) -> dict[str, Any]:
    shown: dict[str, Any] = printable(
        {
            "number": made.id,
            "site": made.site,
            "id": made.native_id,
            "at": made.at,
            "actor": made.actor,
            "decision": made.decision,
            "reason": made.reason,
        }
    )
    return shown


def _lines(bodies: Iterator[dict[str, Any]]) -> Iterator[str]:
    for body in bodies:
        yield json.dumps(printable(body), ensure_ascii=False) + "\n"
