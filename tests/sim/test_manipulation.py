# SPDX-License-Identifier: Apache-2.0
"""What the arm does to the world, by contact forces alone."""

from __future__ import annotations

import math
from collections.abc import Callable

import mujoco
import numpy as np
import pytest

from memagent.types import Vector3
from memagent_sim.containers import container_joint
from memagent_sim.household import Placement
from memagent_sim.scoring import HELD, TrueObject
from memagent_sim.simulation import Simulation
from memagent_sim.world import World

from .scripted_arm import DOWN, ScriptedArm, forward, inverse, yawed

pytestmark = pytest.mark.unit

Make = Callable[..., Simulation]
FORWARD = np.array([[0.0, 0, 1], [0, -1, 0], [1, 0, 0]])
"""Tool pointing ahead, fingers opening sideways."""
OBJECTS = (
    "red mug",
    "banana",
    "apple",
    "orange",
    "red ball",
    "cyan can",
    "green bottle",
    "pink cup",
    "purple tea box",
    "yellow sponge",
    "orange block",
    "remote",
)


@pytest.fixture(scope="module")
def simulation(make_simulation: Make) -> Simulation:
    return make_simulation()


@pytest.fixture(scope="module")
def slippery(make_simulation: Make) -> Simulation:
    return make_simulation(slip_probability=1.0)


def begin_at(simulation: Simulation, pose: Vector3) -> ScriptedArm:
    """A new day, with the robot at ``pose`` and its hand ready."""
    simulation.reset()
    simulation.put_robot(pose, "ready")
    simulation.step(0.2)
    return ScriptedArm(simulation)


def true_object(simulation: Simulation, label: str) -> TrueObject:
    return next(o for o in simulation.objects() if o.label == label)


def grasp_and_lift(simulation: Simulation, label: str, yaw: float) -> tuple[float, float]:
    """Put an object on the counter, grasp it from above; returns the width and the height won."""
    size = simulation.world.category(simulation.world.objects[label]).size
    arm = begin_at(simulation, (1.35, 0.95, -math.pi / 2))
    for k, other in enumerate(simulation.objects()):
        if other.place == "kitchen counter":
            simulation.put_object(other.label, Placement("", 5.0 + 0.3 * k, 2.0, 0.2, 0.0))
    simulation.put_object(label, Placement("", 1.35, 0.33, 0.75 + size[2] / 2, yaw))
    simulation.step(0.8)
    x, y, z = true_object(simulation, label).position
    turn = math.remainder(yaw + math.pi / 2, math.pi)
    tool, top = yawed(DOWN, turn), z + size[2] / 2
    height = max(0.75 + 0.018, top - 0.035)
    arm.tool_to((x, y, top + 0.08), tool, 1.2)
    arm.tool_to((x, y, height), tool, 0.8)
    width = arm.grip(0.0)
    arm.tool_to((x, y, height + 0.2), tool, 1.0)
    simulation.step(1.0)
    return width, true_object(simulation, label).position[2] - z


def test_forward_kinematics_match_the_dh_rows(simulation: Simulation) -> None:
    robot, rng = simulation.world.robot, np.random.default_rng(1)
    limits = np.array([(j.lower, j.upper) for j in robot.arm.joints])
    for _ in range(20):
        q = rng.uniform(limits[:, 0], limits[:, 1])
        simulation._joints.place((0.0, 0.0, 0.0), q, 0.04)
        simulation._update_poses()
        site = simulation.data.site("tool")
        tool = forward(robot, q)[-1]
        np.testing.assert_allclose(site.xpos, tool[:3, 3], atol=1e-9)
        np.testing.assert_allclose(site.xmat.reshape(3, 3), tool[:3, :3], atol=1e-9)
    simulation.reset()


def test_the_robot_does_not_touch_itself_in_its_named_postures(simulation: Simulation) -> None:
    for posture in simulation.world.robot.arm.postures.values():
        simulation.reset()
        ScriptedArm(simulation).joints_to(np.array(posture), 2.0)
        np.testing.assert_allclose(simulation.state().arm, posture, atol=0.005)
        touching = simulation.data.contact.geom.ravel().tolist()
        owners = {simulation.model.body(simulation.model.geom_bodyid[g]).name for g in touching}
        assert not {name for name in owners if "link" in name or name == "base"}


@pytest.mark.parametrize("label", OBJECTS)
def test_every_object_can_be_grasped_and_lifted(simulation: Simulation, label: str) -> None:
    for yaw in (0.4, -0.8):
        width, won = grasp_and_lift(simulation, label, yaw)
        assert 0.02 < width < 0.078
        assert won > 0.19
        assert true_object(simulation, label).place == HELD


