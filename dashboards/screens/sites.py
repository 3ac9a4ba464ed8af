"""The sites: how each visit went, and the file, the pauses and the visits of one."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from attrs import frozen
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from dashboards.desk import Desk
from dashboards.failures import NothingThere
from dashboards.forms import FormGuard
from dashboards.intervals import draw_canaries
from dashboards.overview import read_site_view
from dashboards.rendering import Pages
from dashboards.sitefiles import LONGEST, Verdict, read_site, save_text, site_names
from dashboards.trials import fields_of
from pipelines.errors import BadInput
from pipelines.store.pauses import Pause, end_pause, pause_site, read_pauses

_LONGEST_PAUSE = timedelta(days=90)


@frozen
class SiteScreens:
    """`/sites…`."""

    desk: Desk
    pages: Pages
    guard: FormGuard

    def routes(self) -> APIRouter:
        """What it answers to."""
        router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)
        router.add_api_route("/sites", self.sites, methods=["GET"])
        router.add_api_route("/sites/{name}", self.site, methods=["GET"])
        router.add_api_route("/sites/{name}/look", self.looked, methods=["GET"])
        for path, answer in (
            ("file", self.save),
            ("run", self.run),
            ("look", self.look),
            ("pause", self.pause),
            ("go-on", self.go_on),
        ):
            router.add_api_route(
                f"/sites/{{name}}/{path}", answer, methods=["POST"], dependencies=[Depends(self.guard)]
            )
        return router

    def sites(self, request: Request) -> Response:
        """Every site and how its last runs went."""
        overview = self.desk.overviews.read()
        with self.desk.database.read() as connection:
            pauses = read_pauses(connection, self.desk.now())
        known = {site.record.name for site in overview.sites}
        unvisited = [name for name in site_names(self.desk) if name not in known]
        return self.pages.render(request, "sites.html", overview=overview, pauses=pauses, unvisited=unvisited)

    def site(self, request: Request, name: str) -> Response:
        """One site: its file, its runs, what was found against what was expected over time."""
        return self._show(request, name)

    def save(
        self,
        request: Request,
        name: str,
        text: Annotated[str, Form(max_length=LONGEST)],
        shown: Annotated[str, Form(max_length=64)],
    ) -> Response:
        """Put a changed file in place, or show every mistake in it at once."""
        verdict = save_text(self.desk, name, text, shown)
        if verdict.mistakes:
            return self._show(request, name, text=text, verdict=verdict, status=400)
        return _to(name, "file")

    def run(self, name: str) -> Response:
        """Visit the site now."""
        if name not in site_names(self.desk):
            raise NothingThere(f"no site file {name}.yaml")
        self.desk.visits.begin(name)
        self.desk.note("visit", f"site:{name}", {"by": "site page"})
        return _to(name, "runs")

    def look(self, name: str) -> Response:
        """Look at a few pages of the site, and keep nothing."""
        if name not in site_names(self.desk):
            raise NothingThere(f"no site file {name}.yaml")
        self.desk.trials.begin(name, self.desk.now())
        self.desk.note("visit", f"site:{name}", {"by": "a look", "kept": "nothing"})
        return RedirectResponse(f"/sites/{name}/look", status_code=303)

    def looked(self, request: Request, name: str) -> Response:
        """What was read at the last look, asked again by the browser itself until it is over."""
        if name not in site_names(self.desk):
            raise NothingThere(f"no site file {name}.yaml")
        trial = self.desk.trials.last(name)
        response = self.pages.render(request, "site_look.html", name=name, trial=trial, fields_of=fields_of)
        if trial is not None and not trial.is_over:
            response.headers["Refresh"] = "1"
        return response

    def pause(
        self,
        name: str,
        until: Annotated[str, Form(max_length=32)],
        reason: Annotated[str, Form(max_length=2_000)] = "",
    ) -> Response:
        """Let the watch leave the site alone until the end of a day."""
        now = self.desk.now()
        try:
            end = datetime.fromisoformat(until).replace(tzinfo=UTC) + timedelta(days=1)
        except ValueError as error:
            raise BadInput(f"{until!r} is no day", hint="2026-12-31") from error
        if end - now > _LONGEST_PAUSE:
            raise BadInput(f"a pause lasts at most {_LONGEST_PAUSE.days} days", hint="Pause it again then.")
        with self.desk.database.write() as connection:
            pause_site(connection, Pause(site=name, until=end, actor=self.desk.actor, reason=reason.strip()), now)
        return _to(name)

    def go_on(self, name: str) -> Response:
        """End a pause."""
        with self.desk.database.write() as connection:
            end_pause(connection, name, self.desk.actor, self.desk.now())
        return _to(name)

    def _show(
        self, request: Request, name: str, *, text: str | None = None, verdict: Verdict | None = None, status: int = 200
    ) -> Response:
        file = read_site(self.desk, name)
        with self.desk.database.read() as connection:
            view = read_site_view(connection, name)
            pause = read_pauses(connection, self.desk.now()).get(name)
        if file is None and view is None:
            raise NothingThere(f"no site {name}", hint="Sites lists those that there are.")
        shared: dict[str, Any] = {
            "name": name,
            "file": file,
            "text": text if text is not None else file.text if file else "",
            "verdict": verdict,
            "site": view,
            "pause": pause,
            "canaries": draw_canaries(view.runs) if view else (),
            "visit": self.desk.visits.words(name),
            "tomorrow": (self.desk.now() + timedelta(days=7)).date(),
        }
        return self.pages.render(request, "site.html", status=status, **shared)


def _to(name: str, part: str = "") -> Response:
    return RedirectResponse(f"/sites/{name}" + (f"#{part}" if part else ""), status_code=303)
