# SPDX-License-Identifier: Apache-2.0
"""Gives instructions to the planner node and follows them to their result."""

from __future__ import annotations

import time
from collections.abc import Callable

from rclpy.action import ActionClient
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node

from memagent.errors import MemagentError
from memagent.ros import convert
from memagent.ros.calls import NoAnswerError, Outcome, wait_for, wait_until
from memagent.ros.observer import plan_of
from memagent.types import Plan, TaskResult
from memagent_interfaces.action import ExecuteTask

SERVER_S = 20.0
ACCEPT_S = 10.0
SILENCE_S = 10.0
"""The planner sends feedback every second; after this silence it is lost."""

OnFeedback = Callable[[str, str, Plan | None], None]
"""Called with the kind of event, its text, and the plan if the event carries one."""


class TaskClient:
    def __init__(self, node: Node) -> None:
        self._client = ActionClient(
            node, ExecuteTask, "memagent/execute_task", callback_group=ReentrantCallbackGroup()
        )
        self._heard = 0.0

    def execute(
        self,
        instruction: str,
        on_feedback: OnFeedback = lambda kind, text, plan: None,
        alive: Callable[[], bool] = lambda: True,
        timeout_s: float = 1800.0,
    ) -> TaskResult:
        """Carry out one instruction and return its result.

        Args:
            instruction: in plain English.
            on_feedback: told of every event on the way.
            alive: asked while waiting; once false, waiting ends.
            timeout_s: of wall-clock time, after which the task is canceled.

        Raises:
            NoAnswerError: the planner is not there, or was lost on the way.
            MemagentError: it refused the instruction.
        """
        if not wait_until(self._client.server_is_ready, SERVER_S):
            raise NoAnswerError(f"no planner within {SERVER_S:g} s")

        def hear(message: object) -> None:
            self._heard = time.monotonic()
            feedback = message.feedback  # type: ignore[attr-defined]
            if feedback.kind:
                on_feedback(feedback.kind, feedback.text, plan_of(feedback))

        goal = ExecuteTask.Goal(instruction=instruction)
        accepted = self._client.send_goal_async(goal, feedback_callback=hear)
        if not wait_for(accepted, ACCEPT_S):
            raise NoAnswerError(f"the planner did not take the instruction within {ACCEPT_S:g} s")
        handle = accepted.result()
        if handle is None or not handle.accepted:
            raise MemagentError("the planner refused the instruction: it is inactive or busy")
        result = Outcome(handle.get_result_async())
        self._heard = time.monotonic()
        deadline = time.monotonic() + timeout_s
        try:
            while not result.wait(0.1):
                if time.monotonic() - self._heard > SILENCE_S:
                    raise NoAnswerError(f"the planner fell silent for {SILENCE_S:g} s")
                if not alive() or time.monotonic() > deadline:
                    raise NoAnswerError("given up waiting for the planner")
        except (NoAnswerError, KeyboardInterrupt):
            handle.cancel_goal_async()
            raise
        return convert.result_from_msg(result.result().result, instruction)
