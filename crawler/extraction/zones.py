"""What the names in class, id, itemprop and test attributes say about an element, in several languages."""

from __future__ import annotations

import re


class Zone:
    """Bits that say in what part of a page something stands."""

    NONE = 0
    CHROME = 1  # navigation, header, footer, breadcrumb, cookie banner
    ASIDE = 2
    FORM = 4
    CONTROL = 8  # inside a button
    HIDDEN = 16
    RELATED = 32  # other offers, recommendations, comments
    LABEL = 64
    HEADER = 128  # a <header>: of the page or of an article
    OUTSIDE = CHROME | HIDDEN | RELATED | CONTROL


_SPLIT = re.compile(r"[^A-Za-zÀ-ÿ=<>]+|(?<=[a-zà-ÿ])(?=[A-Z])")
_CHROME = frozenset(
    "nav navbar navigation menu topbar footer breadcrumb breadcrumbs crumbs crumb cookie cookies consent sitemap skip masthead toolbar "
    "role=navigation role=banner role=contentinfo role=search role=menu basket minicart cart login signin modal popup dialog overlay "
    "lightbox newsletter pagination pager copyright language currency".split()
)
_RELATED = frozenset(
    "related similar similars recommend recommended recommendation recommendations recommends upsell upsells crosssell cross sidebar widget comments replies suggestions "
    "suggested bestsellers bestseller recently sponsored promo banner carousel-related alsobought also others "
    "popular trending viewed latest".split()
)
_FIELDS: dict[str, frozenset[str]] = {
    "title": frozenset("title titel titre titulo name headline heading subject itemtitle adtitle naslov nazwa".split()),
    "price": frozenset("price prices pricing preis prix precio preco amount cost prezzo prijs cena bid ask saleprice ourprice itemprice hind".split()),
    "former": frozenset("old was rrp msrp list regular strike original crossed before retail save saving savings discount compare shipping".split()),
    "description": frozenset("description desc descr beschreibung descripcion descricao body content text details detail message post bodytext itembody opis omschrijving kirjeldus introduction".split()),
    "seller": frozenset("seller vendor dealer merchant owner author username user poster advertiser shop store agent agency broker verkaeufer verkaufer vendeur vendedor anunciante pro contactname company member profile".split()),
    "location": frozenset("location address city place region locality area ort standort lieu ville ubicacion localidad cidade locate addresslocality adr geo neighbourhood map".split()),
    "posted": frozenset("date posted published publish time created datetime timestamp datum fecha data added dateposted datepublished".split()),
    "image": frozenset("gallery image images photo photos picture pictures slider carousel thumbs thumbnail".split()),
    "sold": frozenset("sold vendu verkauft vendido".split()),
    "category": frozenset("breadcrumb breadcrumbs crumbs crumb breadcrum category".split()),
    "condition": frozenset("condition itemcondition zustand".split()),
}  # fmt: skip
_WORDS: dict[str, tuple[str, ...]] = {}
for _name, _words in _FIELDS.items():
    for _word in _words:
        _WORDS[_word] = (*_WORDS.get(_word, ()), _name)


def describe_names(names: str) -> tuple[tuple[str, ...], int]:
    """Tell the fields that an element's names hint at, and the zone they put it in."""
    words = [word.lower() for word in _SPLIT.split(names) if word]
    fields: list[str] = []
    zone = Zone.NONE
    for word in words:
        if word in _CHROME:
            zone |= Zone.CHROME
        elif word in _RELATED:
            zone |= Zone.RELATED
        elif word == "<header>":
            zone |= Zone.HEADER
        fields.extend(_WORDS.get(word, ()))
    return tuple(dict.fromkeys(fields)), zone
