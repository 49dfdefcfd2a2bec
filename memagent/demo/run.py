# SPDX-License-Identifier: Apache-2.0
"""``memagent demo``: run it, show it, keep what came of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from memagent import resources
from memagent.demo.film import Film
from memagent.demo.schedule import Household, TaskRow, live_through, successes_on
from memagent.demo.terminal import Terminal
from memagent.errors import MemagentError
from memagent.memory import MemoryEvent
from memagent.planner import PlannerEvent
from memagent.planner.narration import narrate
from memagent.types import Percept, Plan


class _Audience:
    """Passes everything on to the terminal and the film."""

    def __init__(self, terminal: Terminal, film: Film) -> None:
        self._terminal = terminal
        self._film = film

    def on_percept(self, percept: Percept) -> None:
        self._terminal.on_percept(percept)
        self._film.on_percept(percept)

    def on_memory(self, kind: str, text: str) -> None:
        self._terminal.on_memory(kind, text)

    def on_status(self, node: str, level: str, text: str, values: dict[str, float]) -> None:
        self._terminal.on_status(node, level, text, values)

    def on_task(self, kind: str, text: str, plan: Plan | None) -> None:
        self._terminal.on_task(kind, text, plan)
        if plan is not None:
            self._film.on_plan(plan)

    # In one process the regions hand over their own values.

    def on_remembered(self, percept: Percept, events: tuple[MemoryEvent, ...]) -> None:
        self.on_percept(percept)
        for event in events:
            self.on_memory(event.kind, event.text)

    def on_planner(self, event: PlannerEvent) -> None:
        self.on_task(*narrate(event))


def run_demo(
    folder: Path, *, seed: int, tasks: int, days: int, speed: float, over_ros: bool
) -> bool:
    """Run the demonstration; True if every task of the last day succeeded.

    Raises:
        MemagentError: the graph could not start or ended by itself; or ``folder`` is in use.
    """
    folder = folder.resolve()
    memory_file = folder / "memory.db"
    if memory_file.exists():
        raise MemagentError(f"{folder} holds an earlier run; choose another --out")
    folder.mkdir(parents=True, exist_ok=True)
    terminal, film = Terminal(), Film()
    audience = _Audience(terminal, film)
    files = {"memory": memory_file}
    with terminal:
        if over_ros:
            rows = _over_ros(
                folder, memory_file, seed, tasks, days, speed, terminal, audience, film
            )
            files["recording"] = folder / "recording"
            files["logs"] = folder / "log"
        else:
            rows = _in_process(memory_file, seed, tasks, days, terminal, audience, film)
    picture = film.save(folder / "film.gif")
    if picture is not None:
        files["film"] = picture
    results = folder / "results.json"
    results.write_text(json.dumps([row.as_dict() for row in rows], indent=2))
    files["results"] = results
    terminal.results(rows, files)
    last = max((row.day for row in rows), default=0)
    return bool(rows) and successes_on(rows, last) == sum(row.day == last for row in rows)


def _live(
    household: Household, instructions: Sequence[str], days: int, terminal: Terminal
) -> tuple[TaskRow, ...]:
    return live_through(
        household, instructions, range(1, days + 1), terminal.on_day, terminal.on_row
    )


def _over_ros(
    folder: Path,
    memory_file: Path,
    seed: int,
    tasks: int,
    days: int,
    speed: float,
    terminal: Terminal,
    audience: _Audience,
    film: Film,
) -> tuple[TaskRow, ...]:
    from memagent.demo.over_ros import RosHousehold
    from memagent_sim.world import load_world

    world = load_world(resources.find("configs/worlds/flat.yaml"))
    instructions = [task.instruction for task in world.tasks][:tasks]
    terminal.line("note", "starting the node graph (one process per region, over DDS)")
    with RosHousehold(
        seed,
        folder,
        memory_file,
        speed,
        audience,
        audience.on_task,
        film.on_frame,
        lambda text: terminal.line("failed", text),
        record=True,
    ) as household:
        terminal.line("note", f"all active after {household.session.start_to_active_s:.1f} s")
        return _live(household, instructions, days, terminal)


def _in_process(
    memory_file: Path,
    seed: int,
    tasks: int,
    days: int,
    terminal: Terminal,
    audience: _Audience,
    film: Film,
) -> tuple[TaskRow, ...]:
    from memagent.demo.in_process import InProcessHousehold

    with InProcessHousehold(
        seed, memory_file, audience.on_remembered, audience.on_planner, film.on_frame
    ) as household:
        return _live(household, household.instructions[:tasks], days, terminal)
