# SPDX-License-Identifier: Apache-2.0
"""Does the agent do its household tasks, which memory is that owed to, and does it ever get stuck?

The closed loop with the embedded planner and critic over a real memory, in the symbolic household;
goals are given, so that nothing here depends on language. Four parts, each with its own JSON:

``success``   tasks of EB-ALFRED's families without disturbance, generated and from ``--tasks``, in
              a home that the robot was shown around in, and in one it never saw; times per step.
``ablation``  RoboMemory's ablations (arXiv 2508.01415, Table II) with every disturbance on.
``second``    15 tasks, twice, with the memory kept and with none.
``liveness``  runs against adversaries, by how many exceeded their budget.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

from household_ablations import ABLATIONS, make
from household_adversaries import ADVERSARIES, against
from household_trial import Attempt, Household, Watch
from rich.console import Console
from rich.progress import track
from rich.table import Table

import report
from memagent_sim.symbolic import (
    FAMILIES,
    Disturbances,
    Scene,
    Task,
    generate,
    load_tasks,
    possible_tasks,
)

TROUBLE = Disturbances(
    slips=0.08,
    slippery=0.15,
    jams=0.1,
    moves=0.03,
    moves_between=0.1,
    misreads=0.2,
    false_beliefs=0.2,
)
"""The disturbances of the ablations."""
SECOND = Disturbances(slips=0.08, slippery=0.15, jams=0.1)
"""Those of the second attempts: what happens to a robot alone at home."""
NIGHT = 6 * 3600.0
"""Seconds between two tasks or passes in which people may move things."""
CONSOLE = Console(highlight=False)

Row = dict[str, Any]


def row_of(attempt: Attempt, **labels: Any) -> Row:
    return labels | {
        "success": attempt.success,
        "goal_conditions": attempt.goal_conditions,
        "steps": attempt.steps,
        "invalid": attempt.invalid,
        "skills": attempt.result.skills,
        "status": attempt.result.status.value,
        "seconds": attempt.seconds,
    }


def share(rows: Sequence[Row], key: str = "success") -> float:
    return statistics.fmean(row[key] for row in rows) if rows else float("nan")


def sampled(scene: Scene, count: int, seed: int) -> list[Task]:
    """Tasks for one scene: every family that it allows, long ones among them."""
    chance = random.Random(f"tasks {seed}")
    choices = [possible_tasks(scene, (family,)) for family in FAMILIES]
    choices += [possible_tasks(scene, (f,), sliced=True) for f in FAMILIES[3:6]]
    choices = [tasks for tasks in choices if tasks]
    return [chance.choice(chance.choice(choices)) for _ in range(count)]


# --- success ----------------------------------------------------------------------------------


def success(out: Path, count: int, tasks: Path | None, cpu_clock: bool) -> Row:
    """Success without disturbance, and times per plan and per step."""
    jobs: list[tuple[str, Scene, Task]] = []
    for subset in ("base", "long_horizon"):
        for seed in range(count):
            scene, task = generate(seed, subset)  # type: ignore[arg-type]
            jobs.append((f"generated {subset}", scene, task))
    if tasks is not None:
        jobs += [(f"EB-ALFRED {task.subset}", scene, task) for scene, task in load_tasks(tasks)]
    watch, rows = Watch(time.process_time if cpu_clock else time.perf_counter), []
    for source, scene, task in track(jobs, "tasks", transient=True, console=CONSOLE):
        for shown in (True, False):
            home = Household(scene, watch=watch)
            if shown:
                home.robot.tour()
            rows.append(row_of(home.attempt(task), source=source, shown=shown, family=task.family))
            home.memory.close()
    figures: Row = {}
    for subset in ("base", "long_horizon"):
        mine = [r for r in rows if r["source"].endswith(subset)]
        figures[f"sr_{subset}"] = report.interval([r for r in mine if r["shown"]], share)
        figures[f"sr_{subset}_unseen_home"] = report.interval(
            [r for r in mine if not r["shown"]], share
        )
    for source in sorted({r["source"] for r in rows}):
        mine = [r for r in rows if r["source"] == source and r["shown"]]
        figures[f"{source} SR"], figures[f"{source} GC"] = (
            share(mine),
            share(mine, "goal_conditions"),
        )
        figures[f"{source} steps"] = share(mine, "steps")
        figures[f"{source} n"] = len(mine)
    figures |= watch.figures()
    _tell("Success without disturbance", figures)
    config = {"tasks": tasks, "cpu_clock": cpu_clock}
    return report.write(out, "planning_success", figures, rows, config, range(count))


# --- ablation ---------------------------------------------------------------------------------


def ablation(out: Path, seeds: int, count: int, limit: float) -> Row:
    """What each part of the agent is worth, with every disturbance on."""
    rows = []
    for seed in _while_time(seeds, limit, "ablations"):
        for name in ABLATIONS:
            scene, _ = generate(seed, "long_horizon" if seed % 2 else "base")
            home = make(name, scene, TROUBLE, seed)
            home.robot.tour()
            for number, task in enumerate(sampled(scene, count, seed)):
                home.start_task(number)
                rows.append(row_of(home.attempt(task), seed=seed, agent=name, task=number))
                home.robot.rest(NIGHT)
            home.memory.close()
    seeds = 1 + max(row["seed"] for row in rows)
    figures: Row = {"homes": seeds}
    for name in ABLATIONS:
        groups = [[r for r in rows if r["seed"] == s and r["agent"] == name] for s in range(seeds)]
        figures[f"{name}_success"] = report.interval(groups, lambda g: share(_flat(g)))
        figures[f"{name}_goal_conditions"] = share(_flat(groups), "goal_conditions")
        if name != "full":
            pairs = [[r for r in rows if r["seed"] == s] for s in range(seeds)]
            figures[f"ablation_{name}_drop"] = report.interval(pairs, _Drop(name))
    _tell("Ablations with every disturbance", figures)
    config = {"disturbances": str(TROUBLE), "tasks_per_home": count}
    return report.write(out, "planning_ablation", figures, rows, config, range(seeds))


def _flat(groups: Sequence[Sequence[Row]]) -> list[Row]:
    return [row for group in groups for row in group]


def _while_time(count: int, limit: float, words: str) -> Iterator[int]:
    """Numbers from 0, as many as asked for, or as the limit in minutes allows."""
    end = time.monotonic() + 60 * limit
    for number in track(range(count), words, transient=True, console=CONSOLE):
        if number and time.monotonic() > end:
            CONSOLE.print(f"{words}: stopped after {number} of {count}, as the time was up")
            return
        yield number


class _Drop:
    """Success of the full agent less that of another one, over the same homes."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, groups: Sequence[Sequence[Row]]) -> float:
        rows = _flat(groups)
        mine = [r for r in rows if r["agent"] == self._name]
        return share([r for r in rows if r["agent"] == "full"]) - share(mine)


