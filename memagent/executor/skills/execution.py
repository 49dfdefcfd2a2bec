# SPDX-License-Identifier: Apache-2.0
"""Running skills: checks the call, keeps the time, and turns whatever happens into an outcome."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from memagent.errors import RobotError
from memagent.executor.body import Body, SkillFailure
from memagent.executor.config import ExecutorConfig
from memagent.executor.obstacles import Occupied
from memagent.executor.safety import EmergencyStop, SafetyGuard
from memagent.executor.scene import Scene
from memagent.executor.sightings import Sightings
from memagent.executor.skills.containers import close_container, open_container
from memagent.executor.skills.job import Job
from memagent.executor.skills.look import look_at
from memagent.executor.skills.navigate import navigate_to
from memagent.executor.skills.pick import pick
from memagent.executor.skills.place import place
from memagent.robot import Robot, RobotDescription
from memagent.site import Place, Site
from memagent.types import Code, Percept, SkillCall, SkillOutcome

Feedback = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class _Skill:
    run: Callable[[Job], str]
    timeout: str
    """Which of the config's time-outs applies."""


_SKILLS: Mapping[str, _Skill] = {
    "navigate_to": _Skill(navigate_to, "navigate"),
    "look_at": _Skill(look_at, "look"),
    "open": _Skill(open_container, "open"),
    "close": _Skill(close_container, "open"),
    "pick": _Skill(pick, "pick"),
    "place": _Skill(place, "place"),
}
SKILL_NAMES = tuple(_SKILLS)


class Skills:
    """The executor. Satisfies the planner's ``SkillPort``.

    One skill runs at a time; :meth:`estop`, :meth:`reset_estop` and :attr:`estopped` may be used
    from any thread meanwhile.
    """

    def __init__(
        self,
        robot: Robot,
        site: Site,
        description: RobotDescription,
        percepts: Callable[[], Percept | None],
        config: ExecutorConfig | None = None,
        feedback: Feedback | None = None,
        occupied: Occupied = lambda: None,
    ) -> None:
        """Connect to a robot.

        Args:
            robot: what to drive.
            site: the surveyed map.
            description: the robot's geometry and limits.
            percepts: returns the newest percept, or None before the first.
            config: speeds, clearances, time-outs.
            feedback: called with the phase in words and the progress from 0 to 1.
            occupied: returns the occupied space near the robot, as memory knows it; the same object
                until there is news, None where nothing is known. What the site does not account
                for is then kept clear of.
        """
        self._config = config or ExecutorConfig()
        self._guard = SafetyGuard(robot, description, self._config)
        self._scene = Scene(site, description.base.radius, occupied)
        sightings = Sightings(percepts)
        self._body = Body(self._guard, description, self._scene, sightings, self._config)
        self._feedback = feedback or (lambda phase, progress: None)
        self._running = threading.Lock()

    # --- emergency stop -----------------------------------------------------------------------

    @property
    def estopped(self) -> bool:
        return self._guard.estopped

    def estop(self) -> None:
        """Stop the robot at once and refuse to move until :meth:`reset_estop`."""
        self._guard.estop()

    def reset_estop(self) -> None:
        """Allow motion again; nothing moves until the next skill."""
        self._guard.reset_estop()

    # --- skills -------------------------------------------------------------------------------

    def execute(self, call: SkillCall, canceled: Callable[[], bool]) -> SkillOutcome:
        """Run one skill to its end, a cancel, an emergency stop or its time-out."""
        with self._running:
            started = self._now(0.0)
            code, message = self._attempt(call, canceled)
            if code is not Code.OK:
                with suppress(RobotError):  # a lost robot cannot be told to stop either
                    self._guard.stop()
            return SkillOutcome(call, code, message, started, self._now(started))

    def _attempt(self, call: SkillCall, canceled: Callable[[], bool]) -> tuple[Code, str]:
        try:
            if self._guard.estopped:
                return Code.ESTOP, "the emergency stop is pressed; release it with reset_estop"
            skill, where = self._resolve(call)
            timeout = float(getattr(self._config.timeouts, skill.timeout))
            state = self._body.begin(canceled, timeout)
            if canceled():
                return Code.CANCELED, "canceled before it began"
            job = Job(call, where, self._body, self._feedback, state.stamp)
            return Code.OK, skill.run(job)
        except SkillFailure as failure:
            return failure.code, failure.message
        except EmergencyStop as stop:
            return Code.ESTOP, str(stop)
        except RobotError as error:
            return Code.ROBOT_STALE, str(error)

    def _resolve(self, call: SkillCall) -> tuple[_Skill, Place]:
        skill = _SKILLS.get(call.name)
        if skill is None:
            raise SkillFailure(
                Code.BAD_ARGUMENT, f"no skill {call.name!r}; there are {', '.join(SKILL_NAMES)}"
            )
        try:
            return skill, self._scene.site.place(call.place)
        except KeyError as error:
            raise SkillFailure(Code.BAD_ARGUMENT, str(error.args[0])) from error

    def _now(self, otherwise: float) -> float:
        try:
            return self._guard.state().stamp
        except RobotError:
            return otherwise
