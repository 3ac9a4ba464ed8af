"""`tracemark people`: accounts of the desk, from the command line."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from pipelines.commands.conventions import CommandGroup, find_workspace, json_option, print_json, say, workspace_option
from pipelines.errors import BadInput, ConfigurationError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashboards.people.registry import Account, Registry

_ROLES = click.Choice(["viewer", "investigator", "supervisor", "administrator"])
_from_stdin = click.option("--password-stdin", is_flag=True, help="Read the password from the first line of stdin.")
_temporary = click.option("--temporary", is_flag=True, help="To be changed by its owner before anything is shown.")


@click.group(cls=CommandGroup)
def people() -> None:
    """Say who may use the desk, and in which role. With the first account, everyone has to sign in."""


@people.command()
@click.argument("name")
@click.option("--role", type=_ROLES, required=True, help="What the person is here for.")
@_from_stdin
@_temporary
@workspace_option
@json_option
@click.pass_context
def add(ctx: click.Context, name: str, role: str, password_stdin: bool, temporary: bool, as_json: bool) -> None:
    """Add an account. The password is asked for twice, or read with --password-stdin.

    \b
    Examples:
      tracemark people add ana --role administrator
      tracemark people add ben --role investigator --password-stdin --temporary
    """
    from dashboards.people.identity import Role  # noqa: PLC0415 -- see pipelines.composition

    with _registry(ctx) as registry:
        made = registry.add(name, Role(role), _ask_password(from_stdin=password_stdin), temporary=temporary)
    _show(made, as_json=as_json)


@people.command("list")
@workspace_option
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """Show every account, its role, and whether it is disabled.

    \b
    Examples:
      tracemark people list
      tracemark people list --json
    """
    with _registry(ctx) as registry:
        accounts = registry.accounts()
    if as_json:
        print_json([account.to_json() for account in accounts])
        return
    for account in accounts:
        click.echo(_line(account))
    if not accounts:
        say("no accounts: whoever sits at this machine has every right at the desk")


@people.command()
@click.argument("name")
@click.argument("role", type=_ROLES)
@workspace_option
@json_option
@click.pass_context
def role(ctx: click.Context, name: str, role: str, as_json: bool) -> None:
    """Give NAME another ROLE. It holds from their next request on.

    \b
    Examples:
      tracemark people role ben supervisor
      tracemark people role ana viewer --json
    """
    from dashboards.people.identity import Role  # noqa: PLC0415 -- see pipelines.composition

    with _registry(ctx) as registry:
        _show(registry.set_role(name, Role(role)), as_json=as_json)


@people.command()
@click.argument("name")
@click.argument("subject")
@workspace_option
@json_option
@click.pass_context
def link(ctx: click.Context, name: str, subject: str, as_json: bool) -> None:
    """Let whom the provider of sign-ins calls SUBJECT in by the account NAME.

    Their role is from then on the one that the provider gives.

    \b
    Examples:
      tracemark people link ana 6f1c2a9e-0b1d-4a77-9a54-2f6f5a1f3c11
      tracemark people link ana 6f1c2a9e-0b1d-4a77-9a54-2f6f5a1f3c11 --workspace case-room
    """
    issuer = find_workspace(ctx).settings.sign_in.issuer
    if issuer is None:
        raise ConfigurationError("no provider of sign-ins is set", hint="[sign_in] issuer in tracemark.toml")
    with _registry(ctx) as registry:
        _show(registry.link(name, issuer, subject), as_json=as_json)


@people.command()
@click.argument("name")
@workspace_option
@json_option
@click.pass_context
def disable(ctx: click.Context, name: str, as_json: bool) -> None:
    """Let NAME in no more: their sign-ins and tokens end at once, what they decided stays under their name.

    \b
    Examples:
      tracemark people disable ben
      tracemark people disable ben --json
    """
    with _registry(ctx) as registry:
        _show(registry.disable(name), as_json=as_json)


@people.command()
@click.argument("name")
@workspace_option
@json_option
@click.pass_context
def enable(ctx: click.Context, name: str, as_json: bool) -> None:
    """Let NAME in again, by the password they had.

    \b
    Examples:
      tracemark people enable ben
      tracemark people enable ben --json
    """
    with _registry(ctx) as registry:
        _show(registry.enable(name), as_json=as_json)


@people.command()
@click.argument("name")
@_from_stdin
@_temporary
@workspace_option
@json_option
@click.pass_context
def password(ctx: click.Context, name: str, password_stdin: bool, temporary: bool, as_json: bool) -> None:
    """Set another password for NAME; their sign-ins and tokens end.

    \b
    Examples:
      tracemark people password ana
      tracemark people password ben --password-stdin --temporary
    """
    with _registry(ctx) as registry:
        chosen = _ask_password(from_stdin=password_stdin)
        _show(registry.set_password(name, chosen, temporary=temporary), as_json=as_json)


@contextmanager
def _registry(ctx: click.Context) -> Iterator[Registry]:
    from dashboards.people.registry import Registry  # noqa: PLC0415 -- Argon2 and SQLAlchemy take 0.2 s
    from pipelines.composition import opened, person, utc_now  # noqa: PLC0415

    with opened(find_workspace(ctx)) as database:
        yield Registry(database=database, actor=person, now=utc_now)


def _ask_password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise BadInput("there is no terminal to ask for the password", hint="--password-stdin reads it from stdin")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


def _show(account: Account, *, as_json: bool) -> ExitCode:
    if as_json:
        print_json(account.to_json())
    else:
        click.echo(_line(account))
    return ExitCode.DONE


def _line(account: Account) -> str:
    state = " (disabled)" if account.disabled else " (temporary password)" if account.temporary else ""
    return f"{account.name}: {account.role.value}{state}"
