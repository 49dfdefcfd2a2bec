# SPDX-License-Identifier: Apache-2.0
"""What one plan is to attain.

Planning under partial observability by determinisation: an :class:`Objective` pretends that each
object it needs is where it most probably is. Where that is too uncertain, the objective is to find
the object; the outcome changes the belief, and the next objective starts from there.
"""

from __future__ import annotations

from dataclasses import dataclass

from memagent.planner.situation import Situation


@dataclass(frozen=True)
class Objective:
    """What one plan is to attain, and what it takes for granted."""

    words: str
    deliver: tuple[tuple[str, str], ...] = ()
    """Objects and where each is to be put."""
    hold: str = ""
    find: tuple[str, ...] = ()
    view: tuple[str, ...] = ()
    stand: str = ""
    """The place to drive to."""
    open: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    states: tuple[tuple[str, str], ...] = ()
    """States and the object of each: ("heated", "apple")."""
    inside: tuple[tuple[str, str], ...] = ()
    """Objects and the container that each is to be in."""
    lit: tuple[str, ...] = ()
    """Devices to be on."""
    tools: tuple[str, ...] = ()
    """Objects that serve as tools."""
    assumed: tuple[tuple[str, str], ...] = ()
    """Objects and where each is taken to be."""
    rest: tuple[str, ...] = ()
    """Surfaces where something can be put down for the time being, best first."""

    def fulfilled(self, situation: Situation) -> bool:
        """Whether all of it is believed, by evidence from this task."""
        return (
            all(situation.verified(*d) and situation.holding != d[0] for d in self.deliver)
            and (not self.hold or situation.holding == self.hold)
            and all(situation.fresh(name) for name in self.find)
            and all(situation.looks(place) > 0 for place in self.view)
            and (not self.stand or situation.at(self.stand))
            and all(situation.is_open(place) for place in self.open)
            and not any(situation.is_open(place) for place in self.closed)
            and all(situation.holds(*fact) for fact in self.states)
            and all(situation.container(name) == other for name, other in self.inside)
            and all(situation.holds("on", device) for device in self.lit)
        )


@dataclass(frozen=True)
class Conclusion:
    """Nothing is left to attain, or nothing more can be."""

    achieved: bool
    reason: str
