"""Varied listings of our own, and both engines with a real server behind one of them."""

from __future__ import annotations

import random
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "benchmarks"))

from elastic_server import started

from pipelines.index.analysis import Analyzer
from pipelines.index.document import IndexDocument

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

TEXTS = {
    "en": (
        "Glock 19 pistol",
        "Selling my {make} {model}, no background check needed, shooting accessories included. Cash only.",
    ),
    "es": (
        "Pistola {make} {model}",
        "Vendo pistolas {make} sin papeles, calibre {calibre}, entrega en mano en la montaña.",
    ),
    "pt": ("Espingarda {make}", "Vendo espingardas e munições, {model}, aceito trocas. Coleção particular."),
    "fr": ("Fusil {make} {model}", "Fusils de chasse déclarés, vente à un tireur licencié, calibre {calibre}."),
    "de": ("Jagdgewehr {make}", "Verkaufe Gewehre für Jäger, Abgabe nur an Inhaber einer Erlaubnis. Größe passt."),
    "ru": ("Пистолет {make}", "Продаю пистолеты и патроны {calibre}, самовывоз, ещё новый ёлочный чехол."),
    "zh": ("出售 {make} 手枪", "出售全新手枪 {model}，价格面议，支持快递。"),
    "ar": ("مسدس {make} للبيع", "للبيع مسدسات جديدة مع الذخيرة، التسليم باليد في المدينة، {model}"),
}
MAKES = ("Glock", "Sig Sauer", "Česká zbrojovka", "Smith & Wesson", "Ruger", "Beretta")
MODELS = ("19 Gen5", "P226", "CZ 75", "M&P9", "10/22", "92FS", "AR-15")
CALIBRES = ("9mm", ".45 ACP", "7.62x39", ".22 LR", "12 gauge")
PLACES = (
    ("Austin, Texas", "US"),
    ("Zürich", "CH"),
    ("São Paulo", "BR"),
    ("München", "DE"),
    ("Москва", "RU"),
    (None, None),
)
SIGNALS = ("no_check_offered", "bulk_quantity", "cash_only", "private_sale", "ffl_transfer")
CLASSES = ("firearm_handgun", "firearm_long", "ammunition", "accessory", "airsoft_replica_toy")
EXTRAS = (
    "airsoft replica",
    "shooting bench",
    "two pistols",
    "holster and sights",
    "mint condition",
    "rifle scope",
    "g\u200block mags",
    "",
)
FIRST_DAY = date(2025, 9, 1)


def make_line(number: int, seed: int = 7) -> dict[str, Any]:
    chance = random.Random(f"{seed}-{number}")  # noqa: S311 -- varied texts, not secrets
    language = chance.choice(tuple(TEXTS))
    words = {"make": chance.choice(MAKES), "model": chance.choice(MODELS), "calibre": chance.choice(CALIBRES)}
    title, description = (text.format(**words) for text in TEXTS[language])
    extras = " ".join(chance.choice(EXTRAS) for _ in range(chance.randrange(6)))
    first = FIRST_DAY + timedelta(days=chance.randrange(300))
    last = first + timedelta(days=chance.randrange(40))
    place, country = chance.choice(PLACES)
    seller = chance.randrange(25)
    assessed = chance.random() < 0.9
    return {
        "site": chance.choice(("alpha", "beta", "gamma")),
        "id": f"a{number}",
        "url": f"https://market.example.com/item/{number}",
        "status": chance.choice(("active", "active", "sold", "removed", "gone")),
        "first_seen": f"{first}T10:00:00+00:00",
        "last_seen": f"{last}T{chance.randrange(24):02}:30:00+00:00",
        "title": f"{title} {chance.choice(EXTRAS)}".strip(),
        "description": f"{description} {extras}".strip(),
        "price": {"amount": chance.choice((99, 250, 399.5, 450, 800, 1200)), "currency": "USD"}
        if chance.random() < 0.8
        else None,
        "seller": {"id": f"u{seller}", "name": f"John D{seller} Collector"} if chance.random() < 0.9 else None,
        "contacts": [{"kind": "phone", "value": f"+1202555{number % 7:04}", "start": 0, "end": 1}]
        if number % 3 == 0
        else [],
        "location": place,
        "country": country,
        "posted": str(first) if chance.random() < 0.9 else None,
        "items": [{"class": chance.choice(CLASSES), "quantity": 1, **words}] if chance.random() < 0.8 else [],
        "assessment": {
            "language": language,
            "class": chance.choice(CLASSES),
            "signals": [{"name": name} for name in chance.sample(SIGNALS, chance.randrange(4))],
            "review": chance.choice(("none", "none", "idle", "review")),
            "scores": {"bulk_sale": round(number % 11 / 10, 3), "untraceable": 0.15},
        }
        if assessed
        else None,
        "decision": chance.choice((None, None, "relevant", "not_relevant")),
        "seller_review": chance.choice((None, "none", "idle", "review")),
    }


def make_document(
    number: int, sequence: int | None = None, *, with_vector: bool = False, **changes: Any
) -> IndexDocument:
    line = make_line(number) | changes
    vector = None
    if with_vector:
        vector = np.random.default_rng(number).standard_normal(384).astype(np.float32)
    return IndexDocument(
        key=f"{line['site']}/{line['id']}",
        sequence=number + 1 if sequence is None else sequence,
        line=line,
        vector=vector,
    )


@pytest.fixture(scope="session")
def analyzer() -> Analyzer:
    return Analyzer()


@pytest.fixture(scope="session")
def document() -> Callable[..., IndexDocument]:
    return make_document


@pytest.fixture(scope="session")
def elasticsearch_url(elasticsearch: Callable[..., AbstractContextManager[tuple[Any, str]]]) -> Iterator[str]:
    with elasticsearch() as (_, told):
        yield told.split()[-1]


@pytest.fixture(scope="session")
def elasticsearch() -> Callable[..., AbstractContextManager[tuple[Callable[..., None], str]]]:
    """Starts a server of its own that begins empty (benchmarks/elastic_server.py)."""
    return started
