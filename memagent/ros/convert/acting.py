# SPDX-License-Identifier: Apache-2.0
"""Skills and their outcomes, plans, and the results of tasks."""

from __future__ import annotations

from typing import Any, cast

from memagent import types
from memagent.ros.convert.geometry import header, point_of, put_point
from memagent_interfaces import msg


def call_to_msg(call: types.SkillCall) -> msg.SkillCall:
    message = msg.SkillCall(name=call.name, place=call.place, object=call.object)
    put_point(message, call.position)
    return message


def call_from_msg(m: msg.SkillCall) -> types.SkillCall:
    return types.SkillCall(name=m.name, place=m.place, object=m.object, position=point_of(m))


def outcome_to_msg(outcome: types.SkillOutcome) -> msg.SkillOutcome:
    return msg.SkillOutcome(
        call=call_to_msg(outcome.call),
        code=outcome.code.value,
        message=outcome.message,
        started=float(outcome.started),
        finished=float(outcome.finished),
    )


def outcome_from_msg(m: msg.SkillOutcome) -> types.SkillOutcome:
    return types.SkillOutcome(
        call_from_msg(m.call), types.Code(m.code), m.message, m.started, m.finished
    )


def plan_to_msg(plan: types.Plan, stamp: float = 0.0) -> msg.Plan:
    return msg.Plan(
        header=header(stamp),
        instruction=plan.instruction,
        goal=plan.goal,
        steps=[
            msg.Step(call=call_to_msg(s.call), status=s.status, note=s.note) for s in plan.steps
        ],
        revision=int(plan.revision),
        reason=plan.reason,
    )


def plan_from_msg(m: msg.Plan) -> types.Plan:
    return types.Plan(
        instruction=m.instruction,
        goal=m.goal,
        steps=tuple(
            types.Step(call_from_msg(s.call), cast(types.StepStatus, s.status), s.note)
            for s in m.steps
        ),
        revision=m.revision,
        reason=m.reason,
    )


def result_to_request(result: types.TaskResult, message: Any) -> Any:
    """Copy a task's result into any message that has its fields (EndEpisode, ExecuteTask)."""
    message.status = result.status.value
    message.reason = result.reason
    message.skills = int(result.skills)
    message.replans = int(result.replans)
    message.duration = float(result.duration)
    message.saved = result.saved
    return message


def result_from_msg(m: Any, instruction: str) -> types.TaskResult:
    return types.TaskResult(
        status=types.TaskStatus(m.status),
        reason=m.reason,
        instruction=instruction,
        skills=m.skills,
        replans=m.replans,
        duration=m.duration,
        saved=m.saved,
    )
