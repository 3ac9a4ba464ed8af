"""`python -m crawler.demo --day 45 --port-base 8101`: serves the training marketplaces until interrupted."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crawler.demo.clock import DEFAULT_DAY, FileClock, FixedClock
from crawler.demo.inventory import Market
from crawler.demo.serving import LOOPBACK, serve
from pipelines.errors import BadInput, ExitCode, TracemarkError

if TYPE_CHECKING:
    from collections.abc import Mapping


def _pairs(option: str, values: tuple[str, ...]) -> dict[Market, str]:
    pairs = {}
    for value in values:
        name, equals, text = value.partition("=")
        if not equals or name not in {market.value for market in Market}:
            names = ", ".join(market.value for market in Market)
            raise BadInput(f"{option} {value!r} is not MARKET=VALUE", hint=f"markets: {names}")
        pairs[Market(name)] = text
    return pairs


def _sizes(values: tuple[str, ...]) -> dict[Market, int]:
    pairs = _pairs("--grow", values)
    if wrong := [text for text in pairs.values() if not text.isdecimal()]:
        raise BadInput(f"--grow needs a number of listings, not {wrong[0]!r}")
    return {market: int(text) for market, text in pairs.items()}


def _announce_to_child(urls: Mapping[str, str]) -> None:
    click.echo(json.dumps(urls))
    sys.stdout.flush()


def _announce_to_person(urls: Mapping[str, str]) -> None:
    for name, url in urls.items():
        click.echo(f"{name:14} {url}")
    click.echo("Training marketplaces with invented listings. Stop with Ctrl-C.", err=True)


@click.command()
@click.option("--day", default=DEFAULT_DAY, show_default=True, type=click.IntRange(min=0), help="Day (0: 2026-03-01).")
@click.option("--clock", type=click.Path(path_type=Path), help="JSON file that holds the day, and moves it.")
@click.option(
    "--port-base", type=click.IntRange(1, 65000), help="First of three consecutive ports; free ones if not given."
)
@click.option("--host", multiple=True, metavar="MARKET=IP:PORT", help="Serve this market there (loopback only).")
@click.option("--grow", multiple=True, metavar="MARKET=N", help="Make a marketplace N listings large.")
@click.option("--child", is_flag=True, hidden=True, help="Announce as JSON and end when standard input closes.")
def main(
    day: int, clock: Path | None, port_base: int | None, host: tuple[str, ...], grow: tuple[str, ...], child: bool
) -> None:
    """Serve the three training marketplaces on this machine until interrupted.

    Example: python -m crawler.demo --day 45 --port-base 8101 --grow tauschboerse=5000
    """
    # A shell's background job inherits SIGINT as ignored: asked to stop, it must still say that it was.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        hosts = _pairs("--host", host) or {
            market: f"127.0.0.1:{port_base + offset}" if port_base else LOOPBACK for offset, market in enumerate(Market)
        }
        serve(
            hosts,
            FixedClock(day) if clock is None else FileClock(clock, day),
            _sizes(grow),
            _announce_to_child if child else _announce_to_person,
            die_with_stdin=child,
        )
    except TracemarkError as error:
        click.echo(error.message if error.hint is None else f"{error.message} ({error.hint})", err=True)
        raise SystemExit(error.exit_code) from error
    except KeyboardInterrupt as interrupt:
        raise SystemExit(ExitCode.INTERRUPTED) from interrupt


if __name__ == "__main__":
    main()
