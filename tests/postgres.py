"""A PostgreSQL of these tests, from the system's packages: on loopback, in memory where it can be, gone at the end."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Self

import sqlalchemy as sa

from pipelines.store.database import Database
from pipelines.store.tables import metadata

_USER = "postgres"
_MEMORY = Path("/dev/shm")  # noqa: S108 -- a folder of this run's own is made in it


class PostgresServer:
    """Gives one database at the schema of the code, emptied each time, and empty ones by name."""

    def __init__(self) -> None:
        place = _MEMORY if _MEMORY.is_dir() else None
        self._folder = Path(tempfile.mkdtemp(prefix="tracemark-postgres-", dir=place))
        self._port = _free_port()

    def __enter__(self) -> Self:
        if os.geteuid() == 0:
            shutil.chown(self._folder, _USER)  # it will not run as root
        data = self._folder / "data"
        self._run("initdb", "--pgdata", str(data), "--auth", "trust", "--username", "tracemark", "--no-sync")
        self.start()
        Database.open(self.make("store")).close()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Let it answer, after a `stop` too."""
        chosen = f"-p {self._port} -k {self._folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        log = str(self._folder / "log")
        self._run("pg_ctl", "--pgdata", str(self._folder / "data"), "--options", chosen, "--log", log, "-w", "start")

    def stop(self) -> None:
        """End it at once, in the middle of whatever it does."""
        self._run("pg_ctl", "--pgdata", str(self._folder / "data"), "--mode", "immediate", "stop")

    def emptied(self) -> str:
        """The URL of the database at the schema of the code, without a row; whoever had it before has it no more."""
        engine = sa.create_engine(self._url("store"))
        with engine.begin() as connection:
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = 'store' AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
            names = ", ".join(metadata.tables)
            connection.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
        engine.dispose()
        return self._url("store")

    def make(self, name: str) -> str:
        """The URL of a new database called `name` without a table."""
        engine = sa.create_engine(self._url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        engine.dispose()
        return self._url(name)

    def _url(self, name: str) -> str:
        return f"postgresql://tracemark@127.0.0.1:{self._port}/{name}"

    def _run(self, program: str, *arguments: str) -> None:
        command = [_find(program), *arguments]
        if os.geteuid() == 0:
            user = pwd.getpwnam(_USER)
            command = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", *command]
        with (self._folder.parent / f"{self._folder.name}.{program}").open("w+") as said:
            done = subprocess.run(command, cwd="/", stdout=said, stderr=subprocess.STDOUT, check=False, timeout=120)
            said.seek(0)
            assert done.returncode == 0, f"{program}: {said.read()[-2000:]}"
        Path(said.name).unlink()


def _find(program: str) -> str:
    """Debian keeps all but the client out of PATH."""
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))
    found = shutil.which(program) or (str(places[-1]) if places else None)
    assert found is not None, f"no {program} on this machine: apt-get install postgresql"
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
