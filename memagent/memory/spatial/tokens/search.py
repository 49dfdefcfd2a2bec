# SPDX-License-Identifier: Apache-2.0
"""Which place looks like this? By tokens, or by what tokens must beat."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from memagent.memory.spatial.tokens import lattice
from memagent.memory.spatial.tokens.lattice import Floats
from memagent.memory.spatial.tokens.log import TokenLog
from memagent.memory.spatial.tokens.network import TokenError


class SearchBy(str, Enum):
    """What of a place is compared with the query."""

    TOKEN = "token"
    """One vector, kept hot."""
    MEAN = "mean"
    """The mean of all its observations."""
    EXPONENTIAL = "exponential"
    """Their sum, in which each counts ``decay`` times the next newer one."""
    LAST = "last"
    """Its newest observation."""
    NEAREST = "nearest"
    """Whichever of its observations is most similar; the only one that compares with them all."""


DECAY = 0.9
"""Weight of an observation in units of that of the next newer one."""


@dataclass(frozen=True, slots=True)
class Match:
    place: str
    similarity: float
    """Cosine, -1 to 1."""


class PlaceSearch:
    """Finds places of a log by an embedding of what is seen."""

    def __init__(self, log: TokenLog, by: SearchBy, decay: float = DECAY) -> None:
        self.log = log
        self.by = by
        self.decay = decay
        self._known: dict[str, tuple[int, Floats]] = {}

    def find(self, query: NDArray[np.floating], count: int = 5) -> list[Match]:
        """The places most similar to a query (d,), the most similar first.

        Raises:
            TokenError: the query has another shape, or is not finite.
        """
        found = self.similarities(np.asarray(query)[None])[0]
        order = np.argsort(-found, kind="stable")[:count]
        return [Match(self.log.places[i], float(found[i])) for i in order]

    def similarities(self, queries: NDArray[np.floating]) -> Floats:
        """Of queries (q, d) with all places of the log, in its order: (q, p)."""
        network = self.log.network
        if queries.ndim != 2 or queries.shape[1] != network.width:
            raise TokenError(f"queries must have shape (q, {network.width}), got {queries.shape}")
        if not np.isfinite(queries).all():
            raise TokenError("a query must be finite")
        if not self.log.places:
            return np.zeros((len(queries), 0))
        if self.by is SearchBy.TOKEN:
            tokens = np.array([self.log.token(place) for place in self.log.places])
            return network.similarities(queries, lattice.from_lattice(tokens))
        summaries = [self._summary(place) for place in self.log.places]
        starts = np.cumsum([0, *(len(s) for s in summaries[:-1])])
        found = network.similarities(queries, np.concatenate(summaries))
        return np.asarray(np.maximum.reduceat(found, starts, axis=1), np.float64)

    def _summary(self, place: str) -> Floats:
        """What stands for a place, (1, d), or (n, d) where each observation does."""
        count = self.log.count(place)
        known = self._known.get(place)
        if known is None or known[0] != count:
            newest = 1 if self.by is SearchBy.LAST else None
            looks = [written.embedding for written in self.log.read(place, newest)]
            known = self._known[place] = count, self._summed(np.array(looks, np.float64))
        return known[1]

    def _summed(self, newest_first: Floats) -> Floats:
        if self.by is SearchBy.MEAN:
            return np.asarray(newest_first.mean(axis=0, keepdims=True), np.float64)
        if self.by is SearchBy.EXPONENTIAL:
            weights = self.decay ** np.arange(len(newest_first))
            return (weights @ newest_first)[None]
        return newest_first
