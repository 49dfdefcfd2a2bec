# SPDX-License-Identifier: Apache-2.0
"""``kill -9`` while memory forgets: every item is there, or stood for by a gist, never both."""

from __future__ import annotations

import os
import random
import select
import signal
import time
from pathlib import Path

import pytest

from memagent.memory import ForgettingConfig, LifelongMemory, MemoryConfig

pytestmark = pytest.mark.unit

TRIALS = 8
CONFIG = MemoryConfig(forgetting=ForgettingConfig(budget_rows=64, batch=4, stretch=50.0, gists=8))


def _write_until_killed(path: Path, ready: int) -> None:
    with LifelongMemory(path, config=CONFIG) as memory:
        first = _remembered(memory)
        os.write(ready, b"!")
        while True:
            memory.remember(f"note {first}", stamp=float(first))
            first += 1


def _remembered(memory: LifelongMemory) -> int:
    footprint = memory.footprint()
    return footprint.items - footprint.gists + footprint.forgotten


def test_nothing_is_lost_or_counted_twice(path: Path) -> None:
    dice = random.Random(3)
    for _ in range(TRIALS):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                _write_until_killed(path, writing)
            finally:
                os._exit(1)
        os.close(writing)
        assert select.select([reading], [], [], 60)[0], "the writer never got going"
        time.sleep(dice.uniform(0.05, 0.2))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reading)
        with LifelongMemory(path, config=CONFIG) as memory:
            items = memory.timeline(limit=1000)
            notes = [int(item.text.split()[1]) for item in items if item.kind == "note"]
            newest = max(notes)
            assert _remembered(memory) == newest + 1
            assert memory.footprint().items <= 64
            assert len(set(notes)) == len(notes)
    assert newest > 64
