# SPDX-License-Identifier: Apache-2.0
"""Does memory make the second day better? Three household tasks on two days, over many seeds.

Each seed is another household: other places for the objects, other grasps that slip, another thing
moved overnight. Success is the simulator's ground truth *and* the agent saying so. The control is
the same agent in the same household whose memory is taken away overnight.

Runs in one process per household, the simulation stepped by the agent, so that every run of a seed
is the same. ``--ros`` runs the households over the node graph instead, in real time.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("MUJOCO_GL", "egl")
os.environ.setdefault("OMP_NUM_THREADS", "1")

from rich.console import Console
from rich.progress import track
from rich.table import Table

import report
from memagent.demo.schedule import TaskRow, live_through, skills_on, successes_on

DAYS = 2
WITH, WITHOUT = "memory kept", "memory taken away"


def _in_process(seed: int, folder: Path, keep: bool) -> tuple[TaskRow, ...]:
    from memagent.demo.in_process import InProcessHousehold

    if keep:
        with InProcessHousehold(seed, folder / "memory.db") as household:
            return live_through(household, household.instructions)
    rows: list[TaskRow] = []
    for day in range(1, DAYS + 1):
        with InProcessHousehold(seed, folder / f"day{day}.db") as household:
            rows += live_through(household, household.instructions, days=(day,))
    return tuple(rows)


def _over_ros(seed: int, folder: Path, speed: float) -> tuple[TaskRow, ...]:
    from memagent import resources
    from memagent.demo.over_ros import RosHousehold
    from memagent_sim.world import load_world

    instructions = [
        task.instruction for task in load_world(resources.find("configs/worlds/flat.yaml")).tasks
    ]
    with RosHousehold(seed, folder, folder / "memory.db", speed) as household:
        return live_through(household, instructions)


def live(job: tuple[int, bool, bool, float]) -> dict[str, Any]:
    """Live through one household and say how it went."""
    seed, keep, ros, speed = job
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = _over_ros(seed, folder, speed) if ros else _in_process(seed, folder, keep)
    return {
        "seed": seed,
        "condition": WITH if keep else WITHOUT,
        "first_pass": successes_on(rows, 1),
        "second_pass": successes_on(rows, 2),
        "tasks": len(rows) // DAYS,
        "skills_first": skills_on(rows, 1),
        "skills_second": skills_on(rows, 2),
        "wall_s": time.monotonic() - began,
        "results": [row.as_dict() for row in rows],
    }


def meets(row: dict[str, Any]) -> bool:
    """At most one failure on the first day, none on the second, and fewer skills."""
    return (
        row["first_pass"] >= row["tasks"] - 1
        and row["second_pass"] == row["tasks"]
        and row["skills_second"] < row["skills_first"]
    )


def figures(rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    """The figures of one condition."""
    tasks = sum(row["tasks"] for row in rows)
    return {
        "first_pass_success": sum(row["first_pass"] for row in rows) / tasks,
        "second_pass_success": sum(row["second_pass"] for row in rows) / tasks,
        "seeds_with_fewer_skills": sum(r["skills_second"] < r["skills_first"] for r in rows),
        "seeds_meeting_all": sum(map(meets, rows)),
        "seeds": len(rows),
        "skills_first_median": statistics.median(row["skills_first"] for row in rows),
        "skills_second_median": statistics.median(row["skills_second"] for row in rows),
    }


def run(
    out: Path,
    seeds: Sequence[int],
    quick: bool = False,
    ros: bool = False,
    speed: float = 1.0,
    processes: int = 2,
) -> dict[str, Any]:
    """Measure, print and write ``out/lifelong.json``; ``quick`` leaves out the control."""
    jobs = [
        (seed, keep, ros, speed)
        for keep in ((True,) if quick or ros else (True, False))
        for seed in seeds
    ]
    workers = 1 if ros else min(processes, len(jobs))
    # Fresh interpreters: OpenGL contexts do not survive a fork.
    with multiprocessing.get_context("spawn").Pool(workers, maxtasksperchild=1) as pool:
        rows = list(track(pool.imap(live, jobs), "households", len(jobs), transient=True))
    kept = [row for row in rows if row["condition"] == WITH]
    result = figures(kept)
    result["skills_saved"] = report.interval([[row] for row in kept], _saving)
    control = [row for row in rows if row["condition"] == WITHOUT]
    if control:
        result |= {f"control_{name}": value for name, value in figures(control).items()}
    _show(rows, result)
    config = {"days": DAYS, "quick": quick, "over_ros": ros, "speed": speed}
    return report.write(out, "lifelong", result, rows, config, seeds)


def _saving(groups: Sequence[Sequence[dict[str, Any]]]) -> float:
    """Share of the first day's skill calls that the second day did without."""
    rows = [row for group in groups for row in group]
    return 1 - sum(r["skills_second"] for r in rows) / sum(r["skills_first"] for r in rows)


def _show(rows: Sequence[dict[str, Any]], result: dict[str, float]) -> None:
    table = Table(title="Three tasks on two days")
    for column in (
        "seed",
        "condition",
        "day 1",
        "day 2",
        "skills day 1",
        "skills day 2",
        "wall s",
        "",
    ):
        table.add_column(column, justify="left" if column == "condition" else "right")
    for row in rows:
        table.add_row(
            str(row["seed"]),
            row["condition"],
            f"{row['first_pass']}/{row['tasks']}",
            f"{row['second_pass']}/{row['tasks']}",
            str(row["skills_first"]),
            str(row["skills_second"]),
            f"{row['wall_s']:.0f}",
            "✓" if meets(row) else "✗",
        )
    console = Console(highlight=False)
    console.print(table)
    for name, value in report.flat(result).items():
        console.print(f"  {name}: {value:.3g}")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="lifelong", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for lifelong.json")
    parser.add_argument("--seeds", type=int, default=10, help="how many households")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="without the control")
    parser.add_argument("--ros", action="store_true", help="over the node graph, in real time")
    parser.add_argument(
        "--speed", type=float, default=1.0, help="simulated seconds per second, with --ros"
    )
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    o = parser.parse_args(arguments)
    seeds = range(o.first_seed, o.first_seed + o.seeds)
    run(o.out, list(seeds), o.quick, o.ros, o.speed, o.processes)


if __name__ == "__main__":
    main()
