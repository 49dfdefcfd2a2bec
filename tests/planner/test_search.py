# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from memagent.errors import MemagentError
from memagent.planner import PlannerConfig, Situation
from memagent.planner.journal import Journal
from memagent.planner.search import candidate
from memagent.planner.ways import known_ways
from memagent.site import Site
from memagent.types import (
    Code,
    FloatArray,
    ObjectBelief,
    PlaceBelief,
    Pose2D,
    SkillCall,
    SkillOutcome,
    WorldBelief,
)

pytestmark = pytest.mark.unit


def situation(
    site: Site,
    odds: dict[str, float],
    near: str = "kitchen counter",
    ways: Mapping[str, float] | None = None,
) -> Situation:
    candidates = tuple(PlaceBelief(p, "on", share, None, 10.0) for p, share in odds.items())
    world = WorldBelief(
        100.0,
        site.place(near).stand_pose,
        objects=(ObjectBelief("mug", "mug", "red", candidates),),
    )
    return Situation(
        world,
        site,
        Journal(50.0, PlannerConfig()),
        lambda name: ObjectBelief(name, name, "", ()),
        ways=lambda: ways or {},
    )


def best(now: Situation, sources: tuple[str, ...] = ()) -> str:
    chosen = candidate("mug", sources, now)
    return chosen.place if chosen else ""


def look(now: Situation, place: str, code: Code = Code.OK) -> None:
    now.journal.record(SkillOutcome(SkillCall("look_at", place), code, "", 60.0, 64.0))


def test_a_confident_belief_comes_first_however_far(site: Site) -> None:
    assert best(situation(site, {"shelf": 0.55, "kitchen counter": 0.45})) == "shelf"


def test_otherwise_odds_are_weighed_against_effort(site: Site) -> None:
    odds = {"shelf": 0.2, "kitchen counter": 0.15, "fridge": 0.2}
    assert best(situation(site, odds)) == "kitchen counter"
    assert best(situation(site, odds, near="shelf")) == "shelf"


def test_surfaces_are_searched_before_closed_containers(site: Site) -> None:
    even = {p.name: 0.1 for p in site.places}
    now = situation(site, even, near="fridge")
    assert not site.place(best(now)).is_container


def test_each_place_once_then_once_more_then_never(site: Site) -> None:
    now = situation(site, {p.name: 0.1 for p in site.places})
    visited = []
    while place := best(now):
        visited.append(place)
        look(now, place)
    names = {p.name for p in site.places}
    assert set(visited[: len(names)]) == set(visited[len(names) :]) == names
    assert len(visited) == 2 * len(names)


def test_only_among_the_sources_if_there_are_any(site: Site) -> None:
    now = situation(site, {"desk": 0.9, "shelf": 0.05})
    assert best(now, sources=("shelf", "chest")) in ("shelf", "chest")


def test_a_place_that_cannot_be_looked_at_is_left_out(site: Site) -> None:
    now = situation(site, {"desk": 0.9})
    look(now, "desk", Code.BLOCKED)
    look(now, "desk", Code.BLOCKED)
    assert best(now) != "desk"


def test_a_failed_grasp_is_no_reason_to_search_elsewhere(site: Site) -> None:
    now = situation(site, {})
    seen = PlaceBelief("desk", "on", 0.97, (6.0, 5.6, 0.7), 63.0)
    now = Situation(
        WorldBelief(100.0, None, "", (ObjectBelief("mug", "mug", "red", (seen,)),)),
        site,
        now.journal,
        now.where,
    )
    look(now, "desk")
    assert now.fresh("mug")
    slip = SkillOutcome(SkillCall("pick", "desk", "mug"), Code.GRASP_FAILED, "", 70.0, 80.0)
    now.journal.record(slip)
    assert not now.fresh("mug")
    assert best(now) == "desk"
    now.journal.record(slip)
    now.journal.record(slip)
    assert best(now) != "desk"


# --- by known ways --------------------------------------------------------------------------------


class Roads:
    """Spatial memory as far as the planner sees it."""

    def __init__(self, lengths: dict[tuple[float, float], float]) -> None:
        self.lengths = lengths
        self.asked = 0

    def route_lengths(self, start: tuple[float, float], goals: FloatArray) -> FloatArray:
        self.asked += 1
        return np.array([self.lengths.get((x, y), np.nan) for x, y in goals.tolist()])


class Silence:
    def route_lengths(self, start: tuple[float, float], goals: FloatArray) -> FloatArray:
        raise MemagentError("no answer")


def test_a_known_way_counts_instead_of_the_straight_line(site: Site) -> None:
    odds = {"side table": 0.2, "desk": 0.2}
    straight = situation(site, odds, near="dining table")
    assert best(straight) == "side table"
    around = situation(site, odds, near="dining table", ways={"side table": 14.0, "desk": 4.0})
    assert best(around) == "desk"
    config = PlannerConfig()
    assert around.effort("desk") == 4.0 + config.look_cost  # nothing more for another room
    assert around.effort("shelf") == straight.effort("shelf")


def test_what_was_never_visited_comes_when_its_expected_cost_says(site: Site) -> None:
    odds = {"desk": 0.3, "shelf": 0.12}  # nobody has driven to the shelf yet
    near_by = {p.name: 3.0 for p in site.places if p.name != "shelf"}
    assert best(situation(site, odds, near="desk", ways={**near_by, "desk": 0.0})) == "desk"
    far_off = {**near_by, "desk": 25.0}
    assert best(situation(site, odds, near="desk", ways=far_off)) == "shelf"


def test_ways_are_asked_for_once_in_a_situation_and_only_if_needed(site: Site) -> None:
    desk = site.place("desk")
    roads = Roads({(desk.stand[0], desk.stand[1]): 7.5})
    base = Pose2D(1.0, 1.0)
    assert known_ways(roads, site, base) == {"desk": 7.5}
    now = Situation(
        WorldBelief(100.0, base), site, Journal(50.0, PlannerConfig()),
        lambda name: ObjectBelief(name, name, "", ()), ways=lambda: known_ways(roads, site, base),
    )  # fmt: skip
    assert roads.asked == 1
    now.effort("desk"), now.effort("shelf")
    assert roads.asked == 2


def test_a_spatial_memory_that_does_not_answer_ends_no_search(site: Site) -> None:
    assert known_ways(Silence(), site, Pose2D(1.0, 1.0)) == {}
