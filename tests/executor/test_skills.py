# SPDX-License-Identifier: Apache-2.0
"""Skills against real physics, with percepts from ground truth plus noise (see household.py)."""

import math
from collections.abc import Callable

import pytest

pytest.importorskip("mujoco")

from memagent.executor import ExecutorConfig
from memagent.executor.config import Timeouts
from memagent.types import Code, SkillCall

from .household import Household

pytestmark = [pytest.mark.unit, pytest.mark.slow]


@pytest.fixture
def household() -> Household:
    return Household(seed=0)


def on_counter(household: Household) -> str:
    return next(o.label for o in household.simulation.objects() if o.place == "kitchen counter")


def after(household: Household, seconds: float) -> Callable[[], bool]:
    """A cancel that comes that much later, in robot time."""
    moment = household.simulation.time + seconds
    return lambda: household.simulation.time >= moment


def at_rest(household: Household) -> bool:
    household.robot.wait(0.9)
    return max(map(abs, household.robot.state().base_velocity)) < 0.02


def test_navigates_to_every_room(household):
    for name in ("dining table", "desk", "nightstand"):
        outcome = household.run("navigate_to", name)
        assert outcome.code is Code.OK, outcome.message
        assert outcome.finished - outcome.started < 20.0
        base = household.robot.state().base
        x, y, yaw = household.simulation.world.site.place(name).stand
        assert math.dist((base.x, base.y), (x, y)) < 0.03
        assert abs(math.remainder(base.yaw - yaw, math.tau)) < 0.05
    assert household.phases


def test_looking_leaves_percepts_of_the_whole_place(household):
    household.run("navigate_to", "kitchen counter")
    outcome = household.run("look_at", "kitchen counter")
    assert outcome.code is Code.OK
    assert on_counter(household) in outcome.message
    assert household.eyes.newest.stamp > outcome.started + 0.4


def test_picks_carries_and_places(household):
    label = on_counter(household)
    before = household.object(label).position
    outcome = household.run("pick", "kitchen counter", label, before)
    assert outcome.code is Code.OK, outcome.message
    assert household.object(label).place == "gripper"
    assert household.object(label).position[2] > before[2] - 0.15
    # The hand is full now: it can neither pick again nor open anything.
    assert household.run("pick", "kitchen counter", label).code is Code.BAD_ARGUMENT
    assert household.run("open", "top drawer").code is Code.BAD_ARGUMENT
    outcome = household.run("place", "dining table", label)
    assert outcome.code is Code.OK, outcome.message
    assert household.object(label).place == "dining table"
    # And empty again.
    assert household.run("place", "dining table", label).code is Code.BAD_ARGUMENT


@pytest.mark.parametrize("name", ["top drawer", "fridge"])
def test_opens_uses_and_closes_a_container(household, name):
    label = on_counter(household)
    opened = household.run("open", name)
    assert opened.code is Code.OK, opened.message
    assert household.simulation.opening(name) > 0.9
    assert "already" in household.run("open", name).message
    assert household.run("pick", "kitchen counter", label).code is Code.OK
    placed = household.run("place", name, label)
    assert placed.code is Code.OK, placed.message
    assert household.object(label).place == name
    closed = household.run("close", name)
    assert closed.code is Code.OK, closed.message
    assert household.simulation.opening(name) < 0.05
    assert household.object(label).place == name
    # Behind a closed front nothing can be picked.
    assert household.run("pick", name, label).code is Code.BLOCKED


@pytest.mark.parametrize("name", ["top drawer", "bottom drawer", "fridge"])
def test_late_commands_do_not_tear_the_hand_off_a_handle(name):
    household = Household(seed=0, latency=0.1)
    opened = household.run("open", name)
    assert opened.code is Code.OK, opened.message
    assert household.simulation.opening(name) > 0.85
    closed = household.run("close", name)
    assert closed.code is Code.OK, closed.message
    assert household.simulation.opening(name) < 0.05


def test_a_hand_that_somebody_else_opened_is_empty(household):
    label = on_counter(household)
    assert household.run("pick", "kitchen counter", label).code is Code.OK
    household.simulation.reset(2)  # People took it out of the hand overnight.
    opened = household.run("open", "top drawer")
    assert opened.code is Code.OK, opened.message


