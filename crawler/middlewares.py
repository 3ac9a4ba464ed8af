"""What stands between the spider and the network: the address rule, robots.txt, and the keeper of exchanges."""

from __future__ import annotations

import http
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.utils.misc import build_from_crawler
from twisted.internet.defer import Deferred

from crawler.addresses import AddressRule, ForbiddenAddress
from pipelines.warc.records import Exchange, HttpMessage

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Headers, Request, Response

REFUSE_ALL = b"User-agent: *\nDisallow: /\n"


class AddressGuard:
    """Refuses addresses written out in a URL, which no resolver sees; redirects come by here too."""

    def __init__(self, rule: AddressRule) -> None:
        self._rule = rule

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:  # noqa: ARG003 -- Scrapy's signature
        """With the rule of this process."""
        return cls(AddressRule.of(os.environ))

    def process_request(self, request: Request) -> None:
        """Let pass, or raise `IgnoreRequest`."""
        try:
            self._rule.check_url(request.url)
        except ForbiddenAddress as error:
            raise IgnoreRequest(f"forbidden address: {error}") from error


class StrictRobots(RobotsTxtMiddleware):
    """robots.txt as RFC 9309 has it: one that answers with a server's error forbids everything."""

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status >= 500:
            response = response.replace(body=REFUSE_ALL)
        elif response.status >= 400:
            response = response.replace(body=b"")
        await super()._parse_robots(response, netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:  # noqa: ARG002 -- Scrapy's signature
        waiting = self._parsers[netloc]
        refusal = build_from_crawler(self._parserimpl, self.crawler, REFUSE_ALL)
        self._parsers[netloc] = refusal
        if isinstance(waiting, Deferred):
            waiting.callback(refusal)


class ExchangeKeeper:
    """Keeps each response as it was served, with the request that led to it, redirects included."""

    def process_response(self, request: Request, response: Response) -> Response:
        """Note the exchange in the request's meta; a redirect's request carries the earlier ones along."""
        if "lease" in request.meta:
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
