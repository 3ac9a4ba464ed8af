"""Progress on what takes over two seconds: a bar on a terminal, else a line every ten seconds."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipelines.commands.conventions import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_EVERY = 10.0


@contextmanager
def progress(what: str, *, quiet: bool = False) -> Iterator[Callable[[int, int | None], None]]:
    """A function that is told (done, of how many or None) as the work goes on."""
    if quiet:
        yield lambda _done, _total: None
        return
    if not sys.stderr.isatty():
        yield _lines(what)
        return
    from rich.console import Console  # noqa: PLC0415 -- 0.1 s that only a terminal needs
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)

        def tell(done: int, total: int | None) -> None:
            bar.update(task, completed=done, total=total)

        yield tell


def _lines(what: str) -> Callable[[int, int | None], None]:
    last = time.monotonic()

    def tell(done: int, total: int | None) -> None:
        nonlocal last
        if time.monotonic() - last >= _EVERY:
            last = time.monotonic()
            say(f"{what}: {done}" + ("" if total is None else f" of {total}"))

    return tell