def test_a_slippery_object_is_reported_and_the_hand_comes_back_empty():
    household = Household(seed=0, slips=1.0)
    label = on_counter(household)
    outcome = household.run("pick", "kitchen counter", label)
    assert outcome.code is Code.GRASP_FAILED
    assert household.object(label).place == "kitchen counter"
    state = household.robot.state()
    assert state.gripper_width > 0.07
    home = household.simulation.world.robot.arm.postures["home"]
    assert max(abs(a - b) for a, b in zip(state.arm, home, strict=True)) < 0.06


def test_what_is_not_there_is_not_found(household):
    absent = next(
        o.label for o in household.simulation.objects() if o.place not in ("kitchen counter",)
    )
    outcome = household.run("pick", "kitchen counter", absent)
    assert outcome.code is Code.NOT_FOUND
    assert absent in outcome.message


@pytest.mark.parametrize(
    ("call", "hint"),
    [
        (SkillCall("dance", "desk"), "navigate_to"),
        (SkillCall("navigate_to", "moon"), "kitchen counter"),
        (SkillCall("open", "desk"), "top drawer"),
        (SkillCall("pick", "desk"), "name"),
        (SkillCall("place", "desk", "apple"), "empty"),
    ],
)
def test_bad_arguments_say_what_would_be_right(household, call, hint):
    outcome = household.skills.execute(call, lambda: False)
    assert outcome.code is Code.BAD_ARGUMENT
    assert hint in outcome.message


@pytest.mark.parametrize("delay", [0.0, 1.0, 3.0])
def test_a_cancel_stops_the_robot_at_once(household, delay):
    outcome = household.skills.execute(SkillCall("navigate_to", "desk"), after(household, delay))
    assert outcome.code is Code.CANCELED
    assert outcome.finished - outcome.started <= delay + 0.2
    assert at_rest(household)


def test_a_canceled_reach_is_recovered_from(household):
    label = on_counter(household)
    household.run("navigate_to", "kitchen counter")
    call = SkillCall("pick", "kitchen counter", label)
    outcome = household.skills.execute(call, lambda: "reaching" in household.phases[-1])
    assert outcome.code is Code.CANCELED
    outcome = household.run("navigate_to", "dining table")
    assert outcome.code is Code.OK, outcome.message


def test_a_canceled_pull_lets_go_of_the_handle(household):
    call = SkillCall("open", "fridge")
    moment: list[float] = []

    def canceled() -> bool:
        if not moment and household.phases and household.phases[-1].startswith("moving"):
            moment.append(household.simulation.time)
        return bool(moment) and household.simulation.time > moment[0] + 1.5

    assert household.skills.execute(call, canceled).code is Code.CANCELED
    outcome = household.run("navigate_to", "desk")
    assert outcome.code is Code.OK, outcome.message
    assert 0.02 < household.simulation.opening("fridge") < 0.98


def test_emergency_stop_is_latched_and_stops_within_a_tick(household):
    moment = household.simulation.time + 1.0

    def press() -> bool:
        if household.simulation.time >= moment and not household.skills.estopped:
            household.skills.estop()
        return False

    outcome = household.skills.execute(SkillCall("navigate_to", "desk"), press)
    assert outcome.code is Code.ESTOP
    assert outcome.finished <= moment + 0.2
    assert at_rest(household)
    assert household.run("navigate_to", "desk").code is Code.ESTOP
    household.skills.reset_estop()
    assert household.run("navigate_to", "kitchen counter").code is Code.OK


def test_time_is_up():
    household = Household(seed=0, config=ExecutorConfig(timeouts=Timeouts(navigate=2.0)))
    outcome = household.run("navigate_to", "desk")
    assert outcome.code is Code.TIMEOUT
    assert outcome.finished - outcome.started < 2.3
    assert at_rest(household)


def test_a_silent_robot_is_reported(household):
    household.robot.wait = lambda seconds: household.robot.state()
    outcome = household.run("navigate_to", "desk")
    assert outcome.code is Code.ROBOT_STALE
