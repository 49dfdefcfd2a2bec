# SPDX-License-Identifier: Apache-2.0
"""Walks a street graph from written directions, remembering landmarks or not.

It knows the graph around it (neighbours and headings), the start heading and the text: no images,
no training.
"""

from __future__ import annotations

import lzma
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from memagent.memory.spatial.topology import Passage, TopologyConfig, TopologyGraph
from memagent.types import Pose2D
from street_instructions import Stop, Turn, parse

NEAR = 3
"""Hops from a crossing within which a landmark is on its corner."""
ONE_CROSSING = 2
"""Crossings so few hops apart are two carriageways of one."""
BASELINE = 4
"""Steps over which a street's direction is measured."""
LONGEST = 80
"""Steps after which the follower gives up."""


class City:
    """Manhattan's panoramas in a TopologyGraph, with headings of links."""

    def __init__(self, data: Path) -> None:
        rows = [line.split(",") for line in lines(data / "nodes.txt.xz")]
        latitude = np.array([float(row[2]) for row in rows])
        longitude = np.array([float(row[3]) for row in rows])
        north = 111_320.0 * (latitude - latitude.mean())
        east = 111_320.0 * math.cos(math.radians(latitude.mean())) * (longitude - longitude.mean())
        self.graph = TopologyGraph(TopologyConfig(max_places=len(rows), directed=True))
        self.place: dict[str, str] = {}
        look = np.ones(1)  # no images: all look alike
        for row, x, y in zip(rows, east, north, strict=True):
            pose = Pose2D(float(x), float(y))
            self.place[row[0]] = self.graph.add_place(pose, look, row[0], visits=1)
        self.links: dict[str, dict[str, int]] = {pano: {} for pano in self.place}
        for line in lines(data / "links.txt.xz"):
            start, heading, end = line.split(",")
            self.links[start][end] = int(heading)
            a, b = self.place[start], self.place[end]
            pa, pb = self.graph.places[a].pose, self.graph.places[b].pose
            self.graph.ways.put(a, b, Passage(math.hypot(pa.x - pb.x, pa.y - pb.y)))
        self.number = {pano: n for n, pano in enumerate(self.place)}
        pairs = [(self.number[a], self.number[b]) for a, bs in self.links.items() for b in bs]
        row_, column = np.array(pairs).T
        shape = (len(self.number),) * 2
        self._leads: dict[tuple[str, str], float] = {}
        self._hops = csr_matrix((np.ones(len(pairs)), (row_, column)), shape=shape)

    def is_crossing(self, pano: str) -> bool:
        return len(self.links[pano]) > 2

    def hops(self, panos: Sequence[str], limit: float = np.inf) -> Any:
        """Shape (panos, nodes): steps from each; infinite beyond ``limit``."""
        indices = [self.number[pano] for pano in panos]
        return dijkstra(self._hops, indices=indices, unweighted=True, limit=limit)

    def onward(
        self, pano: str, heading: float, turn: float = 0.0, within: float = 180.0
    ) -> str | None:
        """The neighbour nearest to a direction, degrees right of ``heading``; None: none is."""
        off = {b: abs(_turned(heading + turn, self.leads(pano, b))) for b in self.links[pano]}
        best = min(off, key=off.__getitem__, default=None)
        return best if best is not None and off[best] <= within else None

    def leads(self, pano: str, to: str) -> float:
        """Bearing of the street that begins with a link, degrees.

        Over a few steps: at crossings, a link's own heading is often to the side of its street.
        """
        known = self._leads.get((pano, to))
        if known is None:
            before, here = pano, to
            for _ in range(BASELINE - 1):
                ways = {b: h for b, h in self.links[here].items() if b not in (before, pano)}
                if not ways or self.is_crossing(here):
                    break
                straight = self.links[before][here]
                onward = min(ways, key=lambda b: abs(_turned(straight, ways[b])))
                before, here = here, onward
            known = self._leads[pano, to] = self.bearing(pano, here)
        return known

    def bearing(self, a: str, b: str) -> float:
        """Degrees clockwise from north."""
        places = self.graph.places
        start, end = places[self.place[a]].pose, places[self.place[b]].pose
        return math.degrees(math.atan2(end.x - start.x, end.y - start.y))


def lines(path: Path) -> Iterator[str]:
    """The lines of a compressed text."""
    with lzma.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield line.strip()


def _turned(a: float, b: float) -> float:
    """Degrees from a to b, -180 to 180, right positive."""
    return (b - a + 180) % 360 - 180


@dataclass(slots=True)
class Walk:
    """A path under way."""

    path: list[str]
    heading: float
    """Of the street that it is on, degrees."""

    @property
    def here(self) -> str:
        return self.path[-1]

    def go(self, ahead: Sequence[tuple[str, float]]) -> None:
        for pano, heading in ahead:
            self.path.append(pano)
            self.heading = heading


