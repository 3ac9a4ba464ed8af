"""Site files: read strictly, every mistake told with its line; every key has its effect or is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.plan import VisitPlan, write_user_agent
from crawler.restraint import LONGEST_WAIT, Hours, Restraint, read_retry_after
from crawler.sites.loading import LoadedSite, load_site
from crawler.sites.reference import EXAMPLE, write_reference
from crawler.sites.schema import SiteFile
from pipelines.errors import BadInput, ConfigurationError, NotPermitted
from pipelines.settings import Authority

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
UNIT = Authority(operator="Test Unit", contact="unit@example.org", basis="Test mandate")
ROOT = Path(__file__).parents[3]


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str], LoadedSite]:
    def _read(text: str) -> LoadedSite:
        path = tmp_path / "market.yaml"
        path.write_text(text, encoding="utf-8")
        return load_site(path)

    return _read


def test_the_reference_page_is_current() -> None:
    assert (ROOT / "docs" / "site-file.md").read_text(encoding="utf-8") == write_reference()


def test_the_worked_example_holds_together(read: Callable[[str], LoadedSite]) -> None:
    file = read(EXAMPLE).file
    assert file.pace.hours == "22:00-06:00"
    assert file.authority.expires == date(2026, 12, 31)


def test_every_mistake_is_told_at_once_with_its_line(read: Callable[[str], LoadedSite]) -> None:
    text = """site: Garden Market
start: ['ftp://market.example/']
colour: red
links: {listing: '/item/(['}
pace:
  delay: -1
  hours: '25:00-07:00'
