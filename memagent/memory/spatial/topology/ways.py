# SPDX-License-Identifier: Apache-2.0
"""The edges: what was driven between places, how it went, and the ways through them."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Literal

import networkx as nx

from memagent.memory.spatial.topology.config import TopologyConfig
from memagent.memory.spatial.topology.values import Passage, Route, TopologyError

By = Literal["cost", "length", "time", "risk"]


class Ways:
    """Passages on a directed graph of place ids."""

    def __init__(self, config: TopologyConfig) -> None:
        self._config = config
        self.network = nx.DiGraph()
        """Node: id of a place. Edge: ``passage``."""

    def passage(self, a: str, b: str) -> Passage | None:
        """What is known of driving from ``a`` to ``b``; None where there is no such edge."""
        data = self.network.get_edge_data(a, b)
        return data["passage"] if data else None

    def passages(self) -> Iterator[tuple[str, str, Passage]]:
        return iter(self.network.edges(data="passage"))

    def put(self, a: str, b: str, passage: Passage) -> None:
        """Set what is known of driving from ``a`` to ``b``.

        Raises:
            TopologyError: a number is impossible, or the passage leads nowhere.
        """
        check_passage(a, b, passage)
        self.network.add_edge(a, b, passage=passage)

    def drove(
        self, a: str, b: str, success: bool, length: float, seconds: float, width: float
    ) -> None:
        """Count one attempt at driving from ``a`` to ``b``."""
        known = self.passage(a, b)
        new = Passage(length, seconds, int(success), int(not success), width)
        if known is None:
            self.put(a, b, new if success else replace(new, seconds=math.nan))
        elif not success:
            self.put(a, b, replace(known, failures=known.failures + 1))
        elif self._config.mode == "paper":
            averaged = replace(pool(known, new), length=(known.length + length) / 2)
            self.put(a, b, averaged)
        else:
            self.put(a, b, pool(known, new))

    def merge(self, keep: str, gone: str) -> None:
        """Move all passages of ``gone`` to ``keep``, pooling those that both have."""
        for a, b, passage in [*self._touching(gone)]:
            a, b = (keep if end == gone else end for end in (a, b))
            if a != b:
                known = self.passage(a, b)
                self.put(a, b, pool(known, passage) if known else passage)
        self.network.remove_node(gone)

    def remove(self, place: str, bridge: bool) -> None:
        """Take a node out; with ``bridge``, who drove through it can still get across."""
        if bridge:
            into = [(a, self.passage(a, place)) for a in self.network.predecessors(place)]
            out = [(b, self.passage(place, b)) for b in self.network.successors(place)]
            for a, first in into:
                for b, second in out:
                    if a != b and first and second and not self.network.has_edge(a, b):
                        self.put(a, b, chain(first, second))
        self.network.remove_node(place)

    def probability(self, passage: Passage) -> float:
        """Mean of the Beta posterior that the next attempt succeeds."""
        cost = self._config.cost
        won = cost.prior_successes + passage.successes
        return won / (won + cost.prior_failures + passage.failures)

    def seconds(self, passage: Passage) -> float:
        """Mean measured time, or the length over the configured speed."""
        if math.isnan(passage.seconds):
            return passage.length / self._config.cost.speed
        return passage.seconds

    def cost(self, passage: Passage) -> float:
        """What the "cost" route minimises."""
        if self._config.mode == "paper":
            return self._config.paper_distance * passage.length + self._config.paper_instruction
        cost = self._config.cost
        risk = -math.log(self.probability(passage))
        return cost.distance * passage.length + cost.time * self.seconds(passage) + cost.risk * risk

    def route(
        self, a: str, b: str, by: By, avoid: Collection[tuple[str, str]] = frozenset()
    ) -> Route:
        """The best way from ``a`` to ``b`` (Dijkstra); ``risk`` minimises -log success.

        Passages in ``avoid`` are left out: a door that was found shut a minute ago.

        Raises:
            TopologyError: no way is known.
        """
        weights: dict[str, Callable[[Passage], float]] = {
            "cost": self.cost,
            "length": lambda passage: passage.length,
            "time": self.seconds,
            "risk": lambda passage: -math.log(self.probability(passage)),
        }
        if by not in weights:
            raise TopologyError(f"route by {by!r}: must be one of {', '.join(weights)}")
        weigh = weights[by]
        try:
            places = nx.dijkstra_path(
                self.network,
                a,
                b,
                # None hides an edge
                weight=lambda u, v, data: None if (u, v) in avoid else weigh(data["passage"]),
            )
        except nx.NetworkXNoPath:
            raise TopologyError(f"no way is known from {a!r} to {b!r}") from None
        legs = [self.network.edges[leg]["passage"] for leg in pairwise(places)]
        return Route(
            places=tuple(places),
            length=sum(leg.length for leg in legs),
            seconds=sum(map(self.seconds, legs)),
            probability=math.prod(map(self.probability, legs)),
        )

    def _touching(self, place: str) -> Iterator[tuple[str, str, Passage]]:
        yield from self.network.out_edges(place, data="passage")
        yield from self.network.in_edges(place, data="passage")


def pool(a: Passage, b: Passage) -> Passage:
    """One passage of two records of it: means weighted by successes, counts added."""
    total = a.successes + b.successes

    def mean(x: float, y: float) -> float:
        if math.isnan(x) or math.isnan(y):
            return y if math.isnan(x) else x
        share = b.successes / total if total else 0.5
        return (1 - share) * x + share * y

    return Passage(
        length=mean(a.length, b.length),
        seconds=mean(a.seconds, b.seconds),
        successes=total,
        failures=a.failures + b.failures,
        width=min(a.width, b.width),
    )


def chain(a: Passage, b: Passage) -> Passage:
    """The passage that driving ``a`` and then ``b`` makes; as proven as the less proven."""
    return Passage(
        length=a.length + b.length,
        seconds=a.seconds + b.seconds,
        successes=min(a.successes, b.successes),
        failures=max(a.failures, b.failures),
        width=min(a.width, b.width),
    )


def check_passage(a: str, b: str, passage: Passage) -> None:
    """Raise a TopologyError that names what is impossible about a passage."""
    where = f"passage {a!r} -> {b!r}"
    if a == b:
        raise TopologyError(f"{where}: leads from a place to itself")
    if not (math.isfinite(passage.length) and passage.length >= 0):
        raise TopologyError(f"{where}: length must be finite and >= 0 m, got {passage.length}")
    if not (math.isnan(passage.seconds) or 0 <= passage.seconds < math.inf):
        raise TopologyError(f"{where}: seconds must be >= 0, or NaN, got {passage.seconds}")
    if passage.successes < 0 or passage.failures < 0:
        raise TopologyError(f"{where}: counts must be >= 0, got {passage}")
    if not passage.width > 0:
        raise TopologyError(f"{where}: width must be > 0 m, got {passage.width}")