@dataclass(slots=True)
class Follower:
    """Walks by instruction; remembers landmarks if ``remembers``."""

    city: City
    remembers: bool
    routes: int = 0
    _cache: dict[str, frozenset[str]] = field(default_factory=dict)

    def follow(self, text: str, start: str, heading: float) -> list[str]:
        """The path walked, from ``start``."""
        instruction = parse(text)
        walk = Walk([start], heading)
        for turn in instruction.turns:
            if not self._take(walk, turn):
                return walk.path
        self._finish(walk, instruction.stop)
        return walk.path

    def learn(self, text: str, path: Sequence[str]) -> None:
        """Keep where a travelled route's landmarks must be: those of turns at the turns' crossings,
        those of the end at its end. Nothing, where text and path differ in the number of turns.
        """
        if not self.remembers:
            return
        self.routes += 1
        instruction = parse(text)
        corners = self._corners(path)
        if len(corners) == len(instruction.turns):
            for turn, corner in zip(instruction.turns, corners, strict=True):
                self._keep(turn.landmarks, corner)
        self._keep(instruction.stop.landmarks, path[-1])

    def _keep(self, names: frozenset[str], pano: str) -> None:
        for name in names:
            self.city.graph.attach(name, self.city.place[pano])

    def _known(self, pano: str, reach: int) -> set[str]:
        """Landmarks remembered up to ``reach`` hops from a panorama."""
        if not self.remembers:
            return set()
        ring, seen = {pano}, {pano}
        for _ in range(reach):
            ring = {b for a in ring for b in self.city.links[a]} - seen
            seen |= ring
        hanging = self.city.graph.belongings
        return {mark.name for p in seen for mark in hanging.landmarks(self.city.place[p])}

    def _corners(self, path: Sequence[str]) -> list[str]:
        """Crossings at which a path turns."""
        corners, last, b = [], -9, BASELINE
        for i in range(1, len(path) - 1):
            if not self.city.is_crossing(path[i]) or i - last <= ONE_CROSSING:
                continue
            into = self.city.bearing(path[max(i - b, 0)], path[i])
            out = self.city.bearing(path[i], path[min(i + b, len(path) - 1)])
            if abs(_turned(into, out)) > 50:
                corners.append(path[i])
                last = i
        return corners

    def _ahead(self, walk: Walk, steps: int) -> list[tuple[str, float]]:
        """Panoramas straight ahead and the street's heading at each, the present one first."""
        found, behind = [(walk.here, walk.heading)], walk.path[-BASELINE:]
        for _ in range(steps):
            here, heading = found[-1]
            ways = set(self.city.links[here]) - set(behind)
            bend = len(ways) == 1 and not self.city.is_crossing(here)
            following = ways.pop() if bend else self.city.onward(here, heading, within=80.0)
            if following is None or following in behind:
                break
            behind = [*behind, following][-BASELINE - 1 :]
            long = len(behind) > BASELINE
            heading = (
                self.city.bearing(behind[0], following)
                if long
                else self.city.leads(here, following)
            )
            found.append((following, heading))
        return found

    def _take(self, walk: Walk, turn: Turn) -> bool:
        """Go to the crossing that is meant, and turn."""
        ahead = self._ahead(walk, LONGEST)
        angle = -90.0 if turn.side == "left" else 90.0
        options: list[tuple[int, int]] = []  # crossing's number from here, index ahead
        count, last = 0, -9
        for i, (pano, heading) in enumerate(ahead):
            if not self.city.is_crossing(pano) or (i == 0 and len(walk.path) > 1):
                continue
            if i - last > ONE_CROSSING:
                count += 1
            last = i
            off = self.city.onward(pano, heading, angle, within=50.0)
            straight = self.city.onward(pano, heading, within=40.0)
            if off and not (turn.at_dead_end and straight):
                options.append((count, i))
        if not options:
            return False
        best = next((i for n, i in options if n >= turn.crossing), options[-1][1])
        if self.remembers and turn.landmarks:
            shared = {i: len(turn.landmarks & self._known(ahead[i][0], NEAR)) for _, i in options}
            most = max(shared.values())
            if most and shared[best] < most:
                best = min((i for i in shared if shared[i] == most), key=lambda i: abs(i - best))
        walk.go(ahead[1 : best + 1])
        off = self.city.onward(walk.here, walk.heading, angle, within=50.0)
        assert off is not None
        walk.go([(off, self.city.leads(walk.here, off))])
        return True

    def _finish(self, walk: Walk, stop: Stop) -> None:
        """Go to the end of the route on the last street."""
        ahead = self._ahead(walk, 40)
        crossings = []
        for i, (pano, _) in enumerate(ahead):
            apart = i - (crossings[-1] if crossings else 0)
            if apart > ONE_CROSSING and self.city.is_crossing(pano):
                crossings.append(i)
        start = crossings[stop.passed - 1] if 0 < stop.passed <= len(crossings) else 0
        end = next((i for i in crossings if i > start), len(ahead) - 1)
        if stop.where == "before":
            best = end - int(stop.amount)
        elif stop.where == "at":
            best = end
        elif stop.where == "steps":
            best = start + int(stop.amount) - (start == 0)
        else:
            best = round(start + stop.amount * (end - start))
        best = min(max(best, 0), len(ahead) - 1)
        if self.remembers and stop.landmarks and stop.where == "fraction":
            # The text says no better where on the block: a remembered end of a route may.
            shared = {
                i: len(stop.landmarks & self._known(pano, 0))
                for i, (pano, _) in enumerate(ahead[: end + NEAR])
                if i >= start
            }
            most = max(shared.values())
            if most:
                best = min((i for i in shared if shared[i] == most), key=lambda i: abs(i - best))
        walk.go(ahead[1 : best + 1])
