"""Files put into an S3-speaking storage: once, never over another, and back again byte for byte."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from object_server import RefusedError

import pipelines.vault.objects
from pipelines.errors import ConfigurationError, DiskTrouble, PartMissing
from pipelines.vault.objects import PLACE_FILE, ObjectPlace, OtherObject, fetch

if TYPE_CHECKING:
    from pathlib import Path

    from object_server import ObjectServer

CONTENT = b"one record\n" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def place(server: ObjectServer, request: pytest.FixtureRequest) -> ObjectPlace:
    bucket = f"b{hashlib.sha256(request.node.name.encode()).hexdigest()[:20]}"
    return ObjectPlace(url=server.make_bucket(bucket), endpoint=server.url)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(CONTENT + b"what a crash left behind")
    return path


@pytest.mark.parametrize("most", [1 << 20, 100], ids=["in one", "in pieces"])
def test_a_file_is_put_once_and_an_answer_that_was_lost_doubles_nothing(
    place: ObjectPlace, file: Path, server: ObjectServer, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipelines.vault.objects, "MOST_AT_ONCE", most)
    objects = place.open()
    name = "market/run one/a.warc.gz"
    assert objects.put(name, file, len(CONTENT)) == SHA256
    assert objects.put(name, file, len(CONTENT)) == SHA256  # as after an upload whose answer never came
    assert objects.size(name) == len(CONTENT)
    listed = server.ask("GET", f"/{place.url.split('/')[2]}?list-type=2")
    assert listed.count("<Key>") == 1
    target = file.parent / "back" / "a.warc.gz"
    assert objects.bring(name, target)
    assert target.read_bytes() == CONTENT
    assert [one.name for one in target.parent.iterdir()] == ["a.warc.gz"]


@pytest.mark.parametrize("most", [1 << 20, 100], ids=["in one", "in pieces"])
def test_no_file_is_put_over_another(
    place: ObjectPlace, file: Path, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipelines.vault.objects, "MOST_AT_ONCE", most)
    objects = place.open()
    objects.put("a", file, len(CONTENT))
    with pytest.raises(OtherObject, match="is another file"):
        objects.put("a", file, len(CONTENT) + 5)
    assert objects.size("a") == len(CONTENT)


def test_a_locked_storage_takes_files_and_lets_none_go(server: ObjectServer, file: Path) -> None:
    place = ObjectPlace(url=server.make_bucket("locked", locked=True), endpoint=server.url)
    # Amazon's server reads the algorithm from the checksum that is sent; moto wants it named too.
    objects = place.open({"x-amz-sdk-checksum-algorithm": "SHA256"})
    assert objects.put("a", file, len(CONTENT)) == SHA256
    version = server.ask("GET", "/locked?versions").partition("<VersionId>")[2].partition("<")[0]
    with pytest.raises(RefusedError, match="403"):
        server.ask("DELETE", f"/locked/room/a?versionId={version}")
    assert objects.put("a", file, len(CONTENT)) == SHA256
    assert server.ask("GET", "/locked?versions").count("<VersionId>") == 1


def test_what_is_not_there_is_told(place: ObjectPlace, tmp_path: Path) -> None:
    objects = place.open()
    assert objects.size("nothing") is None
    assert not objects.bring("nothing", tmp_path / "nothing")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(DiskTrouble, match="cannot be read"):
        objects.put("a", tmp_path / "nothing", 5)
    (tmp_path / "short").write_bytes(b"abc")
    with pytest.raises(DiskTrouble, match="less than the store answers for"):
        objects.put("a", tmp_path / "short", 5)
    assert objects.size("a") is None


def test_a_storage_that_does_not_answer_is_a_missing_part(place: ObjectPlace, file: Path) -> None:
    nobody = ObjectPlace(url="s3://no-such-bucket/room", endpoint=place.endpoint)
    with pytest.raises(PartMissing, match="the object storage s3://no-such-bucket/room does not do what is asked"):
        nobody.open().put("a", file, len(CONTENT))


def test_a_vault_says_where_its_files_went(tmp_path: Path, file: Path) -> None:
    place = ObjectPlace(url=f"file://{tmp_path / 'storage'}")
    root = tmp_path / "vault"
    assert ObjectPlace.read(root) is None
    assert not fetch(root, "a")
    place.note(root)
    assert ObjectPlace.read(root) == place
    place.open().put("deep/a", file, len(CONTENT))
    assert fetch(root, "deep/a")
    assert (root / "deep" / "a").read_bytes() == CONTENT
    (root / PLACE_FILE).write_text('{"address": 1}')
    with pytest.raises(ConfigurationError, match="does not say where objects lie"):
        fetch(root, "b")
