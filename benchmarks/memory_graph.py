# SPDX-License-Identifier: Apache-2.0
"""Does the knowledge graph stay fast as it grows? Updates and retrieval at 1k to 1M edges.

An update is ten relations that move ten known objects, so that ten facts end and ten begin, in
one durable transaction, synced to disk. Growth is the largest graph's median over the smallest
one's. Each repetition builds its graphs anew and is one group for the intervals.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

import report
from memagent.memory import LifelongMemory, MemoryConfig, StoreConfig
from memagent.memory.knowledge.entities import EntityConfig
from memagent.memory.knowledge.knowledge_graph import KnowledgeGraph
from memagent.memory.perceiving import PerceivingConfig
from memagent.memory.state import StateConfig
from memagent.memory.store import SQLiteStore
from memagent.memory.store.tables import Tables
from memagent.types import ObjectObservation, Percept, Pose2D, Relation

SIZES = (1_000, 10_000, 100_000, 1_000_000)
AT = 100_000
"""The edges that figures without a size are for, or the most that there are."""
RELATIONS = 10
PAUSE_S = 0.01
"""Between two rounds: robots do not ask all the time."""
PLACES = 50
HUB = "house"
FILLING = StoreConfig(durability="normal", check_on_open=False)
SYNCED = StoreConfig(durability="full", check_on_open=False)
MEASURES = ("graph_update", "retrieval", "hub_retrieval", "history", "observe")


def build(path: Path, edges: int) -> None:
    """Fill a file with open facts: half of the things at places, half at one hub."""
    store = SQLiteStore(path, FILLING)
    tables = Tables(store)
    graph = KnowledgeGraph(tables, None)
    with store.transaction():
        for i in range(edges):
            target = HUB if i % 2 else f"place {i % PLACES}"
            graph.tell(Relation(f"thing {i}", "at" if i % 2 else "on", target, 0.9), i * 1e-3, i)
    store.close()


def measure(edges: int, rounds: int, seed: int) -> list[dict[str, Any]]:
    """Milliseconds of each operation at one size."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "robot.memory"
        build(path, edges)
        store = SQLiteStore(path, SYNCED)
        graph = KnowledgeGraph(Tables(store), None)
        dice = random.Random(seed)

        def update(number: int) -> None:
            stamp = edges + float(number)
            with store.transaction():
                for thing in dice.sample(range(edges), RELATIONS):
                    place = f"place {dice.randrange(PLACES)}"
                    graph.tell(Relation(f"thing {thing}", "on", place, 0.9), stamp, stamp)

        def history(_: int) -> None:
            Tables(store).facts_about(f"thing {dice.randrange(edges)}")

        times = {
            "graph_update": _timed(update, rounds),
            "retrieval": _timed(lambda i: graph.graph(around=(f"thing {i}",)), rounds),
            "hub_retrieval": _timed(lambda _: graph.graph(around=(HUB,)), rounds),
            "history": _timed(history, rounds),
        }
        store.close()
        times["observe"] = _observing(path, edges, rounds)
    return [
        {"seed": seed, "edges": edges, "what": what, "ms": ms}
        for what, values in times.items()
        for ms in values
    ]


def _observing(path: Path, edges: int, rounds: int) -> list[float]:
    """The whole of memory takes in a percept in which an object has moved."""
    at_once = PerceivingConfig(move_percepts=1)  # Every percept is the one that is believed.
    state = StateConfig(entities=EntityConfig(new_percepts=1))
    config = MemoryConfig(store=SYNCED, perceiving=at_once, state=state)
    with LifelongMemory(path, config=config) as memory:

        def observe(number: int) -> None:
            position = (float(number % 7), 0.0, 0.7)
            seen = ObjectObservation(
                number, "red mug", "mug", "red", "cylinder", position, 0.0, (0.07, 0.07, 0.09),
                0.9, 200,
            )  # fmt: skip
            relations = (Relation("red mug", "on", f"place {number % PLACES}"),)
            stamp = 2.0 * edges + number
            memory.observe(Percept(stamp, Pose2D(0.0, 0.0), (seen,), (), relations))

        return _timed(observe, rounds)


def _timed(work: Callable[[int], object], rounds: int) -> list[float]:
    took = []
    for number in range(rounds):
        time.sleep(PAUSE_S)
        work(2 * number)  # Neither the scheduler's slices nor cold caches are to count.
        start = time.perf_counter()
        work(2 * number + 1)
        took.append((time.perf_counter() - start) * 1e3)
    return took


def _median(what: str, edges: int) -> Callable[[Sequence[Sequence[dict[str, Any]]]], float]:
    def statistic(groups: Sequence[Sequence[dict[str, Any]]]) -> float:
        return statistics.median(
            row["ms"] for rows in groups for row in rows
            if row["what"] == what and row["edges"] == edges
        )  # fmt: skip

    return statistic


def _growth(what: str, sizes: Sequence[int]) -> Callable[..., float]:
    smallest, largest = _median(what, min(sizes)), _median(what, max(sizes))
    return lambda groups: largest(groups) / smallest(groups)


def run(
    out: Path, sizes: Sequence[int] = SIZES, rounds: int = 200, seeds: Sequence[int] = (0,)
) -> dict[str, Any]:
    """Measure, print, plot and write ``out/memory_graph.json``."""
    groups = [[row for edges in sizes for row in measure(edges, rounds, seed)] for seed in seeds]
    at = max((size for size in sizes if size <= AT), default=max(sizes))
    figures: dict[str, Any] = {"edges": at, "rounds": rounds}
    table = Table("operation", *(f"{size:,} edges" for size in sizes), "growth")
    medians = {}
    for what in MEASURES:
        medians[what] = [report.interval(groups, _median(what, size)) for size in sizes]
        growth = report.interval(groups, _growth(what, sizes))
        figures[f"{what}_p50_ms"] = medians[what][list(sizes).index(at)]
        figures[f"{what}_growth"] = growth
        cells = (f"{m['value']:.2f} ms" for m in medians[what])
        table.add_row(what, *cells, f"{growth['value']:.2f}")
    Console().print(table)
    config = {"sizes": list(sizes), "rounds": rounds, "relations": RELATIONS, "durability": "full"}
    rows = [row for group in groups for row in group]
    written = report.write(out, "memory_graph", figures, rows, config, list(seeds))
    _plot(out / "memory_graph.png", sizes, medians)
    return written


def _plot(path: Path, sizes: Sequence[int], medians: dict[str, list[dict[str, float]]]) -> None:
    try:
        from matplotlib.figure import Figure
    except ImportError:
        Console().print("no plot without matplotlib")
        return
    axes = (figure := Figure(figsize=(5.0, 3.5), layout="constrained")).subplots()
    for what, values in medians.items():
        axes.plot(sizes, [value["value"] for value in values], "o-", label=what)
    axes.set(xscale="log", xlabel="edges", ylabel="ms, median", ylim=(0.0, None))
    axes.legend()
    figure.savefig(path, dpi=150)


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="memory_graph", description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=3, help="repetitions")
    parser.add_argument("--out", type=Path, required=True, help="folder for memory_graph.json")
    args = parser.parse_args(arguments)
    run(args.out, args.sizes, args.rounds, range(args.seeds))


if __name__ == "__main__":
    main()
