"""How alerts leave: whole, signed, never twice unnoticed, never with what they should not say."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from pipelines.alerts.delivery import MOST_ATTEMPTS, failed_deliveries
from pipelines.alerts.digest import subject
from pipelines.alerts.feed import atom
from pipelines.alerts.models import Channel, QuietHours, SavedSearch
from pipelines.alerts.senders import Letter, NotSent, Senders
from pipelines.alerts.settings import AlertSettings, Mail, read_alert_settings
from pipelines.errors import ConfigurationError
from pipelines.models import Contact
from pipelines.store.custody import broken_at, custody_rows
from pipelines.store.tables import alert_deliveries

NOW = datetime(2026, 3, 2, tzinfo=UTC)
ATOM = "{http://www.w3.org/2005/Atom}"
ACCUSING = ("trafficker", "criminal", "illegal", "guilty", "offender", "suspect", "dealer of")


def test_mail_says_what_was_observed_and_where_to_look(room: Any, mail: Any) -> None:
    room.save("glock", "email:unit@example.org")
    contact = Contact(kind="phone", value="+12025550147", field="description", start=5, end=17)
    room.offer("a b", "Glock\r\nBcc: x@example.org", "i1", description="call +12025550147", contacts=(contact,))
    assert room.run().deliveries.sent == 1
    (message,) = mail.taken
    assert message["To"] == "unit@example.org"
    assert message["Bcc"] is None
    assert message["Subject"] == "Tracemark: 1 new listing for one"
    assert message["Message-ID"] == "<tracemark-one-1@example.org>"
    text = message.get_content()
    assert "alpha/a b: Glock Bcc: x@example.org" in text
    assert "needs review; signals observed: no_check_offered" in text
    assert "https://desk.example.org/listing/alpha/a%20b" in text
    assert "0147" not in text
    assert not [word for word in ACCUSING if word in text.lower()]


def test_a_webhook_gets_json_that_it_can_check(room: Any, hook: Any) -> None:
    room.save("glock", f"webhook:{hook.url}")
    room.offer("a", "Glock 19 \u0000 枪", "i1")
    room.run()
    ((headers, body, raw),) = hook.taken
    assert body["kind"] == "hits"
    assert [one["listing"] for one in body["listings"]] == ["alpha/a"]
    assert headers["Idempotency-Key"] == "one-1"
    signed = hmac.new(b"a secret of the test", raw, hashlib.sha256).hexdigest()
    assert headers["X-Tracemark-Signature"] == f"sha256={signed}"


def test_a_webhook_is_not_followed_elsewhere(room: Any, hook: Any) -> None:
    hook.status = 302
    room.save("glock", f"webhook:{hook.url}")
    room.offer("a", "Glock 19", "i1")
    assert room.run().deliveries.failed == 1
    assert hook.elsewhere == 0


def test_what_does_not_go_out_is_tried_again_with_longer_pauses(room: Any, hook: Any) -> None:
    hook.status = 503
    room.save("glock", f"webhook:{hook.url}")
    room.offer("a", "Glock 19", "i1")
    report = room.run()
    assert (report.deliveries.waiting, report.is_well) == (1, False)
    assert room.run(after=timedelta(seconds=30)).deliveries.waiting == 0  # not yet
    assert room.run(after=timedelta(seconds=31)).deliveries.waiting == 1
    hook.status = 200
    assert room.run(after=timedelta(seconds=61)).deliveries.sent == 0
    assert room.run(after=timedelta(seconds=60)).deliveries.sent == 1
    assert len({headers["Idempotency-Key"] for headers, _, _ in hook.taken}) == 1
    assert [body["listings"] for _, body, _ in hook.taken[1:]] == [hook.taken[0][1]["listings"]] * 2


def test_what_never_goes_out_is_given_up_and_shown(room: Any, hook: Any) -> None:
    hook.status = 500
    room.save("glock", f"webhook:{hook.url}")
    room.offer("a", "Glock 19", "i1")
    reports = [room.run(after=timedelta(days=1)) for _ in range(MOST_ATTEMPTS + 2)]
    assert [report.deliveries.failed for report in reports] == [0] * (MOST_ATTEMPTS - 1) + [1, 0, 0]
    with room.database.read() as connection:
        (failed,) = failed_deliveries(connection)
    assert (failed["state"], failed["attempts"], failed["reason"]) == ("failed", 12, "the webhook answered 500")


def test_an_address_that_is_refused_for_good_is_not_tried_again(room: Any, mail: Any) -> None:
    mail.answer = b"550 nobody here"
    room.save("glock", "email:nobody@example.org")
    room.offer("a", "Glock 19", "i1")
    assert room.run().deliveries.failed == 1
    mail.answer = b"451 later"
    room.offer("b", "Glock 26", "i2")
    assert room.run().deliveries.waiting == 1


def test_nothing_is_sent_in_quiet_hours_not_even_again(room: Any, hook: Any) -> None:
    room.save("glock", f"webhook:{hook.url}", quiet=QuietHours.read("13:00-14:00"))
    room.save("item:none", f"webhook:{hook.url}", name="broken", quiet=QuietHours.read("12:00-14:00"))
    hook.status = 503
    room.offer("a", "Glock 19", "i1")
    room.run()
    hook.status = 200
    assert room.run(after=timedelta(minutes=70)).deliveries.sent == 0
    assert room.run(after=timedelta(minutes=60)).deliveries.sent == 2


def test_a_crash_after_sending_sends_again_under_the_same_number(room: Any, hook: Any) -> None:
    room.save("glock", f"webhook:{hook.url}")
    room.offer("a", "Glock 19", "i1")
    room.run()
    with room.database.write() as connection:  # as if the record of it had been lost
        connection.execute(sa.update(alert_deliveries).values(state="waiting", attempts=0))
    room.run()
    first, second = hook.taken
    assert first[0]["Idempotency-Key"] == second[0]["Idempotency-Key"]
    assert first[2] == second[2]


def test_what_left_is_in_the_custody_log(room: Any, hook: Any) -> None:
    room.save("glock", f"webhook:{hook.url}", "feed")
    room.offer("a", "Glock 19", "i1")
    room.run()
    with room.database.read() as connection:
        (row,) = custody_rows(connection, subject="alert:one")
        assert broken_at(connection) is None
    assert (row["action"], row["actor"]) == ("export", "Example Unit")
    assert row["detail"]["listings"] == ["alpha/a"]


def test_without_a_mail_server_it_says_so(room: Any) -> None:
    room.save("glock", "email:unit@example.org")
    room.offer("a", "Glock 19", "i1")
    assert room.run().deliveries.waiting == 1
    with room.database.read() as connection:
        assert "[mail] in alerts.toml" in failed_deliveries(connection)[0]["reason"]


def test_mail_without_tls_stays_on_this_machine(room: Any) -> None:
    mail = Mail(host="mail.example.org", security="none", sender="alerts@example.org")
    body = {"search": "one", "query": "x", "kind": "hits", "total": 0, "listings": []}
    letter = Letter(number=1, target="unit@example.org", made=room.now, body=body)
    with pytest.raises(NotSent, match="this machine only"):
        Senders(AlertSettings(mail=mail)).send("email", letter)


def test_a_server_without_starttls_is_not_trusted_with_mail(room: Any, mail: Any) -> None:
    weak = room.settings.mail
    room.settings = AlertSettings(mail=weak.model_copy(update={"security": "starttls"}))
    room.save("glock", "email:unit@example.org")
    room.offer("a", "Glock 19", "i1")
    assert room.run().deliveries.waiting == 1
    assert mail.taken == []


def test_the_feed_is_written_and_is_atom(room: Any) -> None:
    room.save("glock")
    room.settings = AlertSettings(desk="https://desk.example.org/")
    room.offer("a", "Glock <b>19</b> & \u0001\ud7ff", "i1", description="x" * 500)
    room.run()
    path = room.folder / "alerts" / "one.atom"
    feed = ET.fromstring(path.read_bytes())  # noqa: S314 -- our own
    (entry,) = feed.findall(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}title") == "Glock <b>19</b> & \ud7ff"
    assert entry.find(f"{ATOM}link").get("href") == "https://desk.example.org/listing/alpha/a"
    assert feed.findtext(f"{ATOM}updated") == entry.findtext(f"{ATOM}updated") == "2026-03-02T12:00:00Z"
    before = path.stat().st_mtime_ns
    room.run(after=timedelta(days=1))
    assert path.stat().st_mtime_ns == before
    path.unlink()
    room.run()
    assert path.exists()


@given(st.text(), st.text())
def test_any_title_makes_a_feed_that_can_be_read(title: str, query: str) -> None:
    told = {"listing": "a/b", "title": title, "price": None, "review": None, "signals": [], "counter_signals": []}
    body = {"search": "one", "query": query, "kind": "hits", "total": 1, "listings": [told]}
    search = SavedSearch(name="one", query=query, owner="x", created=NOW, channels=(Channel.read("feed"),))
    made = atom(search, [(1, NOW, body)], None)
    assert made == atom(search, [(1, NOW, body)], None)
    feed = ET.fromstring(made)  # noqa: S314 -- our own
    written = feed.findtext(f"{ATOM}entry/{ATOM}title") or ""
    assert set(written) <= set(title) | {"\n"} | set("a/b")
    assert subject(body)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("[mail]\nhost = 1", "2 mistake"),
        ("desk = 'nowhere'", "1 mistake"),
        ("colour = 'red'", "1 mistake"),
        ("password = 'x'", "TRACEMARK_SMTP_PASSWORD|holds"),
        ("[mail", "not valid TOML"),
    ],
)
def test_a_broken_file_of_settings_is_said(tmp_path: Any, text: str, match: str) -> None:
    (tmp_path / "alerts.toml").write_text(text)
    with pytest.raises(ConfigurationError, match=match):
        read_alert_settings(tmp_path / "alerts.toml", {})


def test_secrets_come_from_the_environment_alone(tmp_path: Any) -> None:
    found = read_alert_settings(
        tmp_path / "alerts.toml", {"TRACEMARK_SMTP_PASSWORD": "p", "TRACEMARK_WEBHOOK_SECRET": "s"}
    )
    assert (found.password, found.secret, found.mail) == ("p", "s", None)
    assert "'p'" not in repr(found)