timezone: Middle/Earth
session: {cookies: sid=12345}
schedule: {cron: '61 2 * * *'}
"""
    with pytest.raises(BadInput) as caught:
        read(text)
    told = [(int(one.split(":")[1]), one.split(": ")[1]) for one in caught.value.details]
    assert sorted(told) == [
        (1, "site"),
        (2, "start.0"),
        (3, "colour"),
        (4, "links.listing"),
        (6, "pace.delay"),
        (7, "pace.hours"),
        (8, "timezone"),
        (9, "session.cookies"),
        (10, "schedule.cron"),
    ]
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "cron", ["daily", "30 2 * *", "30 2 * * * *", "61 2 * * *", "0 0 31 2 *", "* * * * 8", "@daily", ""]
)
def test_a_schedule_that_never_comes_is_refused(read: Callable[[str], LoadedSite], cron: str) -> None:
    with pytest.raises(BadInput) as caught:
        read(f"site: market\nstart: ['https://market.example/']\nschedule:\n  cron: '{cron}'\n")
    [told] = caught.value.details
    assert told.split(":")[1:3] == ["4", " schedule.cron"]
    assert "30 2 * * *" in told


@pytest.mark.parametrize("name", ["tips", "received"])
def test_names_that_the_vault_keeps_for_itself_are_refused(read: Callable[[str], LoadedSite], name: str) -> None:
    with pytest.raises(BadInput) as caught:
        read(f"site: {name}\nstart: ['https://market.example/']\n")
    assert "choose another name" in caught.value.details[0]


@pytest.mark.parametrize(
    ("more", "place", "words"),
    [
        ("robots: {obey: false}", "robots.obey", "written authority"),
        ("selectors: {colour: .x}", "selectors.colour", "no such field"),
        ("selectors: {price: 'p[['}", "selectors.price", "not a selector"),
        ("selectors: {price: '//p['}", "selectors.price", "not a selector"),
        ("browser: {scroll: 3}", "browser.scroll", "no effect without fetch: browser"),
        ("session: {storage_state: STATE}", "session.storage_state", "needs fetch: browser"),
        ("fetch: browser\nsession: {storage_state: A, cookies: B}", "session.cookies", "one of the two"),
    ],
)
def test_what_contradicts_itself_or_has_no_effect_is_refused(
    read: Callable[[str], LoadedSite], more: str, place: str, words: str
) -> None:
    with pytest.raises(BadInput) as caught:
        read(f"site: market\nstart: ['https://market.example/']\n{more}\n")
    assert any(place in one and words in one for one in caught.value.details), caught.value.details


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- a\n- b\n",
        "site: [\n",
        "a: &x 1\nb: *x\n",
        "site: market\nsite: market\n",
        "\x00",
        "site: !!python/name:os.system\n",
    ],
)
def test_what_is_no_site_file_is_refused_in_words(read: Callable[[str], LoadedSite], text: str) -> None:
    with pytest.raises(BadInput):
        read(text)


@given(st.text(max_size=200))
def test_any_text_is_a_site_file_or_bad_input(text: str) -> None:
    path = Path("/tmp") / f"tracemark-any-{abs(hash(text))}.yaml"  # noqa: S108 - removed at once
    try:
        path.write_text(text, encoding="utf-8", errors="replace")
        load_site(path)
    except BadInput:
        pass
    finally:
        path.unlink(missing_ok=True)


def plan(file: SiteFile, *, delay: str | float | None = None, now: datetime = NOW, **environment: str) -> VisitPlan:
    return VisitPlan.make(LoadedSite(file=file, sha256=""), UNIT, delay=delay, environment=environment, now=now)


def site(**keys: object) -> SiteFile:
    return SiteFile.model_validate({"site": "market", "start": ["https://market.example/"], **keys})


def test_a_session_and_a_proxy_come_from_variables_or_are_asked_for(tmp_path: Path) -> None:
    cookies = tmp_path / "cookies.json"
    cookies.write_text('[{"name": "sid", "value": "s1", "domain": ".market.example"}]')
    file = site(session={"cookies": "MARKET_COOKIES"}, proxy="MARKET_PROXY")
    made = plan(file, MARKET_COOKIES=str(cookies), MARKET_PROXY="socks5://unit:word@127.0.0.1:9050")
    assert made.session.cookies_for("https://www.market.example/x") == [
        {"name": "sid", "value": "s1", "domain": ".market.example"}
    ]
    assert made.session.cookies_for("https://other.example/") == []
    assert made.upstream is not None
    assert "word" not in repr(made.upstream)
    with pytest.raises(ConfigurationError, match="MARKET_COOKIES, which is not set"):
        plan(file)
    with pytest.raises(ConfigurationError, match="MARKET_PROXY, which is not set"):
        plan(file, MARKET_COOKIES=str(cookies))


@pytest.mark.parametrize("text", ["{", "{}", '[{"name": "a"}]', "[1]"])
def test_a_session_file_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "cookies.json"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match="cannot be used"):
        plan(site(session={"cookies": "C"}), C=str(path))
    with pytest.raises(ConfigurationError, match="cannot be read"):
        plan(site(session={"cookies": "C"}), C=str(tmp_path / "none.json"))


@pytest.mark.parametrize("delay", ["soon", "-1", "nan", "9999"])
def test_a_delay_that_is_none_is_refused(delay: str) -> None:
    with pytest.raises(BadInput):
        plan(site(), delay=delay)


def test_the_floor_holds_for_every_start_page() -> None:
    plan(site(start=["http://127.0.0.1:8101/"]), delay=0)
    with pytest.raises(NotPermitted, match="below the floor"):
        plan(site(start=["http://127.0.0.1:8101/", "https://market.example/"]), delay=0)


def test_hours_may_pass_midnight_and_are_the_sites_own() -> None:
    night = Hours.read("22:00-06:00", "Europe/Berlin")
    assert night.contain(datetime(2026, 1, 1, 21, tzinfo=UTC))  # 22:00 there
    assert night.contain(datetime(2026, 1, 1, 4, 59, tzinfo=UTC))
    assert not night.contain(datetime(2026, 1, 1, 5, tzinfo=UTC))
    day = Hours.read("08:00-17:00", "UTC")
    assert [day.contain(datetime(2026, 1, 1, hour, tzinfo=UTC)) for hour in (7, 8, 16, 17)] == [
        False,
        True,
        True,
        False,
    ]
    with pytest.raises(NotPermitted, match="visited only from"):
        plan(site(pace={"hours": "22:00-06:00"}, timezone="Europe/Berlin"))


def test_skip_and_other_sites_are_not_followed() -> None:
    made = plan(site(links={"skip": "/login|print="}))
    assert made.follows("https://www.market.example/item/1")
    assert not made.follows("https://www.market.example/login")
    assert not made.follows("https://market.example.org/item/1")


@given(st.text(max_size=80), st.text(max_size=80))
def test_a_user_agent_is_always_a_header(operator: str, contact: str) -> None:
    agent = write_user_agent({"operator": operator, "contact": contact})
    assert agent.isascii()
    assert agent.isprintable()
    assert agent.startswith("Tracemark/")


def test_waits_grow_while_pages_fail_and_end_with_a_success() -> None:
    now = 100.0
    restraint = Restraint(clock=lambda: now, step=1.0)
    waits = []
    for _ in range(4):
        restraint.note_failure(None)
        waits.append(restraint.wait())
    assert waits == [1.0, 2.0, 4.0, 8.0]
    restraint.note_failure(5000.0)
    assert restraint.wait() == LONGEST_WAIT
    restraint.note_success()
    assert restraint.failures == 0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        ("Thu, 05 Mar 2026 12:01:00 GMT", 60.0),
        ("Thu, 05 Mar 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        (None, None),
        ("-3", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(header: str | None, seconds: float | None) -> None:
    assert read_retry_after(header, NOW) == seconds


@given(st.text(max_size=40))
def test_any_retry_after_is_read(header: str) -> None:
    found = read_retry_after(header, NOW)
    assert found is None or found >= 0
