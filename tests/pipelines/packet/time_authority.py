"""A time authority of our own, made with openssl and asked over HTTP on this machine."""

from __future__ import annotations

import subprocess
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path

CONFIGURATION = """
[tsa]
default_tsa = here
[here]
serial = serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
"""
EXTENSIONS = "extendedKeyUsage = critical,timeStamping\nkeyUsage = critical,digitalSignature\n"


def openssl(folder: Path, *words: str, data: bytes | None = None) -> bytes:
    return subprocess.run(["openssl", *words], cwd=folder, input=data, capture_output=True, check=True).stdout


class Answering(BaseHTTPRequestHandler):
    server: LocalAuthority  # type: ignore[assignment]  # its own kind of server

    def do_POST(self) -> None:  # the name that the library calls
        request = self.rfile.read(int(self.headers["Content-Length"]))
        answer = self.server.answer(request)
        self.send_response(200 if answer else 503)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


class LocalAuthority(ThreadingHTTPServer):
    """`up` False answers 503; `forge` changes what is sent."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.folder = folder
        self.up = True
        self.forged: bytes | None = None
        (folder / "tsa.cnf").write_text(CONFIGURATION)
        (folder / "tsa.ext").write_text(EXTENSIONS)
        (folder / "serial").write_text("01\n")
        ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        root = ["-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Example Root"]
        openssl(folder, "req", "-x509", "-days", "3650", *ec, *root)
        openssl(folder, "req", *ec, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=Example Time Authority")
        signing = ["-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "3650"]
        openssl(folder, "x509", *signing, "-extfile", "tsa.ext", "-out", "tsa.pem")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"

    @property
    def certificates(self) -> Path:
        return self.folder / "ca.pem"

    def answer(self, request: bytes) -> bytes:
        if not self.up:
            return b""
        if self.forged is not None:
            return self.forged
        (self.folder / "request.tsq").write_bytes(request)
        words = ["-config", "tsa.cnf", "-section", "here", "-queryfile", "request.tsq"]
        signer = ["-inkey", "tsa.key", "-signer", "tsa.pem"]
        return openssl(self.folder, "ts", "-reply", *words, *signer)

    def __enter__(self) -> Self:
        Thread(target=self.serve_forever, daemon=True, kwargs={"poll_interval": 0.05}).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()