# --- second attempts --------------------------------------------------------------------------


def second(out: Path, seeds: int, count: int, limit: float) -> Row:
    """The same tasks twice: with the memory kept, and with an empty one for each attempt."""
    rows = []
    for seed in _while_time(seeds, limit, "second attempts"):
        scene, _ = generate(seed, "long_horizon" if seed % 2 else "base")
        tasks = sampled(scene, count, seed)
        for kept in (True, False):
            home = Household(scene, SECOND, seed)
            for number in (1, 2):
                for task in tasks:
                    home.tidy_up()
                    if not kept:
                        home.forget()
                    rows.append(row_of(home.attempt(task), seed=seed, kept=kept, time=number))
                home.robot.rest(NIGHT)
            home.memory.close()
    seeds = 1 + max(row["seed"] for row in rows)
    by_seed = [[r for r in rows if r["seed"] == seed] for seed in range(seeds)]
    figures: Row = {"homes": seeds}
    for kept, words in ((True, "memory"), (False, "no_memory")):
        for number in (1, 2):
            pick = _Pick(kept, number)
            figures[f"{words}_attempt_{number}_success"] = report.interval(by_seed, pick.success)
            figures[f"{words}_attempt_{number}_steps"] = report.interval(by_seed, pick.steps)
    first, again, none = _Pick(True, 1), _Pick(True, 2), _Pick(False, 2)
    figures["second_vs_first_success"] = report.interval(
        by_seed, lambda g: again.success(g) - first.success(g)
    )
    figures["second_vs_first_steps"] = report.interval(
        by_seed, lambda g: again.steps(g) - first.steps(g)
    )
    figures["memory_vs_none"] = report.interval(
        by_seed, lambda g: again.success(g) - none.success(g)
    )
    figures["memory_vs_none_steps"] = report.interval(
        by_seed, lambda g: again.steps(g) - none.steps(g)
    )
    _tell("Second attempts", figures)
    config = {"disturbances": str(SECOND), "tasks": count}
    return report.write(out, "planning_second_attempt", figures, rows, config, range(seeds))


