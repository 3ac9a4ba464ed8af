"""`tracemark doctor`: every part checked, and what to do."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click
from attrs import asdict, frozen

from pipelines.commands.conventions import given_workspace, json_option, print_json, workspace_option
from pipelines.errors import ConfigurationError, ExitCode, TracemarkError
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable

_LEAST_FREE = 1_000_000_000
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@frozen(kw_only=True)
class Check:
    """One part: ok, warn or fail, what was found and what mends it."""

    id: str
    state: str
    found: str
    fix: str | None = None
    code: int = 0


@click.command()
@workspace_option
@json_option
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> int:
    """Check every part (workspace, store, clock, vault, workers, index, encoder, browser, disk, key); say what to do.

    \b
    Examples:
      tracemark doctor
      tracemark doctor --json
    """
    checks = run_checks(given_workspace(ctx))
    if as_json:
        print_json(
            {"checks": [{name: value for name, value in asdict(one).items() if name != "code"} for one in checks]}
        )
    else:
        for one in checks:
            click.echo(f"{one.state:4}  {one.id}: {one.found}")
            if one.fix:
                click.echo(f"      {one.fix}")
    return max((one.code for one in checks), default=ExitCode.DONE)


def run_checks(given: str | None) -> list[Check]:
    """Every check, in the order in which one needs the other."""
    checks = [_encoder(), _browser()]
    try:
        workspace = Workspace.find(given, os.environ, Path.cwd())
    except ConfigurationError as error:
        missing = Check(id="workspace", state="fail", found=error.message, fix=error.hint, code=ExitCode.CONFIGURATION)
        return [missing, *checks]
    of_workspace: list[tuple[str, Callable[[Workspace], Check]]] = [
        ("authority", _authority),
        ("store", _store),
        ("custody", _custody),
        ("clock", _clock),
        ("vault", _vault),
        ("workers", _workers),
        ("index", _index),
        ("key", _key),
        ("disk", _disk),
    ]
    found = [Check(id="workspace", state="ok", found=str(workspace.root))]
    for name, check in of_workspace:
        try:
            found.append(check(workspace))
        except TracemarkError as error:
            found.append(Check(id=name, state="fail", found=error.message, fix=error.hint, code=error.exit_code))
    return [*found, *checks]


def _authority(workspace: Workspace) -> Check:
    authority = workspace.settings.authority
    missing = [name for name in ("operator", "contact", "basis") if not getattr(authority, name)]
    if missing:
        fix = "add them under [authority] in tracemark.toml, or in each site file"
        return Check(id="authority", state="warn", found=f"no {', '.join(missing)} on record", fix=fix)
    return Check(id="authority", state="ok", found=f"{authority.operator}: {authority.basis}")


def _store(workspace: Workspace) -> Check:
    from pipelines.composition import opened  # noqa: PLC0415 -- SQLAlchemy takes 0.2 s

    with opened(workspace) as database:
        return Check(id="store", state="ok", found=f"{database.engine.dialect.name}, schema up to date")


def _custody(workspace: Workspace) -> Check:
    from pipelines.composition import opened  # noqa: PLC0415
    from pipelines.store.custody import broken_at  # noqa: PLC0415

    with opened(workspace) as database, database.read() as connection:
        broken = broken_at(connection)
    if broken is None:
        return Check(id="custody", state="ok", found="every row of the custody log follows from the one before it")
    fix = "compare with a backup; do not write to this workspace until it is explained"
    return Check(
        id="custody", state="fail", found=f"row {broken} does not follow", fix=fix, code=ExitCode.NOT_AS_IT_SHOULD_BE
    )


def _clock(workspace: Workspace) -> Check:
    from pipelines.composition import opened, utc_now  # noqa: PLC0415
    from pipelines.store.clock import clock_lag, say_lag  # noqa: PLC0415

    with opened(workspace) as database, database.read() as connection:
        lag = clock_lag(connection, utc_now())
    if lag is None:
        return Check(id="clock", state="ok", found="not behind what the store has recorded")
    fix = "set it by a time server; the custody log's rows of action clock say which runs it concerns"
    return Check(id="clock", state="fail", found=say_lag(lag), fix=fix, code=ExitCode.NOT_AS_IT_SHOULD_BE)


def _vault(workspace: Workspace) -> Check:
    import sqlalchemy as sa  # noqa: PLC0415

    from pipelines.commands.status import OVERWRITE  # noqa: PLC0415
    from pipelines.composition import opened  # noqa: PLC0415
    from pipelines.store.tables import blanks  # noqa: PLC0415

    with opened(workspace) as database, database.read() as connection:
        waiting = connection.scalar(sa.select(sa.func.count()).select_from(blanks)) or 0
    if waiting:
        found = f"{waiting} pieces were deleted, but a crash came before their bytes were overwritten"
        return Check(id="vault", state="fail", found=found, fix=OVERWRITE, code=ExitCode.NOT_AS_IT_SHOULD_BE)
    return _objects(workspace) or Check(id="vault", state="ok", found="nothing deleted waits to be overwritten")


def _objects(workspace: Workspace) -> Check | None:
    """What is wrong with the object storage, or that all lies there; None where there is none."""
    from pipelines.composition import object_place, opened  # noqa: PLC0415
    from pipelines.vault.shipping import count_unshipped  # noqa: PLC0415

    place = object_place(workspace)
    if place is None:
        return None
    place.open().size("nothing-is-called-so")  # PartMissing where it does not answer
    with opened(workspace) as database, database.read() as connection:
        sealed = count_unshipped(connection).sealed
    if sealed:
        found = f"{sealed} sealed files are not in {place.url} yet"
        return Check(id="vault", state="warn", found=found, fix="tracemark vault ship")
    return Check(id="vault", state="ok", found=f"every sealed file lies in {place.url}")


def _workers(workspace: Workspace) -> Check:
    from pipelines.composition import opened  # noqa: PLC0415
    from pipelines.work.overview import WorkOverview  # noqa: PLC0415

    with opened(workspace) as database:
        work = WorkOverview.read(database)
    if work is None:
        return Check(id="workers", state="ok", found="none: SQLite is for one machine")
    if troubles := list(work.troubles()):
        found, fix = ("; ".join(words) for words in zip(*troubles, strict=True))
        return Check(id="workers", state="warn", found=found, fix=fix)
    names = ", ".join(one.name for one in work.workers)
    return Check(id="workers", state="ok", found=names or "none; tracemark worker, or tracemark watch on one machine")


def _index(workspace: Workspace) -> Check:
    from pipelines.composition import opened, opened_index  # noqa: PLC0415
    from pipelines.journal import last_change  # noqa: PLC0415

    with opened(workspace) as database, database.read() as connection:
        last = last_change(connection)
    if workspace.settings.index.engine == "tantivy" and not workspace.index.exists():
        state = "ok" if last == 0 else "warn"
        return Check(id="index", state=state, found="not built yet", fix="tracemark reindex" if last else None)
    with opened_index(workspace, read_only=True) as index:
        described = index.describe()
    found = f"{described.engine}, {described.documents} listings"
    if described.position < last:
        return Check(
            id="index",
            state="warn",
            found=f"{found}, {last - described.position} changes behind",
            fix="tracemark assess",
        )
    return Check(id="index", state="ok", found=found)


def _key(workspace: Workspace) -> Check:
    if not workspace.signing_key.is_file():
        return Check(
            id="key",
            state="fail",
            found="no signing key",
            fix="restore keys/ from a backup",
            code=ExitCode.CONFIGURATION,
        )
    mode = workspace.signing_key.stat().st_mode & 0o777
    if mode & 0o077:
        fix = f"chmod 600 {workspace.signing_key}"
        return Check(id="key", state="fail", found=f"mode {mode:o}", fix=fix, code=ExitCode.NOT_PERMITTED)
    return Check(id="key", state="ok", found="readable by its owner only")


def _disk(workspace: Workspace) -> Check:
    free = shutil.disk_usage(workspace.root).free
    found = f"{free / 1e9:.1f} GB free"
    if free < _LEAST_FREE:
        return Check(id="disk", state="fail", found=found, fix="free space, or move the vault", code=ExitCode.DISK)
    return Check(id="disk", state="ok", found=found)


def _encoder() -> Check:
    from classifiers.encoder import EncoderError, load_encoder  # noqa: PLC0415 -- what is checked

    try:
        encoder = load_encoder()
    except EncoderError as error:
        return Check(id="encoder", state="fail", found=str(error), fix="make venv", code=ExitCode.PART_MISSING)
    return Check(id="encoder", state="ok", found=f"{encoder.name}, {encoder.dimensions} dimensions")


def _browser() -> Check:
    path = next((found for name in _CHROMIUM if (found := shutil.which(name))), None)
    if path is None:
        fix = "make browser, or as root: apt-get install chromium"
        return Check(
            id="browser", state="warn", found="no Chromium: sites with fetch: browser cannot be visited", fix=fix
        )
    return Check(id="browser", state="ok", found=path)
