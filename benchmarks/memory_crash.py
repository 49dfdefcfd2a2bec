# SPDX-License-Identifier: Apache-2.0
"""What ``kill -9`` costs: a process that writes memory is killed again and again.

The writer remembers and observes as fast as it can and acknowledges each memory on a pipe once the
calls have returned; it is killed at a random instant. Then the file is opened, and every memory
acknowledged so far is looked for by its text, its place and its time. What else may happen to a
file (no space, no permission, cut short, flipped bits, a second writer, a clock that jumps) is
tried in tests/memory.

    memagent bench memory_crash --out results --trials 500
"""

from __future__ import annotations

import argparse
import os
import random
import select
import signal
import sqlite3
import struct
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

import report
from memagent import resources
from memagent.errors import StoreError
from memagent.memory import LifelongMemory
from memagent.site import load_site
from memagent.types import MemoryItem, ObjectObservation, Percept, Query, Relation, Vector3

SITE = "configs/sites/flat.yaml"
ACKNOWLEDGEMENT = struct.Struct("=q")
GOES_WITHIN_S = 60.0
LONGEST_LIFE_S = 0.15
"""A writer is killed within this after its first acknowledgement."""
PER_DESK = 4


@dataclass(frozen=True, slots=True)
class Trial:
    """What one kill left behind."""

    lived_ms: float
    acknowledged: int
    """Memories acknowledged since the first trial."""
    fresh: int
    """Of those, by the writer that was killed."""
    lost: int
    corrupt: bool


def text_of(number: int) -> str:
    return f"marker{number} was here"


def spot_of(number: int) -> Vector3:
    """Half a metre between any two of a hundred thousand."""
    return (0.5 * (number % 300), 0.5 * (number // 300), 1.0)


def write_until_killed(path: Path, first: int, pipe: int) -> None:
    """The writer: one memory and two percepts per number, then the number on the pipe."""
    site = load_site(resources.find(SITE))
    stand = site.place("desk").stand_pose
    with LifelongMemory(path, site) as memory:
        number = first
        while True:
            spot = (5.6 + 0.3 * (number % PER_DESK), 5.6, 0.745)
            seen = ObjectObservation(
                1, "red mug", "mug", "red", "cylinder", spot, 0.0, (0.07, 0.07, 0.09), 0.9, 200
            )
            memory.remember(text_of(number), stamp=float(number), position=spot_of(number))
            for stamp in (number, number + 0.2):  # A move is believed at its second sighting.
                relations = (Relation("red mug", "on", "desk"),)
                memory.observe(Percept(stamp, stand, (seen,), (), relations))
            os.write(pipe, ACKNOWLEDGEMENT.pack(number))
            number += 1


def kill_once(path: Path, first: int, life: float) -> int | None:
    """Let a writer live for ``life`` seconds from its first acknowledgement; its newest one.

    The life is cut at a random instant of whatever call the writer is in.
    """
    reading, writing = os.pipe()
    writer = os.fork()  # A process of its own, without the seconds that importing takes.
    if not writer:
        try:
            os.close(reading)
            write_until_killed(path, first, writing)
        finally:
            os._exit(1)
    os.close(writing)
    try:
        going = bool(select.select([reading], [], [], GOES_WITHIN_S)[0])
        time.sleep(life if going else 0.0)
    finally:
        os.kill(writer, signal.SIGKILL)
    os.waitpid(writer, 0)
    data = b""
    while chunk := os.read(reading, 1 << 16):
        data += chunk
    os.close(reading)
    whole = len(data) // ACKNOWLEDGEMENT.size * ACKNOWLEDGEMENT.size
    if not whole:
        return None
    return int(ACKNOWLEDGEMENT.unpack(data[whole - ACKNOWLEDGEMENT.size : whole])[0])


def lost(path: Path, known: int, fresh: int) -> int:
    """How many acknowledged memories cannot be recalled by text, by place and by time.

    Every memory is looked for by time. By text and place: those of the writer that was killed, and
    an even sample of the older ones, which earlier trials looked for.
    """
    with LifelongMemory(path, load_site(resources.find(SITE))) as memory:
        there = {item.text for item in memory.timeline(limit=8 * known + 100)}
        missing = {n for n in range(1, known + 1) if text_of(n) not in there}
        older = known - fresh
        step = max(1, older // 50)
        for n in (*range(1, older + 1, step), *range(older + 1, known + 1)):
            found = (
                memory.recall(Query(text=text_of(n), limit=1)).items,
                memory.near(spot_of(n), 0.1),
                memory.timeline(float(n), float(n)),
            )
            if not all(text_of(n) in _texts(items) for items in found):
                missing.add(n)
        belief = memory.where("red mug").candidates[0]
        # The kill may have come between an observation and its acknowledgement.
        expected = {5.6 + 0.3 * (n % PER_DESK) for n in (known, known + 1)}
        if belief.position is None or belief.position[0] not in expected:
            missing.add(known)
    return len(missing)


def corrupt(path: Path) -> bool:
    """Whether SQLite finds the file, or its text index, damaged."""
    with closing(sqlite3.connect(path)) as connection:
        said = [row[0] for row in connection.execute("PRAGMA integrity_check")]
        try:
            connection.execute("INSERT INTO item_text (item_text) VALUES ('integrity-check')")
        except sqlite3.DatabaseError:
            return True
        connection.rollback()
    return said != ["ok"]


def measure(folder: Path, trials: int, seed: int) -> list[Trial]:
    """Kill ``trials`` writers of one file, one after the other."""
    dice = random.Random(seed)
    path, known = folder / "robot.memory", 0
    results = []
    for _ in track(range(trials), "kill -9", transient=True):
        life = dice.uniform(0.0, LONGEST_LIFE_S)
        newest = max(known, kill_once(path, known + 1, life) or 0)
        try:
            gone, damaged = lost(path, newest, newest - known), corrupt(path)
        except StoreError:
            gone, damaged = newest, True
        results.append(Trial(1e3 * life, newest, newest - known, gone, damaged))
        known = newest
        if gone or damaged:
            # One damage must not count again in every later trial.
            path, known = folder / f"robot-{len(results)}.memory", 0
    return results


def run(out: Path, trials: int = 50, seed: int = 0) -> dict[str, Any]:
    """Measure, print and write ``out/memory_crash.json``."""
    with tempfile.TemporaryDirectory() as folder:
        results = measure(Path(folder), trials, seed)
    figures = {
        "kill9_trials": len(results),
        "kill9_acknowledged": sum(trial.fresh for trial in results),
        "kill9_lost": sum(trial.lost for trial in results),
        "kill9_corrupt": sum(trial.corrupt for trial in results),
    }
    console = Console(highlight=False)
    for name, value in figures.items():
        console.print(f"  {name}: {value}")
    config = {"trials": trials, "longest_life_s": LONGEST_LIFE_S, "durability": "full"}
    rows = [asdict(trial) for trial in results]
    return report.write(out, "memory_crash", figures, rows, config, [seed])


def _texts(items: Sequence[MemoryItem]) -> list[str]:
    return [item.text for item in items]


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="memory_crash", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for memory_crash.json")
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(arguments)
    run(args.out, args.trials, args.seed)


if __name__ == "__main__":
    main()
