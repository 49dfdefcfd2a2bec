# SPDX-License-Identifier: Apache-2.0
"""The closed loop: plan, judge, execute, record, and plan again (RoboMemory, arXiv 2508.01415,
Algorithm 1). Every run ends with a result that says why.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Protocol

from memagent.catalogue import Catalogue
from memagent.errors import InstructionError, MemagentError
from memagent.planner.agenda import Agenda, Conclusion
from memagent.planner.choice import chosen
from memagent.planner.config import PlannerConfig
from memagent.planner.contribution import Contribution
from memagent.planner.critic import CriticPort, already_done
from memagent.planner.events import (
    GoalGrounded,
    Note,
    PlanChanged,
    PlannerEvent,
    StepFinished,
    StepJudged,
    StepStarted,
)
from memagent.planner.goal import Goal, ObjectRef
from memagent.planner.grounding import correct, ground
from memagent.planner.journal import NO_ANSWER, NO_EFFECTS, Journal
from memagent.planner.liveness import Liveness, signature
from memagent.planner.objective import Objective
from memagent.planner.ports import Canceled, Corrections, MemoryPort, SkillPort, SpacePort
from memagent.planner.situation import Situation
from memagent.planner.skills import FLAT_SKILLS, Skill
from memagent.planner.steady_memory import MemoryLostError, SteadyMemory
from memagent.planner.symbolic import NoPlan
from memagent.planner.ways import known_ways
from memagent.site import Site
from memagent.types import (
    Code,
    Plan,
    SkillCall,
    SkillOutcome,
    Step,
    StepStatus,
    TaskResult,
    TaskStatus,
    Verdict,
    WorldBelief,
)

_PAUSE_SLICE = 0.1
_HALT = frozenset({"stop", "wait", "halt", "cancel", "abort", "enough", "never mind", "forget it"})
"""Remarks that end a task, between two skills."""


class PlannerPort(Protocol):
    """What the closed loop asks of a planner."""

    def plan(self, objective: Objective, situation: Situation) -> tuple[SkillCall, ...] | NoPlan:
        """Skill calls that attain ``objective`` from ``situation``, or why there are none."""
        ...


class ClosedLoop:
    """Carries instructions out, one at a time."""

    def __init__(
        self,
        memory: MemoryPort,
        skills: SkillPort,
        site: Site,
        catalogue: Catalogue,
        config: PlannerConfig | None = None,
        on_event: Callable[[PlannerEvent], None] | None = None,
        *,
        planner: PlannerPort | None = None,
        critic: CriticPort | None = None,
        declared: Mapping[str, Skill] = FLAT_SKILLS,
        tools: ObjectRef | None = None,
        space: SpacePort | None = None,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        """Args beyond what is to be connected:

        ``planner`` and ``critic`` replace the embedded ones. ``declared`` are the robot's skills,
        ``tools`` the objects with which it can slice things. ``space`` knows how far places are by
        ways that were driven; without it distances are straight. ``pause`` lets seconds pass
        while something does not answer; where the simulation advances only when told, it is
        ``robot.wait``.
        """
        self.config = config or PlannerConfig()
        self.memory = SteadyMemory(
            memory, self.config.memory_attempts, self.config.memory_wait, pause
        )
        self.skills = skills
        self.site = site
        self.catalogue = catalogue
        configured = chosen(self.config, declared)
        self.planner: PlannerPort = planner or configured[0]
        self.critic: CriticPort = critic or configured[1]
        self.declared = declared
        self.tools = tools
        self.space = space
        self.pause = pause
        self.tell: Callable[[PlannerEvent], None] = on_event or (lambda event: None)

    def run(
        self,
        instruction: str,
        canceled: Canceled = lambda: False,
        corrections: Corrections = lambda: "",
    ) -> TaskResult:
        """Carry out ``instruction``. ``canceled`` is asked between and during skills,
        ``corrections`` between them; what is not understood of one is asked back by a note.
        """
        try:
            world = self.memory.world()
            goal = ground(instruction, self.site, self.catalogue, world)
        except (InstructionError, MemoryLostError) as error:
            return TaskResult(TaskStatus.FAILED, str(error), instruction)
        return self.pursue(goal, canceled, corrections)

    def pursue(
        self,
        goal: Goal,
        canceled: Canceled = lambda: False,
        corrections: Corrections = lambda: "",
    ) -> TaskResult:
        """Attain a goal that is given as such; otherwise as :meth:`run`."""
        try:
            world = self.memory.world()
            episode = self.memory.begin_episode(goal.text)
        except MemoryLostError as error:
            return TaskResult(TaskStatus.FAILED, str(error), goal.text)
        self.tell(GoalGrounded(goal, episode))
        result = _Attempt(self, goal, world, canceled, corrections).result()
        try:
            self.memory.end_episode(result)
        except MemoryLostError as error:
            self.tell(Note(f"the episode could not be closed: {error}"))
        return result


class _Ended(Exception):  # noqa: N818 - it is the normal way out, not an error
    """Leaves the loop with a result, from wherever it is known."""

    def __init__(self, status: TaskStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class _Corrected(Exception):  # noqa: N818 - it is a way to start anew, not an error
    """Leaves what is under way for another goal."""

    def __init__(self, goal: Goal) -> None:
        super().__init__(str(goal))
        self.goal = goal


class _Attempt:
    """One run of one instruction."""

    def __init__(
        self,
        loop: ClosedLoop,
        goal: Goal,
        world: WorldBelief,
        canceled: Canceled,
        corrections: Corrections,
    ) -> None:
        self._loop = loop
        self._corrections = corrections
        self._corrected = 0
        self._goal = goal
        self._canceled = canceled
        self._journal = Journal(world.stamp, loop.config)
        self._liveness = Liveness(loop.config)
        self._odds: dict[tuple[str, str], float] = {}
        """What memory had learned when the task began, as far as it was asked."""
        self._contribution = Contribution(goal, world)
        self._situation = self._see(world)
        self._setback = ""
        """Why the last plan was given up."""

    def result(self) -> TaskResult:
        try:
            status, reason = TaskStatus.SUCCEEDED, self._pursue_goal()
        except _Ended as end:
            status, reason = end.status, end.reason
        except MemoryLostError as error:
            status, reason = TaskStatus.FAILED, str(error)
        return TaskResult(
            status,
            reason,
            self._goal.text,
            skills=len(self._journal.outcomes),
            replans=max(0, self._liveness.plans - 1),
            duration=self._journal.duration,
            saved=self._contribution.words(self._situation),
        )

    # --- from goal to plan -----------------------------------------------------------------

    def _pursue_goal(self) -> str:
        """Pursue the goal, and the next one as often as it is corrected."""
        while True:
            try:
                return self._pursue_stages()
            except _Corrected as corrected:
                self._goal = corrected.goal
                self._journal.keep_open.clear()
                self._setback = f"corrected: {self._goal}"
                self._contribution = Contribution(self._goal, self._situation.world)
                self._loop.tell(Note(f"understood: {self._goal}"))

    def _pursue_stages(self) -> str:
        reasons = []
        for stage in self._goal.stages:
            for condition in stage.conditions:
                if condition.relation == "open" and isinstance(condition.subject, str):
                    self._journal.keep_open.add(condition.subject)
                elif condition.relation == "closed":
                    self._journal.keep_open.discard(str(condition.subject))
            reasons.append(self._pursue(Agenda(stage.conditions, self._loop.tools)))
        return "; then ".join(reasons)

    def _pursue(self, agenda: Agenda) -> str:
        """Plan and act until the agenda is done; returns what was achieved, in words."""
        while True:
            self._stop_if_canceled()
            aim = agenda.next(self._situation)
            if isinstance(aim, Conclusion):
                if not aim.achieved:
                    raise _Ended(TaskStatus.FAILED, aim.reason)
                return aim.reason
            self._carry_out(self._plan(aim), aim, agenda)

    def _plan(self, objective: Objective) -> Plan:
        evidence = self._liveness.before_plan(self._setback)
        if evidence:
            raise _Ended(TaskStatus.STUCK, evidence)
        calls = self._loop.planner.plan(objective, self._situation)
        if isinstance(calls, NoPlan):
            raise _Ended(TaskStatus.FAILED, calls.reason)
        revision = self._liveness.plans - 1
        reason = self._setback if revision else ""
        self._setback = ""
        steps = tuple(Step(call) for call in calls)
        plan = Plan(self._goal.text, objective.words, steps, revision, reason)
        self._loop.tell(PlanChanged(plan))
        return plan

    # --- from plan to skills ---------------------------------------------------------------

    def _carry_out(self, plan: Plan, objective: Objective, agenda: Agenda) -> None:
        """Execute the plan's steps, until one is judged senseless or fails."""
        for number in range(len(plan.steps)):
            self._stop_if_canceled()
            step = plan.steps[number]
            if number > 0:
                # The first step is exempt, so that every plan moves the task on.
                plan, go_on = self._judge(plan, number, objective, agenda)
                if not go_on:
                    return
                if plan.steps[number].status == "skipped":
                    continue
            plan = self._mark(plan, number, "running")
            outcome = self._execute(plan.steps[number])
            plan = self._mark(
                plan, number, "done" if outcome.success else "failed", outcome.message
            )
            self._loop.tell(StepFinished(plan.steps[number], outcome))
            self._take_in(outcome)
            if not outcome.success:
                self._setback = f"{step.call}: {outcome.code.value} {outcome.message}".rstrip()
                return
        self._setback = f"{objective.words}: " + (
            "done" if objective.fulfilled(self._situation) else f"not so after {step.call}"
        )

    def _judge(
        self, plan: Plan, number: int, objective: Objective, agenda: Agenda
    ) -> tuple[Plan, bool]:
        """The plan with the step's new status, and whether to go on with it."""
        step, ahead = plan.steps[number], plan.steps[number + 1 :]
        if objective.fulfilled(self._situation):
            self._setback = f"{objective.words}: done"
            return self._mark(plan, number, "skipped", f"{objective.words}: so already"), False
        done = already_done(step, ahead, objective, self._situation)
        if done:
            return self._mark(plan, number, "skipped", done), True
        if not self._loop.config.critic:
            return plan, True
        more = agenda.still_needs(step.call.place, self._situation)
        if step.call.name == "close" and more:
            verdict = Verdict(False, f"the {more} is to go into the {step.call.place} first")
        else:
            verdict = self._loop.critic.judge(step, ahead, self._situation)
        self._loop.tell(StepJudged(step, verdict))
        if not verdict.accepted:
            self._setback = verdict.reason
            return self._mark(plan, number, "rejected", verdict.reason), False
        return plan, True

    def _execute(self, step: Step) -> SkillOutcome:
        journal, config = self._journal, self._loop.config
        if len(journal.outcomes) >= config.max_skills:
            raise _Ended(
                TaskStatus.STUCK,
                f"{config.max_skills} skills, which is the budget, were not enough",
            )
        call = step.call
        location = self._situation.location(call.object) if call.name == "pick" else None
        if location is not None and location.place == call.place:
            call = replace(call, position=location.position)
        self._loop.tell(StepStarted(step, len(journal.outcomes) + 1))
        try:
            return self._loop.skills.execute(call, self._canceled)
        except MemagentError as error:
            now = self._situation.world.stamp
            return SkillOutcome(call, Code.EXECUTOR_LOST, str(error), now, now)

    def _take_in(self, outcome: SkillOutcome) -> None:
        """Record how a skill went, see what became of the world, and stop where that is the end."""
        before = signature(self._situation)
        declared = self._loop.declared.get(outcome.call.name)
        effects = self._situation.effects(declared, outcome.call) if declared else NO_EFFECTS
        self._journal.record(outcome, effects)
        self._loop.memory.record(outcome)
        if outcome.code is Code.CANCELED:
            raise _Ended(TaskStatus.CANCELED, f"canceled during {outcome.call}")
        if outcome.code is Code.ESTOP:
            raise _Ended(TaskStatus.FAILED, f"emergency stop during {outcome.call}")
        if outcome.code in NO_ANSWER:
            self._wait_for_executor(outcome)
        if outcome.code is Code.GRASP_FAILED:
            self._heed_lessons(outcome.call.object)
        self._situation = self._see(self._loop.memory.world(after=outcome.finished))
        evidence = self._liveness.after_skill(before, outcome.call, signature(self._situation))
        if evidence:
            raise _Ended(TaskStatus.STUCK, evidence)

    def _wait_for_executor(self, outcome: SkillOutcome) -> None:
        if self._journal.no_answers >= self._loop.config.lost_attempts:
            raise _Ended(
                TaskStatus.FAILED,
                f"the executor does not answer ({self._journal.no_answers} calls, the last "
                f"{outcome.call}: {outcome.code.value} {outcome.message})".replace(" )", ")"),
            )
        left = self._loop.config.lost_wait
        while left > 0 and not self._canceled():
            self._loop.pause(min(left, _PAUSE_SLICE))
            left -= _PAUSE_SLICE

    def _heed_lessons(self, name: str) -> None:
        """Be patient with what, by experience, often slips but can be grasped."""
        if name in self._journal.slippery:
            return
        for lesson in self._loop.memory.lessons("pick", name):
            if lesson.subject and lesson.successes and lesson.failures >= 2:
                self._journal.slippery.add(name)
                self._loop.tell(Note(f"lesson: {lesson.text}"))

    # --- small things ----------------------------------------------------------------------

    def _see(self, world: WorldBelief) -> Situation:
        memory, space, site = self._loop.memory, self._loop.space, self._loop.site
        base = world.base
        ways: Callable[[], Mapping[str, float]] = dict
        if space is not None and base is not None:
            ways = partial(known_ways, space, site, base)
        situation = Situation(
            world, site, self._journal, memory.where, memory.lessons, ways, _odds=self._odds
        )
        self._contribution.observe(situation)
        for known in world.objects:
            location = situation.location(known.name)
            if location is not None and location.probability >= self._loop.config.confident:
                self._journal.believed.setdefault(known.name, set()).add(location.place)
        return situation

    def _mark(self, plan: Plan, number: int, status: StepStatus, note: str = "") -> Plan:
        steps = list(plan.steps)
        steps[number] = replace(steps[number], status=status, note=note)
        plan = replace(plan, steps=tuple(steps))
        self._loop.tell(PlanChanged(plan))
        return plan

    def _stop_if_canceled(self) -> None:
        if self._canceled():
            raise _Ended(TaskStatus.CANCELED, "canceled")
        said = self._corrections()
        if said.lower().strip(" .!,") in _HALT:
            raise _Ended(TaskStatus.CANCELED, f"called off: {said!r}")
        if said and self._corrected >= self._loop.config.max_replans:
            self._loop.tell(Note(f"{said!r}: the task was corrected too often; it goes on"))
        elif said:
            self._corrected += 1
            self._heed(said)

    def _heed(self, said: str) -> None:
        """Take up what a person says meanwhile, or ask back."""
        loop = self._loop
        try:
            goal = correct(self._goal, said, loop.site, loop.catalogue, self._situation.world)
        except InstructionError as error:
            loop.tell(Note(str(error)))
        else:
            raise _Corrected(goal)
