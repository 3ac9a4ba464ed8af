"""Files of the vault as objects: put where nothing lies yet, brought back, and what it means when that fails.

A vault's folder says itself where its sealed files went (`objects.json`), so that whoever can read the folder can read
all of it. Credentials are never in it: they come from the environment (AWS_ACCESS_KEY_ID and the like).
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from attrs import asdict, frozen

from pipelines.errors import ConfigurationError, DiskTrouble, PartMissing, TracemarkError
from pipelines.warc.writer import sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from obstore.store import ObjectStore

PLACE_FILE = "objects.json"
MOST_AT_ONCE = 256 << 20
"""Bytes up to which a file is put in one request, on the condition that nothing lies there. S3 takes 5 GB in one."""

_CHUNK = 8 << 20
_HINT = "check [vault] in tracemark.toml, the network and the credentials (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)"


class OtherObject(TracemarkError):
    """What lies under a file's name in the storage is not that file."""


@frozen(kw_only=True)
class ObjectPlace:
    """Where objects lie: `url` is s3://BUCKET/PREFIX (or file:///FOLDER), `endpoint` a server that is not Amazon's."""

    url: str
    endpoint: str | None = None
    region: str = "us-east-1"

    @classmethod
    def read(cls, root: Path) -> Self | None:
        """What the vault at `root` says of itself, None where all of it is here."""
        try:
            return cls(**json.loads((root / PLACE_FILE).read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:
            raise ConfigurationError(
                f"{root / PLACE_FILE} does not say where objects lie", hint="remove it; it is made anew"
            ) from error

    def note(self, root: Path) -> None:
        """Have the vault at `root` say so."""
        if self.read(root) == self:
            return
        text = json.dumps(asdict(self), indent=1)
        with _on_disk(root / PLACE_FILE):
            root.mkdir(parents=True, exist_ok=True)
            part = root / f".{PLACE_FILE}.{uuid.uuid4().hex}.partial"
            part.write_text(text, encoding="utf-8")
            part.replace(root / PLACE_FILE)

    def open(self, headers: Mapping[str, str] | None = None) -> Objects:
        """The storage; `headers` go with each request. Nothing is asked of it yet."""
        try:
            from obstore.store import from_url  # noqa: PLC0415 -- of the extra `scale`
        except ModuleNotFoundError as error:
            raise PartMissing("object storage needs the package obstore", hint="pip install obstore") from error
        options: dict[str, Any] = {}
        if self.url.startswith("s3://"):
            config: dict[str, Any] = {"region": self.region, "checksum_algorithm": "SHA256"}
            config |= {"endpoint": self.endpoint} if self.endpoint else {}
            client: dict[str, Any] = {"allow_http": True} if (self.endpoint or "").startswith("http://") else {}
            client |= {"default_headers": dict(headers)} if headers else {}
            options = {"config": config, "client_options": client, "retry_config": {"max_retries": 4}}
        elif self.url.startswith("file://"):
            options = {"mkdir": True}
        with _explained(self.url):
            return Objects(url=self.url, store=from_url(self.url, **options))


@frozen(kw_only=True)
class Objects:
    """The objects under one address; a name is a file's path below the vault."""

    url: str
    store: ObjectStore

    def put(self, name: str, path: Path, length: int) -> str:
        """Put the first `length` bytes of a file where nothing lies yet; their SHA-256.

        Where these bytes lie there already (an upload whose answer was lost), that is as good. Raises `OtherObject`
        where others do, `PartMissing`, and `DiskTrouble` where the file is shorter.
        """
        import obstore  # noqa: PLC0415 -- of the extra `scale`
        from obstore.exceptions import AlreadyExistsError  # noqa: PLC0415

        digest = _digest(path, length)
        with _explained(self.url):
            if length > MOST_AT_ONCE:
                if not self._lies(name):
                    obstore.put(self.store, name, _pieces(path, length))
                return self._require(name, digest)
            try:
                obstore.put(self.store, name, next(_pieces(path, length, size=length)), mode="create")
            except (AlreadyExistsError, FileExistsError):
                return self._require(name, digest)
        return digest

    def replace(self, name: str, path: Path, length: int) -> str:
        """Put a file in the place of an object; its SHA-256. A locked storage keeps the old version until its day."""
        import obstore  # noqa: PLC0415

        digest = _digest(path, length)
        with _explained(self.url):
            obstore.put(self.store, name, _pieces(path, length))
        return digest

    def bring(self, name: str, target: Path) -> bool:
        """Write the object to the file `target`, whole or not at all; False where there is none."""
        import obstore  # noqa: PLC0415
        from obstore.exceptions import NotFoundError  # noqa: PLC0415

        part = target.with_name(f".{target.name}.{uuid.uuid4().hex}.partial")
        with _on_disk(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                with part.open("wb") as file, _explained(self.url):
                    try:
                        found = obstore.get(self.store, name)
                    except (NotFoundError, FileNotFoundError):
                        return False
                    for piece in found.stream(min_chunk_size=_CHUNK):
                        file.write(piece)
                    file.flush()
                    os.fsync(file.fileno())
                part.replace(target)
                sync_folder(target.parent)
            finally:
                part.unlink(missing_ok=True)
        return True

    def size(self, name: str) -> int | None:
        """Bytes of the object, None where there is none."""
        import obstore  # noqa: PLC0415
        from obstore.exceptions import NotFoundError  # noqa: PLC0415

        with _explained(self.url):
            try:
                return int(obstore.head(self.store, name)["size"])
            except (NotFoundError, FileNotFoundError):
                return None

    def _lies(self, name: str) -> bool:
        return self.size(name) is not None

    def _require(self, name: str, digest: str) -> str:
        import obstore  # noqa: PLC0415

        found = hashlib.sha256()
        for piece in obstore.get(self.store, name).stream(min_chunk_size=_CHUNK):
            found.update(piece)
        if found.hexdigest() != digest:
            raise OtherObject(
                f"{name} in {self.url} is another file: its SHA-256 is {found.hexdigest()}, ours {digest}",
                hint="two workspaces may share a prefix: give each its own [vault] url",
            )
        return digest


def fetch(root: Path, file: str) -> bool:
    """Bring back a sealed file that is not in the vault's folder any more; False where there is none to be had."""
    place = ObjectPlace.read(root)
    return place is not None and place.open().bring(file, root / file)


def _digest(path: Path, length: int) -> str:
    found = hashlib.sha256()
    for piece in _pieces(path, length):
        found.update(piece)
    return found.hexdigest()


def _pieces(path: Path, length: int, size: int = _CHUNK) -> Iterator[bytes]:
    left = length
    with _on_disk(path), path.open("rb") as file:
        while left:
            data = file.read(min(size, left))
            if not data:
                raise DiskTrouble(f"{path} holds less than the store answers for", hint="tracemark doctor")
            left -= len(data)
            yield data


@contextmanager
def _on_disk(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DiskTrouble(f"{path} cannot be read or written: {error.strerror}", hint="tracemark doctor") from error


@contextmanager
def _explained(url: str) -> Iterator[None]:
    from obstore.exceptions import BaseError  # noqa: PLC0415

    try:
        yield
    except (BaseError, FileNotFoundError, PermissionError) as error:  # obstore says "no such bucket" by the second
        told = f"the object storage {url} does not do what is asked: {_first_line(error)}"
        raise PartMissing(told, hint=_HINT) from error


def _first_line(error: Exception) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
