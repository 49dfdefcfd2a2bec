# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from memagent.memory import ForgettingConfig, LifelongMemory, MemoryConfig
from memagent.types import Code, TaskResult, TaskStatus

from ..scenes import DAY, outcome, percept

pytestmark = pytest.mark.unit


def test_every_log_is_bounded_and_lessons_keep_their_counts(path: Path) -> None:
    config = MemoryConfig(
        forgetting=ForgettingConfig(budget_rows=200, outcomes=50, episodes=20, events=40)
    )
    with LifelongMemory(path, config=config) as memory:
        for i in range(700):
            stamp = 10.0 * i
            if i % 5 == 0:
                memory.begin_episode("tidy up")
            memory.observe(percept(stamp, summary=f"step {i}", boundary=True))
            memory.record(outcome("pick can @ desk", Code.OK, stamp + 5))
            if i % 5 == 4:
                memory.end_episode(TaskResult(TaskStatus.SUCCEEDED, ""))
        rows = memory.stats()
        assert rows["item"] <= 200
        assert rows["outcome"] <= 50 + 64
        assert rows["episode"] <= 20 + 64
        assert rows["event"] <= 40 + 2 * 64
        lesson = next(x for x in memory.lessons("pick", "can") if x.subject == "can")
        assert lesson.successes == 700
        assert len(memory.episodes(5)) == 5
    with LifelongMemory(path, config=config) as memory:
        lesson = next(x for x in memory.lessons("pick", "can") if x.subject == "can")
        assert lesson.successes == 700
        cited = memory._store.query(
            "SELECT max(n) FROM (SELECT count(*) AS n FROM evidence GROUP BY lesson)"
        )
        assert cited[0][0] <= 512
        assert memory.timeline(since=DAY) == ()
