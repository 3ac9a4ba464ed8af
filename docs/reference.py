# ruff: noqa: INP001 -- a script, not a package
"""Writes the pages of docs/reference from the code: `python docs/reference.py` (or `make reference`).

Commands from click, settings from their models, schemas from docs/schema, the API from its OpenAPI document. With
another folder as its argument it writes there; the tests compare that with what is in docs.
"""

from __future__ import annotations

import html
import json
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crawler.sites.reference import tell_default, tell_kind
from dashboards.application import create_application
from dashboards.people.access import ACCESS
from dashboards.people.identity import RIGHTS, Role
from pipelines.alerts.settings import AlertSettings
from pipelines.cli import root, sections
from pipelines.commands.topics import TOPICS
from pipelines.settings import ENVIRONMENT, Settings
from pipelines.workspace import Workspace, write_workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


HERE = Path(__file__).resolve().parent
NOTE = "<!-- Written by `make reference` (docs/reference.py): change the code that it describes instead. -->"
SHARED = {"--workspace", "--json", "--help"}
"""Options that nearly every command has: told once."""


def commands() -> Iterator[str]:
    """Every command, as `--help` tells it."""
    yield "# Commands"
    yield (
        "Each command says the same with `--help`. Nearly all take `--workspace DIR` (else `TRACEMARK_WORKSPACE`, else "
        "the nearest folder upwards with a `tracemark.toml`) and `--json` (data on standard output, errors as one JSON "
        "object on standard error; [the forms](schemas.md)). [Exit codes](topics.md#exit-codes) are always the same."
    )
    context = click.Context(root, info_name="tracemark")
    for section, names in sections().items():
        yield f"## {section}"
        for name in names:
            found = root.get_command(context, name)
            assert found is not None  # noqa: S101 -- the table of commands is tested
            yield from _command(found, click.Context(found, info_name=name, parent=context))


def _command(command: click.Command, context: click.Context) -> Iterator[str]:
    yield f"### {context.command_path}"
    prose, _, examples = (command.help or "").replace("\b", "").partition("Examples:\n")
    yield "\n\n".join(_escaped(" ".join(part.split())) for part in prose.split("\n\n") if part.strip())
    if not isinstance(command, click.Group) or command.invoke_without_command:
        yield f"```text\n{' '.join(context.get_usage().removeprefix('Usage: ').split())}\n```"
    if examples:
        yield "```sh\n" + "\n".join(line.strip() for line in examples.splitlines() if line.strip()) + "\n```"
    told = [one for one in command.get_params(context) if isinstance(one, click.Option) and not SHARED & {*one.opts}]
    if told:
        yield _table(("option", "meaning"), ((_names(one, context), _meaning(one, context)) for one in told))
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None  # noqa: S101
            yield from _command(found, click.Context(found, info_name=name, parent=context))


def _names(option: click.Option, context: click.Context) -> str:
    record = option.get_help_record(context)
    return f"`{record[0]}`" if record else f"`{option.opts[0]}`"


def _meaning(option: click.Option, context: click.Context) -> str:
    record = option.get_help_record(context)
    return _escaped(" ".join(record[1].split())) if record else ""


def settings() -> Iterator[str]:
    """Every key of tracemark.toml and alerts.toml."""
    yield "# Settings"
    yield (
        "`tracemark.toml` lies in the workspace's folder. `tracemark config` prints every value and its origin. "
        "Keys that are not in these tables are refused, all at once. Secrets belong into the environment, not into the "
        "file."
    )
    variables = {f"{section}.{name}": variable for variable, (section, name) in ENVIRONMENT.items()}
    for name, field in Settings.model_fields.items():
        yield from _section(name, field.annotation, variables)
    yield "## `alerts.toml`"
    yield "Where alerts go ([alerts](../alerts.md)); beside `tracemark.toml`."
    yield from _keys(AlertSettings.model_json_schema(), "", {})


def _section(name: str, model: Any, variables: Mapping[str, str]) -> Iterator[str]:
    yield f"## `[{name}]`"
    yield _escaped(model.__doc__ or "")
    yield from _keys(model.model_json_schema(), f"{name}.", variables)


def _keys(schema: Mapping[str, Any], prefix: str, variables: Mapping[str, str]) -> Iterator[str]:
    rows, inner = [], []
    for name, field in schema["properties"].items():
        part = next((one["$ref"] for one in (field, *field.get("anyOf", ())) if "$ref" in one), None)
        model = schema["$defs"][part.rsplit("/", 1)[-1]] if part else {}
        if "properties" in model:
            inner.append((name, model))
            continue
        default = "needed" if name in schema.get("required", ()) else tell_default(field.get("default"))
        variable = variables.get(prefix + name)
        kind = "table" if field.get("type") == "object" else tell_kind(model or field)
        meaning = _escaped(field.get("description", ""))
        if variable and variable not in meaning:
            meaning += f" Or `{variable}`."
        rows.append((f"`{name}`", kind, default, meaning))
    if rows:
        yield _table(("key", "value", "without it", "meaning"), rows)
    for name, part in inner:
        yield f"### `[{name}]`"
        yield _escaped(part.get("description", ""))
        yield from _keys({**part, "$defs": schema.get("$defs", {})}, "", {})


