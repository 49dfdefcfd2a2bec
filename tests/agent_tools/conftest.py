# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from memagent.memory import LifelongMemory
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


def percept(stamp: float, place: str, position: Vector3) -> Percept:
    keys = ObjectObservation(
        1, "silver keys", "keys", "silver", "box", position, 0.0, (0.07, 0.03, 0.01), 0.9, 200
    )
    relation = Relation("silver keys", "on", place)
    summary = f"keys on {place}"
    return Percept(stamp, Pose2D(6.0, 4.0), (keys,), (), (relation,), summary=summary)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A memory of keys that wandered from the desk to the shelf within an hour."""
    path = tmp_path / "robot.db"
    with LifelongMemory(path) as memory:
        for step in range(10):
            memory.observe(percept(10.0 + 0.3 * step, "desk", (6.0, 5.0, 0.74)))
        memory.begin_episode("fetch the keys")
        call = SkillCall("pick", "desk", "silver keys")
        memory.record(SkillOutcome(call, Code.GRASP_FAILED, "slipped", 14.0, 15.0))
        memory.end_episode(TaskResult(TaskStatus.FAILED, "it slipped", "fetch the keys"))
        for step in range(10):
            memory.observe(percept(3600.0 + 0.3 * step, "shelf", (7.7, 4.4, 0.645)))
        memory.remember("the guest likes tea", stamp=3610.0, position=(1.0, 2.0, 0.0))
    return path
