"""How alerts leave this machine: `alerts.toml` in the workspace, and the secrets from the environment."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE = "alerts.toml"
PASSWORD = "TRACEMARK_SMTP_PASSWORD"  # noqa: S105 -- the name of a variable
SECRET = "TRACEMARK_WEBHOOK_SECRET"  # noqa: S105 -- as above


class Mail(BaseModel):
    """The mail server."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = Field(description="The server that takes mail.")
    port: int = Field(default=587, ge=1, le=65_535)
    security: Literal["starttls", "tls", "none"] = Field(default="starttls", description="none: on this machine only.")
    sender: str = Field(description="The address alerts come from.")
    user: str | None = Field(default=None, description=f"Its password: {PASSWORD}.")
    ca: str | None = Field(default=None, description="PEM file of the authority that signed its certificate.")


class AlertSettings(BaseModel):
    """All of `alerts.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    desk: str | None = Field(default=None, pattern=r"https?://\S+", description="Where the dashboard is, for links.")
    mail: Mail | None = None
    password: str | None = Field(default=None, repr=False, description=f"Set by {PASSWORD} alone.")
    secret: str | None = Field(default=None, repr=False, description=f"Set by {SECRET} alone.")


def read_alert_settings(path: Path, environment: Mapping[str, str]) -> AlertSettings:
    """The settings of the file at `path`, if there is one. ConfigurationError with every mistake at once."""
    body = {}
    try:
        body = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        pass
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is not valid TOML: {error}", hint="correct the line it names") from error
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    secrets = [name for name in ("password", "secret") if name in body]
    if secrets:
        raise ConfigurationError(f"{path} holds {secrets[0]!r}", hint=f"set {PASSWORD} or {SECRET} instead")
    body |= {"password": environment.get(PASSWORD) or None, "secret": environment.get(SECRET) or None}
    try:
        return AlertSettings.model_validate(body)
    except ValidationError as error:
        details = tuple(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise ConfigurationError(f"{path} has {len(details)} mistake(s)", details=details) from error
