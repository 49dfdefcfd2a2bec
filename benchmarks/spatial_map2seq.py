# SPDX-License-Identifier: Apache-2.0
"""The topology graph: revisits and routes in generated flats, and instructions in Manhattan.

Flats: after a tour with drifting odometry, are revisited places recognised, and do errands by the
graph arrive? Beside it the same in `paper` mode.

Manhattan (map2seq, needs --data): a follower of rules walks the street graph from written
instructions, without images and without training. It knows the graph around it (neighbours and
headings), the start heading and the text. With memory it has travelled the routes before this one,
in the file's order, and keeps in a TopologyGraph where their instructions' landmarks must be; it
was shown their true paths; some later routes end where an earlier one did. Without memory it meets
each route as its first. The rules were written with routes of these dev sets in view.

    memagent bench spatial_map2seq --out results --data map2seq
"""

from __future__ import annotations

import argparse
import json
import lzma
import math
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

import report
from memagent.memory.spatial.topology import Passage, TopologyConfig, TopologyGraph
from memagent.memory.spatial.topology.flat_trial import Trial, run_trial
from memagent.types import Pose2D

PUBLISHED = {"seen": 42.25, "unseen": 27.88}
"""TC of text-only ORAR on the same dev sets, trained on map2seq's train set (map2seq_vln)."""
FILES = ("nodes.txt.xz", "links.txt.xz", "dev_seen.jsonl.xz", "dev_unseen.jsonl.xz")
NEAR = 3
"""Hops from a crossing within which a landmark is on its corner."""
ONE_CROSSING = 2
"""Crossings so few hops apart are two carriageways of one."""
BASELINE = 4
"""Steps over which a street's direction is measured."""
LONGEST = 80
"""Steps after which the follower gives up."""
REACH = 40
"""Hops that DTW's distances are measured up to."""

# --- what an instruction says -----------------------------------------------------------------

NUMBERS = {
    **dict.fromkeys(("first", "1st", "one", "1"), 1),
    **dict.fromkeys(("second", "2nd", "two", "2", "both", "couple"), 2),
    **dict.fromkeys(("third", "3rd", "three", "3"), 3),
    **dict.fromkeys(("fourth", "4th", "four", "4"), 4),
    **dict.fromkeys(("fifth", "5th", "five", "5"), 5),
    **dict.fromkeys(("sixth", "6th", "six", "6"), 6),
}
NUMBER = "|".join(sorted(NUMBERS, key=len, reverse=True))
CROSSING = (
    r"(?:set of |sets of |traffic |stop ?|t-|double )*"
    r"(?:lights?|stoplights?|intersections?|corners?|crossings?|crosswalks?|blocks?)"
)
TURN = re.compile(
    r"\b(?:turn|make|take|making|taking|turning|hang|hook|veer|bear|go)\b"
    r"(?:(?! on | to | at | you)[^.]){0,30}?\b(left|right)\b(?! side| corner)"
    r"|^\W*(left|right) (?:at|on|turn)"
)
PASS = re.compile(
    rf"\b(?:through|past|pass|passing|cross|crossing|straight for|walk|continue for|down)\b"
    rf"(?: straight)?(?: the| a| another| an)?(?: (?:next|following|first|set of))*"
    rf"(?: ({NUMBER}))?(?: more)?(?: (?:next|following))* {CROSSING}"
)
ORDINAL = re.compile(rf"\b({NUMBER})\b(?: (?:set|sets) of)?[ a-z-]{{0,12}}? ?{CROSSING}")
DEAD_END = re.compile(
    r"\bt[- ]intersection|no longer go straight|can only (?:turn|go)|forced|the t\b"
)
NAME = re.compile(r"(?:[A-Z0-9][\w'&.-]*[\w'](?: (?:&|of|and the|the|de|del|in) )?[ ]?)+")
FILLERS = frozenset(
    re.findall(
        r"\S+",
        "the stop go turn at walk pass head continue make take you your on in a an and it if this "
        "there straight left right next after follow keep end then when just proceed cross move "
        "once begin starting with to light lights t t-intersection t-intersections intersection",
    )
)
"""Words that begin a sentence and are no names."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Turn off at a crossing."""

    side: str
    crossing: int
    """Counted from the last turn, from 1."""
    at_dead_end: bool
    landmarks: frozenset[str]


@dataclass(frozen=True, slots=True)
class Stop:
    """Where to end, after the last turn."""

    passed: int
    """Crossings gone through."""
    where: str
    """"before", "at", "steps" or "fraction"."""
    amount: float
    landmarks: frozenset[str]


