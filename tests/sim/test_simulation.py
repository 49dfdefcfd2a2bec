# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import mujoco
import numpy as np
import pytest

from memagent.types import JointTrajectory
from memagent_sim.simulation import DAY, Simulation

pytestmark = pytest.mark.unit

Make = Callable[..., Simulation]


@pytest.fixture(scope="module")
def simulation(make_simulation: Make) -> Simulation:
    return make_simulation(seed=3)


def wave(simulation: Simulation) -> None:
    """Use everything that moves, for two seconds."""
    names = tuple(j.name for j in simulation.world.robot.arm.joints)
    goal = simulation.state().arm + 0.2
    simulation.send_arm(JointTrajectory(names, np.array([1.0]), goal[None, :]))
    simulation.send_head(0.4, 0.6)
    simulation.send_gripper(0.02, 20.0)
    for _ in range(10):
        simulation.send_base(0.1, -0.1, 0.3)
        simulation.step(0.2)


def test_two_runs_are_identical_to_the_bit(make_simulation: Make) -> None:
    runs = []
    for _ in range(2):
        simulation = make_simulation(seed=1, slip_probability=0.5)
        wave(simulation)
        frame = simulation.camera("head")
        runs.append((simulation.data.qpos.tobytes(), frame.rgb.tobytes(), frame.depth.tobytes()))
        simulation.close()
    assert runs[0] == runs[1]


def test_a_snapshot_brings_back_the_same_future(simulation: Simulation) -> None:
    simulation.reset()
    simulation.send_base(0.2, 0.0, 0.0)
    simulation.step(0.2)
    snapshot = simulation.save_state()
    wave(simulation)
    expected = simulation.data.qpos.copy()
    simulation.reset(day=2)
    simulation.restore_state(snapshot)
    assert simulation.day == 1
    wave(simulation)
    np.testing.assert_array_equal(simulation.data.qpos, expected)


def test_objects_rest_where_people_left_them(make_simulation: Make) -> None:
    for seed in range(3):
        simulation = make_simulation(seed=seed)
        for day in (1, 2):
            simulation.reset(day)
            placements = simulation.household.placements(day)
            before = {o.label: o for o in simulation.objects()}
            simulation.step(5.0)
            for thing in simulation.objects():
                placement = placements[thing.label]
                assert thing.place == placement.place
                wanted = (placement.x, placement.y, placement.z)
                assert np.linalg.norm(np.subtract(thing.position, wanted)) < 0.003
                drift = np.subtract(thing.position, before[thing.label].position)
                assert np.linalg.norm(drift) < 0.0005
                assert math.cos(thing.yaw - placement.yaw) > 0.999


def test_the_clock_jumps_by_a_day(simulation: Simulation) -> None:
    simulation.reset(day=1)
    first = simulation.state()
    simulation.reset(day=2)
    second = simulation.state()
    assert second.stamp - first.stamp == pytest.approx(DAY, abs=1e-6)
    assert second.base.x == pytest.approx(first.base.x, abs=1e-4)
    np.testing.assert_allclose(second.arm, first.arm, atol=1e-4)
    with pytest.raises(ValueError, match="day must be 1 or more"):
        simulation.reset(day=0)


def test_another_seed_furnishes_anew(simulation: Simulation, make_simulation: Make) -> None:
    simulation.reset(seed=8)
    fresh = make_simulation(seed=8)
    assert simulation.tasks == fresh.tasks
    np.testing.assert_array_equal(simulation.data.qpos, fresh.data.qpos)
    simulation.reset(seed=3)


def test_base_velocity_is_followed_and_walls_hold(simulation: Simulation) -> None:
    simulation.reset()
    start = simulation.state().base
    for _ in range(10):
        simulation.send_base(0.0, 0.4, 0.0)
        simulation.step(0.1)
    assert simulation.state().base_velocity == pytest.approx((0.0, 0.4, 0.0), abs=0.02)
    assert simulation.state().base.x - start.x > 0.2  # it looks south; left is east
    simulation.reset()
    for _ in range(40):
        simulation.send_base(-0.7, 0.0, 0.0)  # back into the northern wall
        simulation.step(0.1)
    state, radius = simulation.state(), simulation.world.robot.base.radius
    assert 2.95 - radius - 0.02 < state.base.y < 2.95 - radius + 0.03
    simulation.step(2.0)
    assert np.abs(simulation.state().base_velocity).max() < 0.01


