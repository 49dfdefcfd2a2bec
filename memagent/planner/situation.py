# SPDX-License-Identifier: Apache-2.0
"""The newest belief, seen in the light of what this task has done: what planner and critic ask."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from memagent.planner.config import PlannerConfig
from memagent.planner.goal import ObjectRef
from memagent.planner.journal import Effects, Journal
from memagent.planner.skills import Skill
from memagent.site import Appliance, Place, Site
from memagent.types import Lesson, ObjectBelief, PlaceBelief, SkillCall, WorldBelief

GRIPPER = "gripper"
_LEAST_ODDS = 0.02
LASTING = ("sliced", "on")
"""Effects that a task keeps in mind, because memory does not."""


@dataclass(frozen=True)
class Situation:
    """One moment of one task. Questions about objects take their names in memory."""

    world: WorldBelief
    site: Site
    journal: Journal
    where: Callable[[str], ObjectBelief]
    """Asks memory for an object that the belief does not list."""
    lessons: Callable[[str, str], tuple[Lesson, ...]] = lambda skill, subject: ()
    """Asks memory what it learned of a skill and an object or place."""
    ways: Callable[[], Mapping[str, float]] = dict
    """Asks for places with a known way there, and its length in metres; asked once at most."""
    _asked: dict[str, ObjectBelief] = field(default_factory=dict, repr=False)
    _odds: dict[tuple[str, str], float] = field(default_factory=dict, repr=False)

    @property
    def config(self) -> PlannerConfig:
        return self.journal.config

    @property
    def holding(self) -> str:
        return self.world.holding

    def odds(self, skill: str, subject: str) -> float:
        """By experience, the probability that a skill succeeds with this object or place; 1 where
        memory has learned of no trouble, and never 0.
        """
        key = (skill, subject)
        if key not in self._odds:
            own = (x for x in self.lessons(skill, subject) if x.subject == subject)
            trouble = next((x for x in own if x.claim in ("unreliable", "fails")), None)
            self._odds[key] = max(trouble.rate, _LEAST_ODDS) if trouble else 1.0
        return self._odds[key]

    # --- the robot -------------------------------------------------------------------------

    def at(self, place: str) -> bool:
        """Whether the base is where it works on ``place``."""
        journal, base = self.journal, self.world.base
        if journal.astray:
            return False
        stand = self.site.place(place).stand_pose
        drove_here = journal.standing in self.sharing(place)
        if base is None:
            return drove_here
        away = math.hypot(base.x - stand.x, base.y - stand.y)
        turned = abs(math.remainder(base.yaw - stand.yaw, math.tau))
        if drove_here:
            return away <= self.config.work_radius
        return away <= self.config.at_radius and turned <= self.config.at_angle

    def sharing(self, place: str) -> tuple[str, ...]:
        """The places that are worked on from the same spot, ``place`` among them."""
        stand = self.site.place(place).stand
        return tuple(p.name for p in self.site.places if p.stand == stand)

    def effort(self, place: str) -> float:
        """What it takes to go to ``place`` and look there, in metres of driving: by the way that is
        known, or else as the crow flies, and some more to another room.
        """
        target = self.site.place(place)
        effort = self.config.look_cost
        if target.is_container and not self.is_open(place):
            effort += self.config.open_cost / self.odds("open", place)
        base = self.world.base
        if base is not None and place in self._ways:
            effort += self._ways[place]
        elif base is not None:
            effort += math.hypot(base.x - target.stand[0], base.y - target.stand[1])
            if self.site.room_at(base.x, base.y) not in ("", target.room):
                effort += self.config.room_cost
        return effort

    # --- places ----------------------------------------------------------------------------

    def is_open(self, place: str) -> bool:
        """Believed open. A container of which nothing is known counts as closed."""
        return any(c.name == place and c.is_open for c in self.world.containers)

    def blockers(self, place: str) -> tuple[str, ...]:
        """Drawers above ``place`` in the same front: pulled out, they cover it."""
        return tuple(p.name for p in self.site.places if _covers(p, self.site.place(place)))

    def accessible(self, place: str) -> bool:
        """Whether things there can be seen and taken."""
        if not self.site.place(place).is_container:
            return True
        return self.is_open(place) and not any(self.is_open(b) for b in self.blockers(place))

    def looks(self, place: str) -> int:
        """How often the place was looked at in this task, in passing included."""
        return max(self.journal.looks[place], int(self._viewed_since(place) > -math.inf))

    def _viewed_since(self, place: str) -> float:
        """When it was last seen as a whole, if that was in this task."""
        viewed = self.world.viewed.get(place, -math.inf)
        return viewed if viewed > self.journal.since else -math.inf

    def vain_looks(self, name: str, place: str) -> int:
        """How often the place was looked at in this task without showing the object; as often as
        need be where it cannot be, because only other things go there.
        """
        belief, holds = self.belief(name), self.site.place(place).holds
        if holds and belief.category and belief.category not in holds:
            return self.config.passes
        last = max(self.journal.looked.get(place, -math.inf), self._viewed_since(place))
        seen = next((c.last_seen for c in belief.candidates if c.place == place), None)
        if seen is not None and seen >= last:
            return 0
        expected = place in self.journal.believed.get(name, ())
        return max(0, self.looks(place) - (self.config.looks - 1 if expected else 0))

    def viewed_ever(self, place: str) -> bool:
        return place in self.world.viewed or self.looks(place) > 0

    # --- devices ---------------------------------------------------------------------------

    def devices(self, gives: str) -> tuple[Appliance, ...]:
        """The appliances that can still be used to that end, the nearest first."""
        usable = [a for a in self.site.appliances if a.gives == gives and self.usable(a)]
        return tuple(sorted(usable, key=lambda a: (self.effort(a.place), a.name)))

    def usable(self, device: Appliance) -> bool:
        """Whether nothing that using it takes was given up."""
        journal, place = self.journal, device.place
        switch = journal.gave_up("turn_on", place, device.name) if device.switch else False
        opening = not self.is_open(place) and journal.gave_up("open", place)
        return not (switch or opening or journal.gave_up("navigate_to", place))

    def device_of(self, skill: Skill, call: SkillCall) -> Appliance | None:
        """The device that a call sets to work on what is at its place, if it does that."""
        if not skill.treats:
            return None
        named = skill.binding(call).get("device")
        if named is not None:
            device = self.site.appliance(named)
            return device if device is not None and device.gives != "lit" else None
        here = (a for a in self.site.appliances if a.place == call.place and not a.switch)
        return next(here, None)

    def effects(self, skill: Skill, call: SkillCall) -> Effects:
        """What a call brings about if it succeeds, beyond whereabouts and doors."""
        binding = skill.binding(call)
        makes = {
            (t.predicate, binding[t.variables[0]]) for t in skill.makes if t.predicate in LASTING
        }
        ends = {
            (t.predicate, binding[t.variables[0]]) for t in skill.ends if t.predicate in LASTING
        }
        device = self.device_of(skill, call)
        if device is not None:
            makes |= {
                (device.gives, known.name)
                for known in self.world.objects
                if known.name != self.holding and self.verified(known.name, device.place)
            }
        return Effects(frozenset(makes), frozenset(ends))

    # --- objects ---------------------------------------------------------------------------

    def belief(self, name: str) -> ObjectBelief:
        """What memory believes of an object, also of one that was never seen."""
        known = self.world.object(name)
        if known is not None:
            return known
        if name not in self._asked:
            self._asked[name] = self.where(name)
        return self._asked[name]

    def holds(self, state: str, name: str) -> bool:
        """Whether this task brought about a state: ("heated", object) or ("on", device)."""
        return (state, name) in self.journal.facts

    def known(self, ref: ObjectRef) -> Iterator[str]:
        """Names of the remembered objects that ``ref`` describes."""
        return (o.name for o in self.world.objects if ref.fits(o))

    def location(self, name: str) -> PlaceBelief | None:
        """The place where the object is most likely, or None if memory has no idea.

        What is in a container that can be carried is where that is.
        """
        return self._at_place(self._whereabouts(name))

    def container(self, name: str) -> str:
        """The object that it was seen in, or put into, in this task; or ""."""
        found = self._whereabouts(name)
        inside = (
            found is not None and found.place not in self.place_names and found.place != GRIPPER
        )
        return found.place if found is not None and inside and self.fresh(name) else ""

    def _at_place(self, belief: PlaceBelief | None, depth: int = 3) -> PlaceBelief | None:
        if belief is None or belief.place in self.place_names or belief.place == GRIPPER:
            return belief
        around = self._whereabouts(belief.place) if depth else None
        place = self._at_place(around, depth - 1)
        if place is None:
            return None
        likely = min(belief.probability, place.probability)
        return replace(belief, place=place.place, predicate=place.predicate, probability=likely)

    def _whereabouts(self, name: str) -> PlaceBelief | None:
        """The place, or the object, that it most likely is in or on."""
        if name == self.holding:
            return PlaceBelief(GRIPPER, "holding", 1.0, last_seen=self.world.stamp)
        best = next((c for c in self.belief(name).candidates if self._is_somewhere(c.place)), None)
        put = self.journal.delivered.get(name)
        if put is None:
            return best
        place, when = put
        if best is not None and best.place != place and (best.last_seen or -math.inf) > when:
            return best
        position = best.position if best is not None and best.place == place else None
        fixed = place in self.place_names
        predicate = "on" if fixed and not self.site.place(place).is_container else "in"
        return PlaceBelief(place, predicate, 1.0, position, when, "put there")  # type: ignore[arg-type]

    def fresh(self, name: str) -> bool:
        """Whether its location rests on evidence from this task: seen there, put there, or held."""
        if name == self.holding:
            return True
        location = self.location(name)
        if location is None or location.last_seen is None:
            return False
        doubted = self.journal.doubted.get(name, -math.inf)
        sure = location.probability >= self.config.confident
        return sure and location.last_seen > max(self.journal.since, doubted)

    def verified(self, name: str, place: str) -> bool:
        """Whether the object was seen at, or put to, ``place`` in this task, and is still there."""
        location = self.location(name)
        return location is not None and location.place == place and self.fresh(name)

    def _is_somewhere(self, name: str) -> bool:
        return name in self.place_names or self.world.object(name) is not None

    @cached_property
    def _ways(self) -> Mapping[str, float]:
        return self.ways()

    @cached_property
    def place_names(self) -> frozenset[str]:
        return frozenset(p.name for p in self.site.places)


def _covers(upper: Place, lower: Place) -> bool:
    if upper.kind != "drawer" or upper.front is None or lower.front is None:
        return False
    if upper.front_height is None or lower.front_height is None:
        return False
    overlap = all(
        upper.front[i] < lower.front[i + 2] and lower.front[i] < upper.front[i + 2] for i in (0, 1)
    )
    return overlap and upper.front_height[0] >= lower.front_height[1]
