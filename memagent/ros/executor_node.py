# SPDX-License-Identifier: Apache-2.0
"""The executor node: skills as the action ``memagent/execute_skill``, and the emergency stop."""

from __future__ import annotations

from typing import Any

from rclpy.action.server import ServerGoalHandle
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from sensor_msgs.msg import PointCloud2
from std_srvs.srv import Trigger

from memagent.errors import MemagentError
from memagent.executor import Occupancy, Skills
from memagent.robot import load_robot
from memagent.ros import convert, qos
from memagent.ros.goals import OneGoalServer
from memagent.ros.lifecycle import RegionNode, spin
from memagent.ros.robot_client import RosRobot
from memagent.site import load_site
from memagent.types import Code, Percept, SkillCall, SkillOutcome
from memagent_interfaces import msg
from memagent_interfaces.action import ExecuteSkill

HEARTBEAT_S = 0.5
"""Feedback goes out at least so often, so that a client can tell a long skill from a dead node."""


class ExecutorNode(RegionNode):
    def __init__(self) -> None:
        super().__init__("executor")
        self._skills: Skills | None = None
        self._percept: Percept | None = None
        self._occupancy: Occupancy | None = None
        self._goals: OneGoalServer | None = None
        self._phase = ("", 0.0)

    def configure(self) -> None:
        site = load_site(self.file("site", "configs/sites/flat.yaml", "Surveyed map."))
        description = load_robot(
            self.file("robot", "configs/robots/mobile_panda.yaml", "Robot description.")
        )
        avoid = self.flag(
            "avoid_obstacles",
            False,
            "Keep clear of occupied space that memory reports and the site does not account for.",
        )
        self._skills = Skills(
            RosRobot(self, description),
            site,
            description,
            percepts=lambda: self._percept,
            feedback=self._on_phase,
            occupied=lambda: self._occupancy,
        )
        if avoid:
            self._voxel = self.number(
                "obstacle_size", 0.03, 0.005, 0.5, "Side of a voxel of the obstacles, metres."
            )
            self.create_subscription(
                PointCloud2,
                "memagent/memory/obstacles",
                self._on_obstacles,
                qos.SENSOR,
                callback_group=MutuallyExclusiveCallbackGroup(),
            )
        self.create_subscription(
            msg.Percept,
            "memagent/percept",
            self._on_percept,
            qos.RELIABLE,
            callback_group=MutuallyExclusiveCallbackGroup(),
        )
        self.create_service(
            Trigger,
            "memagent/estop",
            self._on_estop,
            callback_group=MutuallyExclusiveCallbackGroup(),
        )
        self.create_service(
            Trigger,
            "memagent/estop_reset",
            self._on_estop_reset,
            callback_group=MutuallyExclusiveCallbackGroup(),
        )
        self._goals = OneGoalServer(
            self,
            ExecuteSkill,
            "memagent/execute_skill",
            self._execute,
            self._progress,
            HEARTBEAT_S,
        )

    def deactivate(self) -> None:
        if self._skills is not None:
            self._skills.estop()

    def activate(self) -> None:
        if self._skills is not None:
            self._skills.reset_estop()

    def busy(self) -> bool:
        return self._goals is not None and self._goals.busy

    def measurements(self) -> dict[str, float]:
        return {"estopped": float(self._skills.estopped)} if self._skills else {}

    def _on_percept(self, message: msg.Percept) -> None:
        self._percept = convert.percept_from_msg(message)

    def _on_obstacles(self, message: PointCloud2) -> None:
        try:
            self._occupancy = Occupancy(convert.points_from_msg(message), self._voxel)
        except ValueError as error:
            self.get_logger().error(str(error), throttle_duration_sec=5.0)

    def _on_estop(self, request: Any, response: Any) -> Any:
        if self._skills is not None:
            self._skills.estop()
        response.success, response.message = True, "stopped; call memagent/estop_reset to go on"
        return response

    def _on_estop_reset(self, request: Any, response: Any) -> Any:
        if self._skills is not None:
            self._skills.reset_estop()
        response.success, response.message = True, "ready"
        return response

    def _on_phase(self, phase: str, progress: float) -> None:
        self._phase = (phase, progress)

    def _execute(self, handle: ServerGoalHandle) -> ExecuteSkill.Result:
        self._phase = ("starting", 0.0)
        outcome = self._run(convert.call_from_msg(handle.request.call), handle)
        if outcome.code is Code.CANCELED and handle.is_cancel_requested:
            handle.canceled()
        elif outcome.success:
            handle.succeed()
        else:
            handle.abort()
        return ExecuteSkill.Result(outcome=convert.outcome_to_msg(outcome))

    def _run(self, call: SkillCall, handle: ServerGoalHandle) -> SkillOutcome:
        if self._skills is None:
            return SkillOutcome(call, Code.ROBOT_STALE, "the executor is not configured")
        try:
            return self._skills.execute(call, canceled=lambda: bool(handle.is_cancel_requested))
        except MemagentError as error:
            return SkillOutcome(call, Code.ROBOT_STALE, str(error))

    def _progress(self) -> ExecuteSkill.Feedback:
        phase, progress = self._phase
        return ExecuteSkill.Feedback(phase=phase, progress=float(progress))


def main() -> None:
    spin(ExecutorNode, threads=5)


if __name__ == "__main__":
    main()
