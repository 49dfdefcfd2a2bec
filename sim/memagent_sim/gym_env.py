# SPDX-License-Identifier: Apache-2.0
"""The flat as a Gymnasium environment, ``memagent/Flat-v0``: one task, controlled at 10 Hz."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from memagent import resources
from memagent.types import JointTrajectory
from memagent_sim.scene import FAR
from memagent_sim.simulation import Simulation
from memagent_sim.world import load_world

PERIOD = 0.1
"""Seconds per step."""
LARGEST_ARM_STEP = 0.15
"""Radians per step that an arm joint moves for an action of 1."""
LARGEST_HEAD_STEP = 0.15
LAYOUTS = 2**31 - 1

Observation = dict[str, NDArray[Any]]


class FlatEnv(gymnasium.Env[Observation, NDArray[np.float32]]):
    """One household task in the simulated flat.

    Observation, a dict:
        ``proprio``: float32, shape (25,): base x, y, sine and cosine of its yaw (map frame; m), its
        velocity (body frame), arm positions and velocities (rad, rad/s), head pan and tilt, gripper
        width (m), and whether the gripper moves.
        ``rgb``: uint8, shape (h, w, 3), and ``depth``: float32, shape (h, w), metres, 0 where
        nothing is hit; both from the head camera.

    Action, float32 in [-1, 1], shape (13,): steps of the arm's seven joints; the gripper's width
    (-1 closed, 1 open); base velocity vx, vy and turn rate as shares of the fastest; steps of the
    head's pan and tilt.

    The reward is 1 in the step that reaches the goal, which ends the episode, and 0 otherwise.
    Every reset draws a new layout of the household from the environment's random numbers.

    Args:
        world: World file; relative paths are looked up as the command line does.
        task: Index into the world's tasks.
        day: Day on which the episode takes place; from day 2 on one object has moved.
        time_limit: Simulated seconds after which the episode is truncated.
        render_mode: None or "rgb_array", a picture of the flat from above.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["rgb_array"], "render_fps": 10}

    def __init__(
        self,
        world: str | Path = "configs/worlds/flat.yaml",
        *,
        task: int = 0,
        day: int = 1,
        time_limit: float = 180.0,
        render_mode: str | None = None,
    ) -> None:
        self._config = load_world(resources.find(world))
        if not 0 <= task < len(self._config.tasks):
            raise ValueError(f"task must be 0 to {len(self._config.tasks) - 1}, got {task}")
        self._task_index, self._day = task, day
        self._step_limit = round(time_limit / PERIOD)
        self._steps = 0
        self.render_mode = render_mode
        self._simulation = Simulation(self._config)
        robot = self._simulation.world.robot
        camera, joints = robot.head_camera, len(robot.arm.joints)
        image = (camera.height, camera.width)
        self.observation_space = spaces.Dict(
            {
                "proprio": spaces.Box(-100.0, 100.0, (11 + 2 * joints,), np.float32),
                "rgb": spaces.Box(0, 255, (*image, 3), np.uint8),
                "depth": spaces.Box(0.0, FAR, image, np.float32),
            }
        )
        self.action_space = spaces.Box(-1.0, 1.0, (joints + 6,), np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begin an episode in a new layout; ``options={"layout": 7}`` asks for a certain one."""
        super().reset(seed=seed)
        layout = int((options or {}).get("layout", self.np_random.integers(LAYOUTS)))
        self._simulation.reset(self._day, layout)
        self._steps = 0
        return self._observe(), self._info()

    def step(
        self, action: NDArray[np.float32]
    ) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Apply an action for 0.1 s."""
        self._act(np.clip(np.asarray(action, dtype=float), -1.0, 1.0))
        self._simulation.step(PERIOD)
        self._steps += 1
        info = self._info()
        reached = bool(info["success"])
        return self._observe(), float(reached), reached, self._steps >= self._step_limit, info

    def render(self) -> NDArray[np.uint8] | None:
        """The flat from above, or None without a render mode."""
        return self._simulation.overview() if self.render_mode == "rgb_array" else None

    def close(self) -> None:
        self._simulation.close()

    def _act(self, action: NDArray[np.float64]) -> None:
        simulation, robot = self._simulation, self._simulation.world.robot
        state, arm = simulation.state(), robot.arm.joints
        n = len(arm)
        lower, upper = np.array([(j.lower, j.upper) for j in arm]).T
        goal = np.clip(state.arm + LARGEST_ARM_STEP * action[:n], lower, upper)
        names = tuple(j.name for j in arm)
        simulation.send_arm(JointTrajectory(names, np.array([PERIOD]), goal[None, :]))
        width = 0.5 * (1.0 + float(action[n])) * robot.gripper.max_width
        simulation.send_gripper(width, robot.gripper.force)
        vx, vy, turn = action[n + 1 : n + 4].tolist()
        speed = robot.base.speed
        simulation.send_base(speed * vx, speed * vy, robot.base.turn_rate * turn)
        pan, tilt = (np.array(state.head) + LARGEST_HEAD_STEP * action[n + 4 :]).tolist()
        simulation.send_head(pan, tilt)

    def _observe(self) -> Observation:
        state, frame = self._simulation.state(), self._simulation.camera("head")
        proprio = np.concatenate(
            [
                [state.base.x, state.base.y, np.sin(state.base.yaw), np.cos(state.base.yaw)],
                state.base_velocity,
                state.arm,
                state.arm_velocity,
                state.head,
                [state.gripper_width, state.gripper_moving],
            ]
        )
        return {"proprio": proprio.astype(np.float32), "rgb": frame.rgb, "depth": frame.depth}

    def _info(self) -> dict[str, Any]:
        task = self._simulation.tasks[self._task_index]
        success, missing = self._simulation.check(task)
        return {"instruction": task.instruction, "success": success, "missing": missing}
