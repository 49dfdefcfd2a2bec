# SPDX-License-Identifier: Apache-2.0
"""Where to go for an object: the most probable place first, or the best odds for the effort."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from memagent.planner.situation import GRIPPER, Situation

_FORGOTTEN = 0.01
"""Odds given to a place that memory does not list for an object: improbable, not impossible."""


@dataclass(frozen=True)
class Candidate:
    """A place to fetch an object from, or to look for it."""

    name: str
    place: str
    probability: float
    fresh: bool
    """Seen there in this task."""
    effort: float
    """Metres of driving that looking there is worth."""
    confident: bool
    looks: int = 0
    """Looks at the place in this task that did not show the object."""

    @property
    def utility(self) -> float:
        """Odds per effort: in this order, an object is found with the least expected effort."""
        return (self.probability + 1e-3) / self.effort


def candidate(name: str, sources: tuple[str, ...], situation: Situation) -> Candidate | None:
    """The best place to go for ``name`` (in one of ``sources``, if given), or None if it was looked
    for everywhere that can be reached.
    """
    location = situation.location(name)
    if situation.fresh(name) and location is not None and location.place != GRIPPER:
        allowed = not sources or location.place in sources
        if not allowed or given_up(name, location.place, situation):
            return None
        effort = situation.effort(location.place)
        return Candidate(name, location.place, location.probability, True, effort, True)
    open_ones = list(_unsearched(name, sources, situation))
    if not open_ones:
        return None
    fewest = min(c.looks for c in open_ones)
    open_ones = [c for c in open_ones if c.looks == fewest]
    sure = [c for c in open_ones if c.confident]
    return max(sure or open_ones, key=lambda c: (c.utility, c.place))


def _unsearched(name: str, sources: tuple[str, ...], situation: Situation) -> Iterator[Candidate]:
    odds: dict[str, float] = {}
    for belief in situation.belief(name).candidates:
        odds[belief.place] = odds.get(belief.place, 0.0) + belief.probability
    for place in situation.site.places:
        if sources and place.name not in sources:
            continue
        looks = situation.vain_looks(name, place.name)
        if looks >= situation.config.passes or given_up(name, place.name, situation):
            continue
        share = odds.get(place.name, _FORGOTTEN)
        # A look that did not show it there weighs more than a belief that has not yet followed.
        confident = share >= situation.config.confident and looks == 0
        effort = situation.effort(place.name)
        yield Candidate(name, place.name, share, False, effort, confident, looks)


def given_up(name: str, place: str, situation: Situation) -> bool:
    """Whether something that getting ``name`` from ``place`` needs has failed too often."""
    journal = situation.journal
    return unreachable(place, situation) or journal.gave_up("pick", place, name)


def unreachable(place: str, situation: Situation) -> bool:
    """Whether the robot has given up going to, opening, or looking at the place."""
    journal = situation.journal
    if journal.gave_up("navigate_to", place) and not situation.at(place):
        return True
    if not situation.accessible(place) and (
        journal.gave_up("open", place)
        or any(
            situation.is_open(b) and journal.gave_up("close", b) for b in situation.blockers(place)
        )
    ):
        return True
    return journal.gave_up("look_at", place)
