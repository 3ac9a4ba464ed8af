"""WARC, WACZ and saved pages as others make them (warcio writes SHA-1 in base32)."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import zipfile
import zlib
from typing import TYPE_CHECKING

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

if TYPE_CHECKING:
    from collections.abc import Sequence

HOST = "https://market.example.com"
PAGE = """<!doctype html><html><head><title>{title}</title>
<script type="application/ld+json">{{"@context": "https://schema.org", "@type": "Product", "name": "{title}",
"productID": "{number}", "description": "{text}", "offers": {{"@type": "Offer", "price": "{price}",
"priceCurrency": "USD"}}}}</script></head><body><h1>{title}</h1><p>{text}</p></body></html>"""


def page(number: int, price: int = 450, text: str = "Bolt action, walnut stock. Meet in town.") -> bytes:
    return PAGE.format(number=number, title=f"Rifle number {number}", price=price, text=text).encode()


def day(number: int) -> str:
    return f"2026-02-{number:02d}T10:00:00Z"


def write_warc(
    pages: Sequence[tuple[str, str, bytes]], *, compressed: bool = True, headers: Sequence[tuple[str, str]] = ()
) -> bytes:
    """A WARC of `pages` (address, date, body), as warcio writes it."""
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=compressed, warc_version="1.1")
    writer.write_record(writer.create_warcinfo_record("others.warc", {"software": "another collector"}))
    for url, date, body in pages:
        http = StatusAndHeaders("200 OK", [("Content-Type", "text/html; charset=utf-8"), *headers], protocol="HTTP/1.1")
        record = writer.create_warc_record(
            url, "response", payload=io.BytesIO(body), http_headers=http, warc_headers_dict={"WARC-Date": date}
        )
        writer.write_record(record)
        record.raw_stream.close()  # a temporary file that warcio leaves open
    return out.getvalue()


def five(compressed: bool = True) -> bytes:
    return write_warc([(f"{HOST}/item/{n}", day(n), page(n)) for n in range(1, 6)], compressed=compressed)


def members(data: bytes) -> list[bytes]:
    """The gzip members of a file."""
    found = []
    while data:
        inflater = zlib.decompressobj(31)
        inflater.decompress(data)
        found.append(data[: len(data) - len(inflater.unused_data)])
        data = inflater.unused_data
    return found


def write_wacz(warcs: dict[str, bytes], *, change: str | None = None) -> bytes:
    """A WACZ; the archive named by `change` is not what its data package says."""
    resources = [
        {
            "name": name,
            "path": f"archive/{name}",
            "hash": f"sha256:{hashlib.sha256(data).hexdigest()}",
            "bytes": len(data),
        }
        for name, data in warcs.items()
    ]
    package = json.dumps({"profile": "data-package", "wacz_version": "1.1.1", "resources": resources}).encode()
    digest = {"path": "datapackage.json", "hash": f"sha256:{hashlib.sha256(package).hexdigest()}"}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in warcs.items():
            archive.writestr(f"archive/{name}", gzip.compress(b"WARC/1.1") if name == change else data)
        archive.writestr("datapackage.json", package)
        archive.writestr("datapackage-digest.json", json.dumps(digest))
    return out.getvalue()
