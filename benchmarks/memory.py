# SPDX-License-Identifier: Apache-2.0
"""All that the memory is measured by, in one table: each figure beside what it should be.

The parts are benchmarks of their own. Each writes its own file into the folder, and the table is
made of all that are there, so that a part may be run again alone, or at a quieter time.

    memagent bench memory --out results --emem PYTHON --locomo FILE
    memagent bench memory --out results --only memory_step
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import locomo
import memory_crash
import memory_graph
import memory_order
import memory_parallel
import memory_recall
import memory_step
import memory_truth
from household_year import YearConfig
from rich.console import Console

from aims import Figure, Read, gather, named, parts_of


def times(name: str, other: str, inverse: bool = False) -> Read:
    """How many times as fast; ``inverse`` for seconds, of which fewer are faster."""

    def read(found: Mapping[str, Any]) -> float:
        ours, theirs = float(found[name]), float(found[other])
        return theirs / ours if inverse else ours / theirs

    return read


def least(*names: str) -> Read:
    """The worst of several figures."""
    return lambda found: min(float(found[name]) for name in names)


def worst(*names: str) -> Read:
    return lambda found: max(float(found[name]) for name in names)


QUESTIONS = memory_recall.QUERIES
WRITES = memory_recall.SINGLE_WRITES
EMEM = "--emem PYTHON, one that has emem"
FILTERED = ("filtered", "filtered_time", "filtered_place")
RECALL, GRAPH, STEP, TRUTH = "memory_recall", "memory_graph", "memory_step", "memory_truth"

FIGURES: Mapping[str, Figure] = {
    "write_rate_vs_emem": Figure(
        RECALL, 3.0, True, times("single_writes_per_s", "single_writes_per_s_emem"), WRITES, EMEM
    ),
    "batch_rate_vs_emem": Figure(
        RECALL, 10.0, True, times("batch_rows_per_s", "batch_rows_per_s_emem"), "size", EMEM
    ),
    "recall_p50_ms": Figure(RECALL, 2.0, False, named("vector_p50_ms"), QUESTIONS),
    "recall_p50_vs_emem": Figure(
        RECALL, 2.0, True, times("vector_p50_ms", "vector_p50_ms_emem", True), QUESTIONS, EMEM
    ),
    "recall_p99_ms_under_writes": Figure(
        RECALL, 10.0, False, named("under_writes_p99_ms"), QUESTIONS
    ),
    "recall_at_10": Figure(
        RECALL, 0.99, True, least("recall_at_10", *(f"recall_at_10_{f}" for f in FILTERED)),
        4 * QUESTIONS,
    ),
    "recall_filtered_p50_ms": Figure(
        RECALL, 1.5, False, worst(*(f"{f}_p50_ms" for f in FILTERED)), 3 * QUESTIONS
    ),
    "recall_1m_p50_ms": Figure(
        RECALL, 10.0, False, named("vector_p50_ms_1m"), QUESTIONS, "a run without --quick"
    ),
    "cold_start_s": Figure(RECALL, 1.0, False, named("cold_start_s"), 3),
    "disk_bytes_per_item": Figure(RECALL, 2500.0, False, named("disk_bytes_per_item"), "size"),
    "ram_bytes_per_item": Figure(RECALL, 2048.0, False, named("ram_bytes_per_item"), "size"),
    "where_p50_ms": Figure(STEP, 0.3, False, named("where_p50_ms"), "rounds"),
    "step_p50_ms": Figure(STEP, 5.0, False, named("step_p50_ms"), "rounds"),
    "parallel_overhead": Figure(
        "memory_parallel", 1.15, False, named("parallel_overhead"), "rounds"
    ),
    "graph_update_p50_ms": Figure(GRAPH, 2.0, False, named("graph_update_p50_ms"), "rounds"),
    "graph_update_growth": Figure(GRAPH, None, False, named("graph_update_growth"), "rounds"),
    "kill9_trials": Figure("memory_crash", 500, True, named("kill9_trials"), "kill9_trials"),
    "kill9_lost": Figure("memory_crash", 0, False, named("kill9_lost"), "kill9_acknowledged"),
    "truth_current": Figure(TRUTH, 0.95, True, named("truth_current"), "truth_current_n"),
    "truth_past": Figure(TRUTH, 0.90, True, named("truth_past"), "truth_past_n"),
    "stale": Figure(TRUTH, 0.02, False, named("stale"), "stale_n"),
    "abstention_f1": Figure(TRUTH, 0.90, True, named("abstention_f1"), "abstention_f1_n"),
    "order_recall": Figure("memory_order", 0.99, True, named("order_recall"), "questions"),
    "locomo_recall_at_5": Figure(
        "locomo", 0.64, True, named("locomo_recall_at_5"), "questions", "--locomo FILE"
    ),
    "locomo_recall_at_10": Figure(
        "locomo", 0.74, True, named("locomo_recall_at_10"), "questions", "--locomo FILE"
    ),
}  # fmt: skip
PARTS = parts_of(FIGURES)


def measure(part: str, out: Path, quick: bool, emem: str, conversations: Path | None) -> None:
    """Run one part, which writes ``out/part.json``; nothing where it needs what is not there."""
    if part == RECALL:
        sizes = (10_000,) if quick else (100_000, memory_recall.MILLION)
        memory_recall.run(out, sizes, range(1 if quick else 3), emem)
    elif part == GRAPH:
        sizes = (1_000, 10_000) if quick else memory_graph.SIZES
        memory_graph.run(out, sizes, 50 if quick else 200, range(1 if quick else 3))
    elif part == STEP:
        objects, rounds = (5_000, 50) if quick else (memory_step.OBJECTS, memory_step.ROUNDS)
        memory_step.run(out, objects, rounds, range(1 if quick else 3))
    elif part == "memory_parallel":
        memory_parallel.run(out, 3 if quick else 10)
    elif part == TRUTH:
        memory_truth.run(out, config=YearConfig(days=10) if quick else None)
    elif part == "memory_order":
        memory_order.run(out, (1_000,) if quick else memory_order.SIZES, range(1 if quick else 3))
    elif part == "memory_crash":
        memory_crash.run(out, 5 if quick else 500)
    elif conversations is not None:
        locomo.run(out, conversations)


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="memory", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for all reports")
    parser.add_argument("--quick", action="store_true", help="small sizes, minutes")
    parser.add_argument("--emem", default="", metavar="PYTHON", help="a Python that has emem")
    parser.add_argument("--locomo", type=Path, metavar="FILE", help="LoCoMo's conversations")
    parser.add_argument("--only", nargs="*", choices=PARTS, default=PARTS, help="these parts")
    o = parser.parse_args(arguments)
    for part in o.only:
        Console().rule(part)
        measure(part, o.out, o.quick, o.emem, o.locomo)
    gather(o.out, "memory", FIGURES)


if __name__ == "__main__":
    main()
