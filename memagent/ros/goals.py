# SPDX-License-Identifier: Apache-2.0
"""An action server for one goal at a time, whose client can tell a long goal from a dead node."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.callback_groups import ReentrantCallbackGroup

from memagent.ros.lifecycle import RegionNode


class OneGoalServer:
    """Refuses a goal while the node is inactive or another goal runs.

    While one runs, ``heartbeat()`` is published as feedback every ``period_s`` seconds.

    Args:
        run: carries out a goal on a thread of the executor, ends its handle, returns the result.
    """

    def __init__(
        self,
        node: RegionNode,
        action: Any,
        name: str,
        run: Callable[[ServerGoalHandle], Any],
        heartbeat: Callable[[], Any],
        period_s: float,
    ) -> None:
        self._node = node
        self._name = name
        self._run = run
        self._heartbeat = heartbeat
        self._period_s = period_s
        self._running = threading.Lock()
        self._server = ActionServer(
            node,
            action,
            name,
            execute_callback=self._execute,
            goal_callback=self._on_goal,
            cancel_callback=lambda _: CancelResponse.ACCEPT,
            callback_group=ReentrantCallbackGroup(),
        )

    @property
    def busy(self) -> bool:
        return self._running.locked()

    def _on_goal(self, goal: Any) -> GoalResponse:
        if self._node.active and not self.busy:
            return GoalResponse.ACCEPT
        why = "another goal is running" if self._node.active else "the node is not active"
        self._node.get_logger().warning(f"refused a goal of {self._name}: {why}")
        return GoalResponse.REJECT

    def _execute(self, handle: ServerGoalHandle) -> Any:
        done = threading.Event()
        beating = threading.Thread(target=self._beat, args=(handle, done), daemon=True)
        with self._running:
            beating.start()
            try:
                return self._run(handle)
            finally:
                done.set()
                beating.join()

    def _beat(self, handle: ServerGoalHandle, done: threading.Event) -> None:
        while not done.wait(self._period_s):
            if handle.is_active:
                handle.publish_feedback(self._heartbeat())
