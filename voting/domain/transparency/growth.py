"""How the log grows: entries are appended, and full bundles and tiles come of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from voting.domain.ballots import merkle
from voting.domain.transparency import bundle
from voting.domain.transparency.tree import TILE_HASHES, Edge, Tile


@dataclass(slots=True)
class LogEnd:
    """The end of a log: the right edge of its tree, and the entries of its last bundle, which is not full."""

    edge: Edge = field(default_factory=Edge)
    entries: list[bytes] = field(default_factory=list)

    @property
    def size(self) -> int:
        """The number of leaves."""
        return self.edge.size

    def grown(self, entries: Sequence[bytes]) -> Growth:
        """Returns the log's end with these entries appended, and what is full now; this end does not change."""
        edge = Edge(self.size, [list(row) for row in self.edge.levels])
        tiles = edge.append([merkle.leaf_hash(entry) for entry in entries])
        rest = [*self.entries, *entries]
        full = len(rest) // TILE_HASHES
        bundles = [bundle.frame(rest[at : at + TILE_HASHES]) for at in range(0, full * TILE_HASHES, TILE_HASHES)]
        return Growth(LogEnd(edge, rest[full * TILE_HASHES :]), self.size // TILE_HASHES, bundles, tiles)


class Growth(NamedTuple):
    """A log's new end, its new full bundles, of which the first has the number `first_bundle`, and its new tiles."""

    end: LogEnd
    first_bundle: int
    bundles: list[bytes]
    tiles: list[Tile]
