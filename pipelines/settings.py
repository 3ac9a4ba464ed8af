"""The workspace's settings: `tracemark.toml`, the environment and the defaults, each value with its origin."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

from attrs import frozen
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

ENVIRONMENT = {
    "TRACEMARK_DATABASE_URL": ("store", "url"),
    "TRACEMARK_INDEX_URL": ("index", "url"),
    "TRACEMARK_INDEX_PASSWORD": ("index", "password"),
    "TRACEMARK_INDEX_CA": ("index", "ca"),
    "TRACEMARK_SIGN_IN_SECRET": ("sign_in", "client_secret"),
}
"""Variables that override a setting, and which."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Authority(_Section):
    """On whose authority the workspace collects; site files inherit it."""

    operator: str | None = Field(default=None, description="Who collects: an agency, a team, a marketplace.")
    contact: str | None = Field(default=None, description="An address that answers, told to every site visited.")
    basis: str | None = Field(default=None, description="The legal basis or mandate, in words.")
    reference: str | None = Field(default=None, description="The file number of the written authority.")
    expires: date | None = Field(default=None, description="The last day on which it holds.")


class Store(_Section):
    """Where what was seen is kept."""

    url: str | None = Field(default=None, description="SQLAlchemy URL; without it SQLite in the workspace.")


class VaultSettings(_Section):
    """Where sealed files of the vault are kept beside this machine."""

    url: str | None = Field(default=None, description="s3://BUCKET/PREFIX: sealed files are shipped there as objects.")
    endpoint: str | None = Field(default=None, description="Address of the storage where it is not Amazon's.")
    region: str = Field(default="us-east-1", description="The storage's region.")
    local_days: int | None = Field(
        default=None, ge=0, description="Days after which a shipped file's local copy goes; without it, it stays."
    )


class Index(_Section):
    """Which engine answers searches."""

    engine: Literal["tantivy", "elasticsearch"] = Field(default="tantivy", description="tantivy runs in process.")
    url: str | None = Field(default=None, description="Address of the Elasticsearch cluster.")
    name: str = Field(default="tracemark", description="Alias of the index on a cluster.")
    password: str | None = Field(default=None, description="Set it by TRACEMARK_INDEX_PASSWORD, not in the file.")
    ca: str | None = Field(default=None, description="PEM file of the authority that signed the cluster's certificate.")


class Classifier(_Section):
    """What reads the listings."""

    encoder: str = Field(default="shipped", description='"shipped", or "sentence-transformers:PATH".')
    model: str = Field(default="shipped", description='"shipped", or a folder that `tracemark train` made.')


class DeskSettings(_Section):
    """How the dashboard is served, and how long a sign-in holds."""

    certificate: str | None = Field(default=None, description="PEM file of the server's certificate, with its chain.")
    certificate_key: str | None = Field(default=None, description="PEM file of the certificate's key.")
    names: tuple[str, ...] = Field(default=(), description="Names under which browsers reach it, beside this machine.")
    replay_origin: str | None = Field(
        default=None, description="Where captured pages are shown, never the desk's own name; on this machine a port."
    )
    session_hours: int = Field(default=12, ge=1, le=168, description="A sign-in ends so many hours after it began.")
    idle_minutes: int = Field(default=60, ge=5, le=1440, description="Or so many minutes after it was last used.")
    requests_per_minute: int = Field(default=600, ge=10, description="What one person may ask the API.")


class SignInSettings(_Section):
    """Sign-in by an OpenID Connect provider, beside passwords; without an issuer there is none."""

    issuer: str | None = Field(default=None, description="The provider, as its own description names it.")
    client_id: str = Field(default="tracemark", description="What the desk is called there.")
    client_secret: str | None = Field(default=None, description="Set it by TRACEMARK_SIGN_IN_SECRET, not in the file.")
    scopes: tuple[str, ...] = Field(default=("openid", "profile"), description="What is asked of it.")
    name_claim: str = Field(default="preferred_username", description="The claim that names the account.")
    role_claim: str = Field(default="groups", description="The claim that gives the role; a dot leads into an object.")
    roles: dict[str, Literal["viewer", "investigator", "supervisor", "administrator"]] = Field(
        default={}, description="Which value of that claim is which role; the highest counts, none is no entry."
    )
    ca: str | None = Field(
        default=None, description="PEM file of the authority that signed the provider's certificate."
    )


