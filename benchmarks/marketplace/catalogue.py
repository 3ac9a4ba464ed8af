"""Names, places and things that the marketplace is furnished with."""

from __future__ import annotations

from pathlib import Path

import yaml

from marketplace.models import Model

_WORDS = yaml.safe_load((Path(__file__).parent / "words.yaml").read_text(encoding="utf-8"))

SITES = ("harbor-ads", "prairie-trade", "ridge-market", "delta-classified", "summit-board")
LATE_SITE = "summit-board"
"""Visited for the last year only."""

HANDGUN, LONG, ANTIQUE = "firearm_handgun", "firearm_long", "antique"

_MODELS = """
firearm_handgun|Glock|19|9x19mm|520|1988
firearm_handgun|Glock|17|9x19mm|530|1985
firearm_handgun|Glock|43|9x19mm|420|2015
firearm_handgun|Glock|26|9x19mm|500|1995
firearm_handgun|Glock|22|.40 S&W|410|1990
firearm_handgun|Taurus|G3|9x19mm|280|2019
firearm_handgun|Taurus|Judge|.45 Colt|480|2006
firearm_handgun|Ruger|LCP|.380 ACP|220|2008
firearm_handgun|Ruger|SR22|.22 LR|360|2012
firearm_handgun|Ruger|EC9s|9x19mm|240|2017
firearm_handgun|SIG Sauer|P320|9x19mm|560|2014
firearm_handgun|SIG Sauer|P365|9x19mm|540|2018
firearm_handgun|SIG Sauer|P226|9x19mm|850|1984
firearm_handgun|Beretta|92|9x19mm|620|1976
firearm_handgun|CZ|75|9x19mm|650|1976
firearm_handgun|Colt|Python|.357 Magnum|1500|1955
firearm_handgun|Colt|1911|.45 ACP|1100|1911
firearm_handgun|Kimber|1911|.45 ACP|900|1996
firearm_handgun|Springfield Armory|XD|9x19mm|420|2002
firearm_handgun|Springfield Armory|Hellcat|9x19mm|520|2019
firearm_handgun|Smith & Wesson|Shield|9x19mm|380|2012
firearm_handgun|Smith & Wesson|686|.357 Magnum|800|1981
firearm_handgun|Walther|PPK|.380 ACP|700|1931
firearm_handgun|Canik|TP9|9x19mm|400|2012
firearm_handgun|FN|509|9x19mm|600|2017
firearm_handgun|Heckler & Koch|VP9|9x19mm|680|2014
firearm_long|Remington|700|.308 Winchester|680|1962
firearm_long|Remington|870|12 gauge|350|1951
firearm_long|Mossberg|500|12 gauge|320|1961
firearm_long|Winchester|70|.30-06|850|1936
firearm_long|Winchester|94|.30-30|780|1894
firearm_long|Marlin|336|.30-30|650|1948
firearm_long|Marlin|60|.22 LR|190|1960
firearm_long|Ruger|10/22|.22 LR|260|1964
firearm_long|Ruger|Mini-14|5.56x45mm|850|1973
firearm_long|Savage|110|.308 Winchester|520|1958
firearm_long|Browning|BAR|.30-06|950|1967
firearm_long|Browning|Citori|12 gauge|1500|1973
firearm_long|Benelli|M4|12 gauge|1700|1999
firearm_long|Stevens|Favorite|.22 LR|230|1915
firearm_long|Springfield Armory|M1A|.308 Winchester|1500|1974
firearm_long|Henry|Golden Boy|.22 LR|480|1997
firearm_long|Tikka|T3|.308 Winchester|720|2003
firearm_long|Weatherby|Vanguard|.300 Win Mag|700|1970
antique|Colt|Single Action Army|.45 Colt|2800|1873
antique|Winchester|73|.44-40|2400|1873
"""

MODELS = tuple(
    Model(item_class=kind, make=make, model=model, calibre=calibre, price=int(price), since=int(since))
    for kind, make, model, calibre, price, since in (line.split("|") for line in _MODELS.split("\n") if line)
)
HANDGUNS = tuple(one for one in MODELS if one.item_class == HANDGUN)
LONG_GUNS = tuple(one for one in MODELS if one.item_class == LONG)
ANTIQUES = tuple(one for one in MODELS if one.item_class == ANTIQUE)
OLD = tuple(one for one in MODELS if one.since < 1985)
POPULAR = HANDGUNS[:8]

