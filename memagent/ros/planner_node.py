# SPDX-License-Identifier: Apache-2.0
"""The planner node: instructions as the action ``memagent/execute_task``."""

from __future__ import annotations

import threading

from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.callback_groups import ReentrantCallbackGroup

from memagent import resources
from memagent.catalogue import load_catalogue
from memagent.errors import ConfigError
from memagent.planner import ClosedLoop, PlannerEvent
from memagent.planner.narration import narrate
from memagent.ros import convert, qos
from memagent.ros.lifecycle import RegionNode, spin
from memagent.ros.memory_client import MemoryClient
from memagent.ros.skill_client import SkillClient
from memagent.site import load_site
from memagent.types import Plan, TaskResult, TaskStatus
from memagent_interfaces import msg
from memagent_interfaces.action import ExecuteTask

PLANNERS = ("symbolic",)
HEARTBEAT_S = 1.0
"""Feedback goes out at least so often, so that a client can tell a long task from a dead node."""


class PlannerNode(RegionNode):
    def __init__(self) -> None:
        super().__init__("planner")
        self._busy = threading.Lock()
        self._stopping = threading.Event()
        self._goal: ServerGoalHandle | None = None
        self._plans = self.create_publisher(msg.Plan, "memagent/plan", qos.RELIABLE)

    def configure(self) -> None:
        planner = self.text("planner", "symbolic", "Planner to use.")
        if planner not in PLANNERS:
            raise ConfigError(f"parameter planner: no planner {planner!r}; there are {PLANNERS}")
        site = load_site(
            resources.find(self.text("site", "configs/sites/flat.yaml", "Surveyed map."))
        )
        catalogue = load_catalogue(
            resources.find(self.text("objects", "configs/objects.yaml", "Kinds of object."))
        )
        self._loop = ClosedLoop(
            MemoryClient(self), SkillClient(self), site, catalogue, on_event=self._on_event
        )
        self._server = ActionServer(
            self,
            ExecuteTask,
            "memagent/execute_task",
            execute_callback=self._execute,
            goal_callback=self._on_goal,
            cancel_callback=lambda _: CancelResponse.ACCEPT,
            callback_group=ReentrantCallbackGroup(),
        )

    def activate(self) -> None:
        self._stopping.clear()

    def deactivate(self) -> None:
        self._stopping.set()

    def busy(self) -> bool:
        return self._busy.locked()

    def measurements(self) -> dict[str, float]:
        return {"busy": float(self._busy.locked())}

    def _on_goal(self, goal: ExecuteTask.Goal) -> GoalResponse:
        if self._busy.locked():
            self.get_logger().warning(f"refused {goal.instruction!r}: busy with another task")
        free = self.active and not self._busy.locked()
        return GoalResponse.ACCEPT if free else GoalResponse.REJECT

    def _execute(self, handle: ServerGoalHandle) -> ExecuteTask.Result:
        done = threading.Event()
        heartbeat = threading.Thread(target=self._beat, args=(handle, done), daemon=True)
        with self._busy:
            self._goal = handle
            heartbeat.start()
            try:
                result = self._loop.run(
                    handle.request.instruction,
                    lambda: bool(handle.is_cancel_requested) or self._stopping.is_set(),
                )
            finally:
                done.set()
                heartbeat.join()
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

    def _beat(self, handle: ServerGoalHandle, done: threading.Event) -> None:
        while not done.wait(HEARTBEAT_S):
            handle.publish_feedback(ExecuteTask.Feedback())

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
