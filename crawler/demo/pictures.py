"""Pictures for the listings: seeded still lifes, drawn on demand, the same bytes for the same word."""

from __future__ import annotations

import hashlib
import io
import random
from functools import lru_cache

from PIL import Image, ImageDraw

SIZE = (360, 270)
_GRID = (6, 5)

Colour = tuple[int, int, int]


@lru_cache(maxsize=512)
def draw_picture(word: str, number: int, kind: str) -> bytes:
    """Draw the `number`-th picture (from 1) of `word` as `kind` ("JPEG" or "PNG"), 360 x 270 pixels.

    The coarse light and dark of the background is random per picture, so that perceptual hashes of two
    different pictures lie far apart; the foreground is a handful of shapes.
    """
    seed = hashlib.sha256(f"{word}/{number}".encode()).digest()
    dice = random.Random(seed)  # noqa: S311 - a picture, not a secret
    picture = _draw_background(dice)
    draw = ImageDraw.Draw(picture)
    for _ in range(dice.randint(4, 7)):
        _draw_shape(draw, dice)
    draw.rectangle((0, SIZE[1] - 16, SIZE[0], SIZE[1]), fill=(245, 245, 240))
    draw.text((6, SIZE[1] - 14), f"training picture {seed.hex()[:8]}", fill=(90, 90, 90))
    out = io.BytesIO()
    if kind == "PNG":
        picture.quantize(48).save(out, "PNG")
    else:
        picture.save(out, "JPEG", quality=82)
    return out.getvalue()


def _draw_background(dice: random.Random) -> Image.Image:
    coarse = Image.new("RGB", _GRID)
    base = _pick_colour(dice, 40, 220)
    for x in range(_GRID[0]):
        for y in range(_GRID[1]):
            shift = dice.randint(-60, 60)
            red, green, blue = (max(0, min(255, channel + shift)) for channel in base)
            coarse.putpixel((x, y), (red, green, blue))
    return coarse.resize(SIZE, Image.Resampling.BICUBIC)


def _draw_shape(draw: ImageDraw.ImageDraw, dice: random.Random) -> None:
    width, height = dice.randint(40, 190), dice.randint(25, 130)
    left, top = dice.randint(-20, SIZE[0] - 60), dice.randint(-10, SIZE[1] - 60)
    box = (left, top, left + width, top + height)
    fill, line = _pick_colour(dice, 20, 235), _pick_colour(dice, 0, 90)
    form = dice.choice(("ellipse", "rounded", "polygon", "bar"))
    if form == "ellipse":
        draw.ellipse(box, fill=fill, outline=line, width=3)
    elif form == "rounded":
        draw.rounded_rectangle(box, radius=14, fill=fill, outline=line, width=3)
    elif form == "bar":
        draw.line((left, top, left + width, top + height), fill=fill, width=dice.randint(8, 26))
    else:
        corners = [(left + dice.randint(0, width), top + dice.randint(0, height)) for _ in range(5)]
        draw.polygon(corners, fill=fill, outline=line)


def _pick_colour(dice: random.Random, low: int, high: int) -> Colour:
    return (dice.randint(low, high), dice.randint(low, high), dice.randint(low, high))
