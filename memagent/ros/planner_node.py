# SPDX-License-Identifier: Apache-2.0
"""The planner node: instructions as the action ``memagent/execute_task``, and what people say while
one is carried out on the topic ``memagent/correction``.
"""

from __future__ import annotations

import threading
from collections import deque

from rclpy.action.server import ServerGoalHandle
from std_msgs.msg import String

from memagent.catalogue import load_catalogue
from memagent.config import read_yaml
from memagent.errors import ConfigError
from memagent.planner import ClosedLoop, PlannerConfig, PlannerEvent
from memagent.planner.narration import narrate
from memagent.ros import convert, qos
from memagent.ros.goals import OneGoalServer
from memagent.ros.lifecycle import RegionNode, spin
from memagent.ros.memory_client import MemoryClient
from memagent.ros.skill_client import SkillClient
from memagent.site import load_site
from memagent.types import Plan, TaskResult, TaskStatus
from memagent_interfaces import msg
from memagent_interfaces.action import ExecuteTask

PLANNERS = ("symbolic", "language_model")
REMARKS = 8
"""Corrections that wait at most; of more, the oldest are passed over."""
HEARTBEAT_S = 1.0
"""Feedback goes out at least so often, so that a client can tell a long task from a dead node."""


class PlannerNode(RegionNode):
    def __init__(self) -> None:
        super().__init__("planner")
        self._goals: OneGoalServer | None = None
        self._stopping = threading.Event()
        self._goal: ServerGoalHandle | None = None
        self._said: deque[str] = deque(maxlen=REMARKS)
        """What a person has said about the running task, the loop has yet to hear."""
        self._plans = self.create_publisher(msg.Plan, "memagent/plan", qos.RELIABLE)
        self.create_subscription(String, "memagent/correction", self._hear, qos.RELIABLE)

    def configure(self) -> None:
        config = read_yaml(
            self.file("planner_config", "configs/planner.yaml", "Who plans, and how."),
            PlannerConfig,
        )
        planner = self.text("planner", "", "Who plans, if not whom planner_config says.")
        if planner and planner not in PLANNERS:
            raise ConfigError(f"parameter planner: no planner {planner!r}; there are {PLANNERS}")
        if planner == "language_model" and config.language_model is None:
            raise ConfigError("parameter planner: planner_config names no language_model")
        if planner:
            config = config.model_copy(update={"planner": planner})
        site = load_site(self.file("site", "configs/sites/flat.yaml", "Surveyed map."))
        catalogue = load_catalogue(self.file("objects", "configs/objects.yaml", "Kinds of object."))
        ways = self.flag("known_ways", True, "Ask spatial memory how far places are.")
        memory = MemoryClient(self)
        self._loop = ClosedLoop(
            memory,
            SkillClient(self),
            site,
            catalogue,
            config,
            self._on_event,
            space=memory if ways else None,
        )
        self._goals = OneGoalServer(
            self,
            ExecuteTask,
            "memagent/execute_task",
            self._execute,
            ExecuteTask.Feedback,
            HEARTBEAT_S,
        )

    def activate(self) -> None:
        self._stopping.clear()

    def deactivate(self) -> None:
        self._stopping.set()

    def busy(self) -> bool:
        return self._goals is not None and self._goals.busy

    def measurements(self) -> dict[str, float]:
        return {"busy": float(self.busy())}

    def _hear(self, message: String) -> None:
        if self._goal is None:
            self.get_logger().warning(f"no task is running to be corrected: {message.data!r}")
        elif message.data.strip():
            self._said.append(message.data)

    def _execute(self, handle: ServerGoalHandle) -> ExecuteTask.Result:
        self._said.clear()
        self._goal = handle
        try:
            result = self._loop.run(
                handle.request.instruction,
                lambda: bool(handle.is_cancel_requested) or self._stopping.is_set(),
                lambda: self._said.popleft() if self._said else "",
            )
        finally:
            self._goal = None
        self._finish(handle, result)
        return convert.result_to_request(result, ExecuteTask.Result())

    def _finish(self, handle: ServerGoalHandle, result: TaskResult) -> None:
        self.get_logger().info(
            f"{result.instruction!r}: {result.status.value} {result.reason} "
            f"({result.skills} skills)"
        )
        if result.status is TaskStatus.SUCCEEDED:
            handle.succeed()
        elif result.status is TaskStatus.CANCELED and handle.is_cancel_requested:
            handle.canceled()
        else:
            handle.abort()

    def _on_event(self, event: PlannerEvent) -> None:
        kind, text, plan = narrate(event)
        handle = self._goal
        if handle is not None:
            message = ExecuteTask.Feedback(kind=kind, text=text)
            if plan is not None:
                message.plan = convert.plan_to_msg(plan)
            handle.publish_feedback(message)
        if plan is not None:
            self._publish(plan)

    def _publish(self, plan: Plan) -> None:
        stamp = self.get_clock().now().nanoseconds * 1e-9
        self._plans.publish(convert.plan_to_msg(plan, stamp))


def main() -> None:
    spin(PlannerNode, threads=5)


if __name__ == "__main__":
    main()
