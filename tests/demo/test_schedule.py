# SPDX-License-Identifier: Apache-2.0
"""The two days of the demonstration and their score."""

import io

import pytest
from rich.console import Console

from memagent.demo.schedule import TaskRow, live_through, skills_on, successes_on
from memagent.demo.terminal import Terminal
from memagent.types import Plan, SkillCall, Step, TaskResult, TaskStatus

pytestmark = pytest.mark.unit


class Household:
    """Reaches every goal but says so only of the first instruction of a day."""

    def __init__(self):
        self.log = []

    def begin_day(self, day):
        self.log.append(f"day {day}")

    def execute(self, instruction):
        self.log.append(instruction)
        first = self.log[-2].startswith("day")
        status = TaskStatus.SUCCEEDED if first else TaskStatus.STUCK
        return TaskResult(status, "because", instruction, skills=len(self.log))

    def check(self, instruction):
        return True, ""


def test_each_day_begins_before_its_instructions_in_order():
    household = Household()
    rows = live_through(household, ("a", "b"))
    assert household.log == ["day 1", "a", "b", "day 2", "a", "b"]
    assert [(row.day, row.instruction) for row in rows] == [(1, "a"), (1, "b"), (2, "a"), (2, "b")]


def test_a_goal_that_the_agent_does_not_claim_is_no_success():
    rows = live_through(Household(), ("a", "b"))
    assert [row.success for row in rows] == [True, False, True, False]
    assert successes_on(rows, 1) == 1
    assert skills_on(rows, 2) == 5 + 6


def test_a_claim_that_is_not_true_is_no_success():
    result = TaskResult(TaskStatus.SUCCEEDED, "done", "a", skills=1)
    assert not TaskRow(1, "a", False, "the mug is on the desk", result).success


def test_the_table_tells_each_task_and_what_memory_saved(tmp_path):
    stream = io.StringIO()
    terminal = Terminal(Console(file=stream, width=160))
    result = TaskResult(
        TaskStatus.SUCCEEDED, "done", "bring tea", 7, 2, 31.0, "knew where the tea was"
    )
    with terminal:
        terminal.on_task("plan", "plan 0: look_at(desk)", None)
        terminal.on_row(TaskRow(1, "bring tea", True, "", result))
        terminal.results([TaskRow(1, "bring tea", True, "", result)], {"film": tmp_path / "f.gif"})
    shown = stream.getvalue()
    assert "plan 0: look_at(desk)" in shown
    assert "knew where the tea was" in shown
    assert "day 1: 1 of 1 reached with 7 skills" in shown
    assert "f.gif" in shown


def test_progress_of_steps_is_not_printed_twice():
    stream = io.StringIO()
    plan = Plan("i", "g", (Step(SkillCall("look_at", "desk"), "done"),))
    Terminal(Console(file=stream)).on_task("progress", "plan 0", plan)
    assert stream.getvalue() == ""
