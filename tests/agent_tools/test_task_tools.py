# SPDX-License-Identifier: Apache-2.0
"""Tasks as tools, with a planner that ends when the test says so."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from memagent.agent_tools import TASK_TOOLS, TaskRunner, Toolbox, ToolError
from memagent.errors import DependencyError, MemagentError
from memagent.types import TaskResult, TaskStatus

pytestmark = pytest.mark.unit

PATIENCE_S = 20.0


class Obedient:
    """Carries anything out as soon as it may, and stops when it is called off."""

    def __init__(self) -> None:
        self.may_end = threading.Event()
        self.heard: list[str] = []

    def execute(
        self, instruction: str, on_feedback: Callable[..., None], alive: Callable[[], bool]
    ) -> TaskResult:
        self.heard.append(instruction)
        on_feedback("step", f"thinking of {instruction!r}", None)
        while not self.may_end.wait(0.01):
            if not alive():
                raise MemagentError("given up waiting for the planner")
        return TaskResult(TaskStatus.SUCCEEDED, "done", instruction, skills=2)


@pytest.fixture
def planner() -> Obedient:
    return Obedient()


@pytest.fixture
def tools(planner: Obedient) -> Iterator[Toolbox]:
    with TaskRunner(planner) as runner:
        yield Toolbox([(TASK_TOOLS, runner)], ("act",))


def test_a_task_is_carried_out(tools: Toolbox, planner: Obedient) -> None:
    planner.may_end.set()
    told = tools.call("execute_task", {"instruction": "fetch the mug", "wait": PATIENCE_S})
    assert (told["status"], told["reason"], told["skills"]) == ("SUCCEEDED", "done", 2)
    assert told["events"] == ["step: thinking of 'fetch the mug'"]
    assert planner.heard == ["fetch the mug"]


def test_a_long_task_is_followed_and_there_is_one_at_a_time(
    tools: Toolbox, planner: Obedient
) -> None:
    assert tools.call("execute_task", {"instruction": "tidy up", "wait": 0})["status"] == "RUNNING"
    with pytest.raises(ToolError, match="'tidy up' is still running"):
        tools.call("execute_task", {"instruction": "dance"})
    planner.may_end.set()
    assert tools.call("task_progress", {"wait": PATIENCE_S})["status"] == "SUCCEEDED"


def test_a_task_is_called_off(tools: Toolbox, planner: Obedient) -> None:
    tools.call("execute_task", {"instruction": "tidy up", "wait": 0})
    assert tools.call("cancel_task", {})["status"] == "CANCELED"
    with pytest.raises(ToolError, match="no task is running"):
        tools.call("cancel_task", {})


def test_closing_calls_off_what_runs(planner: Obedient) -> None:
    with TaskRunner(planner) as runner:
        runner.start("tidy up")
    assert runner.progress(0.0)["status"] == "CANCELED"
    with pytest.raises(ToolError, match="ending"):
        runner.start("tidy up")


def test_before_the_first_task_there_is_no_progress(tools: Toolbox) -> None:
    with pytest.raises(ToolError, match="execute_task"):
        tools.call("task_progress", {})


def test_a_planner_that_is_not_there_is_told_with_the_remedy() -> None:
    class Absent:
        def execute(self, *arguments: object) -> TaskResult:
            raise MemagentError("no planner within 20 s")

    with TaskRunner(Absent()) as runner:
        runner.start("tidy up")
        with pytest.raises(ToolError, match="memagent up"):
            runner.progress(PATIENCE_S)


def test_without_ros_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rclpy", None)
    with TaskRunner() as runner, pytest.raises(DependencyError, match="make setup"):
        runner.start("tidy up")
