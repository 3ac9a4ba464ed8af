"""TLS with the authority pinned, and credentials with no more rights than docs/search.md says they need."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from attrs import frozen
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pipelines.errors import ConfigurationError, NotPermitted, PartMissing
from pipelines.index.analysis import Analyzer
from pipelines.index.elastic_bulk import Patience
from pipelines.index.elastic_engine import ElasticIndex, connect, open_elastic
from pipelines.index.parser import parse
from pipelines.index.port import Search

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipelines.index.document import IndexDocument

HASTY = Patience(attempts=2, first_wait=0.01, longest_wait=0.01)
WRITER = {
    "cluster": ["monitor"],
    "indices": [{"names": ["secure", "secure-*"], "privileges": ["read", "write", "manage"]}],
}
READER = {
    "cluster": ["monitor"],
    "indices": [{"names": ["secure", "secure-*"], "privileges": ["read", "view_index_metadata", "monitor"]}],
}


@frozen(kw_only=True)
class Server:
    url: str
    ca: Path
    password: str

    def open(self, secret: str, *, name: str = "secure", ca: Path | None = None) -> ElasticIndex:
        return open_elastic(self.url, name, Analyzer(), password=secret, ca=ca or self.ca, patience=HASTY)

    def key(self, rights: dict[str, Any]) -> str:
        client = connect(self.url, password=self.password, ca=self.ca)
        made = client.security.create_api_key(name="test", role_descriptors={"one": rights})
        client.close()
        return f"ApiKey {made['encoded']}"


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with request.getfixturevalue("elasticsearch")("--secure") as (_, told):
        said = dict(word.split("=", 1) for word in shlex.split(told) if "=" in word)
        ca, password = (next(value for name, value in said.items() if part in name) for part in ("CA", "PASSWORD"))
        url = next(value for value in said.values() if value.startswith("https://"))
        yield Server(url=url, ca=Path(ca), password=password)


def test_a_pinned_authority_and_a_password_are_enough(server: Server, document: Callable[..., IndexDocument]) -> None:
    with server.open(server.password, name="pinned") as index:
        assert index.upsert([document(1)]).done == 1
        assert index.search(Search(query=parse(""))).total == 1


def test_another_authority_is_not_trusted(server: Server, tmp_path: Path) -> None:
    other = tmp_path / "other-ca.pem"
    other.write_bytes(make_authority())
    with pytest.raises(PartMissing, match="certificate is not trusted") as caught:
        server.open(server.password, ca=other)
    assert "TRACEMARK_INDEX_CA" in str(caught.value.hint)


def test_without_an_authority_the_systems_own_do_not_vouch(server: Server) -> None:
    with pytest.raises(PartMissing, match="certificate is not trusted"):
        open_elastic(server.url, "secure", Analyzer(), password=server.password, patience=HASTY)


def test_a_wrong_password_is_said(server: Server) -> None:
    with pytest.raises(NotPermitted, match="refused") as caught:
        server.open("wrong")
    assert "TRACEMARK_INDEX_PASSWORD" in str(caught.value.hint)
    assert "wrong" not in str(caught.value)


def test_an_authority_that_is_no_file_is_said(server: Server, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="not a file"):
        server.open(server.password, ca=tmp_path / "nowhere.pem")


def test_a_writer_needs_no_more_than_documented(server: Server, document: Callable[..., IndexDocument]) -> None:
    with server.open(server.key(WRITER)) as index:
        index.upsert([document(number, with_vector=True) for number in range(5)])
        index.set_position(5)
        index.delete([(document(0).key, 9)])
        making = index.rebuild()
        making.fresh.upsert([document(number) for number in range(3)])
        making.swap()
        assert (index.count(), index.position(), index.describe().documents) == (3, 0, 3)
        assert index.suggest("", "site")
        index.rebuild().discard()
    with pytest.raises(NotPermitted), server.open(server.key(WRITER), name="other") as elsewhere:
        elsewhere.upsert([document(1)])


def test_a_reader_reads_and_cannot_write(server: Server, document: Callable[..., IndexDocument]) -> None:
    with server.open(server.password) as index:
        index.upsert([document(1, 50)])
    with server.open(server.key(READER)) as reader:
        assert reader.search(Search(query=parse("listing:" + document(1).key))).total == 1
        assert reader.describe().documents == reader.count() >= 1
        assert reader.position() == 0
        with pytest.raises(NotPermitted):
            reader.upsert([document(2)])
        with pytest.raises(NotPermitted):
            reader.rebuild()


def make_authority() -> bytes:
    """The certificate of an authority that signed nothing."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "another authority")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM)
