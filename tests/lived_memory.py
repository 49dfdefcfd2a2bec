# SPDX-License-Identifier: Apache-2.0
"""A memory with a little of everything in it, for commands and tools that ask one."""

from __future__ import annotations

from pathlib import Path

from memagent.memory import LifelongMemory
from memagent.site import Site
from memagent.types import (
    Code,
    ObjectObservation,
    Percept,
    Pose2D,
    Relation,
    SkillCall,
    SkillOutcome,
    TaskResult,
    TaskStatus,
    Vector3,
)


def _percept(stamp: float, label: str, place: str, position: Vector3) -> Percept:
    colour, kind = label.split()
    size = (0.08, 0.08, 0.1)
    seen = ObjectObservation(1, label, kind, colour, "box", position, 0.0, size, 0.9, 200)
    relation = Relation(label, "on", place)
    summary = f"{kind} on {place}"
    return Percept(stamp, Pose2D(6.0, 4.0), (seen,), (), (relation,), summary=summary)


def live(path: Path, label: str, moved: float, site: Site | None = None) -> None:
    """Have a thing of that label (colour and kind) wander from the desk to the shelf.

    It is on the desk at 10 s; fetching it fails; at ``moved`` seconds it is on the shelf, and ten
    seconds later somebody says that the guest likes tea.
    """
    with LifelongMemory(path, site) as memory:
        for step in range(10):
            memory.observe(_percept(10.0 + 0.3 * step, label, "desk", (6.0, 5.0, 0.74)))
        task = f"fetch the {label.split()[-1]}"
        memory.begin_episode(task)
        call = SkillCall("pick", "desk", label)
        memory.record(SkillOutcome(call, Code.GRASP_FAILED, "slipped", 14.0, 15.0))
        memory.end_episode(TaskResult(TaskStatus.FAILED, "it slipped", task))
        for step in range(10):
            memory.observe(_percept(moved + 0.3 * step, label, "shelf", (7.7, 4.4, 0.645)))
        memory.remember("the guest likes tea", stamp=moved + 10.0, position=(1.0, 2.0, 0.0))