class _Pick:
    """Rows of one agent's attempts, summed up."""

    def __init__(self, kept: bool, attempt: int) -> None:
        self._which = (kept, attempt)

    def success(self, groups: Sequence[Sequence[Row]]) -> float:
        return share(self._rows(groups))

    def steps(self, groups: Sequence[Sequence[Row]]) -> float:
        return share(self._rows(groups), "steps")

    def _rows(self, groups: Sequence[Sequence[Row]]) -> list[Row]:
        return [r for r in _flat(groups) if (r["kept"], r["time"]) == self._which]


# --- liveness ---------------------------------------------------------------------------------


def liveness(out: Path, runs: int, limit: float) -> Row:
    """Every run ends within its budget and with a reason, whoever is against it."""
    rows = []
    for number in _while_time(runs, limit, "adversaries"):
        name = tuple(ADVERSARIES)[number % len(ADVERSARIES)]
        rows.append(against(name, number))
    figures: Row = {
        "liveness_runs": len(rows),
        "liveness_over_budget": sum(row["over_budget"] for row in rows),
        "liveness_without_reason": sum(not row["reason"] for row in rows),
        "liveness_most_skills": max(row["skills"] for row in rows),
    }
    for status in sorted({row["status"] for row in rows}):
        figures[f"liveness_{status.lower()}"] = sum(row["status"] == status for row in rows)
    _tell("Adversaries", figures)
    return report.write(out, "planning_liveness", figures, rows, {}, range(len(rows)))


def _tell(title: str, figures: Mapping[str, Any]) -> None:
    table = Table(title=title)
    table.add_column("figure")
    table.add_column("value", justify="right")
    for name, value in figures.items():
        told = report.told(value) if isinstance(value, Mapping) else f"{value:.4g}"
        table.add_row(name, told)
    CONSOLE.print(table)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="planning_success", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for the JSON files")
    parser.add_argument("--tasks", type=Path, help="EB-ALFRED's tasks, a JSONL file")
    parser.add_argument(
        "--part", choices=("success", "ablation", "second", "liveness", "all"), default="all"
    )
    parser.add_argument("--generated", type=int, default=100, help="generated tasks per subset")
    parser.add_argument("--seeds", type=int, default=20, help="homes")
    parser.add_argument("--per-home", type=int, default=6, help="tasks per home in the ablations")
    parser.add_argument("--twice", type=int, default=15, help="tasks that are attempted twice")
    parser.add_argument("--runs", type=int, default=10_000, help="runs against adversaries")
    parser.add_argument(
        "--cpu-clock",
        action="store_true",
        help="times of the process, not of the wall: for a machine that is busy with other work",
    )
    parser.add_argument(
        "--minutes",
        type=float,
        default=float("inf"),
        help="for each part but success: begin no home or run after so many",
    )
    o = parser.parse_args(arguments)
    if o.tasks is None and o.part in ("success", "all"):
        CONSOLE.print("no --tasks: generated tasks only, EB-ALFRED's are left out")
    if o.part in ("success", "all"):
        success(o.out, o.generated, o.tasks, o.cpu_clock)
    if o.part in ("ablation", "all"):
        ablation(o.out, o.seeds, o.per_home, o.minutes)
    if o.part in ("second", "all"):
        second(o.out, o.seeds, o.twice, o.minutes)
    if o.part in ("liveness", "all"):
        liveness(o.out, o.runs, o.minutes)


if __name__ == "__main__":
    main()