@pytest.mark.parametrize("label", ["red mug", "banana", "apple", "yellow sponge"])
def test_a_slippery_grasp_loses_the_object(slippery: Simulation, label: str) -> None:
    width, won = grasp_and_lift(slippery, label, 0.4)
    assert width > 0.02  # it felt like a grasp
    assert won < 0.05
    assert slippery.state().gripper_width < 0.004
    slippery.send_gripper(0.08, 40.0)
    assert not slippery._faults.slippery


def test_slips_are_drawn_once_per_grasp_from_the_seed(make_simulation: Make) -> None:
    outcomes = []
    for _ in range(2):
        simulation = make_simulation(seed=4, slip_probability=0.5)
        drawn = []
        for _ in range(12):
            simulation._faults.release()
            simulation._faults._between_pads = lambda data: True  # type: ignore[method-assign]
            for _ in range(3):
                simulation._faults.step(simulation.data)
            drawn.append(simulation._faults.slippery)
        outcomes.append(drawn)
    assert outcomes[0] == outcomes[1]
    assert 2 < sum(outcomes[0]) < 10


@pytest.mark.parametrize("name", ["top drawer", "bottom drawer"])
def test_a_drawer_is_pulled_open_by_its_handle(simulation: Simulation, name: str) -> None:
    place = simulation.world.site.place(name)
    assert place.joint is not None
    x, y, z = place.joint.handle
    arm = begin_at(simulation, (x, y + 0.73, -math.pi / 2))
    start = simulation.state().arm
    arm.joints_to(inverse(arm.robot, np.array([0.58, 0.0, z]), FORWARD, start), 2.5)

    def drive(speed: float, distance: float) -> None:
        for _ in range(round(distance / abs(speed) / 0.05)):
            simulation.send_base(speed, 0.0, 0.0)
            simulation.step(0.05)
        simulation.send_base(0.0, 0.0, 0.0)
        simulation.step(0.4)

    drive(0.1, 0.15)
    assert arm.grip(0.0) == pytest.approx(0.024, abs=0.001)
    drive(-0.15, 0.29)
    assert simulation.opening(name) > 0.8
    arm.grip(0.08)
    drive(-0.1, 0.1)
    left_at = simulation.opening(name)
    simulation.step(3.0)
    assert simulation.opening(name) == pytest.approx(left_at, abs=0.005)


def test_a_drawer_takes_its_contents_along(make_simulation: Make) -> None:
    simulation = make_simulation(seed=0)
    inside = [o for o in simulation.objects() if o.place == "bottom drawer"]
    assert inside, "seed 0 hides something in the bottom drawer"
    pull(simulation, "bottom drawer", 5.0, 2.5)
    after = true_object(simulation, inside[0].label)
    assert simulation.opening("bottom drawer") > 0.95
    assert after.position[1] - inside[0].position[1] > 0.28
    assert after.place == "bottom drawer"


def pull(simulation: Simulation, name: str, newtons: float, seconds: float) -> None:
    """Pull at the handle, straight away from the front, which turns with a door."""
    body = simulation.model.body(name).id
    joint = simulation.world.site.place(name).joint
    assert joint is not None
    handle = simulation.model.geom(f"{name} handle").id
    data, force = simulation.data, simulation.data.qfrc_applied
    for _ in range(round(seconds / 0.002)):
        position = data.geom_xpos[handle].copy()
        if joint.kind == "slide":
            direction = np.array([*joint.axis, 0.0])
        else:
            arm = position[:2] - joint.axis
            direction = math.copysign(1.0, joint.travel) * np.array([-arm[1], arm[0], 0.0])
            direction /= np.linalg.norm(direction)
        force[:] = 0.0
        mujoco.mj_applyFT(
            simulation.model, data, newtons * direction, np.zeros(3), position, body, force
        )
        simulation.step(0.002)
    force[:] = 0.0


@pytest.mark.parametrize("name", ["top drawer", "bottom drawer", "fridge"])
def test_containers_open_by_force_and_stay_where_they_are_left(
    simulation: Simulation, name: str
) -> None:
    simulation.reset()
    simulation.step(2.0)
    assert abs(simulation.opening(name)) < 1e-3
    pull(simulation, name, 0.4, 1.0)
    assert simulation.opening(name) < 0.03, "friction holds it against a touch"
    simulation.reset()
    pull(simulation, name, 6.0, 0.8)
    assert simulation.opening(name) > 0.1
    simulation.step(2.0)
    left_at = simulation.opening(name)
    simulation.step(3.0)
    assert simulation.opening(name) == pytest.approx(left_at, abs=0.01)
    pull(simulation, name, 6.0, 4.0)
    assert simulation.opening(name) == pytest.approx(1.0, abs=0.02)


def test_joint_travel_is_the_sites(world: World, simulation: Simulation) -> None:
    for place in world.site.places:
        if place.joint is not None:
            limits = simulation.model.joint(container_joint(place.name)).range
            assert sorted((0.0, place.joint.travel)) == pytest.approx(limits.tolist())
