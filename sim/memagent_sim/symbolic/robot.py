# SPDX-License-Identifier: Apache-2.0
"""The robot of the symbolic household: skill calls become actions, and looks become percepts."""

from __future__ import annotations

from collections.abc import Callable

from memagent.types import Code, Percept, SkillCall, SkillOutcome
from memagent_sim.symbolic.disturbances import Mischief
from memagent_sim.symbolic.episode import INVALID, STEPS, Episode
from memagent_sim.symbolic.house import House, Verb
from memagent_sim.symbolic.look import Look, Sight
from memagent_sim.symbolic.task import Task

SECONDS = 4.0
"""Each skill takes so long."""
FRAMES = 3
"""Percepts per skill."""

_VERBS: dict[str, Verb] = {
    "navigate_to": "find",
    "open": "open",
    "close": "close",
    "pick": "pick_up",
    "place": "put_down",
    "put_in": "put_down",
    "turn_on": "turn_on",
    "turn_off": "turn_off",
    "slice": "slice",
}
"""Skill -> the action of ALFRED's that it is. To look costs none: the robot sees all the time."""

SKILLS = (*_VERBS, "look_at")

OnPercept = Callable[[Percept], object]


class SymbolicRobot:
    """Satisfies the planner's ``SkillPort``; ``on_percept`` gets what it sees, such as a memory's
    ``observe``. The clock goes on over all episodes in a house.
    """

    def __init__(
        self, house: House, on_percept: OnPercept, mischief: Mischief | None = None
    ) -> None:
        self.house = house
        self.now = 100.0
        """Seconds on the robot's clock."""
        self._on_percept = on_percept
        self._mischief = mischief or Mischief(house.scene)
        self._episode: Episode | None = None

    def begin(self, task: Task, max_steps: int = STEPS, max_invalid: int = INVALID) -> Episode:
        """Start an attempt at a task in the house as it is now."""
        self._episode = Episode(self.house, task, self._mischief, max_steps, max_invalid)
        self._live(self._episode.view, 1.0)
        return self._episode

    def rest(self, seconds: float) -> tuple[str, ...]:
        """Let time pass in which people may move things; returns the names of those."""
        self.now += seconds
        return self._mischief.rearrange(self.house)

    def stand_still(self) -> None:
        """Let a skill's time pass without doing anything."""
        if self._episode is not None:
            self._live(self._episode.view)

    def tour(self) -> None:
        """Look at everything once, inside receptacles too, as an owner shows a new robot around.

        What it is shown of some things is false, if the disturbances say so.
        """
        scene, told = self.house.scene, self._mischief.told(self.house)
        for receptacle in scene.receptacles:
            here = [t for t in sorted(told) if told[t] == receptacle.name]
            sights = tuple(
                Sight(t, t, h if (h := self.house.where[t]) in here else receptacle.name)
                for t in here
            )
            opens = True if receptacle.opens else None
            self._live(Look(scene, receptacle.name, sights, opens, "", ()))
            if receptacle.opens:
                self._live(Look(scene, receptacle.name, (), False, "", ()))

    def execute(self, call: SkillCall, canceled: Callable[[], bool]) -> SkillOutcome:
        """Run one skill.

        Raises:
            RuntimeError: no episode was begun.
        """
        episode = self._episode
        if episode is None:
            raise RuntimeError("begin an episode before a skill")
        started = self.now
        if canceled():
            return SkillOutcome(call, Code.CANCELED, "", started, started)
        code, message = self._attempt(call, episode)
        self._live(episode.view)
        return SkillOutcome(call, code, message, started, self.now)

    def _attempt(self, call: SkillCall, episode: Episode) -> tuple[Code, str]:
        if call.name == "look_at":
            if call.place != self.house.at or not self.house.accessible(call.place):
                return Code.UNREACHABLE, f"the {call.place} cannot be seen from here"
            episode.look_again()
            return Code.OK, ""
        verb = _VERBS.get(call.name)
        if verb is None:
            return Code.BAD_ARGUMENT, f"there is no skill {call.name!r}"
        about_object = call.name in ("pick", "slice", "turn_on", "turn_off")
        answer = episode.act(verb, call.object if about_object else call.place)
        if answer == "done":
            return Code.OK, ""
        if call.name == "pick":
            return (Code.GRASP_FAILED if answer == "failed" else Code.NOT_FOUND), episode.message
        return Code.BLOCKED, episode.message

    def _live(self, view: Look, seconds: float = SECONDS) -> None:
        """Let time pass with what is in view."""
        for _ in range(FRAMES):
            self.now += seconds / FRAMES
            self._on_percept(view.percept(self.now))
