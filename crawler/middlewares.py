"""What stands between the spider and the network: the address rule, robots.txt, and the keeper of exchanges."""

from __future__ import annotations

import http
import logging
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self, cast
from urllib.parse import urlsplit

from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.utils.misc import build_from_crawler
from twisted.internet.defer import Deferred

from crawler.addresses import AddressRule, ForbiddenAddress
from crawler.troubles import explain
from pipelines.warc.records import Exchange, HttpMessage

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Headers, Request, Response
    from scrapy.robotstxt import RobotParser

    from crawler.spiders.listings import ListingsSpider

REFUSE_ALL = b"User-agent: *\nDisallow: /\n"


class AddressGuard:
    """Refuses addresses written out in a URL, and other sites; robots.txt and redirects come by here too."""

    def __init__(self, crawler: Crawler, rule: AddressRule) -> None:
        self._crawler = crawler
        self._rule = rule

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """With the rule of this process."""
        return cls(crawler, AddressRule.of(os.environ))

    def process_request(self, request: Request) -> None:
        """Let pass, by way of the site's proxy where it has one; or raise `IgnoreRequest`."""
        try:
            self._rule.check_url(request.url)
        except ForbiddenAddress as error:
            raise IgnoreRequest(f"forbidden address: {error}") from error
        run = cast("ListingsSpider", self._crawler.spider).run
        if not run.plan.bounds.contains(request.url):
            raise IgnoreRequest("leads to another site")
        if run.gateway is not None and not request.meta.get("playwright"):
            request.meta["proxy"] = run.gateway.url


class StrictRobots(RobotsTxtMiddleware):
    """robots.txt as RFC 9309 has it: where it cannot be had, or is a server's error, nothing may be visited."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        # Scrapy prints a traceback where it cannot have the file: the run says why, in words.
        logging.getLogger("scrapy.downloadermiddlewares.robotstxt").setLevel(logging.CRITICAL)
        self._missing: dict[str, str] = {}  # why it could not be had, by host and port

    def process_request_2(self, rp: RobotParser | None, request: Request) -> None:
        """Let pass, or raise `IgnoreRequest` with the reason."""
        if (why := self._missing.get(urlsplit(request.url).netloc)) is not None:
            raise IgnoreRequest(f"robots.txt could not be had: {why}")
        super().process_request_2(rp, request)

    def allows(self, url: str) -> bool:
        """Whether robots.txt allows a page, as far as it is known by now."""
        parser = self._parsers.get(urlsplit(url).netloc)
        if parser is None or isinstance(parser, Deferred):
            return True
        return parser.allowed(url, self._robotstxt_useragent or "")

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        cast("ListingsSpider", self.crawler.spider).take_robots(response)
        if response.status >= 500:
            self._missing[netloc] = f"HTTP {response.status}"
            response = response.replace(body=REFUSE_ALL)
        elif response.status >= 400:
            response = response.replace(body=b"")
        await super()._parse_robots(response, netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        self._missing[netloc] = explain(exc)
        waiting = self._parsers[netloc]
        refusal = build_from_crawler(self._parserimpl, self.crawler, REFUSE_ALL)
        self._parsers[netloc] = refusal
        if isinstance(waiting, Deferred):
            waiting.callback(refusal)


class ExchangeKeeper:
    """Keeps each response as it was served, with the request that led to it, redirects included."""

    def process_response(self, request: Request, response: Response) -> Response:
        """Note the exchange in the request's meta; a redirect's request carries the earlier ones along."""
        if "lease" in request.meta or request.meta.get("dont_obey_robotstxt"):  # so StrictRobots asks for robots.txt
            hops = request.meta.get("exchanges", ())
            request.meta["exchanges"] = (*hops, keep_exchange(request, response, datetime.now(UTC)))
        return response


def keep_exchange(request: Request, response: Response, at: datetime) -> Exchange:
    """Request and response as HTTP messages. Scrapy has put header names into its own capitals."""
    path = request.url.split("://", 1)[-1].partition("/")[2]
    asked = HttpMessage(
        start_line=f"{request.method} /{path} HTTP/1.1".encode(),
        headers=_headers(request.headers),
        body=request.body,
    )
    rendered = "playwright" in response.flags
    served = HttpMessage(
        start_line=f"{response.protocol or 'HTTP/1.1'} {response.status} {_phrase(response.status)}".encode(),
        headers=_headers(response.headers),
        body=b"" if rendered else response.body,
    )
    ip = str(response.ip_address) if response.ip_address else None
    return Exchange(url=response.url, at=at, response=served, request=asked, ip=ip)


def _headers(headers: Headers) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((name, value) for name, values in headers.items() for value in values)


def _phrase(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return "Unassigned"