PLACES = tuple(
    tuple(line.split("|"))
    for line in (
        "214|Dallas, Texas|TX", "713|Houston, Texas|TX", "512|Austin, Texas|TX", "210|San Antonio, Texas|TX",
        "602|Phoenix, Arizona|AZ", "520|Tucson, Arizona|AZ", "404|Atlanta, Georgia|GA", "912|Savannah, Georgia|GA",
        "615|Nashville, Tennessee|TN", "901|Memphis, Tennessee|TN", "502|Louisville, Kentucky|KY",
        "614|Columbus, Ohio|OH", "216|Cleveland, Ohio|OH", "513|Cincinnati, Ohio|OH", "317|Indianapolis, Indiana|IN",
        "414|Milwaukee, Wisconsin|WI", "816|Kansas City, Missouri|MO", "314|St. Louis, Missouri|MO",
        "405|Oklahoma City, Oklahoma|OK", "918|Tulsa, Oklahoma|OK", "501|Little Rock, Arkansas|AR",
        "205|Birmingham, Alabama|AL", "601|Jackson, Mississippi|MS", "504|New Orleans, Louisiana|LA",
        "803|Columbia, South Carolina|SC", "704|Charlotte, North Carolina|NC", "804|Richmond, Virginia|VA",
        "412|Pittsburgh, Pennsylvania|PA", "305|Miami, Florida|FL", "813|Tampa, Florida|FL",
        "904|Jacksonville, Florida|FL", "402|Omaha, Nebraska|NE", "605|Sioux Falls, South Dakota|SD",
        "701|Fargo, North Dakota|ND", "406|Billings, Montana|MT", "208|Boise, Idaho|ID", "801|Salt Lake City, Utah|UT",
        "702|Las Vegas, Nevada|NV", "505|Albuquerque, New Mexico|NM", "316|Wichita, Kansas|KS",
        "515|Des Moines, Iowa|IA", "304|Charleston, West Virginia|WV", "307|Cheyenne, Wyoming|WY",
        "603|Manchester, New Hampshire|NH", "207|Portland, Maine|ME", "313|Detroit, Michigan|MI",
    )
)  # fmt: skip

AREA_CODES = tuple(_WORDS["area_codes"].split())
"""In each of them the numbers 555-0100 to 555-0199 are set aside for fiction."""

FIRST_WORDS = tuple(_WORDS["first_words"].split())
SECOND_WORDS = tuple(_WORDS["second_words"].split())
GENERIC_HANDLES = ("gunguy", "hunter", "john", "mike", "outdoorsman", "patriot", "shooter", "trader", "vet", "bigmike")

SHOPS = ("Corner Sports", "Main Street Outfitters", "Valley Pawn", "Old Mill Supply", "Bridge Street Sports")
BUSINESS_ENDS = ("Arms", "Firearms", "Gun Works", "Outfitters", "Sporting Goods", "Gun Shop")

GOODS = (
    ("accessory", "Leather holster", "A leather belt holster, worn one season", 35),
    ("accessory", "Rifle scope 3-9x40", "Clear glass, no scratches, with rings", 90),
    ("accessory", "Gun safe, 12 places", "Heavy, bring a friend to carry it", 300),
    ("ammunition", "9mm ammunition, 500 rounds", "Factory loads in the boxes they came in", 130),
    ("ammunition", "12 gauge shells", "Four boxes of target loads", 40),
    ("airsoft_replica_toy", "Airsoft pistol", "Shoots plastic balls, with two magazines", 60),
    ("air_or_gas", "Air rifle .177", "For tins in the garden", 110),
    ("knife_or_other_weapon", "Hunting knife", "Fixed blade with a sheath", 45),
    ("look_alike_tool", "Nail gun", "Frames a house, with its case", 120),
    ("look_alike_tool", "Glue gun", "For crafts, with sticks", 10),
    ("other", "Oak dining table", "Seats six, some marks on the top", 220),
    ("other", "Mountain bike", "Medium frame, new chain", 340),
    ("other", "Kayak with paddle", "Ten feet, used on the lake", 280),
    ("other", "Chest freezer", "Works well, moving house", 150),
    ("other", "Fishing rods", "Three rods and a box of lures", 70),
)
