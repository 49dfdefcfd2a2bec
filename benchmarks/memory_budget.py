# SPDX-License-Identifier: Apache-2.0
"""Does memory stay within its budget for ever, and as fast? A robot that observes without end.

An observation is a percept at a place that tells a step and shows one of many things, which people
move now and then, so that items, facts, visits and contradictions all grow; with ``--every N``,
only each Nth is, and the others are remembered as steps. Now and then something is recalled. The
file, the process and the rows are measured at even distances; a figure "after" is the largest from
the first measurement at the budget on, against that first one.
"""

from __future__ import annotations

import argparse
import logging
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

import report
from memagent.memory import ForgettingConfig, LifelongMemory, MemoryConfig, StoreConfig
from memagent.types import ObjectObservation, Percept, Pose2D, Query, Relation

OBSERVATIONS, BUDGET = 1_000_000, 200_000
QUICK_OBSERVATIONS, QUICK_BUDGET = 20_000, 5_000
POINTS = 50
THINGS = 60
PLACES = 24
PERIOD_S = 20.0
"""Seconds between observations: a million are 231 days."""
MOVES = 6
"""One of so many observations shows its thing somewhere else than before."""
RECALLS = 500
"""Observations between two questions."""
DOINGS = ("looks around", "drives on", "waits", "opens a door", "turns", "meets a person")


class Robot:
    """What a robot sees, the same for every seed."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self._where = [self._dice.randrange(PLACES) for _ in range(THINGS)]

    def percept(self, number: int) -> Percept:
        thing = self._dice.randrange(THINGS)
        if not self._dice.randrange(MOVES):
            self._where[thing] = self._dice.randrange(PLACES)
        place = self._where[thing]
        spot = (float(place % 6), float(place // 6))
        seen = ObjectObservation(
            thing, f"thing {thing}", "thing", "red", "box", (*spot, 0.7), 0.0, (0.07, 0.07, 0.09),
            0.9, 200,
        )  # fmt: skip
        relations = (Relation(seen.label, "on", f"place {place}"),)
        did = self._dice.choice(DOINGS)
        return Percept(
            number * PERIOD_S, Pose2D(*spot), (seen,), (), relations, {}, False,
            f"room {place % 4}", f"at place {place}; {did}; sees {seen.label}", (),
            did == DOINGS[-1], "head",
        )  # fmt: skip


def live(
    path: Path, observations: int, config: MemoryConfig, seed: int, every_nth: int = 1
) -> list[dict[str, Any]]:
    """Observe and measure."""
    robot, rows = Robot(seed), []
    every = max(1, observations // POINTS)
    writes: list[float] = []
    recalls: list[float] = []
    with LifelongMemory(path, config=config) as memory:
        for number in track(range(1, observations + 1), "observations", transient=True):
            percept = robot.percept(number)
            began = time.perf_counter()
            if number % every_nth == 0:
                memory.observe(percept)
            else:
                memory.remember(percept.summary, stamp=percept.stamp, kind="step", source="percept")
            writes.append(time.perf_counter() - began)
            if number % RECALLS == 0:
                query = Query(text=f"thing {number % THINGS} at place {number % PLACES}")
                began = time.perf_counter()
                memory.recall(query)
                recalls.append(time.perf_counter() - began)
            if number % every == 0:
                rows.append(_point(memory, path, number, writes, recalls))
                logging.info("%s", rows[-1])
                writes, recalls = [], []
    return rows


def _point(
    memory: LifelongMemory,
    path: Path,
    number: int,
    writes: Sequence[float],
    recalls: Sequence[float],
) -> dict[str, Any]:
    footprint, counts = memory.footprint(), memory.stats()
    wal = path.with_name(path.name + "-wal")
    return {
        "observations": number,
        "items": footprint.items,
        "gists": footprint.gists,
        "forgotten": footprint.forgotten,
        "facts": counts["fact"],
        "visits": counts["visit"],
        "events": counts["event"],
        "file_mb": path.stat().st_size / 1e6,
        "wal_mb": wal.stat().st_size / 1e6,
        "rss_mb": _rss_mb(),
        "write_p50_ms": _percentile(writes, 0.5),
        "write_p99_ms": _percentile(writes, 0.99),
        "write_max_ms": 1e3 * max(writes),
        "recall_p50_ms": _percentile(recalls, 0.5),
    }


def _percentile(seconds: Sequence[float], share: float) -> float:
    ordered = sorted(seconds)
    return 1e3 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def _rss_mb() -> float:
    """Memory of this process now."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def figures(rows: Sequence[dict[str, Any]], budget: int) -> dict[str, float]:
    """What the measurements say of growth."""
    at = [row for row in rows if row["forgotten"]] or rows[-1:]
    first, last = at[0], rows[-1]
    figures = {
        "observations": last["observations"],
        "most_items": max(row["items"] for row in rows),
        "over_budget": sum(row["items"] > budget for row in rows),
        "forgotten": last["forgotten"],
        "gists": last["gists"],
        "write_p50_ms": last["write_p50_ms"],
        "write_p99_ms": last["write_p99_ms"],
        "write_max_ms": max(row["write_max_ms"] for row in rows),
        "recall_p50_ms": last["recall_p50_ms"],
    }
    for name in ("file_mb", "wal_mb", "rss_mb"):
        figures[f"{name}_end"] = last[name]
        figures[f"{name}_after"] = max(row[name] for row in at) / max(first[name], 1e-9)
    return figures


def run(
    out: Path, observations: int = OBSERVATIONS, budget: int = BUDGET, seed: int = 0,
    megabytes: float | None = None, every_nth: int = 1,
) -> dict[str, Any]:  # fmt: skip
    """Measure, print and write ``out/memory_budget.json``."""
    config = MemoryConfig(
        store=StoreConfig(durability="normal"),
        forgetting=ForgettingConfig(
            budget_rows=budget,
            budget_mb=megabytes,
            facts=max(1, budget // every_nth // 2),
            events=max(1, budget // every_nth // 4),
        ),
    )
    with tempfile.TemporaryDirectory() as folder:
        rows = live(Path(folder) / "robot.memory", observations, config, seed, every_nth)
    table = Table(title=f"Memory with a budget of {budget:,} items")
    for name in rows[0]:
        table.add_column(name, justify="right")
    for row in rows[:: max(1, len(rows) // 10)] + rows[-1:]:
        table.add_row(*(f"{value:,.4g}" for value in row.values()))
    Console(highlight=False, width=200).print(table)
    settings = {"budget_rows": budget, "budget_mb": megabytes, "things": THINGS, "places": PLACES,
                "percepts_every": every_nth}  # fmt: skip
    return report.write(out, "memory_budget", figures(rows, budget), rows, settings, [seed])


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="memory_budget", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for memory_budget.json")
    parser.add_argument("--observations", type=int)
    parser.add_argument("--budget", type=int, help="items")
    parser.add_argument("--megabytes", type=float, help="a budget of the file, too")
    parser.add_argument("--every", type=int, default=1, help="one of so many is a whole percept")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="a small budget and few observations")
    parser.add_argument("--verbose", action="store_true", help="tell each measurement")
    o = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO if o.verbose else logging.WARNING)
    observations = o.observations or (QUICK_OBSERVATIONS if o.quick else OBSERVATIONS)
    budget = o.budget or (QUICK_BUDGET if o.quick else BUDGET)
    run(o.out, observations, budget, o.seed, o.megabytes, o.every)


if __name__ == "__main__":
    main()
