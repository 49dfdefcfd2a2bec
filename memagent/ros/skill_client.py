# SPDX-License-Identifier: Apache-2.0
"""Skills at a distance: the planner's ``SkillPort`` over the executor node's action."""

from __future__ import annotations

import time

from rclpy.action import ActionClient
from rclpy.action.client import ClientGoalHandle
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node

from memagent.planner.ports import Canceled
from memagent.ros import convert
from memagent.ros.calls import Outcome, wait_for, wait_until
from memagent.types import Code, SkillCall, SkillOutcome
from memagent_interfaces.action import ExecuteSkill

SERVER_S = 20.0
"""Wait so long for an executor that is being restarted."""
ACCEPT_S = 5.0
SILENCE_S = 4.0
"""The executor sends feedback twice a second; after this silence it is lost."""
POLL_S = 0.05


class SkillClient:
    def __init__(self, node: Node) -> None:
        self._client = ActionClient(
            node, ExecuteSkill, "memagent/execute_skill", callback_group=ReentrantCallbackGroup()
        )
        self._node = node
        self._heard = 0.0

    def execute(self, call: SkillCall, canceled: Canceled) -> SkillOutcome:
        started = self._now()

        def lost(why: str) -> SkillOutcome:
            return SkillOutcome(call, Code.EXECUTOR_LOST, why, started, self._now())

        if not wait_until(lambda: self._client.server_is_ready() or canceled(), SERVER_S):
            return lost(f"no executor within {SERVER_S:g} s")
        if canceled():
            return SkillOutcome(call, Code.CANCELED, "canceled", started, self._now())
        goal = ExecuteSkill.Goal(call=convert.call_to_msg(call))
        accepted = self._client.send_goal_async(goal, feedback_callback=self._on_feedback)
        if not wait_for(accepted, ACCEPT_S):
            return lost(f"the executor did not take the goal within {ACCEPT_S:g} s")
        handle = accepted.result()
        if handle is None or not handle.accepted:
            return lost("the executor refused the goal: it is inactive or busy")
        return self._await(handle, call, canceled) or lost(
            f"the executor fell silent for {SILENCE_S:g} s"
        )

    def _await(
        self, handle: ClientGoalHandle, call: SkillCall, canceled: Canceled
    ) -> SkillOutcome | None:
        """The outcome, or None once the executor has been silent for too long."""
        self._heard = time.monotonic()
        result = Outcome(handle.get_result_async())
        asked = False
        while not result.wait(POLL_S):
            if canceled() and not asked:
                handle.cancel_goal_async()
                asked = True
            if time.monotonic() - self._heard > SILENCE_S:
                return None
        response = result.result()
        return None if response is None else convert.outcome_from_msg(response.result.outcome)

    def _on_feedback(self, _: object) -> None:
        self._heard = time.monotonic()

    def _now(self) -> float:
        return float(self._node.get_clock().now().nanoseconds) * 1e-9
