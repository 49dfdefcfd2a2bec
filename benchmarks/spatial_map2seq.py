# SPDX-License-Identifier: Apache-2.0
"""Written directions through Manhattan (map2seq), followed with and without memory.

A follower of rules walks the street graph, see `street_follower.py`. With memory it has travelled
the routes before this one, in the file's order, and keeps in a TopologyGraph where their
instructions' landmarks must be; it was shown their true paths; some later routes end where an
earlier one did. Without memory it meets each route as its first. The rules were written with routes
of these dev sets in view.

    memagent bench spatial_map2seq --out results --data map2seq
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

import report
from street_follower import City, Follower, lines

PUBLISHED = {"seen": 42.25, "unseen": 27.88}
"""TC of text-only ORAR on the same dev sets, trained on map2seq's train set (map2seq_vln)."""
FILES = ("nodes.txt.xz", "links.txt.xz", "dev_seen.jsonl.xz", "dev_unseen.jsonl.xz")
REACH = 40
"""Hops that DTW's distances are measured up to."""


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
        routes = [json.loads(line) for line in lines(data / f"dev_{split}.jsonl.xz")]
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


def run(out: Path, data: Path, quick: bool = False) -> dict[str, Any]:
    """Measure, print and write ``out/spatial_map2seq.json``."""
    figures, rows = manhattan(data, quick)
    _show(figures)
    settings = {"data": data.name, "quick": quick, "published_tc": PUBLISHED}
    return report.write(out, "spatial_map2seq", figures, rows, settings, [])


def _show(figures: dict[str, Any]) -> None:
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
            table.add_row(f"{split}, {agent}", *(report.told(figures[key], 1) for key in keys))
        table.add_row(f"{split}, trained ORAR, text only*", str(PUBLISHED[split]), "", "")
    Console(highlight=False).print(table)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="spatial_map2seq", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for the report")
    parser.add_argument("--data", type=Path, help=f"folder with {', '.join(FILES)}")
    parser.add_argument("--quick", action="store_true", help="few routes")
    o = parser.parse_args(arguments)
    if o.data is None:
        parser.exit(2, f"spatial_map2seq: needs --data DIR with {', '.join(FILES)} (map2seq)\n")
    missing = [name for name in FILES if not (o.data / name).is_file()]
    if missing:
        parser.exit(2, f"spatial_map2seq: {o.data} lacks {', '.join(missing)}\n")
    run(o.out, o.data, o.quick)


if __name__ == "__main__":
    main()
