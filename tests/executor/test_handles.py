# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest

from memagent.executor.body import Body
from memagent.executor.collision import handle_position
from memagent.executor.config import ExecutorConfig
from memagent.executor.handles import carried, inward, path_length, plan_handle
from memagent.executor.kinematics import frame_of
from memagent.executor.scene import Scene
from memagent.types import Pose2D, RobotState

pytestmark = pytest.mark.unit

CONTAINERS = ("top drawer", "bottom drawer", "fridge")


class StillRobot:
    def __init__(self, description) -> None:
        self.arm = np.array(description.arm.postures["home"])

    def state(self) -> RobotState:
        pose = Pose2D(1.3, 2.5, math.pi)
        return RobotState(0.0, pose, (0, 0, 0), self.arm, np.zeros(7), (0, 0), 0.08)


@pytest.fixture
def body(site, description):
    scene = Scene(site, description.base.radius)
    return Body(StillRobot(description), description, scene, None, ExecutorConfig())


def test_the_way_in_turns_with_the_door(site):
    fridge, drawer = site.place("fridge"), site.place("top drawer")
    assert abs(inward(fridge, 0.0)) == pytest.approx(math.pi)
    assert inward(fridge, 1.0) == pytest.approx(math.pi - 1.5)
    assert inward(drawer, 1.0) == pytest.approx(-math.pi / 2)


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_carried_pose_keeps_its_place_at_the_handle(site, name):
    place, pose = site.place(name), Pose2D(1.5, 2.0, 0.4)
    moved = carried(place, pose, 0.2, 0.9)
    for opening, at in ((0.2, pose), (0.9, moved)):
        x, y, _ = handle_position(place, opening)
        heading = inward(place, opening)
        c, s = math.cos(heading), math.sin(heading)
        offset = (c * (at.x - x) + s * (at.y - y), c * (at.y - y) - s * (at.x - x))
        if opening == 0.2:
            before = (*offset, at.yaw - heading)
        else:
            assert offset == pytest.approx(before[:2])
            assert math.cos(at.yaw - heading - before[2]) == pytest.approx(1.0)
    back = carried(place, moved, 0.9, 0.2)
    assert (back.x, back.y) == pytest.approx((pose.x, pose.y))
    straight = math.hypot(moved.x - pose.x, moved.y - pose.y)
    assert path_length(place, pose, 0.2, 0.9) >= straight - 1e-9


@pytest.mark.parametrize("name", CONTAINERS)
@pytest.mark.parametrize(("start", "end"), [(0.0, 1.0), (1.0, 0.0)])
def test_every_container_of_the_flat_can_be_moved_all_the_way(body, site, name, start, end):
    place = site.place(name)
    body.scene.set_opening(name, start)
    plan = plan_handle(body, place, start, end)
    assert plan is not None
    assert plan.opening == end
    assert body.scene.free(plan.base, 0.02)
    tool = frame_of(plan.base) @ body.arm.kinematics.forward(plan.approach[-1])
    x, y, z = handle_position(place, start)
    assert tool[:3, 3] == pytest.approx([x, y, z + 0.02], abs=2e-3)
    closing_axis = tool[:3, 1]
    assert abs(closing_axis[2]) < 1e-2  # the fingers close level, around the upright bar
    towards = np.array([math.cos(inward(place, start)), math.sin(inward(place, start)), 0.0])
    assert abs(closing_axis @ towards) < 1e-2


def test_a_walled_in_handle_cannot_be_moved(body, site, description, monkeypatch):
    monkeypatch.setattr(Scene, "free", lambda self, pose, clearance: False)
    assert plan_handle(body, site.place("fridge"), 0.0, 1.0) is None
