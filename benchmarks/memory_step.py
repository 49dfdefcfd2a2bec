# SPDX-License-Identifier: Apache-2.0
"""How long one step takes in a memory of many objects: take in a percept, then ask all four kinds.

The memory knows as many objects as are asked for, each with its place. A percept shows ten of them,
one of which has moved; it is taken in and synced. Then all four kinds of memory are asked about a
thing, at once (``retrieve``). Each kind is timed alone, too.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

import report
from memagent.memory import (
    EntityConfig,
    LifelongMemory,
    MemoryConfig,
    PerceivingConfig,
    StateConfig,
    StoreConfig,
)
from memagent.memory.knowledge.knowledge_graph import KnowledgeGraph
from memagent.memory.records import Entity
from memagent.memory.store import SQLiteStore
from memagent.memory.store.tables import Tables
from memagent.types import ObjectObservation, Percept, Pose2D, Query, Relation, Vector3

OBJECTS = 100_000
PLACES = 50
SEEN = 10
ROUNDS = 200
WARM_UP = 10
PAUSE_S = 0.02
"""Between two rounds: robots do not ask all the time."""
SIZE = (0.07, 0.07, 0.09)
AT_ONCE = MemoryConfig(
    perceiving=PerceivingConfig(move_percepts=1),
    state=StateConfig(entities=EntityConfig(new_percepts=1)),
)
"""What moved is believed in the very percept that is timed."""


def name_of(number: int) -> str:
    return f"thing {number}"


def spot_of(number: int) -> Vector3:
    return (0.5 * (number % 300), 0.5 * (number // 300), 0.7)


def build(path: Path, objects: int) -> None:
    """A file in which every object has a place and an item that says so."""
    store = SQLiteStore(path, StoreConfig(durability="normal"))
    tables = Tables(store)
    graph = KnowledgeGraph(tables, None)
    with store.transaction():
        for i in range(objects):
            name, stamp, place = name_of(i), 0.01 * i, f"place {i % PLACES}"
            tables.put_entity(
                Entity(name, name, f"sort {i % 100}", "red", SIZE, spot_of(i), stamp, stamp, 0.9)
            )
            fact, _ = graph.tell(Relation(name, "on", place, 0.9), stamp, stamp)
            tables.add_item(
                "relation", f"{name} on the {place}", stamp, position=spot_of(i), thing=name,
                fact=fact.seq,
            )  # fmt: skip
        tables.put_meta("now", 0.01 * objects)
    store.close()


def percept(number: int, objects: int, stamp: float) -> Percept:
    """Ten neighbours in the numbering, of which the first stands elsewhere than before."""
    shown = [(SEEN * number + i) % objects for i in range(SEEN)]
    seen, relations = [], []
    for i in shown:
        x, y, z = spot_of(i)
        moved = i == shown[0]
        place = f"place {(i + (number % 7 + 1) * moved) % PLACES}"
        position = (x + 0.3 * moved, y, z)
        seen.append(
            ObjectObservation(
                i, name_of(i), f"sort {i % 100}", "red", "cylinder", position, 0.0, SIZE, 0.9, 200
            )
        )
        relations.append(Relation(name_of(i), "on", place))
    return Percept(stamp, Pose2D(0.0, 0.0), tuple(seen), (), tuple(relations))


def asking(memory: LifelongMemory) -> dict[str, Callable[[str], object]]:
    """What is asked of each kind of memory, about a thing."""
    return {
        "temporal": lambda thing: memory.context(),
        "spatial": lambda thing: (memory.where(thing), memory.graph(around=thing)),
        "episodic": lambda thing: memory.recall(Query(text=thing)),
        "semantic": lambda thing: (memory.lessons(subject=thing), memory.habits(thing)),
    }


def measure(objects: int, rounds: int, seed: int) -> list[dict[str, Any]]:
    """Milliseconds of each operation."""
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "robot.memory"
        build(path, objects)
        with LifelongMemory(path, config=AT_ONCE) as memory:
            kinds = asking(memory)
            start = 0.01 * objects + 100.0

            def observe(number: int) -> None:
                memory.observe(percept(number, objects, start + number))

            def step(number: int) -> None:
                memory.observe(percept(number + 4 * rounds, objects, start + 4 * rounds + number))
                memory.retrieve(Query(text=name_of(dice.randrange(objects))))

            took = {
                "where": _timed(lambda _: memory.where(name_of(dice.randrange(objects))), rounds),
                "observe": _timed(observe, rounds),
                "step": _timed(step, rounds),
            }
            for kind, ask in kinds.items():
                took[kind] = _timed(
                    lambda _, ask=ask: ask(name_of(dice.randrange(objects))), rounds
                )
    return [{"seed": seed, "what": w, "ms": 1e3 * s} for w, taken in took.items() for s in taken]


def _timed(work: Callable[[int], object], rounds: int) -> list[float]:
    took = []
    for number in range(rounds):
        time.sleep(PAUSE_S)
        work(2 * number)  # Neither the scheduler's slices nor cold caches are to count.
        began = time.perf_counter()
        work(2 * number + 1)
        took.append(time.perf_counter() - began)
    return took[min(WARM_UP, rounds // 2) :]


def _percentile(what: str, share: float) -> Callable[[Sequence[Sequence[dict[str, Any]]]], float]:
    return lambda groups: float(
        np.percentile([r["ms"] for rows in groups for r in rows if r["what"] == what], share)
    )


def run(
    out: Path, objects: int = OBJECTS, rounds: int = ROUNDS, seeds: Sequence[int] = range(3)
) -> dict[str, Any]:
    """Measure, print and write ``out/memory_step.json``."""
    groups = [measure(objects, rounds, seed) for seed in seeds]
    figures: dict[str, Any] = {"objects": objects, "rounds": rounds * len(groups)}
    table = Table("", "p50 ms", "p99 ms", title=f"A step among {objects:,} objects")
    for what in dict.fromkeys(row["what"] for row in groups[0]):
        middle, high = (report.interval(groups, _percentile(what, q)) for q in (50, 99))
        figures[f"{what}_p50_ms"], figures[f"{what}_p99_ms"] = middle, high
        table.add_row(what, f"{middle['value']:.3f}", f"{high['value']:.3f}")
    Console(highlight=False).print(table)
    rows = [row for group in groups for row in group]
    config = {"objects": objects, "rounds": rounds, "durability": "full"}
    return report.write(out, "memory_step", figures, rows, config, list(seeds))


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="memory_step", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for memory_step.json")
    parser.add_argument("--objects", type=int, default=OBJECTS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seeds", type=int, default=3, help="repetitions")
    args = parser.parse_args(arguments)
    run(args.out, args.objects, args.rounds, range(args.seeds))


if __name__ == "__main__":
    main()