def topics() -> Iterator[str]:
    """What `tracemark help` explains."""
    yield "# Exit codes, environment, queries"
    yield "As `tracemark help TOPIC` prints it; [search](../search.md) has more of queries."
    for name, text in TOPICS.items():
        yield f"## {name.replace('-', ' ').capitalize()}"
        yield f"```text\n{text.rstrip()}\n```"


def schemas() -> Iterator[str]:
    """Every form, with its first level of keys."""
    yield "# JSON forms"
    yield (
        "What goes in and what comes out, as JSON Schema 2020-12 ([how they are versioned](../schema/README.md)). The "
        "files themselves are what counts; here is their first level."
    )
    for path in sorted((HERE / "schema").glob("*.json")):
        schema = json.loads(path.read_text(encoding="utf-8"))
        yield f"## {path.stem}"
        yield f"[{path.name}](../schema/{path.name}) · `{schema['$id']}`"
        yield _escaped(schema["description"])
        keys = [name for name, field in schema.get("properties", {}).items() if field is not False]
        needed = schema.get("required", ())
        for said, names in (
            ("Always there", [name for name in keys if name in needed]),
            ("Not always", [name for name in keys if name not in needed]),
        ):
            if names:
                yield f"{said}: {', '.join(f'`{name}`' for name in names)}."


def api() -> Iterator[str]:
    """Every operation of the API, with the roles that may use it."""
    yield "# The API"
    yield (
        "`tracemark serve` answers under `/api/v1`; the whole description is `/api/v1/openapi.json`. [Tokens and "
        "limits](../desk-safety.md#the-api), [the forms](schemas.md)."
    )
    with tempfile.TemporaryDirectory() as folder:
        write_workspace(Path(folder), {})
        document = create_application(Workspace.read(Path(folder), {}), actor="reference").openapi()
    for path, operations in document["paths"].items():
        if not path.startswith("/api/"):
            continue
        for method, operation in operations.items():
            yield f"### `{method.upper()} {path}`"
            yield _escaped(" ".join((operation.get("description") or operation["summary"]).split()))
            yield f"May be asked by: {_roles(f'{method.upper()} {path}')}."
            rows = [
                (f"`{one['name']}`", one["in"], "yes" if one.get("required") else "", _parameter(one))
                for one in operation.get("parameters", ())
            ]
            if rows:
                yield _table(("parameter", "in", "needed", "meaning"), rows)
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            if "$ref" in body:
                model = document["components"]["schemas"][body["$ref"].rsplit("/", 1)[-1]]
                yield "The body, as JSON:"
                yield from _keys({**model, "$defs": document["components"]["schemas"]}, "", {})


def _roles(key: str) -> str:
    right = next((right for route, right in ACCESS.items() if re.sub(r":path\}", "}", route) == key), None)
    return "anybody" if right is None else ", ".join(role.value for role in Role if right in RIGHTS[role])


def _parameter(one: Mapping[str, Any]) -> str:
    schema = one.get("schema", {})
    parts = [_escaped(one.get("description", "")).removesuffix("."), tell_kind(schema)]
    parts += [f"without it `{schema['default']}`"] if schema.get("default") else []
    return "; ".join(filter(None, parts))


def _table(head: tuple[str, ...], rows: Any) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def _escaped(text: str) -> str:
    """Prose as Markdown shows it letter by letter, but for what stands in backticks."""
    parts = re.split(r"(`[^`]*`)", " ".join(text.split()))
    plain = [html.escape(part, quote=False).replace("*", "\\*") for part in parts[::2]]
    parts[::2] = [part.replace("|", "&#124;") for part in plain]
    return "".join(part.replace("|", "\\|") for part in parts)


PAGES: dict[str, Callable[[], Iterator[str]]] = {
    "commands.md": commands,
    "settings.md": settings,
    "topics.md": topics,
    "schemas.md": schemas,
    "api.md": api,
}
"""Each page of docs/reference and what writes it."""


def write(folder: Path) -> None:
    """Write every page into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, parts in PAGES.items():
        (folder / name).write_text("\n\n".join((NOTE, *filter(None, parts()))) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if sys.argv[1:] else HERE / "reference")
