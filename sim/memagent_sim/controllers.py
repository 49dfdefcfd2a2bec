# SPDX-License-Identifier: Apache-2.0
"""Controllers of the base, the gripper and the head: commands in, set points of servos out.

Each is a small state machine that is stepped once per physics step. They keep plain values only, so
that a copy of one is a snapshot of it.
"""

from __future__ import annotations

import math

from memagent.errors import RobotError
from memagent.robot import Base, Gripper, Head
from memagent.types import Vector3

BASE_WATCHDOG = 0.5
"""Seconds after which an unrepeated base command ends."""
GRIPPER_AVERAGE = 0.1
"""Seconds over which the fingers' recent position is averaged."""
GRIPPER_TREMBLE = 5e-4
"""Metres; together with the average, a speed of 5 mm/s."""
GRIPPER_SPEED = 0.12
"""Rate of change of the width, m/s."""


class BaseController:
    """Body velocities with limited acceleration, integrated to a pose that the servos follow.

    Where the base is held back, the pose that it should have runs ahead of the real one by no more
    than ``slack``, so that the pushing force stays within what the wheels could give.
    """

    def __init__(self, base: Base, slack: Vector3) -> None:
        self._base, self._slack = base, slack
        self.reset((0.0, 0.0, 0.0), 0.0)

    def reset(self, pose: Vector3, now: float) -> None:
        self.target = pose
        self.velocity: Vector3 = (0.0, 0.0, 0.0)
        self.world_velocity: Vector3 = (0.0, 0.0, 0.0)
        self._command: Vector3 = (0.0, 0.0, 0.0)
        self._commanded = now

    def command(self, vx: float, vy: float, wz: float, now: float) -> None:
        """Set the wanted body velocity, m/s and rad/s; what is too fast is scaled down."""
        _check_finite("base velocity", vx, vy, wz)
        scale = min(1.0, self._base.speed / max(math.hypot(vx, vy), 1e-9))
        wz = _clamp(wz, self._base.turn_rate)
        self._command, self._commanded = (scale * vx, scale * vy, wz), now

    def step(self, now: float, dt: float, pose: Vector3) -> None:
        """Advance the wanted pose; ``pose`` is the real one."""
        if now - self._commanded > BASE_WATCHDOG:
            self._command = (0.0, 0.0, 0.0)
        vx, vy, wz = self._accelerate(dt)
        x, y, yaw = self.target
        c, s = math.cos(yaw), math.sin(yaw)
        moved = (c * vx - s * vy, s * vx + c * vy, wz)
        x, y, yaw = (
            real + _clamp(wanted + rate * dt - real, slack)
            for wanted, rate, real, slack in zip(self.target, moved, pose, self._slack, strict=True)
        )
        self.target, self.world_velocity = (x, y, yaw), moved

    def _accelerate(self, dt: float) -> Vector3:
        (vx, vy, wz), (cx, cy, cw) = self.velocity, self._command
        dx, dy = cx - vx, cy - vy
        step = math.hypot(dx, dy)
        share = min(1.0, self._base.acceleration * dt / step) if step > 0.0 else 0.0
        dw = _clamp(cw - wz, self._base.turn_acceleration * dt)
        self.velocity = (vx + share * dx, vy + share * dy, wz + dw)
        return self.velocity


class GripperController:
    """Moves the width at constant speed towards its target, with limited force."""

    def __init__(self, gripper: Gripper) -> None:
        self._gripper = gripper
        self.reset(gripper.max_width)

    def reset(self, width: float) -> None:
        self.width = self.goal = self._recent = width
        self.force = self._gripper.force

    def command(self, width: float, force: float, measured: float) -> None:
        """Move from the ``measured`` width to ``width`` metres with at most ``force`` newtons.

        Values outside of what the gripper can do are clipped.
        """
        _check_finite("gripper command", width, force)
        self.goal = min(max(width, 0.0), self._gripper.max_width)
        self.force = min(max(force, 0.0), self._gripper.force)
        self.width = measured

    def step(self, dt: float, measured: float) -> None:
        self.width += _clamp(self.goal - self.width, GRIPPER_SPEED * dt)
        self._recent += (measured - self._recent) * dt / GRIPPER_AVERAGE

    def moving(self, width: float) -> bool:
        """Whether the fingers move, or are about to; False once they are held up by something.

        Judged by how far they are from where they were on average of late, because fingers that
        press on something tremble.
        """
        starting = self.width != self.goal and abs(self.width - width) < 0.005
        return starting or abs(width - self._recent) > GRIPPER_TREMBLE


class HeadController:
    """Pan and tilt at limited speed within their limits."""

    def __init__(self, head: Head) -> None:
        self._head = head
        self.reset((0.0, 0.0))

    def reset(self, angles: tuple[float, float]) -> None:
        self.angles = self._goal = angles
        self.rates = (0.0, 0.0)

    def command(self, pan: float, tilt: float) -> None:
        """Look there; angles beyond the limits are clipped to them."""
        _check_finite("head angles", pan, tilt)
        (p0, p1), (t0, t1) = self._head.pan, self._head.tilt
        self._goal = (min(max(pan, p0), p1), min(max(tilt, t0), t1))

    def step(self, dt: float) -> None:
        (p, t), (gp, gt), step = self.angles, self._goal, self._head.velocity * dt
        dp, dt_ = _clamp(gp - p, step), _clamp(gt - t, step)
        self.angles = (p + dp, t + dt_)
        self.rates = (dp / dt, dt_ / dt)


def _clamp(value: float, limit: float) -> float:
    return min(max(value, -limit), limit)


def _check_finite(what: str, *values: float) -> None:
    if not all(math.isfinite(v) for v in values):
        raise RobotError(f"{what} must be finite, got {values}")
