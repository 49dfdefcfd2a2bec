# SPDX-License-Identifier: Apache-2.0
"""Events of the closed loop as people read them: a kind, a line of text, maybe a changed plan."""

from __future__ import annotations

from memagent.planner.events import (
    GoalGrounded,
    Note,
    PlanChanged,
    PlannerEvent,
    StepFinished,
    StepJudged,
    StepStarted,
)
from memagent.types import Plan

Narration = tuple[str, str, Plan | None]
"""Kind (goal, plan, verdict, rejected, step, outcome, failed or note), text, plan."""


def narrate(event: PlannerEvent) -> Narration:
    """Put one event into words."""
    if isinstance(event, GoalGrounded):
        return "goal", event.goal.text, None
    if isinstance(event, PlanChanged):
        plan = event.plan
        fresh = all(step.status == "pending" for step in plan.steps)
        return ("plan" if fresh else "progress"), _plan_text(plan), plan
    if isinstance(event, StepJudged):
        kind = "verdict" if event.verdict.accepted else "rejected"
        word = "accepts" if event.verdict.accepted else "rejects"
        return kind, f"critic {word} {event.step.call}: {event.verdict.reason}", None
    if isinstance(event, StepStarted):
        return "step", f"{event.skills:>2} {event.step.call}", None
    if isinstance(event, StepFinished):
        outcome = event.outcome
        seconds = outcome.finished - outcome.started
        text = f"{outcome.call}: {outcome.code.value} after {seconds:.1f} s"
        text += f", {outcome.message}" if outcome.message else ""
        return ("outcome" if outcome.success else "failed"), text, None
    assert isinstance(event, Note), event
    return "note", event.text, None


def _plan_text(plan: Plan) -> str:
    steps = ", ".join(str(step.call) for step in plan.steps) or "nothing to do"
    return f"plan {plan.revision}" + (f" ({plan.reason})" if plan.reason else "") + f": {steps}"
