"""Puts the parts of a workspace together: the one place where commands get their store, index and classifiers."""

from __future__ import annotations

import getpass
import time
import uuid
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve

from pipelines.errors import ConfigurationError, PartMissing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from classifiers import Assessor
    from classifiers.encoder import Encoder
    from pipelines.assess import AssessmentDesk, AssessReport
    from pipelines.feed import FeedDesk
    from pipelines.index.port import Index
    from pipelines.index.projector import ProjectorReport
    from pipelines.observe.metrics import Meters
    from pipelines.packet.authority import TimeAuthority
    from pipelines.packet.creation import PacketReceipt
    from pipelines.packet.dossier import Dossier
    from pipelines.packet.head_desk import HeadDesk
    from pipelines.packet.keys import SigningKey
    from pipelines.sellers.rules import SellerRules
    from pipelines.store.database import Database
    from pipelines.vault.objects import ObjectPlace
    from pipelines.vault.shipping import ShippingReport
    from pipelines.workspace import Workspace

_PATIENCE = 120.0
"""Seconds to wait for another process that is writing to the index."""


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def new_id() -> str:
    """A new id for a run or a capture: a random UUID, hex."""
    return uuid.uuid4().hex


def person() -> str:
    """Who sits at this machine, as the custody log names them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


@contextmanager
def opened(workspace: Workspace) -> Iterator[Database]:
    """The workspace's store for the length of a block."""
    start_logs(workspace)
    database = workspace.open_database()
    try:
        if (place := object_place(workspace)) is not None:
            place.note(workspace.vault)  # on a machine that only reads, too
        yield database
    finally:
        database.close()


def start_logs(workspace: Workspace) -> None:
    """Have logs as [observe] says, for the rest of this process."""
    from pipelines.logs import configure_logs  # noqa: PLC0415 -- structlog takes 0.1 s

    configure_logs(workspace.settings.observe.log_level, as_json=workspace.settings.observe.log_json)


def time_authority(workspace: Workspace) -> TimeAuthority | None:
    """Who stamps packets and heads, None where nobody is configured. Raises `ConfigurationError` for half of it."""
    chosen = workspace.settings.timestamps
    if chosen.url is None and chosen.ca is None:
        return None
    if chosen.url is None or chosen.ca is None:
        raise ConfigurationError("a time authority needs both url and ca", hint="[timestamps] in tracemark.toml")
    from pipelines.packet.authority import TimeAuthority  # noqa: PLC0415 -- cryptography takes 0.1 s

    return TimeAuthority.load(chosen.url, workspace.root / chosen.ca)


@contextmanager
def metrics_served(workspace: Workspace, process: str) -> Iterator[Meters]:
    """What `process` (watch, worker, serve) counts, shown to Prometheus where [observe] gives it a port."""
    from pipelines.observe.metrics import serve_metrics  # noqa: PLC0415 -- prometheus_client takes 0.1 s

    def position() -> int:
        with opened_index(workspace, read_only=True) as index:
            return index.position()

    port: int | None = getattr(workspace.settings.observe, f"{process}_port")
    with serve_metrics(port, workspace.open_database, position, utc_now) as meters:
        yield meters


@contextmanager
def opened_index(workspace: Workspace, *, read_only: bool) -> Iterator[Index]:
    """The workspace's index for the length of a block."""
    from pipelines.index.opening import open_index  # noqa: PLC0415 -- the engines take 0.2 s

    start_logs(workspace)
    chosen = workspace.settings.index
    if chosen.engine == "elasticsearch" and not chosen.url:
        raise ConfigurationError(
            "the index is to be on Elasticsearch, but no address is given", hint="[index] url, or TRACEMARK_INDEX_URL"
        )
    url = chosen.url if chosen.engine == "elasticsearch" else None
    index = open_index(
        workspace.index,
        url,
        chosen.name,
        password=chosen.password,
        ca=Path(chosen.ca) if chosen.ca else None,
        read_only=read_only,
    )
    with index:
        yield index


def project(workspace: Workspace, database: Database) -> ProjectorReport:
    """Bring the index up to what the store holds."""
    from pipelines.index.port import IndexHeld  # noqa: PLC0415 -- as above
    from pipelines.index.projector import Projector  # noqa: PLC0415
    from pipelines.journal import JournalSource, TracedJournal  # noqa: PLC0415
    from pipelines.observe.tracing import traced  # noqa: PLC0415

    patience = time.monotonic() + _PATIENCE
    while True:
        try:
            chosen = workspace.settings.observe.traces
            with opened_index(workspace, read_only=False) as index, traced(chosen) as tracing:
                source = JournalSource(database, utc_now)
                return Projector(index, TracedJournal(source, tracing) if tracing.is_on else source).run()
        except IndexHeld:
            # Another command is bringing it up to date; what it leaves is then ours.
            if time.monotonic() > patience:
                raise
            time.sleep(0.2)