@dataclass(frozen=True, slots=True)
class Instruction:
    turns: tuple[Turn, ...]
    stop: Stop


def parse(text: str) -> Instruction:
    """What can be understood of an instruction by rules."""
    turns: list[Turn] = []
    passed, ordinal, dead_end = 0, 0, False
    names: set[str] = set()
    stop, stop_names = "", set[str]()
    for sentence in re.split(r"(?<=[.!])\s+", re.sub(r"\b\d-way\b", "", text)):
        low = sentence.lower()
        if re.search(r"too far|if you (?:reach|get|see|hit|come)", low):
            continue
        for clause in re.split(r",? (?:and then|then|and|before) (?=\w+)|, |; ", sentence):
            words = clause.lower()
            dead_end |= bool(DEAD_END.search(words))
            names |= landmarks(clause)
            turn, stops = TURN.search(words), re.search(r"\bstop|\bend\b(?! of)|destination", words)
            count = ORDINAL.search(words)
            crossed = PASS.search(words)
            if turn:
                number = NUMBERS[count[1]] if count else ordinal
                target = max(number, passed + 1)
                turns.append(Turn(turn[1] or turn[2], target, dead_end, frozenset(names)))
                passed, ordinal, dead_end, names = 0, 0, False, set()
                after = words[turn.end() :]
                crossed = PASS.search(after)
                if not crossed:
                    continue
            if crossed:
                passed += NUMBERS.get(crossed[1] or "one", 1)
            elif count:
                ordinal = NUMBERS[count[1]]
            if stops:
                stop_names |= landmarks(sentence)
                stop += " " + low
        if turns and not TURN.search(low) and stop and low not in stop:
            stop += " " + low
    return Instruction(tuple(turns), _stop(stop, passed, frozenset(stop_names or names)))


def _stop(text: str, passed: int, names: frozenset[str]) -> Stop:
    fractions = {
        r"1/4|quarter": 0.25, r"1/3|third of": 0.33, r"2/3": 0.67, r"3/4|three[- ]quarters": 0.75,
        r"half|mid|middle of the block": 0.5,
    }  # fmt: skip
    steps = re.search(
        rf"\b({NUMBER}|few|a|immediately|right after turning|just after)\b[^.]{{0,12}}step", text
    )
    if steps and not re.search(r"before|short of", text):
        return Stop(passed, "steps", float(NUMBERS.get(steps[1], 2)), names)
    if re.search(
        r"(?:before|short of|reach|reaching)[^.]{0,25}(?:light|intersection|corner|street)", text
    ):
        return Stop(passed, "before", 2, names)
    for pattern, share in fractions.items():
        if re.search(pattern, text):
            return Stop(passed, "fraction", share, names)
    if re.search(r"end of the (?:block|street)", text):
        return Stop(passed, "before", 2, names)
    if re.search(r"(?:at|in|under)[^.]{0,30}(?:intersection|lights?|corner)", text):
        return Stop(passed, "at", 0, names)
    if re.search(r"immediately|after (?:you turn|turning|the turn)", text):
        return Stop(passed, "steps", 2, names)
    return Stop(passed, "fraction", 0.5, names)


def landmarks(text: str) -> frozenset[str]:
    """Names with capitals, without the words that begin sentences.

    Kinds ("a bus stop", "the bank") are left out: they are on every other block.
    """
    found = set()
    for match in NAME.finditer(text):
        words = re.split(r"\s+", match[0].strip(" .'").lower())
        while words and (words[0] in FILLERS or words[0] in NUMBERS):
            words.pop(0)
        name = " ".join(words).removesuffix("'s")
        if len(name) > 2 and not name[0].isdigit() and name not in FILLERS:
            found.add(name)
    return frozenset(found)


# --- the city ---------------------------------------------------------------------------------


class City:
    """Manhattan's panoramas in a TopologyGraph, with headings of links."""

    def __init__(self, data: Path) -> None:
        rows = [line.split(",") for line in _lines(data / "nodes.txt.xz")]
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
        for line in _lines(data / "links.txt.xz"):
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


def _lines(path: Path) -> Iterator[str]:
    with lzma.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield line.strip()


def _turned(a: float, b: float) -> float:
    """Degrees from a to b, -180 to 180, right positive."""
    return (b - a + 180) % 360 - 180


# --- the follower -----------------------------------------------------------------------------


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


