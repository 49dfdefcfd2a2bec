# SPDX-License-Identifier: Apache-2.0
"""The fleet benchmark kills a robot and a server for real, and would notice a loss."""

from __future__ import annotations

import importlib.util
import json

import memory_fleet
import psycopg
import pytest

from memagent.memory import LifelongMemory
from postgres_server import installations, temporary_server

pytestmark = [
    pytest.mark.unit,
    pytest.mark.skipif(
        not installations() or importlib.util.find_spec("psycopg") is None,
        reason="no PostgreSQL server or driver: pip install memagent[dev]",
    ),
]


def test_a_robot_and_the_server_are_killed_and_nothing_is_lost(tmp_path):
    report = memory_fleet.run(tmp_path, seconds=6.0, rate=30.0)
    figures = json.loads((tmp_path / "memory_fleet.json").read_text())["figures"]
    assert figures == report["figures"]
    assert figures["lost"] == figures["recalls_wrong"] == 0
    assert figures["acknowledged"] > 4 * 30
    assert figures["recalls"] > 0
    assert 0.0 < figures["write_p50_ms"] <= figures["write_p99_ms"]


def test_a_memory_that_is_gone_counts_as_lost():
    programs = next(iter(installations().values()))
    with temporary_server(programs, synced=False) as server:
        robot = memory_fleet.Robot("ann", server.dsn, rate=1.0)
        with LifelongMemory(server.dsn, config=memory_fleet.config_of("ann")) as memory:
            for number in range(3):
                robot.took[number] = memory_fleet.remember(memory, "ann", number)
        assert robot.lost() == 0
        with psycopg.connect(server.dsn, autocommit=True) as session:
            session.execute("DELETE FROM ann.item WHERE text LIKE '%ann1 %'")
        assert robot.lost() == 1