class Timestamps(_Section):
    """Who says that packets and heads of the custody log existed by a time (RFC 3161)."""

    url: str | None = Field(default=None, description="Address of the time authority; without it nothing is stamped.")
    ca: str | None = Field(default=None, description="PEM file with the certificates that its tokens must lead to.")


_Port = Annotated[int, Field(ge=1, le=65535)]


class ObserveSettings(_Section):
    """What those who run Tracemark see of it. Ports are of this machine alone, and off without a number."""

    log_level: Literal["debug", "info", "warning", "error"] = Field(default="warning", description="The least told.")
    log_json: bool = Field(default=False, description="Logs as lines of JSON.")
    watch_port: _Port | None = Field(default=None, description="Port at which `watch` shows figures to Prometheus.")
    worker_port: _Port | None = Field(default=None, description="The same of `worker`.")
    serve_port: _Port | None = Field(default=None, description="The same of `serve`.")
    traces: str | None = Field(default=None, description="A collector's address for traces (OTLP over HTTP).")


_Days = Annotated[int, Field(ge=1, le=36500)]


class Retention(_Section):
    """After how many days since it was last seen each kind of listing is deleted; without a number it is kept."""

    ordinary: _Days | None = Field(default=None, description="Listings with nothing to look at, not decided on.")
    flagged: _Days | None = Field(default=None, description="Listings for review, or if idle, not decided on.")
    dismissed: _Days | None = Field(default=None, description="Listings that somebody found not relevant.")
    relevant: _Days | None = Field(default=None, description="Listings that somebody found relevant, or was unsure of.")
    pages: _Days | None = Field(default=None, description="Captures that show no listing: lists, profiles, robots.txt.")


class Settings(_Section):
    """All of `tracemark.toml`."""

    authority: Authority = Authority()
    store: Store = Store()
    vault: VaultSettings = VaultSettings()
    index: Index = Index()
    classifier: Classifier = Classifier()
    retention: Retention = Retention()
    timestamps: Timestamps = Timestamps()
    observe: ObserveSettings = ObserveSettings()
    desk: DeskSettings = DeskSettings()
    sign_in: SignInSettings = SignInSettings()


@frozen(kw_only=True)
class SettingOrigin:
    """One value and where it came from: default, file or an environment variable's name."""

    name: str
    value: Any
    origin: str


def read_settings(path: Path, environment: Mapping[str, str]) -> tuple[Settings, list[SettingOrigin]]:
    """The settings of the file at `path` under `environment`, and the origin of each value.

    Raises `ConfigurationError` with every mistake at once.
    """
    try:
        body = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is not valid TOML: {error}", hint="correct the line it names") from error
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    misplaced = [f"{name}: belongs into a [section]" for name, values in body.items() if not isinstance(values, dict)]
    if misplaced:
        raise ConfigurationError(f"{path} has {len(misplaced)} mistake(s)", details=tuple(misplaced))
    origins = {(section, name): str(path) for section, values in body.items() for name in values}
    for variable, (section, name) in ENVIRONMENT.items():
        if environment.get(variable):  # an empty one is none
            body.setdefault(section, {})[name] = environment[variable]
            origins[section, name] = variable
    if environment.get("TRACEMARK_INDEX_URL"):
        body["index"]["engine"] = "elasticsearch"
        origins["index", "engine"] = "TRACEMARK_INDEX_URL"
    try:
        settings = Settings.model_validate(body)
    except ValidationError as error:
        details = tuple(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise ConfigurationError(f"{path} has {len(details)} mistake(s)", details=details) from error
    return settings, list(_with_origins(settings, origins))


def _with_origins(settings: Settings, origins: Mapping[tuple[str, str], str]) -> Iterator[SettingOrigin]:
    for section, values in settings:
        for name, value in values:
            origin = origins.get((section, name), "default")
            yield SettingOrigin(name=f"{section}.{name}", value=_shown(name, value), origin=origin)


def _shown(name: str, value: Any) -> Any:
    """A setting as it may be shown."""
    if name in ("password", "client_secret") and value:
        return "(set)"
    return _without_password(value) if name == "url" else value


def _without_password(url: str | None) -> str | None:
    """An address as it may be shown: what stands between its user and its host is no one else's business."""
    return None if url is None else re.sub(r"(://[^:/@]*):[^/]*@", r"\1:(set)@", url)
