# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from memagent.preprocessor.body import RobotBody, joint_positions
from memagent.types import Pose2D

from .raycast import state_at

pytestmark = pytest.mark.unit

# A Panda with all joints at zero but the fourth and sixth: arithmetic on the published lengths.
ELBOW_BENT = np.array((0.0, 0.0, 0.0, -np.pi / 2, 0.0, np.pi / 2, 0.0))


def test_forward_kinematics_agrees_with_the_published_lengths(robot):
    state = state_at(Pose2D(0.0, 0.0, 0.0), arm=ELBOW_BENT)
    tool = joint_positions(robot, state)[-1]
    mount = np.array(robot.arm.mount)
    reach = np.array((0.0825 + 0.384 + 0.088, 0, 0.333 + 0.316 + 0.0825 - robot.arm.tool_offset))
    expected = mount + reach
    assert tool == pytest.approx(expected, abs=1e-6)


def test_the_body_moves_with_the_base(robot):
    here = joint_positions(robot, state_at(Pose2D(0.0, 0.0, 0.0), arm=ELBOW_BENT))
    there = joint_positions(robot, state_at(Pose2D(2.0, 1.0, np.pi / 2), arm=ELBOW_BENT))
    turned = np.column_stack((2.0 - here[:, 1], 1.0 + here[:, 0], here[:, 2]))
    assert np.allclose(there, turned, atol=1e-9)


def test_the_body_covers_links_and_base_but_not_what_the_fingers_reach_for(robot):
    state = state_at(Pose2D(0.0, 0.0, 0.0), arm=ELBOW_BENT)
    joints = joint_positions(robot, state)
    body = RobotBody(robot, state)
    assert body.covers(joints[:-1] + np.array((0.0, 0.05, 0.0))).all()
    assert body.covers(np.array(((0.1, 0.1, 0.2),))).all()
    assert not body.covers(joints[-1:]).any()
    assert not body.covers(np.array(((1.5, 0.0, 0.7),))).any()