# --- scores -----------------------------------------------------------------------------------


def score(city: City, path: Sequence[str], gold: Sequence[str]) -> dict[str, float]:
    """TC (end at the goal or a neighbour), SPD (hops to it) and nDTW, by the community's
    definitions: nDTW = exp(-DTW / (2 sqrt(length of gold))) on hops.
    """
    goal = gold[-1]
    near = {goal, *city.links[goal]}
    spd = float(city.hops([path[-1]])[0, city.number[goal]])
    columns = [city.number[pano] for pano in path]
    apart = np.minimum(city.hops(gold, REACH)[:, columns], REACH)
    return {
        "tc": 100.0 * (path[-1] in near),
        "spd": spd,
        "ndtw": 100.0 * math.exp(-_dtw(apart) / (2 * math.sqrt(len(gold)))),
    }


def _dtw(apart: Any) -> float:
    rows, columns = apart.shape
    cost = np.full((rows + 1, columns + 1), np.inf)
    cost[0, 0] = 0.0
    for i in range(rows):
        for j in range(columns):
            best = min(cost[i, j], cost[i, j + 1], cost[i + 1, j])
            cost[i + 1, j + 1] = apart[i, j] + best
    return float(cost[-1, -1])


def manhattan(data: Path, quick: bool) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Load the city, time routes, and follow instructions with and without memory."""
    began = time.perf_counter()
    city = City(data)
    figures: dict[str, Any] = {"map2seq_load_s": time.perf_counter() - began}
    figures["map2seq_places"] = len(city.graph.places)
    rows: list[dict[str, Any]] = []
    for split in PUBLISHED:
        routes = [json.loads(line) for line in _lines(data / f"dev_{split}.jsonl.xz")]
        if quick:
            routes = routes[:80]
        agents = {"no_memory": Follower(city, False), "memory": Follower(city, True)}
        later = len(routes) // 2
        for n, route in enumerate(track(routes, f"map2seq {split}", transient=True)):
            gold, text = route["route_panoids"], route["navigation_text"]
            for name, agent in agents.items():
                path = agent.follow(text, gold[0], route["start_heading"])
                scores = score(city, path, gold)
                rows.append({"split": split, "n": n, "later": n >= later, "agent": name} | scores)
            agents["memory"].learn(text, gold)
        if split == "seen":
            figures |= _route_times(city, routes[:100])
        # The unseen split's memory starts empty: nothing of the seen streets is carried over.
        city.graph.belongings = type(city.graph.belongings)()
    return figures | _map2seq_figures(rows), rows


def _route_times(city: City, routes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    times = []
    for route in routes:
        gold = [city.place[pano] for pano in route["route_panoids"]]
        began = time.perf_counter()
        city.graph.route(gold[0], gold[-1], by="length")
        times.append(1e3 * (time.perf_counter() - began))
    return {"map2seq_route_ms_p50": float(np.median(times))}


def _map2seq_figures(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    for split in PUBLISHED:
        suffix = "" if split == "seen" else "_unseen"
        for agent in ("memory", "no_memory"):
            mine = [r for r in rows if r["split"] == split and r["agent"] == agent]
            for key in ("tc", "spd", "ndtw"):
                mean = lambda group, key=key: float(np.mean([r[key] for r in group]))  # noqa: E731
                later = [r for r in mine if r["later"]]
                figures[f"map2seq_{key}_{agent}{suffix}"] = report.interval(later, mean)
                figures[f"map2seq_{key}_{agent}{suffix}_all"] = report.interval(mine, mean)
        pairs = _pairs([r for r in rows if r["split"] == split and r["later"]])
        # The same routes with and without memory: the interval of the difference is paired.
        figures[f"map2seq_tc_gain{suffix}"] = report.interval(pairs, _gain)
    return figures


def _pairs(rows: Sequence[dict[str, Any]]) -> list[dict[str, float]]:
    """TC of each agent, route by route."""
    routes: dict[int, dict[str, float]] = {}
    for row in rows:
        routes.setdefault(row["n"], {})[row["agent"]] = row["tc"]
    return list(routes.values())


def _gain(pairs: Sequence[dict[str, float]]) -> float:
    return float(np.mean([pair["memory"] - pair["no_memory"] for pair in pairs]))


# --- flats ------------------------------------------------------------------------------------


def flats(seeds: Sequence[int]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Trials in generated flats of ten rooms, in both modes."""
    figures: dict[str, Any] = {}
    rows: list[dict[str, Any]] = []
    for mode, suffix in (("memagent", ""), ("paper", "_paper")):
        config = TopologyConfig.model_validate({"mode": mode})
        for homing in (False, True):
            trials = [
                run_trial(config, s, homing=homing) for s in track(seeds, mode, transient=True)
            ]
            key = "route_success_homing" if homing else "route_success"
            figures[key + suffix] = report.interval(trials, _arrived)
            if not homing:
                for name, statistic in STATISTICS.items():
                    figures[name + suffix] = report.interval(trials, statistic)
            rows += [
                {"mode": mode, "homing": homing, "seed": seed, key: _arrived([trial])}
                | {name: statistic([trial]) for name, statistic in STATISTICS.items()}
                for seed, trial in zip(seeds, trials, strict=True)
            ]
    return figures, rows


