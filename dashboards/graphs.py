"""The accounts around one account as a picture: places in SVG units, which a template writes beside their table."""

from __future__ import annotations

from math import cos, pi, sin
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_WIDTH, _MIDDLE = 960.0, 480.0
_ONE_RING = 10
"""So many accounts stand in one ring around the first; more in two, by turns."""


@frozen(kw_only=True)
class Node:
    """An account. `number` is its row in the table, 0 the account itself; `further` its links to accounts not shown."""

    number: int
    name: str
    site: str
    id: str
    x: float
    y: float
    further: int


@frozen(kw_only=True)
class Edge:
    """A link. `stands` is holds, weak or cut; `label` the kinds of its reasons, `words` the reasons."""

    x1: float
    y1: float
    x2: float
    y2: float
    stands: str
    label: str
    words: str

    @property
    def at(self) -> tuple[float, float]:
        """Where its label stands: nearer to its second end, where lines are further apart."""
        return round(self.x1 + 0.6 * (self.x2 - self.x1), 1), round(self.y1 + 0.6 * (self.y2 - self.y1), 1)


@frozen(kw_only=True)
class Graph:
    """Accounts and links, `width` by `height` units."""

    width: float
    height: float
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


@frozen(kw_only=True)
class Link:
    """A link to draw, between two accounts by their number."""

    ends: tuple[int, int]
    stands: str
    reasons: tuple[tuple[str, str], ...]


def draw_graph(accounts: Sequence[tuple[str, str, str]], links: Sequence[Link], further: Mapping[int, int]) -> Graph:
    """A graph of accounts (name, site, id), the first in the middle, the others around it in their order."""
    around = len(accounts) - 1
    tall = 150.0 if around <= 2 else 300.0 if around <= _ONE_RING else 560.0
    middle = tall / 2 + 30
    nodes = []
    for number, (name, site, native_id) in enumerate(accounts):
        x, y = (_MIDDLE, middle) if number == 0 else _place(number - 1, around, middle, tall / 2)
        nodes.append(Node(number=number, name=name, site=site, id=native_id, x=x, y=y, further=further.get(number, 0)))
    edges = [_edge(nodes[link.ends[0]], nodes[link.ends[1]], link) for link in links]
    return Graph(width=_WIDTH, height=tall + 75, nodes=tuple(nodes), edges=tuple(edges))


def _place(position: int, around: int, middle: float, tall: float) -> tuple[float, float]:
    angle = 2 * pi * position / around + (0 if around <= 2 else pi / 2 / around)
    near = 0.62 if around > _ONE_RING and position % 2 else 1.0
    return round(_MIDDLE + near * 380 * cos(angle), 1), round(middle + near * tall * sin(angle), 1)


def _edge(one: Node, other: Node, link: Link) -> Edge:
    kinds = sorted({kind.replace("_", " ") for kind, _ in link.reasons})
    words = "; ".join(words for _, words in link.reasons)
    return Edge(x1=one.x, y1=one.y, x2=other.x, y2=other.y, stands=link.stands, label=", ".join(kinds), words=words)