def test_stop_brings_the_arm_to_rest(simulation: Simulation) -> None:
    simulation.reset()
    names = tuple(j.name for j in simulation.world.robot.arm.joints)
    goal = simulation.state().arm + np.array([1.0, 0, 0, 0, 0, 0, 0])
    simulation.send_arm(JointTrajectory(names, np.array([1.0]), goal[None, :]))
    simulation.step(0.5)
    assert simulation.state().arm_velocity[0] > 0.5
    simulation.stop()
    simulation.step(0.3)
    at_rest = simulation.state()
    assert np.abs(at_rest.arm_velocity).max() < 0.05
    simulation.step(0.5)
    np.testing.assert_allclose(simulation.state().arm, at_rest.arm, atol=0.01)


def test_the_arm_follows_its_trajectory_closely(simulation: Simulation) -> None:
    simulation.reset()
    names = tuple(j.name for j in simulation.world.robot.arm.joints)
    start = simulation.state().arm
    goal = start + np.array([0.6, 0.3, 0.0, 0.4, 0.0, -0.3, 0.2])
    still = np.zeros((1, 7))
    simulation.send_arm(JointTrajectory(names, np.array([1.0]), goal[None, :], still))
    for k in range(1, 11):
        simulation.step(0.1)
        s = k / 10
        wanted = start + (3 * s**2 - 2 * s**3) * (goal - start)
        np.testing.assert_allclose(simulation.state().arm, wanted, atol=0.01)


def test_the_scene_can_be_set(simulation: Simulation) -> None:
    simulation.reset()
    simulation.set_opening("fridge", 0.7)
    simulation.put_robot((6.1, 4.9, 1.5), "ready")
    simulation.step(1.0)
    assert simulation.opening("fridge") == pytest.approx(0.7, abs=0.01)
    state = simulation.state()
    assert (state.base.x, state.base.y, state.base.yaw) == pytest.approx((6.1, 4.9, 1.5), abs=1e-3)
    np.testing.assert_allclose(state.arm, simulation.world.robot.arm.postures["ready"], atol=2e-3)
    with pytest.raises(KeyError):
        simulation.set_opening("desk", 1.0)


# --- pictures -----------------------------------------------------------------------------------


def look_at_counter(simulation: Simulation) -> None:
    simulation.reset()
    simulation.send_head(-0.5, 0.45)
    simulation.step(1.5)


def test_depth_is_what_a_ray_measures(simulation: Simulation) -> None:
    look_at_counter(simulation)
    frame = simulation.camera("head")
    fx, fy, cx, cy = frame.intrinsics
    head = simulation.model.body("head tilt").id
    errors = []
    for u, v in np.random.default_rng(0).integers([0, 0], [480, 360], (150, 2)):
        ray = np.array([(u - cx) / fx, (v - cy) / fy, 1.0])
        direction = frame.pose[:3, :3] @ ray
        hit = np.zeros(1, dtype=np.int32)
        distance = mujoco.mj_ray(
            simulation.model,
            simulation.data,
            frame.pose[:3, 3],
            direction / np.linalg.norm(direction),
            np.array([1, 1, 1, 1, 0, 1], dtype=np.uint8),
            1,
            head,
            hit,
        )
        errors.append(abs(distance / np.linalg.norm(direction) - frame.depth[v, u]))
    assert np.median(errors) < 0.001
    assert np.mean(np.array(errors) < 0.01) > 0.95  # the rest lies on edges


def test_objects_appear_where_the_pose_says(simulation: Simulation) -> None:
    look_at_counter(simulation)
    frame = simulation.camera("head")
    fx, fy, cx, cy = frame.intrinsics
    visible = simulation.visible_objects()
    hsv = cv2.cvtColor(frame.rgb, cv2.COLOR_RGB2HSV)
    counter = [o for o in simulation.objects() if o.place == "kitchen counter"]
    assert {o.label for o in counter} <= set(visible)
    for thing in counter:
        x, y, z = frame.pose[:3, :3].T @ (np.array(thing.position) - frame.pose[:3, 3])
        u, v = fx * x / z + cx, fy * y / z + cy
        assert hsv[round(v), round(u), 1] > 128, thing.label
        assert frame.depth[round(v), round(u)] == pytest.approx(z, abs=0.06)


def test_nothing_but_objects_is_saturated(simulation: Simulation) -> None:
    look_at_counter(simulation)
    for name in ("head", "wrist"):
        frame = simulation.camera(name)
        hsv = cv2.cvtColor(frame.rgb, cv2.COLOR_RGB2HSV)
        coloured = int(((hsv[..., 1] > 0.25 * 255) & (hsv[..., 2] > 40)).sum())
        seen = sum(simulation.visible_objects().values()) if name == "head" else 0
        assert coloured <= 1.1 * seen + 20
    assert simulation.overview(320, 240).shape == (240, 320, 3)


def test_unknown_camera_and_container_are_errors(simulation: Simulation) -> None:
    with pytest.raises(ValueError, match="'head', 'wrist'"):
        simulation.camera("third eye")  # type: ignore[arg-type]
    with pytest.raises(KeyError):
        simulation.opening("desk")