def seal_packet(
    workspace: Workspace,
    database: Database,
    dossier: Dossier,
    path: Path,
    key: SigningKey,
    *,
    actor: str,
    now: Callable[[], datetime],
    matter: str | None = None,
) -> PacketReceipt:
    """Write a packet, stamped or waiting for its stamp, note it, and sign the day's head of the custody log.

    Raises what `creation.create` raises, and ConfigurationError where the time authority is half configured.
    """
    from pipelines.packet.sealing import Sealer  # noqa: PLC0415 -- cryptography takes 0.1 s

    authority = time_authority(workspace)
    path.parent.mkdir(parents=True, exist_ok=True)
    sealer = Sealer(database=database, key=key, authority=authority, actor=actor, now=now, matter=matter)
    receipt = sealer.seal(dossier, path)
    head_desk(workspace, database, lambda: key, now).sign(only_when_due=True)
    return receipt


def head_desk(
    workspace: Workspace, database: Database, key: Callable[[], SigningKey], now: Callable[[], datetime] = utc_now
) -> HeadDesk:
    """Where heads of the custody log are signed. Raises ConfigurationError where the time authority is half set."""
    from pipelines.packet.head_desk import HeadDesk  # noqa: PLC0415 -- cryptography takes 0.1 s

    return HeadDesk(
        database=database,
        folder=workspace.heads,
        workspace=workspace.root.name,
        key=key,
        authority=time_authority(workspace),
        now=now,
    )


def feed_desk(workspace: Workspace, database: Database, progress: Callable[[int], None]) -> FeedDesk:
    """Where feeds are received."""
    from pipelines.feed import FeedDesk  # noqa: PLC0415 -- phone numbers and dates take 0.3 s
    from pipelines.intake import Intake  # noqa: PLC0415

    actor = workspace.settings.authority.operator or person()
    return FeedDesk(
        database=database,
        intake=Intake(database, actor),
        vault=workspace.vault,
        new_id=new_id,
        now=utc_now,
        progress=progress,
    )


def ship_vault(workspace: Workspace, database: Database) -> ShippingReport | None:
    """Ship the vault's sealed files; None where no object storage is configured. Raises what `Shipping.run` raises."""
    from pipelines.vault.shipping import Shipping  # noqa: PLC0415 -- as above

    place = object_place(workspace)
    if place is None:
        return None
    days = workspace.settings.vault.local_days
    return Shipping(
        database=database, root=workspace.vault, objects=place.open(), days=days, now=utc_now, actor=person()
    ).run()


def object_place(workspace: Workspace) -> ObjectPlace | None:
    """Where the workspace's sealed files go, None where nowhere."""
    from pipelines.vault.objects import ObjectPlace  # noqa: PLC0415 -- as above

    chosen = workspace.settings.vault
    return None if chosen.url is None else ObjectPlace(url=chosen.url, endpoint=chosen.endpoint, region=chosen.region)


def load_assessor(workspace: Workspace, model: str | None = None) -> Assessor:
    """The classifiers with the workspace's encoder and the trained model that it has chosen, or `model`.

    Raises `ConfigurationError` where the model's files are not there or cannot be used.
    """
    from classifiers import Assessor, LexiconError  # noqa: PLC0415 -- spaCy takes 0.5 s
    from classifiers.assessor import SHIPPED  # noqa: PLC0415

    chosen = model or workspace.settings.classifier.model
    folder = SHIPPED if chosen == "shipped" else workspace.root / chosen
    try:
        return Assessor.load(encoder=open_encoder(workspace), trained=folder)
    except (LexiconError, OSError) as error:
        if folder == SHIPPED:
            raise
        raise ConfigurationError(
            f"the model {chosen} cannot be used: {error}",
            hint='tracemark train makes one; or set [classifier] model = "shipped" in tracemark.toml',
        ) from error


def open_encoder(workspace: Workspace) -> Encoder:
    """The workspace's encoder. Raises `PartMissing` where it is not in this installation."""
    from classifiers.encoder import EncoderError, load_encoder  # noqa: PLC0415 -- onnxruntime takes 0.1 s

    try:
        return load_encoder(workspace.settings.classifier.encoder)
    except EncoderError as error:
        raise PartMissing(str(error), hint="make venv, or check [classifier] encoder in tracemark.toml") from error


def serial_key(workspace: Workspace) -> bytes:
    """The key under which the workspace's serial numbers are hashed, made at its first use."""
    from pipelines.licences.stolen import read_key  # noqa: PLC0415 -- rensa and rapidfuzz

    return read_key(workspace.signing_key.parent)


def seller_rules(workspace: Workspace) -> SellerRules:
    """The rules over sellers' histories that the workspace goes by: the shipped ones, and its own packs."""
    from pipelines.replay.packs import own_files, rules_with  # noqa: PLC0415 -- as above

    return rules_with(own_files(workspace.packs))


def assessment_desk(workspace: Workspace, database: Database) -> AssessmentDesk:
    """What assesses listings."""
    from pipelines.assess import AssessmentDesk  # noqa: PLC0415 -- as above
    from pipelines.places import Places  # noqa: PLC0415

    return AssessmentDesk(
        database=database,
        assessor=load_assessor(workspace),
        places=Places.shipped(),
        now=utc_now,
    )


def assess_listings(workspace: Workspace, desk: AssessmentDesk, **chosen: Any) -> AssessReport:
    """Have the desk assess what waits (`chosen`: as AssessmentDesk.run), with traces where the workspace keeps them."""
    from pipelines.observe.tracing import traced  # noqa: PLC0415 -- as above

    with traced(workspace.settings.observe.traces) as tracing:
        return evolve(desk, tracing=tracing).run(**chosen)
