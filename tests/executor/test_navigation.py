# SPDX-License-Identifier: Apache-2.0
import math
from itertools import pairwise

import numpy as np
import pytest

from memagent.executor.collision import Box, site_boxes
from memagent.executor.navigation import ClearanceMap, PathFollower, plan_path, wrap
from memagent.types import Pose2D

pytestmark = pytest.mark.unit

RADIUS = 0.27


@pytest.fixture(scope="module")
def flat(site):
    return ClearanceMap(site.bounds, site_boxes(site, {}))


def narrowest(room: ClearanceMap, path) -> float:
    return min(room.along(a, b) for a, b in pairwise(path))


def test_every_stand_can_be_reached_from_every_other(site, flat):
    stands = [(p.stand[0], p.stand[1]) for p in site.places]
    for start in stands:
        for goal in stands:
            path = plan_path(flat, start, goal, RADIUS + 0.03)
            assert path is not None, (start, goal)
            assert path[0] == start
            assert path[-1] == goal
            assert narrowest(flat, path) >= RADIUS


def test_paths_are_little_longer_than_necessary(flat):
    path = plan_path(flat, (1.35, 1.0), (6.1, 4.95), RADIUS + 0.05)
    length = sum(math.dist(a, b) for a, b in pairwise(path))
    assert length < 1.35 * math.dist((1.35, 1.0), (6.1, 4.95))
    assert len(path) < 12


def test_keeps_clear_of_obstacles_where_there_is_room():
    post = Box((2.0, 1.0, 0.5), (0.1, 0.1, 0.5))
    room = ClearanceMap((0.0, 0.0, 4.0, 2.5), [post])
    path = plan_path(room, (0.5, 1.0), (3.5, 1.0), RADIUS)
    assert narrowest(room, path) > RADIUS + 0.05


def test_walled_in_goal_is_unreachable(site):
    boxes = [*site_boxes(site, {}), Box((3.0, 1.7, 0.5), (0.05, 1.3, 0.5))]
    wall = Box((1.5, 1.4, 0.5), (1.6, 0.05, 0.5))
    room = ClearanceMap(site.bounds, [*boxes, wall])
    assert plan_path(room, (1.35, 1.0), (6.1, 4.95), RADIUS + 0.03) is None


def test_goal_inside_furniture_is_unreachable(flat):
    assert plan_path(flat, (1.35, 1.0), (6.1, 0.4), RADIUS) is None


def test_finds_out_of_a_tight_start(flat):
    path = plan_path(flat, (1.35, 0.55 + RADIUS + 0.005), (2.1, 5.0), RADIUS + 0.05)
    assert path is not None
    assert narrowest(flat, path) >= RADIUS


def test_an_open_fridge_door_is_driven_around(site):
    room = ClearanceMap(site.bounds, site_boxes(site, {"fridge": 1.0}))
    tip = (1.29, 2.09)
    assert room.clearance(np.array(tip)) < 0.02
    path = plan_path(room, (1.2, 1.4), site.place("fridge").stand[:2], RADIUS + 0.03)
    assert path is not None
    assert narrowest(room, path) >= RADIUS


def follow(path, yaw: float, start: Pose2D, *, steps: int = 900):
    """An ideal holonomic base under the follower's command, 20 Hz."""
    follower = PathFollower(
        path, yaw, speed=0.65, turn_rate=1.4, acceleration=1.2, turn_acceleration=4.0
    )
    x, y, heading, dt = start.x, start.y, start.yaw, 0.05
    trace, commands = [(x, y, heading)], []
    for _ in range(steps):
        vx, vy, wz = follower.command(Pose2D(x, y, heading), dt)
        c, s = math.cos(heading + wz * dt / 2), math.sin(heading + wz * dt / 2)
        x, y = x + dt * (c * vx - s * vy), y + dt * (s * vx + c * vy)
        heading = wrap(heading + dt * wz)
        trace.append((x, y, heading))
        commands.append((vx, vy, wz))
        distance, angle = follower.errors(Pose2D(x, y, heading))
        if distance < 0.01 and angle < 0.02 and math.hypot(vx, vy) < 0.05:
            break
    return np.array(trace), np.array(commands)


def test_follower_arrives_at_the_pose_and_stays_on_the_path():
    path = [(0.0, 0.0), (2.0, 0.0), (2.0, 2.0)]
    trace, commands = follow(path, -1.0, Pose2D(0.0, 0.0, 2.0))
    assert trace[-1, :2] == pytest.approx([2.0, 2.0], abs=0.012)
    assert trace[-1, 2] == pytest.approx(-1.0, abs=0.03)
    off_first = np.abs(trace[trace[:, 0] < 1.7][:, 1])
    assert off_first.max() < 0.05
    assert np.hypot(commands[:, 0], commands[:, 1]).max() <= 0.65 + 1e-9
    assert np.abs(commands[:, 2]).max() <= 1.4 + 1e-9
    assert len(commands) * 0.05 < 11.0


def test_follower_limits_acceleration():
    _, commands = follow([(0.0, 0.0), (3.0, 0.0)], 0.0, Pose2D(0.0, 0.0, 0.0))
    speed = np.hypot(commands[:, 0], commands[:, 1])
    assert np.diff(speed).max() / 0.05 <= 1.5 * 1.2 + 1e-6


def test_follower_faces_its_way_on_long_paths_only():
    far, _ = follow([(0.0, 0.0), (4.0, 0.0)], math.pi / 2, Pose2D(0.0, 0.0, 0.0))
    assert abs(far[len(far) // 3, 2]) < 0.2
    near, _ = follow([(0.0, 0.0), (0.6, 0.0)], math.pi / 2, Pose2D(0.0, 0.0, 0.0))
    assert near[len(near) // 3, 2] > 0.2


def test_follower_turns_on_the_spot():
    trace, _ = follow([(1.0, 1.0), (1.0, 1.0)], -3.0, Pose2D(1.0, 1.0, 3.0))
    assert wrap(trace[-1, 2] + 3.0) == pytest.approx(0.0, abs=0.03)
    assert len(trace) < 40  # the short way round


@pytest.mark.parametrize("angle", [-7.0, -math.pi, 0.0, math.pi, 9.5])
def test_wrap(angle):
    assert -math.pi < wrap(angle) <= math.pi
    assert math.cos(wrap(angle)) == pytest.approx(math.cos(angle))
    assert math.sin(wrap(angle)) == pytest.approx(math.sin(angle), abs=1e-9)
