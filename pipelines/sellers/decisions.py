"""What people decided about items: pieces that are one thing, and pieces that are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipelines.models import JsonObject

Piece = tuple[str, str, int]
"""A site, the site's own id of a listing, and the number of the thing in it, from 0."""


@frozen
class Hands:
    """Merges and splits as they stand. A later decision about the same two pieces wins over an earlier one."""

    _together: dict[Piece, tuple[Piece, ...]] = field(factory=dict)
    _apart: dict[Piece, frozenset[Piece]] = field(factory=dict)

    @classmethod
    def of(cls, decisions: Iterable[tuple[str, JsonObject]]) -> Hands:
        """From decisions in their order: (merge, {pieces}) or (split, {pieces, from})."""
        together: dict[Piece, set[Piece]] = {}
        apart: dict[Piece, set[Piece]] = {}
        for action, body in decisions:
            pieces = _read(body["pieces"])
            if action == "merge":
                for one in pieces:
                    apart[one] = apart.get(one, set()) - set(pieces)
                    together[one] = together.get(one, set()) | (set(pieces) - {one})
            elif action == "split":
                rest = _read(body["from"])
                for these, those in ((pieces, rest), (rest, pieces)):
                    for one in these:
                        together[one] = together.get(one, set()) - set(those)
                        apart[one] = apart.get(one, set()) | set(those)
        return cls(
            {piece: tuple(sorted(others)) for piece, others in together.items()},
            {piece: frozenset(others) for piece, others in apart.items()},
        )

    def together(self, piece: Piece) -> tuple[Piece, ...]:
        """The pieces that a person joined with this one."""
        return self._together.get(piece, ())

    def are_apart(self, piece: Piece, others: Iterable[Piece]) -> bool:
        """Whether a person said that this piece is none of `others`."""
        said = self._apart.get(piece)
        return said is not None and not said.isdisjoint(others)


def _read(pieces: Sequence[Sequence[object]]) -> list[Piece]:
    return [(str(site), str(native_id), int(str(number))) for site, native_id, number in pieces]
