"""Signs the PDF report so that ordinary PDF readers, and Debian's `pdfsig`, can tell that it was changed.

They know P-256, not Ed25519. So the workspace's one secret gives both keys: HKDF (RFC 5869) makes the P-256 key from
the Ed25519 key, one way only. There is no second file to guard, and a rotation turns both.
"""

from __future__ import annotations

import asyncio
import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from pipelines.packet.keys import SigningKey

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256's group (SP 800-186, 3.2.1.3)
_FIELD = "Seal"
_RESERVED = 8192  # hex digits for the signature with its certificate; about 2,000 are used
_FROM, _UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2099, 12, 31, tzinfo=UTC)  # what ends it is revocation


def derive_key(key: SigningKey) -> ec.EllipticCurvePrivateKey:
    """Return the P-256 key that belongs to a workspace's key; always the same one."""
    form = serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
    seed = HKDF(algorithm=hashes.SHA256(), length=48, salt=None, info=b"tracemark report P-256").derive(
        key.private.private_bytes(*form)
    )
    # 48 bytes against a group of 32: what the remainder favours is beyond measuring (FIPS 186-5, A.2.1).
    return ec.derive_private_key(int.from_bytes(seed, "big") % (_ORDER - 1) + 1, ec.SECP256R1())


def make_certificate(key: SigningKey) -> x509.Certificate:
    """Return the P-256 key's certificate, signed by itself, named after the workspace key; always the same bytes."""
    private = derive_key(key)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Tracemark packet key {key.public.fingerprint[:32]}")])
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(int(key.public.fingerprint[:30], 16))
        .not_valid_before(_FROM)
        .not_valid_after(_UNTIL)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(private, hashes.SHA256(), ecdsa_deterministic=True)
    )


def sign_paper(paper: bytes, key: SigningKey, at: datetime) -> bytes:
    """Return the PDF with a signature appended: its first bytes are `paper`, unchanged."""
    from asn1crypto import keys  # noqa: PLC0415 -- pyHanko takes 0.5 s
    from asn1crypto import x509 as certificates  # noqa: PLC0415
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter  # noqa: PLC0415
    from pyhanko.sign.signers import SimpleSigner  # noqa: PLC0415
    from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigObjSetup  # noqa: PLC0415
    from pyhanko.sign.signers.pdf_byterange import SignatureObject  # noqa: PLC0415
    from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes  # noqa: PLC0415
    from pyhanko_certvalidator.registry import SimpleCertificateStore  # noqa: PLC0415

    form = serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    certificate = make_certificate(key).public_bytes(serialization.Encoding.DER)
    signer = SimpleSigner(
        signing_cert=certificates.Certificate.load(certificate),
        signing_key=keys.PrivateKeyInfo.load(derive_key(key).private_bytes(*form)),
        cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]  # pyHanko has no types there
    )
    writer = IncrementalPdfFileWriter(BytesIO(paper))
    steps = PdfCMSEmbedder().write_cms(field_name=_FIELD, writer=writer)
    next(steps)
    placeholder = SignatureObject(timestamp=at, reason="seal of an evidence packet", bytes_reserved=_RESERVED)
    steps.send(SigObjSetup(sig_placeholder=placeholder))
    prepared, out = steps.send(SigIOSetup(md_algorithm="sha256", in_place=False))
    signing = signer.async_sign(
        prepared.document_digest,
        digest_algorithm="sha256",
        signed_attr_settings=PdfCMSSignedAttributes(signing_time=at),
    )
    with ThreadPoolExecutor(1) as thread:  # the caller's may run a loop of its own, as the desk's do
        signature = thread.submit(asyncio.run, signing).result()
    steps.send(signature)
    signed: bytes = out.getvalue()
    if not signed.startswith(paper):
        raise RuntimeError("the signature changed the report")
    return signed


def describe_paper(paper: bytes) -> dict[str, object]:
    """Return what the content says of the report: its signature lies behind these bytes, outside the root."""
    return {"file": "report.pdf", "size": len(paper), "sha256": hashlib.sha256(paper).hexdigest()}
