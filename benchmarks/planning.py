# SPDX-License-Identifier: Apache-2.0
"""How well instructions in free English are understood: EB-ALFRED's, without a language model.

The rules and the lexicon were written with one half of these instructions in view, chosen by a
hash of their ids; of the other half only totals were ever looked at. Both are reported apart.

    memagent bench planning --out results --eb-alfred dev.jsonl
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy.stats import binomtest

import report
from memagent.errors import ConfigError
from memagent.planner.grounding import (
    ACT,
    BadLine,
    GroundingTask,
    HouseholdGrounder,
    pddl_params,
    read_tasks,
    task_type,
)

AIMS: Mapping[str, float] = {
    "base": 0.90,
    "common_sense": 0.60,
    "complex_instruction": 0.75,
    "visual_appearance": 0.75,
    "spatial": 0.80,
    "long_horizon": 0.90,
}
WRONG_AIM = 0.03


def ground_all(path: Path) -> list[dict[str, Any]]:
    """Ground every task of ``path``; one row each, with whether it was right.

    Raises:
        ConfigError: a line is no task with ``subset``, ``task_type`` and ``goal``.
    """
    tasks: list[tuple[GroundingTask, dict[str, Any]]] = []
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    for task, line in zip(read_tasks(path), lines, strict=True):
        if isinstance(task, BadLine):
            raise ConfigError(task.reason)
        gold = json.loads(line)
        missing = [key for key in ("subset", "task_type", "goal") if key not in gold]
        if missing:
            raise ConfigError(f"{path}: task {task.id!r} lacks {', '.join(missing)}")
        tasks.append((task, gold))
    in_view = looked_at([(str(task.id), gold["subset"]) for task, gold in tasks])
    grounder = HouseholdGrounder()
    for task, _ in tasks[:5]:  # warm-up
        grounder.ground(task.instruction, task.scene)
    rows = []
    for task, gold in track(tasks, "grounding", transient=True):
        scene = task.scene
        began = time.perf_counter()
        found = grounder.ground(task.instruction, scene)
        took = 1e3 * (time.perf_counter() - began)
        rows.append(
            {
                "id": task.id,
                "subset": gold["subset"],
                "in_view": str(task.id) in in_view,
                "right": asdict(pddl_params(found.goal)) == gold["goal"],
                "right_type": task_type(found.goal) == gold["task_type"],
                "confidence": found.confidence,
                "acts": found.confidence >= ACT,
                "ms": took,
            }
        )
    return rows


def looked_at(tasks: Iterable[tuple[str, str]]) -> set[str]:
    """Of (id, subset), the ids of the half of each subset that the lexicon was written in view of:
    the first by SHA-256 of the id, the middle one included.
    """
    subsets: dict[str, list[str]] = {}
    for name, subset in tasks:
        subsets.setdefault(subset, []).append(name)
    return {
        name
        for names in subsets.values()
        for name in sorted(names, key=lambda n: hashlib.sha256(n.encode()).hexdigest())[
            : (len(names) + 1) // 2
        ]
    }


def figures_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Shares with their Wilson intervals: of all, of the half in view, and of the held-out half."""
    figures: dict[str, Any] = {}
    halves = {
        "": rows,
        "_in_view": [r for r in rows if r["in_view"]],
        "_held_out": [r for r in rows if not r["in_view"]],
    }
    for half, mine in halves.items():
        for subset in dict.fromkeys(r["subset"] for r in rows):
            of = [r["right"] for r in mine if r["subset"] == subset]
            figures[f"grounding_{subset}{half}"] = share(of)
        figures[f"grounding_all{half}"] = share([r["right"] for r in mine])
        figures[f"grounding_task_type{half}"] = share([r["right_type"] for r in mine])
        wrong = [r["acts"] and not r["right"] for r in mine]
        figures[f"grounding_wrong_confident{half}"] = share(wrong)
        figures[f"grounding_acts{half}"] = share([r["acts"] for r in mine])
    times = [r["ms"] for r in rows]
    figures["grounding_p50_ms"] = float(np.percentile(times, 50))
    figures["grounding_p99_ms"] = float(np.percentile(times, 99))
    figures["grounding_threshold"] = ACT
    figures["grounding_n"] = len(rows)
    return figures


def share(of: Sequence[bool]) -> dict[str, float]:
    """The share of True with its 95 % interval (Wilson)."""
    if not of:
        return {"value": float("nan"), "low": float("nan"), "high": float("nan")}
    result = binomtest(sum(of), len(of))
    ci = result.proportion_ci(0.95, method="wilson")
    return {"value": sum(of) / len(of), "low": float(ci.low), "high": float(ci.high)}


def run(out: Path, eb_alfred: Path) -> dict[str, Any]:
    """Measure, print and write ``out/planning.json``."""
    rows = ground_all(eb_alfred)
    figures = figures_of(rows)
    _show(figures, rows)
    return report.write(out, "planning", figures, rows, {"eb_alfred": eb_alfred.name}, [])


def _show(figures: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> None:
    table = Table(title=f"Goal grounding, exact goals, n = {len(rows)}")
    for column in ("", "all", "in view", "held out", "aim"):
        table.add_column(column, justify="left" if not column else "right")
    subsets = {r["subset"]: f"≥ {AIMS[r['subset']]:g}" for r in rows if r["subset"] in AIMS}
    extra = {"all": "", "task_type": "", "wrong_confident": f"≤ {WRONG_AIM:g}", "acts": ""}
    for name, aim in (subsets | extra).items():
        halves = (figures[f"grounding_{name}{h}"] for h in ("", "_in_view", "_held_out"))
        table.add_row(name, *(report.told(figure, 2) for figure in halves), aim)
    p50, p99 = figures["grounding_p50_ms"], figures["grounding_p99_ms"]
    table.caption = f"p50 {p50:.1f} ms, p99 {p99:.1f} ms; acts from confidence {ACT} on"
    Console(highlight=False).print(table)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="planning", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for the report")
    parser.add_argument("--eb-alfred", type=Path, metavar="FILE", help="EB-ALFRED's tasks, JSONL")
    o = parser.parse_args(arguments)
    if o.eb_alfred is None:
        parser.exit(2, "planning: needs --eb-alfred FILE, tasks of EB-ALFRED as lines of JSON\n")
    if not o.eb_alfred.is_file():
        parser.exit(2, f"planning: there is no file {o.eb_alfred}\n")
    run(o.out, o.eb_alfred)


if __name__ == "__main__":
    main()
