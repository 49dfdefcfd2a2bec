# SPDX-License-Identifier: Apache-2.0
"""Which of two came first? Sequence-order recall from one long episode, at any distance.

As in SORT (Pink et al., arXiv 2410.08133), segments of a long sequence are asked for in pairs: what
came first? Here the sequence is what a robot noted over days, thousands of steps in which a few
dozen actions, things, places and reasons recur, so that each word is said hundreds of times. A
question gives both segments in their own words. A right answer needs the one step that says just
that, among all that say nearly that, and its time; "unknown" counts as wrong. Chance is one half.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

import report
from memagent.memory import LifelongMemory, MemoryConfig, Note, StoreConfig

ACTIONS = (
    "moved", "cleaned", "found", "showed", "counted", "wrapped", "carried", "photographed",
    "checked", "sorted", "dried", "handed over", "turned around", "described", "weighed",
)  # fmt: skip
COLOURS = ("red", "blue", "green", "white", "black", "yellow", "grey", "brown")
THINGS = (
    "mug", "plate", "book", "bottle", "towel", "lamp", "basket", "cushion", "kettle", "vase",
    "remote", "jar", "plant", "tray", "clock", "blanket", "bowl", "notebook",
)  # fmt: skip
PLACES = (
    "kitchen counter", "window sill", "dining table", "bookshelf", "sofa", "bedside table",
    "hallway bench", "desk", "balcony door", "laundry basket", "fridge", "fireplace",
)  # fmt: skip
REASONS = (
    "for Anna", "for the guests", "after breakfast", "before the meeting", "because of the rain",
    "for grandfather", "while music played", "as Tom asked", "for the party", "during the call",
    "before dinner", "for the neighbour",
)  # fmt: skip
SIZES = (1_000, 5_000, 20_000)
DISTANCES = (1, 10, 100, 1_000, 10_000)
QUESTIONS = 100
"""Per distance and seed."""
STEP_S = 20.0


def steps(count: int, dice: random.Random) -> list[str]:
    """Different sentences of the same few words."""
    said: dict[str, None] = {}
    while len(said) < count:
        parts = [dice.choice(words) for words in (ACTIONS, COLOURS, THINGS, PLACES, REASONS)]
        action, colour, thing, place, reason = parts
        said[f"{action} the {colour} {thing} at the {place} {reason}"] = None
    return list(said)


def measure(count: int, seed: int) -> list[dict[str, Any]]:
    """One row per question."""
    dice = random.Random(seed)
    said = steps(count, dice)
    config = MemoryConfig(store=StoreConfig(durability="normal"))
    rows = []
    with (
        tempfile.TemporaryDirectory() as folder,
        LifelongMemory(Path(folder) / "robot.memory", config=config) as memory,
    ):
        memory.begin_episode("look after the house")
        memory.remember_many(Note(text, STEP_S * i) for i, text in enumerate(said))
        for distance in (d for d in DISTANCES if d < count):
            for _ in range(QUESTIONS):
                first = dice.randrange(count - distance)
                pair = [said[first], said[first + distance]]
                swapped = dice.random() < 0.5
                a, b = reversed(pair) if swapped else pair
                began = time.perf_counter()
                answer = memory.chronology.before(a, b)
                rows.append(
                    {
                        "seed": seed,
                        "steps": count,
                        "distance": distance,
                        "right": answer.known and answer.value is not swapped,
                        "unknown": not answer.known,
                        "ms": 1e3 * (time.perf_counter() - began),
                    }
                )
    return rows


def _share(rows: Sequence[dict[str, Any]], key: str = "right") -> float:
    return sum(row[key] for row in rows) / len(rows)


def run(out: Path, sizes: Sequence[int] = SIZES, seeds: Sequence[int] = range(3)) -> dict[str, Any]:
    """Measure, print and write ``out/memory_order.json``."""
    groups = [[row for size in sizes for row in measure(size, seed)] for seed in seeds]
    rows = [row for group in groups for row in group]
    figures = {
        "order_recall": report.interval(groups, lambda gs: _share([r for g in gs for r in g])),
        "order_unknown": _share(rows, "unknown"),
        "questions": len(rows),
    }
    table = Table("steps between", *(f"of {size:,}" for size in sizes), title="order recall")
    for distance in DISTANCES:
        found = [[r for r in rows if (r["steps"], r["distance"]) == (s, distance)] for s in sizes]
        cells = (f"{_share(some):.3f} (n {len(some)})" if some else "–" for some in found)
        table.add_row(f"{distance:,}", *cells)
    Console(highlight=False).print(table)
    return report.write(out, "memory_order", figures, rows, {"sizes": list(sizes)}, list(seeds))


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="memory_order", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for memory_order.json")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--seeds", type=int, default=3, help="episodes of each size")
    args = parser.parse_args(arguments)
    run(args.out, args.sizes, range(args.seeds))


if __name__ == "__main__":
    main()
