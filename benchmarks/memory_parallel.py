# SPDX-License-Identifier: Apache-2.0
"""Do slow models hold each other up? All of memory's models at once against the slowest alone.

Each backend that may be a model (embedder of items, merger of lessons, summarizer of old steps, and
the embedder of a question) waits a given time before it answers. An update is an episode with one
skill, whose steps overflow the temporal ring: it is timed from its first call until every backend
has said what it had to say. It is measured with one slow backend at a time, then with all of them.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

import report
from memagent.memory import (
    Decision,
    Evidence,
    LessonRecord,
    LifelongMemory,
    MemoryConfig,
    StateConfig,
)
from memagent.memory.temporal import Moment, TemporalConfig
from memagent.types import (
    Code,
    Percept,
    Pose2D,
    Query,
    SkillCall,
    SkillOutcome,
    TaskResult,
    TaskStatus,
)

BACKENDS = ("embedder", "merger", "summarizer")
STEPS = 8
CONFIG = MemoryConfig(state=StateConfig(temporal=TemporalConfig(steps=STEPS, interval=0.0)))
PATIENCE_S = 120.0
DONE = TaskResult(TaskStatus.SUCCEEDED, "", "tidy up", 1, 0, 5.0, 0)


class _Embedder:
    id, dimension = "slow", 16

    def __init__(self, wait_s: float) -> None:
        self._wait_s = wait_s

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        time.sleep(self._wait_s)
        return np.full((len(texts), self.dimension), self.dimension**-0.5, np.float32)


class _Merger:
    def __init__(self, wait_s: float) -> None:
        self._wait_s = wait_s

    def decide(self, evidence: Evidence, nearest: Sequence[LessonRecord]) -> Sequence[Decision]:
        time.sleep(self._wait_s)
        same = [r for r in nearest if r.key == evidence.key]
        return (Decision("UPDATE", same[0].id) if same else Decision("ADD"),)


class _Summarizer:
    def __init__(self, wait_s: float) -> None:
        self._wait_s = wait_s

    def summarise(self, steps: Sequence[Moment]) -> str:
        time.sleep(self._wait_s)
        return f"{len(steps)} steps"


def update_s(waits: dict[str, float], rounds: int) -> float:
    """Median seconds of an update with backends that wait so long."""
    with (
        tempfile.TemporaryDirectory() as folder,
        LifelongMemory(
            Path(folder) / "robot.memory",
            config=CONFIG,
            embedder=_Embedder(waits["embedder"]),
            merger=_Merger(waits["merger"]),
            summarizer=_Summarizer(waits["summarizer"]),
        ) as memory,
    ):
        times = [_update(memory, 1000.0 * number) for number in range(rounds + 1)]
    return statistics.median(times[1:])


def _update(memory: LifelongMemory, start: float) -> float:
    began = time.perf_counter()
    memory.begin_episode("tidy up")
    for step in range(STEPS + 1):
        text = f"step {step} of {start:g}"
        memory.observe(
            Percept(
                start + step, Pose2D(0.0, 0.0, 0.0), (), (), (), {}, False, "", text, (), True,
            )
        )  # fmt: skip
    call = SkillCall("pick", "desk", "mug")
    memory.record(SkillOutcome(call, Code.OK, "", start + STEPS, start + STEPS + 5.0))
    memory.end_episode(DONE)
    if not memory.settle(PATIENCE_S):
        raise SystemExit(f"the backends were not done after {PATIENCE_S:g} s")
    return time.perf_counter() - began


def retrieval_s(wait_s: float, rounds: int) -> float:
    """Median seconds to ask all four kinds of memory with a slow embedder of questions."""
    with LifelongMemory(":memory:", config=CONFIG, embedder=_Embedder(0.0)) as memory:
        _update(memory, 0.0)
        memory._embedder._wait_s = wait_s  # type: ignore[union-attr]
        times = []
        for number in range(rounds):
            began = time.perf_counter()
            memory.retrieve(Query(text=f"tidy up mug {number}"))
            times.append(time.perf_counter() - began)
    return statistics.median(times)


def measure(wait_s: float, rounds: int) -> dict[str, Any]:
    """All together against the slowest alone, for updates and for retrieval."""
    nothing = dict.fromkeys(BACKENDS, 0.0)
    alone = {name: update_s({**nothing, name: wait_s}, rounds) for name in BACKENDS}
    together = update_s(dict.fromkeys(BACKENDS, wait_s), rounds)
    retrieval = retrieval_s(wait_s, rounds)
    return {
        "wait_s": wait_s,
        **{f"{name}_alone_s": seconds for name, seconds in alone.items()},
        "together_s": together,
        "one_after_the_other_s": sum(alone.values()),
        "update_overhead": together / max(alone.values()),
        "retrieval_s": retrieval,
        "retrieval_overhead": retrieval / wait_s,
    }


def run(out: Path, rounds: int, wait_s: float = 0.2) -> dict[str, Any]:
    """Measure, print and write ``out/memory_parallel.json``."""
    row = measure(wait_s, rounds)
    table = Table("", "seconds, or times")
    for name, value in row.items():
        table.add_row(name.replace("_", " "), f"{value:.3f}")
    Console().print(table)
    overhead = max(row["update_overhead"], row["retrieval_overhead"])
    figures = {"parallel_overhead": overhead, "rounds": rounds}
    return report.write(out, "memory_parallel", figures, [row], {"wait_s": wait_s}, [])


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--out", type=Path, required=True, help="folder for memory_parallel.json")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    o = parser.parse_args(arguments)
    run(o.out, 3 if o.quick else 10)


if __name__ == "__main__":
    main()
