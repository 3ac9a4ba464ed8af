"""The fonts of the PDF report: which characters they hold, and how they are cut from Debian's.

`python -m pipelines.packet.typefaces` (`make fonts`) cuts them anew; it needs fontTools and the Debian packages
fonts-noto-core and fonts-noto-cjk. They come with us, since the same case must give the same PDF on every machine.
"""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Self

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

FAMILIES = ("Noto Sans", "Noto Sans Arabic", "Noto Sans CJK SC")
_COVERAGE = "coverage.bin"
_PLANE = 1 << 16
_DEBIAN = Path("/usr/share/fonts")
_WORDS = [
    *range(0x20, 0x7F), *range(0xA0, 0x250), *range(0x370, 0x530), *range(0x1E00, 0x1F00), *range(0x2010, 0x2028),
    *range(0x2030, 0x2060), *range(0x20A0, 0x20C0), *range(0x2100, 0x2190), 0x2212, 0x2248, 0x2260, 0x2264, 0x2265,
]  # fmt: skip
_ARABIC = [0x20, 0xA0, *range(0x600, 0x61C), *range(0x61D, 0x700), *range(0x750, 0x780)]
_CJK = [*range(0x3000, 0x3100), *range(0xFF01, 0xFFEF)]


@frozen(kw_only=True)
class Coverage:
    """The characters that the shipped fonts show: a bit for each code point of the first plane."""

    bits: bytes

    @classmethod
    def shipped(cls) -> Self:
        """That of the fonts beside this module."""
        return cls(bits=files("pipelines.packet").joinpath("fonts", _COVERAGE).read_bytes())

    def __contains__(self, char: object) -> bool:
        code = ord(char) if isinstance(char, str) else _PLANE
        return code < _PLANE and bool(self.bits[code >> 3] >> (code & 7) & 1)


def folder() -> str:
    """Where the fonts lie."""
    return str(files("pipelines.packet").joinpath("fonts"))


def _han() -> Iterator[int]:
    """What the two national sets of characters in use hold: GB 2312 and Big5, about 13,000."""
    for codec in ("gb2312", "big5"):
        for lead in range(0xA1, 0xFF):
            for trail in (*range(0x40, 0x7F), *range(0xA1, 0xFF)):
                text = bytes((lead, trail)).decode(codec, "ignore")
                yield from map(ord, text if len(text) == 1 else "")


def cut_fonts(out: Path) -> None:
    """Write the fonts and their coverage into `out`; the same packages give the same bytes."""
    from fontTools.subset import Options, Subsetter  # noqa: PLC0415 -- only needed here
    from fontTools.ttLib import TTFont  # noqa: PLC0415

    wanted = [(f"truetype/noto/NotoSans-{weight}.ttf", -1, _WORDS) for weight in ("Regular", "Bold")]
    wanted += [(f"truetype/noto/NotoSansArabic-{weight}.ttf", -1, _ARABIC) for weight in ("Regular", "Bold")]
    wanted.append(("opentype/noto/NotoSansCJK-Regular.ttc", 2, [*_CJK, *_han()]))
    held = bytearray(_PLANE >> 3)
    for source, number, characters in wanted:
        font = TTFont(_DEBIAN / source, fontNumber=number, recalcTimestamp=False)
        options = Options(layout_features=["*"], name_IDs=["*"], hinting=False)
        if number >= 0:
            options.drop_tables += ["vhea", "vmtx", "VORG", "BASE", "GSUB", "GPOS"]
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=characters)
        subsetter.subset(font)
        font.save(out / Path(source).name.replace(".ttc", ".otf"))
        for code in font.getBestCmap():
            held[code >> 3] |= 1 << (code & 7)
    (out / _COVERAGE).write_bytes(bytes(held))


if __name__ == "__main__":
    cut_fonts(Path(__file__).with_name("fonts"))
    sys.exit(0)
