from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from classifiers.encoder import OnnxEncoder, SentenceTransformersEncoder
from classifiers.encoder.build import find_model_folder

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def shipped() -> OnnxEncoder:
    return OnnxEncoder.shipped()


@pytest.fixture(scope="session")
def model_folder() -> Path:
    return find_model_folder()


@pytest.fixture(scope="session")
def reference(model_folder: Path) -> SentenceTransformersEncoder:
    return SentenceTransformersEncoder(model_folder)


@pytest.fixture(scope="session")
def sentences() -> tuple[str, ...]:
    """Sentences of listings in eight languages, long and short, of several kinds of goods."""
    return (
        "Bolt action rifle in .308, scope and case included.",
        "Selling my grandfather's double barrel shotgun, it has hung over the fireplace for forty years.",
        "Nine pistols from a private collection, prefer to sell as one lot.",
        "Transfer through a licensed dealer only, buyer pays the fee.",
        "No paperwork, cash, meet at the car park.",
        "Cordless brad nailer with two batteries, hardly used.",
        "Airsoft replica, 6 mm, orange tip still on.",
        "Leather holster, right hand.",
        "WTS/WTT: upper only!!! $450 obo",
        "The frame comes unfinished and carries no number; jig is in the box, ask me about delivery.",
        "Vendo rifle de cerrojo calibre 7 mm con mira y funda.",
        "Pistola de fogueo, como nueva, se entrega en mano en Valencia.",
        "Sin papeles, solo efectivo, no hago preguntas.",
        "Escopeta superpuesta del calibre 12, guía de pertenencia en regla.",
        "Tengo cinco iguales, precio por lote, envío a toda la península.",
        "Taladro percutor con maletín y tres brocas.",
        "Se busca cargador para carabina antigua.",
        "Vendo espingarda calibre 12, pouco uso, com documentos em dia.",
        "Pistola de pressão 4,5 mm, acompanha caixa de chumbinhos.",
        "Só dinheiro vivo, entrego na estação, sem nota.",
        "Lote de três revólveres antigos para colecionador.",
        "Coldre de couro feito à mão, envio pelos correios.",
        "Procuro carregador para carabina de repetição.",
        "Furadeira sem fio com duas baterias.",
        "Carabine à verrou calibre .243, lunette montée, très bon état.",
        "Vente uniquement sur présentation du permis de chasser et d'une pièce d'identité.",
        "Pistolet d'alarme 9 mm, livré avec sa mallette.",
        "Pas de papiers, paiement en espèces, remise en main propre à Lyon.",
        "Lot de quatre armes neutralisées, certificats fournis.",
        "Pistolet à colle, neuf, jamais servi.",
        "Étui en cuir pour droitier.",
        "Fusil superposé de mon père, crosse en noyer, canons de 71 cm.",
        "Repetierbüchse im Kaliber 8x57 IS mit Zielfernrohr.",
        "Abgabe nur an Inhaber einer Erwerbserlaubnis, Versand nach Absprache.",
        "Schreckschusspistole, neuwertig, im Koffer.",
        "Ohne Papiere, nur bar, Übergabe auf dem Parkplatz.",
        "Heißklebepistole, einmal benutzt, voll funktionsfähig.",
        "Konvolut: fünf Deko-Gewehre aus einer Sammlungsauflösung.",
        "Akkuschrauber mit zwei Akkus und Ladegerät.",
        "Продам охотничий карабин с оптикой, состояние отличное.",
        "Только при наличии лицензии, переоформление в отделе.",
        "Без документов, наличные, встреча у метро.",
        "Сигнальный пистолет, новый, в коробке.",
        "Строительный степлер, почти не использовался.",
        "Продаю пять одинаковых пневматических винтовок оптом.",
        "Кобура кожаная, ручная работа.",
        "للبيع بندقية صيد عيار ١٢ بحالة ممتازة.",
        "التسليم باليد فقط والدفع نقدا، بدون أوراق.",
        "مسدس صوت جديد مع العلبة والملحقات.",
        "هل تبحث عن منظار؟ لدي ثلاثة منها.",
        "مثقاب كهربائي مع حقيبة، استعمال خفيف.",
        "مجموعة من السيوف القديمة لهواة الجمع.",
        "出售猎枪一支，十二号口径，成色很好。",
        "不问用途，只收现金，可以当面交易。",
        "全新热熔胶枪，送十根胶棒。",
        "水弹玩具枪，适合儿童，包邮。",
        "出售望远镜和皮套，八成新。",
        "一共五把，打包价更低！",
        "需要持证购买，手续齐全。",
        "电钻一台，带两块电池。",
    )
