# SPDX-License-Identifier: Apache-2.0
"""The simulated robot in the caller's own process: time passes only while the caller waits."""

from __future__ import annotations

from collections.abc import Callable

from memagent.types import CameraFrame, JointTrajectory, RobotState
from memagent_sim.scene import TIMESTEP
from memagent_sim.simulation import Simulation

OnFrame = Callable[[CameraFrame, RobotState], None]


class SimulatedRobot:
    """A :class:`memagent.robot.Robot` whose :meth:`wait` steps the simulation.

    ``on_frame`` gets the head camera's frames, at its rate on the simulated clock, with the robot's
    state of the same instant. It is called from within :meth:`wait`.
    """

    def __init__(self, simulation: Simulation, on_frame: OnFrame | None = None) -> None:
        self.simulation = simulation
        self._on_frame = on_frame
        self._period = 1.0 / simulation.world.robot.head_camera.rate
        self._next_frame = simulation.time

    def state(self) -> RobotState:
        return self.simulation.state()

    def wait(self, seconds: float) -> RobotState:
        """Step the simulation by ``seconds``, delivering the frames that fall due."""
        remaining = seconds
        while remaining > TIMESTEP / 2:
            stride = min(remaining, self._until_next_frame())
            self.simulation.step(stride)
            remaining -= stride
            if self._on_frame is not None and self._until_next_frame() <= TIMESTEP:
                self._next_frame += self._period
                self._on_frame(self.simulation.camera("head"), self.simulation.state())
        return self.simulation.state()

    def send_arm(self, trajectory: JointTrajectory) -> None:
        self.simulation.send_arm(trajectory)

    def send_head(self, pan: float, tilt: float) -> None:
        self.simulation.send_head(pan, tilt)

    def send_gripper(self, width: float, force: float) -> None:
        self.simulation.send_gripper(width, force)

    def send_base(self, vx: float, vy: float, wz: float) -> None:
        self.simulation.send_base(vx, vy, wz)

    def stop(self) -> None:
        self.simulation.stop()

    def _until_next_frame(self) -> float:
        """Seconds, at least one physics step; realigned where the clock was set to another day."""
        if self._on_frame is None:
            return float("inf")
        due = self._next_frame - self.simulation.time
        if not -self._period <= due <= 2 * self._period:
            self._next_frame, due = self.simulation.time, 0.0
        return max(due, TIMESTEP)
