"""`tracemark`: a group that knows each command by name and loads it when it is called."""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

from pipelines.errors import ExitCode, TracemarkError

COMMANDS = {
    "init": ("pipelines.commands.workspace:init", "Make a workspace."),
    "demo": ("crawler.commands.demo:demo", "Crawl three invented marketplaces and look around."),
    "help": ("pipelines.commands.topics:help_", "Explain exit codes, environment or queries."),
    "site": ("crawler.commands.site:site", "Check a site file, or draft one."),
    "crawl": ("crawler.commands.crawl:crawl", "Visit a site now."),
    "watch": ("crawler.commands.watch:watch", "Visit sites whenever they are due."),
    "worker": ("crawler.commands.worker:worker", "Share the work on a store with other machines."),
    "capture": ("crawler.commands.capture:capture", "Take one page now, as evidence."),
    "import": ("pipelines.commands.feed:import_", "Take in a marketplace's own feed (JSON lines)."),
    "extract": ("crawler.commands.extract:extract", "Show what is read from one saved page."),
    "assess": ("pipelines.commands.assess:assess", "Find signals in listings and histories."),
    "licences": ("pipelines.commands.registers:licences", "Take in a register of dealers' licences."),
    "stolen": ("pipelines.commands.registers:stolen", "Take in a list of stolen serial numbers, hashed."),
    "item": ("pipelines.commands.item:item", "Say which listings are one thing."),
    "actor": ("pipelines.commands.actor:actor", "Show accounts that look like one hand; cut or confirm."),
    "sellers": ("pipelines.commands.replay:sellers", "Read sellers' histories again by other rules."),
    "train": ("pipelines.commands.learning:train", "Fit the classifiers to decisions and labelled ads."),
    "evaluate": ("pipelines.commands.learning:evaluate", "Measure the classifiers on labelled ads."),
    "serve": ("dashboards.commands:serve", "Serve the dashboard to browsers."),
    "search": ("pipelines.commands.search:search", "Search listings."),
    "show": ("pipelines.commands.show:show", "Show one listing and why it was flagged."),
    "alert": ("pipelines.commands.alert:alert", "Save searches that tell of new hits."),
    "statistics": ("pipelines.commands.statistics:statistics", "Show what grows, and write open statistics."),
    "quality": ("pipelines.commands.quality:quality", "Show how often flags were found relevant."),
    "case": ("pipelines.commands.case:case", "Gather listings, sellers and notes for one matter."),
    "export": ("pipelines.commands.export:export", "Write listings, items or sellers as JSON lines."),
    "exchange": ("pipelines.commands.exchange:exchange", "Write a listing or case in a form that others read."),
    "request": ("pipelines.commands.request:request", "Ask a marketplace to keep or review; keep its answers."),
    "packet": ("pipelines.commands.packet:packet", "Seal evidence for others, or verify it."),
    "people": ("dashboards.people.commands:people", "Say who may use the dashboard."),
    "key": ("pipelines.commands.key:key", "Turn, revoke or trust signing keys."),
    "custody": ("pipelines.commands.custody:custody", "Sign or verify the custody log."),
    "status": ("pipelines.commands.status:status", "Show sites, runs and what waits."),
    "doctor": ("pipelines.commands.doctor:doctor", "Check every part and say what to do."),
    "config": ("pipelines.commands.workspace:config", "Print every setting and its origin."),
    "vault": ("pipelines.commands.vault:vault", "Ship sealed files to an object storage."),
    "reindex": ("pipelines.commands.assess:reindex", "Build the search index anew."),
    "backup": ("pipelines.commands.backup:backup", "Write the whole workspace into one file."),
    "restore": ("pipelines.commands.backup:restore", "Make a workspace anew from a backup."),
    "retention": ("pipelines.commands.retention:retention", "Delete what is past its age, by policy."),
    "forget": ("pipelines.commands.retention:forget", "Delete what is known of a listing or seller."),
    "hold": ("pipelines.commands.retention:hold", "Keep a listing or seller from being deleted."),
    "completion": ("pipelines.commands.completion:completion", "Print the shell's completion script."),
}
"""Each command: where it lives and the line that `tracemark --help` shows."""

