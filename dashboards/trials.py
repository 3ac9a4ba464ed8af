"""A look at a few pages of a site, which keeps nothing: `tracemark site check` in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from threading import Lock, Thread
from typing import TYPE_CHECKING

from attrs import frozen

from pipelines.errors import BadInput

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from pipelines.models import JsonObject

PAGES = 3
_LONGEST = 300.0  # seconds: a site's own pace may be slow
_NOT_FIELDS = frozenset({"page", "reason", "links", "listings", "provenance", "url", "http_status", "kind", "why"})


@frozen(kw_only=True)
class Trial:
    """A look begun at `begun`: under way without `look` and `trouble`. `look` is that of `tracemark site check`."""

    begun: datetime
    look: JsonObject | None = None
    trouble: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether it has ended, one way or the other."""
        return self.look is not None or self.trouble is not None


class Trials:
    """The last look at each site, one at a time."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = Lock()
        self._last: dict[str, Trial] = {}
        self._running: dict[str, subprocess.Popen[str]] = {}

    def begin(self, site: str, now: datetime) -> None:
        """Begin a look. BadInput where one is under way."""
        with self._lock:
            last = self._last.get(site)
            if last is not None and not last.is_over:
                raise BadInput(f"a look at {site} is under way")
            trial = self._last[site] = Trial(begun=now)
        Thread(target=self._run, args=(site, trial), name=f"look-{site}", daemon=True).start()

    def last(self, site: str) -> Trial | None:
        """The last look, over or not; None without one."""
        with self._lock:
            return self._last.get(site)

    def stop(self) -> None:
        """End what is under way."""
        with self._lock:
            running = list(self._running.values())
        for process in running:
            process.kill()
            process.wait()

    def _run(self, site: str, trial: Trial) -> None:
        file = str(self._root / "sites" / f"{site}.yaml")
        asked = ("site", "check", file, "--pages", str(PAGES), "--json", "--workspace", str(self._root))
        with subprocess.Popen(  # noqa: S603 -- our own arguments
            [sys.executable, "-m", "pipelines.cli", *asked], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            with self._lock:
                self._running[site] = process
            try:
                told, said = process.communicate(timeout=_LONGEST)
                ended = _read(trial.begun, told, said)
            except subprocess.TimeoutExpired:
                process.kill()
                ended = Trial(begun=trial.begun, trouble=f"It was called off after {_LONGEST:.0f} s.")
        with self._lock:
            self._running.pop(site, None)
            self._last[site] = ended


def fields_of(page: JsonObject) -> list[tuple[str, str, str]]:
    """What was read from a page: each field, its value as told, and where it was found."""
    found = []
    for name, value in page.items():
        if name not in _NOT_FIELDS and value not in (None, "", [], {}):
            origin = page["provenance"].get(name, {})
            where = ": ".join(part for part in (origin.get("from", ""), origin.get("detail") or "") if part)
            found.append((name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), where))
    return found


def _read(begun: datetime, told: str, said: str) -> Trial:
    """A look as the command told it on its two outputs."""
    try:
        body = json.loads(told)
    except ValueError:
        return Trial(begun=begun, trouble=" ".join(said.split()[-60:]) or "It ended without a word.")
    return Trial(begun=begun, look=body["look"], trouble=body["not_permitted"] or (body["look"] or {}).get("trouble"))
