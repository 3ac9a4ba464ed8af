"""`tracemark serve`: a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from pipelines.cli import root

if TYPE_CHECKING:
    from pipelines.workspace import Workspace

COMMAND = (sys.executable, "-c", "from pipelines.cli import main; main()")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_tells_its_address_serves_and_ends_cleanly(workspace: Workspace, how: signal.Signals) -> None:
    arguments = [*COMMAND, "serve", "--port", "0", "--workspace", str(workspace.root)]
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True, env=dict(os.environ)) as server:
        assert server.stderr is not None
        line = server.stderr.readline()
        address = line.split(" at ")[1].split()[0]
        with urllib.request.urlopen(f"{address}api/v1/status", timeout=30) as answer:  # noqa: S310 -- loopback
            assert answer.status == 200
        server.send_signal(how)
        rest = server.stderr.read()
        assert server.wait(20) == 0
        assert "Traceback" not in rest


def test_a_port_in_use_is_told(workspace: Workspace) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = run("serve", "--port", port, "--workspace", str(workspace.root))
    assert ended.returncode == 5
    assert f"port {port}" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_address_beyond_this_machine_is_refused(workspace: Workspace) -> None:
    ended = run("serve", "--host", "0.0.0.0", "--workspace", str(workspace.root))  # noqa: S104 -- it is refused
    assert ended.returncode == 4
    assert "accounts and TLS" in ended.stderr


def test_help_has_examples() -> None:
    shown = CliRunner().invoke(root, ["serve", "--help"]).output
    assert "Examples:" in shown
    assert "tracemark serve" in shown
