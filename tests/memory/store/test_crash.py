# SPDX-License-Identifier: Apache-2.0
"""``kill -9`` at any instant loses nothing that was acknowledged."""

from __future__ import annotations

import os
import random
import select
import signal
import struct
import time
from pathlib import Path

import pytest

from memagent.memory import LifelongMemory
from memagent.site import Site
from memagent.types import Query, TaskResult, TaskStatus

from ..scenes import mug_on_desk, outcome, show

pytestmark = pytest.mark.unit

TRIALS = 14


def _write_until_killed(path: Path, site: Site, first: int, acknowledge: int) -> None:
    with LifelongMemory(path, site) as memory:
        n = first
        while True:
            memory.remember(
                f"marker{n} was here", stamp=float(n), position=(n % 100, n // 100, 1.0)
            )
            show(memory, mug_on_desk(float(n), position=(5.6 + 0.3 * (n % 4), 5.6, 0.745)))
            memory.begin_episode(f"errand{n}")
            memory.record(outcome("open @ fridge", finished=n + 0.5))
            memory.end_episode(TaskResult(TaskStatus.SUCCEEDED, "done"))
            os.write(acknowledge, struct.pack("q", n))
            n += 1


def _newest(pipe: int) -> int | None:
    data = b""
    while chunk := os.read(pipe, 65536):
        data += chunk
    whole = len(data) // 8 * 8
    return struct.unpack("q", data[whole - 8 : whole])[0] if whole else None


def test_everything_acknowledged_survives_sigkill(path: Path, site: Site) -> None:
    dice = random.Random(7)
    acknowledged = 0
    for _ in range(TRIALS):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.close(reading)
                _write_until_killed(path, site, acknowledged + 1, writing)
            finally:
                os._exit(1)
        os.close(writing)
        assert select.select([reading], [], [], 30)[0], "the writer never got going"
        time.sleep(dice.uniform(0.0, 0.08))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        acknowledged = max(acknowledged, _newest(reading) or 0)
        os.close(reading)
        _check(path, site, acknowledged)
    assert acknowledged >= TRIALS


def _check(path: Path, site: Site, newest: int) -> None:
    with LifelongMemory(path, site) as memory:
        assert memory.stats()["episode"] >= newest
        for n in {1, newest, *range(max(1, newest // 2), newest, 7)}:
            assert f"marker{n} was here" in _texts(memory.recall(Query(text=f"marker{n}")).items)
            at = (float(n % 100), float(n // 100), 1.0)
            assert f"marker{n} was here" in _texts(memory.near(at, 0.1, limit=99))
            assert f"marker{n} was here" in _texts(memory.timeline(float(n), float(n)))
            assert memory.similar_episodes(f"errand{n}", 1)[0].outcomes[0].call.name == "open"
        belief = memory.where("red mug").candidates[0]
        assert belief.place == "desk"
        # The kill may have come between an observation and its acknowledgement.
        expected = {5.6 + 0.3 * (n % 4) for n in (newest, newest + 1)}
        assert belief.position is not None
        assert belief.position[0] in expected


def _texts(items: tuple[object, ...]) -> list[str]:
    return [item.text for item in items]  # type: ignore[attr-defined]
