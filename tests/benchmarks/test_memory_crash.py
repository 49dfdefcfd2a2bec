# SPDX-License-Identifier: Apache-2.0
"""The crash benchmark kills real writers, and would notice a loss or a damaged file."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import memory_crash
import pytest

from memagent.memory import LifelongMemory

pytestmark = pytest.mark.unit


def remember(path, *numbers):
    with LifelongMemory(path) as memory:
        for n in numbers:
            memory.remember(
                memory_crash.text_of(n), stamp=float(n), position=memory_crash.spot_of(n)
            )


def test_three_kills_lose_nothing(tmp_path):
    report = memory_crash.run(tmp_path, trials=3, seed=5)
    figures = json.loads((tmp_path / "memory_crash.json").read_text())["figures"]
    assert figures == report["figures"]
    assert figures["kill9_trials"] == 3
    assert figures["kill9_acknowledged"] >= 3
    assert figures["kill9_lost"] == figures["kill9_corrupt"] == 0


def test_a_memory_that_is_gone_counts_as_lost(tmp_path):
    path = tmp_path / "robot.memory"
    remember(path, 1, 3)
    # 2 was never written, and 3, the newest, has no red mug beside it.
    assert memory_crash.lost(path, known=3, fresh=3) == 2


def test_a_damaged_file_counts_as_corrupt(tmp_path):
    path = tmp_path / "robot.memory"
    remember(path, 1, 2, 3)
    assert not memory_crash.corrupt(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM item_text_data WHERE id > 10")
        connection.commit()
    assert memory_crash.corrupt(path)
