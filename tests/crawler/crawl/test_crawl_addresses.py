"""Which addresses may be connected to, however they are spelt."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.addresses import AddressRule, ForbiddenAddress, SiteBounds, is_loopback_url, read_literal

FORBIDDEN = ("127.0.0.1", "169.254.169.254", "10.0.0.1", "192.168.1.1", "172.16.0.1", "100.100.100.200", "0.0.0.0")  # noqa: S104 - to be refused
FORBIDDEN_V6 = (
    "[::1]",
    "[::]",
    "[fe80::1]",
    "[fe80::1%25eth0]",
    "[fc00::1]",
    "[fd12:3456::1]",
    "[ff02::1]",
    "[fec0::1]",
)
NAMED = ("localhost", "localhost.", "LOCALHOST", "a.localhost", "168.63.129.16", "192.0.0.192")


def spell(address: str) -> list[str]:
    """Every way in which a reader of addresses may be told an IPv4 address."""
    number = int(ipaddress.IPv4Address(address))
    parts = [int(part) for part in address.split(".")]
    high, low = number >> 16, number & 0xFFFF
    return [
        address,
        f"{address}.",
        str(number),
        hex(number),
        f"0{number:o}",
        ".".join(hex(part) for part in parts),
        ".".join(f"0{part:o}" for part in parts),
        f"{parts[0]}.{number & 0xFFFFFF}",
        f"{parts[0]}.{parts[1]}.{low}",
        "".join(chr(ord(char) + 0xFEE0) if char.isdigit() else "。" for char in address),
        f"[::ffff:{address}]",
        f"[::ffff:{high:x}:{low:x}]",
        f"[64:ff9b::{address}]",
        f"[64:ff9b:1::{high:x}:{low:x}]",
        f"[2002:{high:x}:{low:x}::1]",
        f"[::ffff:0:{address}]",
        f"[::{high:x}:{low:x}]",
    ]


SPELLINGS = [*(one for address in FORBIDDEN for one in spell(address)), *FORBIDDEN_V6, *NAMED]


@pytest.mark.parametrize("host", SPELLINGS)
def test_a_forbidden_address_is_refused_in_every_spelling(host: str) -> None:
    for scheme in ("http", "https"):
        with pytest.raises(ForbiddenAddress):
            AddressRule().check_url(f"{scheme}://{host}:8080/latest")


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.com/",
        "gopher://127.0.0.1:6379/_x",
        "http://",
        "//example.com/",
        "http://example.com:99999/",
        "http://[::①⑥⑨｡②⑤④｡⑯⑨｡②⑤④]/",
        "http://example.com\\@127.0.0.1/",
        "http://127.0.0.1:80\\@example.com/",
        "http://example.com:80@127.0.0.1/",
        "http://user:word@example.com/",
        "http://④②⑤｡⑤①⓪｡④②⑤｡⑤①⓪/",
        "http://256.1.1.1/",
        "http://1.2.3.0x/",
    ],
)
def test_what_readers_of_addresses_disagree_about_is_refused(url: str) -> None:
    with pytest.raises(ForbiddenAddress):
        AddressRule(loopback=True).check_url(url)


@pytest.mark.parametrize(
    "url", ["http://example.com/", "https://93.184.215.14/x", "http://[2606:4700::1111]/", "http://münchen.example/"]
)
def test_public_addresses_and_names_pass(url: str) -> None:
    AddressRule().check_url(url)


def test_loopback_alone_can_be_allowed() -> None:
    rule = AddressRule.of({"TRACEMARK_ALLOW_LOOPBACK": "1"})
    for host in spell("127.0.0.1"):
        rule.check_url(f"http://{host}/")
    for host in spell("10.0.0.1"):
        with pytest.raises(ForbiddenAddress):
            rule.check_url(f"http://{host}/")
    assert not AddressRule.of({}).allows("127.0.0.1")


def test_one_forbidden_answer_among_several_refuses_the_name() -> None:
    with pytest.raises(ForbiddenAddress, match=r"mixed\.example is 10\.0\.0\.1"):
        AddressRule().check("mixed.example", ["93.184.215.14", "10.0.0.1"])


@given(st.ip_addresses(v=4))
def test_a_spelling_changes_nothing(address: ipaddress.IPv4Address) -> None:
    rule = AddressRule()
    allowed = rule.allows(str(address))
    assert not (allowed and (address.is_private or address.is_reserved or address.is_multicast or address.is_loopback))
    for host in spell(str(address)):
        literal = read_literal(host)
        assert literal is not None
        assert rule.allows(literal) == allowed or (":" in literal and not allowed)


@given(st.text(max_size=60))
def test_any_text_is_refused_or_has_a_host(text: str) -> None:
    try:
        AddressRule().check_url(text)
    except ForbiddenAddress:
        return
    assert text.lower().lstrip().startswith("http")


@pytest.mark.parametrize(
    ("start", "url", "inside"),
    [
        ("https://market.example.com/", "https://www.example.com/x", True),
        ("https://market.example.com/", "https://example.org/x", False),
        ("https://market.co.uk/", "https://other.co.uk/", False),
        ("https://one.github.io/", "https://two.github.io/", False),
        ("http://127.0.0.1:8101/", "http://127.0.0.1:8101/item/1", True),
        ("http://127.0.0.1:8101/", "http://127.0.0.1:8102/item/1", False),
        ("http://market.example/", "http://[broken/", False),
    ],
)
def test_a_site_is_its_registered_domain(start: str, url: str, inside: bool) -> None:
    assert SiteBounds.of([start]).contains(url) is inside


def test_this_machine_is_known_by_any_of_its_names() -> None:
    assert all(is_loopback_url(f"http://{host}/") for host in ("127.0.0.1:8101", "localhost", "[::1]:80", "2130706433"))
    assert not is_loopback_url("http://example.com/")
