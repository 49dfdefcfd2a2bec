# SPDX-License-Identifier: Apache-2.0
"""``memagent up``: clean ends, and clear words when it cannot start."""

import math
import os
import re
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest

from memagent import resources
from memagent.ros.bringup import ActiveWatch
from memagent.ros.calls import wait_until
from memagent.ros.graph import load_graph
from memagent.ros.session import GraphSession
from memagent.types import TaskStatus
from memagent_interfaces import srv

pytestmark = [pytest.mark.graph, pytest.mark.slow]

END_S = 5.0


class Up:
    """``memagent up`` as a user runs it."""

    def __init__(self, folder, *arguments):
        command = [sys.executable, "-m", "memagent.cli", "up", *arguments]
        command += [f"memory_file:={folder / 'memory.db'}", "--logs", str(folder / "log")]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.lines = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    def said(self, pattern, timeout_s=60):
        return wait_until(lambda: any(re.search(pattern, x) for x in self.lines), timeout_s)

    def nodes(self):
        return psutil.Process(self.process.pid).children(recursive=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly_within_five_seconds_and_leaves_no_orphan(tmp_path, number):
    up = Up(tmp_path)
    assert up.said("all active"), up.lines
    nodes = up.nodes()
    assert len(nodes) == 5
    began = time.monotonic()
    os.kill(up.process.pid, number)
    assert up.process.wait(END_S + 5) == 0
    assert time.monotonic() - began < END_S
    assert not any(node.is_running() for node in nodes)


@pytest.mark.parametrize(
    ("argument", "text", "message"),
    [
        ("world:={}", "site: nowhere.yaml\n", r"world\.yaml|Field required"),
        ("robot:={}", "name: [", r"is not valid YAML"),
        ("planner:=psychic", "", r"psychic.*symbolic"),
    ],
)
def test_a_corrupt_configuration_ends_it_with_the_reason(tmp_path, argument, text, message):
    file = tmp_path / "world.yaml"
    file.write_text(text)
    up = Up(tmp_path, argument.format(file))
    assert up.process.wait(60) == 1
    assert up.said(message, 5), up.lines


def test_an_unknown_argument_is_refused_at_once(tmp_path):
    up = Up(tmp_path, "sed:=3")
    assert up.process.wait(20) == 1
    assert up.said(r"no argument 'sed'.*seed", 5), up.lines


def test_without_a_camera_the_missing_topics_are_named_and_tasks_end(tmp_path):
    chosen = {"sim": "false", "memory_file": str(tmp_path / "memory.db")}
    nodes = load_graph(resources.find("configs/graph/full.yaml")).resolve(chosen)
    with GraphSession(nodes, tmp_path / "log") as session:
        statuses = session.watch.statuses
        assert isinstance(session.watch, ActiveWatch)

        def complains():
            return "head_camera/depth" in statuses["preprocessor"][1].message

        assert wait_until(complains, 20), statuses["preprocessor"][1]
        assert statuses["preprocessor"][1].level == "ERROR"
        result = session.execute("go to the desk")
        assert result.status is TaskStatus.FAILED
        assert "percept" in result.reason or "joint_states" in result.reason, result


def test_a_second_start_on_the_same_memory_goes_on_where_the_first_ended(tmp_path):
    chosen = {"memory_file": str(tmp_path / "memory.db")}
    nodes = load_graph(resources.find("configs/graph/full.yaml")).resolve(chosen)
    ids = []
    for start in (1, 2):
        with GraphSession(nodes, tmp_path / f"log{start}") as session:
            result = session.execute("go to the desk")
            assert result.status is TaskStatus.SUCCEEDED, result
            assert result.skills == 1, "the robot is at its start again, and must drive"
            note = session.ask(srv.Remember, "memagent/memory/remember", text=f"start {start}")
            ids.append(note.id)
            items = session.ask(
                srv.Timeline, "memagent/memory/timeline", limit=1000, since=math.nan, until=math.nan
            ).items
            assert set(ids) <= {item.id for item in items}
