# SPDX-License-Identifier: Apache-2.0
"""The whole agent in one process: rendered pixels in, joint trajectories out."""

import math

import pytest

from memagent.demo.in_process import InProcessHousehold
from memagent.types import Query, TaskStatus

pytestmark = [pytest.mark.unit, pytest.mark.slow]

INSTRUCTION = "bring the banana to the dining table"


@pytest.fixture
def household(tmp_path):
    with InProcessHousehold(seed=0, memory_file=tmp_path / "memory.db") as household:
        household.begin_day(1)
        yield household


def test_it_finds_a_hidden_object_brings_it_and_remembers(household):
    result = household.execute(INSTRUCTION)
    assert result.status is TaskStatus.SUCCEEDED, result
    assert household.check(INSTRUCTION) == (True, "")

    memory = household.memory
    banana = memory.where("banana").candidates[0]
    assert banana.place == "dining table"
    truth = next(o for o in household.simulation.objects() if o.label == "banana")
    assert math.dist(banana.position, truth.position) < 0.05
    before = [f.relation.object for f in memory.history("banana") if f.valid_to is not None]
    assert "fridge" in before, "where it was is part of memory"
    assert INSTRUCTION in memory.recall(Query(text="banana", kinds=("episode",))).items[0].text
    assert memory.lessons("pick", "banana")[0].successes == 1


def test_what_is_canceled_leaves_the_robot_at_rest(household):
    asked = 0

    def canceled():
        nonlocal asked
        asked += 1
        return asked > 200

    result = household.agent.execute(INSTRUCTION, canceled)
    assert result.status is TaskStatus.CANCELED
    household.simulation.step(1.0)
    state = household.simulation.state()
    assert max(map(abs, state.base_velocity)) < 0.01
    assert abs(state.arm_velocity).max() < 0.01
