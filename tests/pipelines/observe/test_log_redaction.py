"""What is logged holds no contact that our reader knows, however it is hidden, and no secret."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.observe.redaction import redact_event, redact_text
from pipelines.reading.contacts import find_contacts

HIDDEN = {
    "Call 202-555-0143 after six": "0143",
    "call (202) 555 0143": "0143",
    "2 0 2 - 5 5 5 - 0 1 4 3 is mine": "0 1 4 3",
    "+1.202.555.0143": "0143",
    "text two oh two five five five oh one four three": "five five",
    "write to jane.doe@example.com": "jane",
    "jane.doe (at) example (dot) com": "jane",
    "jane.doe[at]example[dot]com": "jane",
    "JANE.DOE AT EXAMPLE DOT COM": "JANE",
    "jane.doe＠example．com": "jane",
    "write to jane.doe&#64;example&#46;com": "jane",
    "GET https://market.example/u?mail=jane.doe%40example.com&page=2": "jane",
    "GET https://market.example/item/1?tel=202-555-0143&page=2": "0143",
    "GET https://market.example/call-202-555-0143/": "0143",
    "GET https://market.example/u?n=%2B1%20%28202%29%20555-0143": "0143",
    "GET https://market.example/u?phone=12025550143": "0143",
    "<GET tel:+1-202-555-0143>": "0143",
    "cannot reach postgresql://jane:hunter2@db.example.org/room": "hunter2",
}


@pytest.mark.parametrize(("text", "gone"), HIDDEN.items(), ids=[f"form {number}" for number in range(len(HIDDEN))])
def test_a_hidden_contact_is_not_logged(text: str, gone: str) -> None:
    assert gone not in redact_text(text)
    assert "[" in redact_text(text)


def test_what_is_no_contact_stays() -> None:
    for text in (
        "listing harborlist/10000042 was set aside",
        "https://market.example/item/10000042?page=3",
        "https://127.0.0.1:44493/2026-11-21-093000/1732182603443?from=2026-11-21-10&to=192.168.100.200",
        "https://market.example/550e8400-e29b-41d4-a716-446655440000/12-34-56",
        "IndexError: token out of range",
        "17 of 230 documents, 4 attempts, 1.25 s",
    ):
        assert redact_text(text) == text


def test_an_event_is_redacted_at_any_depth_and_its_secrets_hidden() -> None:
    event = {
        "event": "sign_in_refused",
        "timestamp": "2026-11-21T09:00:00.000000Z",
        "pages": 3,
        "password": "hunter2",
        "headers": {"Cookie": "session=1", "x": [{"y": ("mail jane.doe@example.com", 5)}]},
        "reason": ValueError("jane.doe@example.com is unknown"),
        "exception": "Traceback\n  File x\nValueError: call 202-555-0143",
    }
    said = json.dumps(redact_event(None, "warning", event))
    for gone in ("jane", "hunter2", "session=1", "0143"):
        assert gone not in said
    assert '"timestamp": "2026-11-21T09:00:00.000000Z"' in said
    assert '"pages": 3' in said


@given(st.text(alphabet="0123456789 -()+.@atdoexmplcj", max_size=60))
def test_nothing_that_the_reader_finds_is_left(text: str) -> None:
    assert not [one for one in find_contacts(redact_text(text), field="log") if one.kind in ("phone", "email")]


LOGS = """
import structlog
from pipelines.logs import configure_logs
configure_logs("info", as_json=True)
configure_logs("error")
log = structlog.get_logger()
log.debug("not_shown")
try:
    raise ValueError("call 202-555-0143")
except ValueError:
    log.exception("listing_set_aside", subject="market/10000042", reason="jane.doe (at) example (dot) com")
"""


LIBRARIES = """
import logging, warnings
from pipelines.logs import configure_logs
configure_logs("warning", as_json=True)
logging.getLogger("urllib3").info("not shown")
loud = logging.getLogger("scrapy.core.engine")
loud.setLevel(logging.DEBUG)
loud.debug("not shown")
loud.warning("cannot reach %s", "https://market.example/?mail=jane.doe@example.com")
try:
    raise ValueError("call 202-555-0143")
except ValueError:
    logging.getLogger("sqlalchemy.pool").exception("lost", extra={"mail": "jane.doe@example.com"})
warnings.warn("jane.doe@example.com is old")
logging.getLogger("twisted").warning("%d", "jane.doe@example.com")
"""


def test_what_libraries_log_has_the_same_form_and_holds_no_contact() -> None:
    done = subprocess.run([sys.executable, "-c", LIBRARIES], capture_output=True, text=True, check=True, cwd=Path.cwd())
    *lines, last = done.stderr.splitlines()
    said = [json.loads(line) for line in lines]
    assert [(one["logger"], one["level"]) for one in said] == [
        ("scrapy.core.engine", "warning"),
        ("sqlalchemy.pool", "error"),
        ("py.warnings", "warning"),
    ]
    assert said[0]["event"] == "cannot reach https://market.example/[email]"
    assert "ValueError: call [phone]" in said[1]["exception"]
    assert last == "a line of twisted could not be told"
    assert not [one for one in ("jane", "0143") if one in done.stderr]
    assert done.stdout == ""


def test_a_process_logs_lines_of_json_without_contacts() -> None:
    done = subprocess.run([sys.executable, "-c", LOGS], capture_output=True, text=True, check=True, cwd=Path.cwd())
    [line] = done.stderr.splitlines()
    said = json.loads(line)
    assert (said["event"], said["level"], said["subject"]) == ("listing_set_aside", "error", "market/10000042")
    assert "ValueError: call [phone]" in said["exception"]
    assert said["reason"] == "[email]"
    assert done.stdout == ""