_SECTION_BEGINS = {
    "init": "Begin",
    "site": "Collect",
    "assess": "Read",
    "serve": "Look and decide",
    "case": "Hand on",
    "people": "Trust",
    "status": "Look after",
}
"""The first command of each section of that help; those after it in the table belong to it too."""


def sections() -> dict[str, list[str]]:
    """The names of the commands by section, in the order of `tracemark --help`."""
    found: dict[str, list[str]] = {}
    for name in COMMANDS:
        if name in _SECTION_BEGINS:
            found[_SECTION_BEGINS[name]] = []
        found[list(found)[-1]].append(name)
    return found


_DISK_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called, so that `--help` is instant."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        """The names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 -- click's signature
        """The command itself, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the nearest name where there is none."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else " `tracemark --help` lists them all."
            raise click.UsageError(f"No command {args[0]!r}.{hint}", ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 -- click's signature
        """Each command's line, by section, without importing it."""
        longest = max(map(len, COMMANDS))
        for section, names in sections().items():
            with formatter.section(section):
                formatter.write_dl([(name.ljust(longest), COMMANDS[name][1]) for name in names])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="tracemark", prog_name="tracemark")
@click.option("--workspace", metavar="DIR", help="The folder to work in (default: TRACEMARK_WORKSPACE, or upwards).")
@click.pass_context
def root(ctx: click.Context, workspace: str | None) -> None:
    """Watch marketplaces for illicit firearm listings; keep, explain and pass on what was seen.

    \b
    Examples:
      tracemark demo                       three invented marketplaces, from crawl to dashboard
      tracemark init case-room --operator "Example Unit" --contact unit@example.org --authority "Mandate 12/2026"
      tracemark search 'glock signal:no_check_offered'
    """
    ctx.obj = {"workspace": workspace}


def main(arguments: list[str] | None = None) -> None:
    """Run `tracemark` and leave with its exit code (`tracemark help exit-codes`)."""
    os.environ.setdefault("SCRAPY_SETTINGS_MODULE", "crawler.settings")
    if arguments is None:
        # A service manager asks to end: as Ctrl-C. What ends in its own way (a crawl, `serve`) sets it after this.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    given = sys.argv[1:] if arguments is None else arguments
    as_json = "--json" in given
    try:
        code = root.main(args=given, prog_name="tracemark", standalone_mode=False)
    except TracemarkError as error:
        _tell(error.message, error.hint, error.details, error.exit_code, as_json=as_json)
        code = error.exit_code
    except (click.exceptions.Abort, KeyboardInterrupt):
        _tell("interrupted", None, (), ExitCode.INTERRUPTED, as_json=as_json)
        code = ExitCode.INTERRUPTED
    except click.ClickException as error:
        code = ExitCode.BAD_INPUT
        if isinstance(error, click.exceptions.NoArgsIsHelpError):
            click.echo(error.format_message(), err=True)
        else:
            _tell(error.format_message(), _usage(error), (), code, as_json=as_json)
    except BrokenPipeError:
        # The reader (head, less) has seen enough; what it did not read is not ours to complain about.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = ExitCode.DONE
    except OSError as error:
        if error.errno not in _DISK_ERRORS:
            raise
        message = f"the disk refused to write: {error.strerror}"
        _tell(
            message,
            "free space, then run the command again: nothing stored was lost",
            (),
            ExitCode.DISK,
            as_json=as_json,
        )
        code = ExitCode.DISK
    sys.exit(code if isinstance(code, int) else ExitCode.DONE)


def _usage(error: click.ClickException) -> str | None:
    context = getattr(error, "ctx", None)
    return None if context is None else f"{context.command_path} --help"


def _tell(message: str, hint: str | None, details: tuple[str, ...], code: ExitCode, *, as_json: bool) -> None:
    if as_json:
        body: dict[str, Any] = {"error": message, "hint": hint, "details": list(details), "exit_code": int(code)}
        click.echo(json.dumps(body, ensure_ascii=False), err=True)
        return
    click.echo(f"tracemark: {message}", err=True)
    for detail in details:
        click.echo(f"  {detail}", err=True)
    if hint:
        click.echo(f"  try: {hint}", err=True)


if __name__ == "__main__":
    main()
