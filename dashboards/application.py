"""Puts the web application together: the one place where screens and API get their parts."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import structlog
from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError
from starlette.staticfiles import StaticFiles

from dashboards.api.administration import AdministrationApi
from dashboards.api.routes import Api
from dashboards.api.work import Work
from dashboards.decisions import DecisionDesk
from dashboards.desk import Desk
from dashboards.failures import Failures, answer_failures
from dashboards.following import IndexFollower
from dashboards.forms import FormGuard
from dashboards.hotspots import HotSpots
from dashboards.judgements import Judgements
from dashboards.law import LawBook
from dashboards.leases import Leases
from dashboards.looks import Looks
from dashboards.overview import Overviews
from dashboards.packets import PacketRoom
from dashboards.people.access import RouteRights
from dashboards.people.entrance import Entrance
from dashboards.people.federation import Federation
from dashboards.people.gate import Doorkeeper, Gate
from dashboards.people.identity import current_person
from dashboards.people.limits import Limiter
from dashboards.people.registry import Registry
from dashboards.people.tokens import Tokens
from dashboards.queue import TriageQueue
from dashboards.rendering import Pages
from dashboards.replay.links import ReplayLinks
from dashboards.replay.serving import ReplayOrigin
from dashboards.safeguards import LOOPBACK, STATIC, FormTokens, Safeguards, Site
from dashboards.sampling import Samples
from dashboards.screens.account import AccountScreen
from dashboards.screens.administration import AdministrationScreens
from dashboards.screens.alerts import AlertScreen
from dashboards.screens.capture import CaptureScreen
from dashboards.screens.cases import CaseScreens
from dashboards.screens.decisions import DecisionScreens
from dashboards.screens.listing import ListingScreen
from dashboards.screens.packets import PacketScreens
from dashboards.screens.quality import QualityScreen
from dashboards.screens.search import SearchScreen
from dashboards.screens.seller import SellerScreen
from dashboards.screens.sites import SiteScreens
from dashboards.screens.today import TodayScreen
from dashboards.screens.triage import TriageScreen
from dashboards.searching import SearchDesk
from dashboards.trials import Trials
from dashboards.visits import Visits
from pipelines.composition import open_encoder, opened_index, person, project, utc_now
from pipelines.errors import ConfigurationError, TracemarkError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime

    from dashboards.replay.links import ReplayListener
    from pipelines.workspace import Workspace

log = structlog.get_logger(__name__)

STATIC_FILES = Path(__file__).parent / "static"


def create_application(
    workspace: Workspace,
    *,
    actor: str | None = None,
    now: Callable[[], datetime] = utc_now,
    passphrase: str | None = None,
    replay: ReplayListener | None = None,
) -> FastAPI:
    """The application over `workspace`: for its accounts, or without any for `actor` (who sits at this machine).

    It holds the store open until its shutdown, and the index for reading from the first search on. `passphrase`
    opens the signing key. Captured pages are shown where `replay` says, or not at all.
    Raises what opening the store raises.
    """
    database = workspace.open_database()
    search = SearchDesk(database, partial(opened_index, workspace, read_only=True), partial(open_encoder, workspace))
    follower = IndexFollower(partial(project, workspace, database))
    desk = Desk(
        workspace=workspace,
        database=database,
        search=search,
        queue=TriageQueue(database),
        decisions=DecisionDesk(database=database, now=now, changed=follower.wake),
        leases=Leases(database, now),
        samples=Samples(database),
        visits=Visits(workspace.root),
        trials=Trials(workspace.root),
        looks=Looks(database, now),
        spots=HotSpots(database),
        packets=PacketRoom(),
        overviews=Overviews(database=database, now=now),
        judgements=Judgements(database=database, now=now),
        now=now,
        passphrase=passphrase,
    )

    @asynccontextmanager
    async def live(_application: FastAPI) -> AsyncIterator[None]:
        follower.start()
        beginning = Thread(target=_read_ahead, args=(desk.queue,), name="queue", daemon=True)
        beginning.start()
        try:
            yield
        finally:
            beginning.join()
            desk.visits.stop()
            desk.trials.stop()
            desk.packets.stop()
            desk.spots.stop()
            follower.stop()
            search.close()
            database.close()

    application = FastAPI(
        title="Tracemark",
        version=version("tracemark"),
        summary="Listings seen on public marketplaces, the signals observed in them, and decisions about them.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # FastAPI's pages load scripts from elsewhere
        redoc_url=None,
        lifespan=live,
    )
    _mount(application, desk, actor or person(), replay)
    return application


def _read_ahead(queue: TriageQueue) -> None:
    """Read what waits while nobody waits for it: seconds of processor where there are hundreds of thousands."""
    try:
        queue.count("review")
    except (TracemarkError, SQLAlchemyError) as error:
        log.warning("queue_not_read", reason=str(error)[:500])


def _mount(application: FastAPI, desk: Desk, machine_user: str, replay: ReplayListener | None) -> None:
    settings = desk.workspace.settings.desk
    links = ReplayLinks(origin=replay.origin, now=desk.now) if replay else None
    site = Site(
        names=(*LOOPBACK, *(name.lower() for name in settings.names)),
        tls=settings.certificate is not None,
        replay=str(links.origin) if links else None,
    )
    form_tokens = FormTokens.fresh()
    pages = Pages(form_tokens, static=STATIC_FILES, workspace=desk.workspace.root.name, now=desk.now, secure=site.tls)
    guard = FormGuard(form_tokens)
    registry = Registry(database=desk.database, actor=lambda: current_person().name, now=desk.now)
    tokens = Tokens(database=desk.database, now=desk.now)
    entrance = Entrance(
        database=desk.database,
        registry=registry,
        now=desk.now,
        longest=timedelta(hours=settings.session_hours),
        idle=timedelta(minutes=settings.idle_minutes),
    )
    federation = _open_federation(desk, registry, entrance)
    for router in (
        AccountScreen(pages, guard, registry, entrance, tokens, site, federation).routes(),
        AdministrationScreens(desk, pages, guard, registry, entrance, tokens).routes(),
        TodayScreen(desk, pages).routes(),
        SiteScreens(desk, pages, guard).routes(),
        SearchScreen(desk, pages).routes(),
        AlertScreen(desk, pages, guard).routes(),
        TriageScreen(desk, pages).routes(),
        DecisionScreens(desk, pages, guard).routes(),
        CaseScreens(desk, pages, guard).routes(),
        QualityScreen(desk, pages, guard).routes(),
        ListingScreen(desk, pages, cache(LawBook.shipped), replayed=replay is not None).routes(),
        PacketScreens(desk, pages, guard).routes(),
        CaptureScreen(desk, pages, links).routes(),
        SellerScreen(desk, pages, guard).routes(),
        Api(desk).routes(),
        Work(desk).routes(),
        AdministrationApi(desk, registry).routes(),
    ):
        # Each router has all that its routes need: to include it would build every route a second time.
        application.router.routes.extend(router.routes)
    application.mount(STATIC.rstrip("/"), StaticFiles(directory=STATIC_FILES), name="static")
    failures = Failures(pages)
    answer_failures(application, failures)
    application.add_middleware(
        Gate,
        rights=RouteRights.over(application.routes),
        doorkeeper=Doorkeeper(
            entrance=entrance, tokens=tokens, machine_user=machine_user, closed=federation is not None
        ),
        failures=failures,
        limiter=Limiter(settings.requests_per_minute, time.monotonic),
    )
    application.add_middleware(Safeguards, site=site)
    if replay and links:
        # Outermost: what comes in on the other origin's socket never reaches the desk.
        application.add_middleware(
            ReplayOrigin,
            port=replay.port,
            links=links,
            database=desk.database,
            vault=desk.workspace.vault,
            desk=tuple(f"{site.scheme}://{name}:*" for name in site.names if not name.startswith("[")),
        )


def _open_federation(desk: Desk, registry: Registry, entrance: Entrance) -> Federation | None:
    """Sign-ins by the provider of the settings; None where none is set. ConfigurationError where it is half set."""
    settings = desk.workspace.settings.sign_in
    if settings.issuer is None:
        return None
    from dashboards.people.provider import Provider, require_safe  # noqa: PLC0415 -- only where one is set

    require_safe(settings.issuer)
    if not settings.roles:
        raise ConfigurationError("[sign_in] names no roles: nobody could get in", hint='roles = {analysts = "viewer"}')
    provider = Provider(settings=settings, root=desk.workspace.root, now=desk.now, secret=settings.client_secret)
    return Federation(provider=provider, registry=registry, entrance=entrance, now=desk.now)
