"""`tracemark serve`: a process of its own."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import ssl
import subprocess
import sys
import urllib.request
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from dashboards.commands import find_certificate, listen
from dashboards.people.identity import Role
from dashboards.people.registry import Registry
from pipelines.cli import root
from pipelines.composition import opened, utc_now
from pipelines.errors import ConfigurationError
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

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


def test_what_is_answered_in_two_parts_is_sent_at_once() -> None:
    """asyncio switches waiting for a full packet off where a socket names its protocol: 40 ms of each answer."""
    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.proto == socket.IPPROTO_TCP


def test_a_port_in_use_is_told(workspace: Workspace) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = run("serve", "--port", port, "--workspace", str(workspace.root))
    assert ended.returncode == 5
    assert f"port {port}" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_beyond_this_machine_it_takes_accounts_and_tls(workspace: Workspace) -> None:
    ended = run("serve", "--host", "0.0.0.0", "--workspace", str(workspace.root))  # noqa: S104 -- it is refused
    assert ended.returncode == 4
    assert "accounts and TLS" in ended.stderr
    assert "tracemark people add" in ended.stderr
    assert "certificate_key" in ended.stderr
    with opened(workspace) as database:
        Registry(database=database, actor=lambda: "setup", now=utc_now).add(
            "ana", Role.ADMINISTRATOR, "quiet river bank"
        )
    ended = run("serve", "--host", "0.0.0.0", "--workspace", str(workspace.root))  # noqa: S104 -- it is refused
    assert ended.returncode == 3
    assert "[desk] names" in ended.stderr
    assert "tracemark people add" not in ended.stderr


def test_a_certificate_that_cannot_be_used_is_told(workspace: Workspace) -> None:
    settings = workspace.root / "tracemark.toml"
    words = settings.read_text()
    settings.write_text(words + '\n[desk]\ncertificate = "none.pem"\n')
    with pytest.raises(ConfigurationError, match="both"):
        find_certificate(Workspace.read(workspace.root, {}))
    settings.write_text(words + '\n[desk]\ncertificate = "none.pem"\ncertificate_key = "none.pem"\n')
    with pytest.raises(ConfigurationError, match="cannot be used"):
        find_certificate(Workspace.read(workspace.root, {}))


def test_with_a_certificate_it_answers_by_tls_alone(workspace: Workspace) -> None:
    make_certificate(workspace.root)
    settings = workspace.root / "tracemark.toml"
    more = '\n[desk]\ncertificate = "desk.pem"\ncertificate_key = "desk.key"\nnames = ["desk.example.com"]\n'
    settings.write_text(settings.read_text() + more)
    with opened(workspace) as database:
        Registry(database=database, actor=lambda: "setup", now=utc_now).add(
            "ana", Role.ADMINISTRATOR, "quiet river bank"
        )
    trusted = ssl.create_default_context(cafile=str(workspace.root / "desk.pem"))
    trusted.check_hostname = False
    arguments = [*COMMAND, "serve", "--port", "0", "--host", "0.0.0.0", "--workspace", str(workspace.root)]  # noqa: S104
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True, env=dict(os.environ)) as server:
        assert server.stderr is not None
        address = server.stderr.readline().split(" at ")[1].split()[0]
        assert address.startswith("https://")
        connection = http.client.HTTPSConnection(
            "127.0.0.1", int(address.rstrip("/").rpartition(":")[2]), context=trusted
        )
        for host, status in (("desk.example.com", 200), ("DESK.example.com:8443", 200), ("elsewhere.example", 421)):
            connection.request("GET", "/sign-in", headers={"Host": host})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == status
        connection.close()
        assert answer.headers["strict-transport-security"]
        server.send_signal(signal.SIGTERM)
        assert server.wait(20) == 0


def make_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "desk.example.com")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2126, 1, 1, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "desk.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "desk.key").write_bytes(key.private_bytes(*private))


def test_help_has_examples() -> None:
    shown = CliRunner().invoke(root, ["serve", "--help"]).output
    assert "Examples:" in shown
    assert "tracemark serve" in shown
