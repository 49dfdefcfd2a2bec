# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from memagent.planner import PlannerConfig, Situation
from memagent.planner.journal import Journal
from memagent.planner.search import candidate
from memagent.site import Site
from memagent.types import (
    Code,
    ObjectBelief,
    PlaceBelief,
    SkillCall,
    SkillOutcome,
    WorldBelief,
)

pytestmark = pytest.mark.unit


def situation(site: Site, odds: dict[str, float], near: str = "kitchen counter") -> Situation:
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
