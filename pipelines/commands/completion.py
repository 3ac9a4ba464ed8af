"""`tracemark completion SHELL`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from pipelines.errors import BadInput


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script of SHELL.

    \b
    Examples:
      tracemark completion bash > ~/.local/share/bash-completion/completions/tracemark
      tracemark completion zsh > ~/.zfunc/_tracemark
    """
    found = get_completion_class(shell)
    if found is None:
        raise BadInput(f"no completion for {shell}", hint="bash, zsh or fish")
    click.echo(found(ctx.find_root().command, {}, "tracemark", "_TRACEMARK_COMPLETE").source())