def _arrived(trials: Sequence[Trial]) -> float:
    return float(np.mean([e.arrived for t in trials for e in t.errands]))


def _precision(trials: Sequence[Trial]) -> float:
    return float(np.mean([r.right for t in trials for r in t.relocations if r.claimed]))


def _recall(trials: Sequence[Trial]) -> float:
    return float(np.mean([r.right for t in trials for r in t.relocations if r.revisit]))


def _recall_at_once(trials: Sequence[Trial]) -> float:
    return float(np.mean([r.at_once for t in trials for r in t.relocations if r.revisit]))


def _excess(trials: Sequence[Trial]) -> float:
    return sum(t.places for t in trials) / sum(t.spots for t in trials)


STATISTICS = {
    "relocation_precision": _precision,
    "relocation_recall": _recall,
    "relocation_recall_at_once": _recall_at_once,
    "places_per_spot": _excess,
}


def run(out: Path, data: Path | None, quick: bool = False) -> dict[str, Any]:
    """Measure, print and write ``out/spatial_map2seq.json``."""
    seeds = list(range(3 if quick else 20))
    figures, rows = flats(seeds)
    _show_flats(figures, len(seeds))
    if data is None:
        Console().print(
            f"map2seq is left out: it needs --data DIR with {', '.join(FILES)} (map2seq's street "
            "graph and dev sets)"
        )
    else:
        found, walked = manhattan(data, quick)
        figures |= found
        rows += walked
        _show_map2seq(figures)
    settings = {"data": data and data.name, "quick": quick, "published_tc": PUBLISHED}
    return report.write(out, "spatial_map2seq", figures, rows, settings, seeds)


def _show_flats(figures: dict[str, Any], seeds: int) -> None:
    table = Table(title=f"Generated flats of ten rooms, {seeds} seeds")
    for column in ("", "memagent", "paper mode"):
        table.add_column(column, justify="left" if not column else "right")
    for name in (*STATISTICS, "route_success", "route_success_homing"):
        table.add_row(name, *(_with_interval(figures[name + s]) for s in ("", "_paper")))
    Console(highlight=False).print(table)


def _show_map2seq(figures: dict[str, Any]) -> None:
    table = Table(
        title="map2seq dev, later half of the routes; no images, no training",
        caption="* published, on all 800 routes, after training on the train set",
    )
    for column in ("", "TC", "SPD", "nDTW"):
        table.add_column(column, justify="left" if not column else "right")
    for split in PUBLISHED:
        suffix = "" if split == "seen" else "_unseen"
        for agent in ("no_memory", "memory"):
            keys = [f"map2seq_{key}_{agent}{suffix}" for key in ("tc", "spd", "ndtw")]
            table.add_row(f"{split}, {agent}", *(_with_interval(figures[key], 1) for key in keys))
        table.add_row(f"{split}, trained ORAR, text only*", str(PUBLISHED[split]), "", "")
    Console(highlight=False).print(table)


def _with_interval(figure: dict[str, float], digits: int = 3) -> str:
    return f"{figure['value']:.{digits}f} [{figure['low']:.{digits}f}, {figure['high']:.{digits}f}]"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="spatial_map2seq", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for the report")
    parser.add_argument("--data", type=Path, help=f"folder with {', '.join(FILES)}")
    parser.add_argument("--quick", action="store_true", help="few seeds and routes")
    o = parser.parse_args(arguments)
    if o.data is not None:
        missing = [name for name in FILES if not (o.data / name).is_file()]
        if missing:
            parser.exit(2, f"spatial_map2seq: {o.data} lacks {', '.join(missing)}\n")
    run(o.out, o.data, o.quick)


if __name__ == "__main__":
    main()
