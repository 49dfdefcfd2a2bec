# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memagent.memory.knowledge.beliefs import BeliefConfig, Candidate, Evidence, ago, believe
from memagent.memory.records import FactRecord, Search, Visit
from memagent.types import PlaceBelief, Predicate, Relation

pytestmark = pytest.mark.unit

HOUR = 3600.0
DAY = 86400.0
CONFIG = BeliefConfig()
PLACES = (
    Candidate("desk", "on", "study"),
    Candidate("shelf", "on", "study"),
    Candidate("fridge", "in", "kitchen"),
    Candidate("counter", "on", "kitchen"),
)


def _fact(
    place: str, last_seen: float, by_robot: bool = False, predicate: Predicate = "on"
) -> FactRecord:
    relation = Relation("mug", predicate, place, 0.95)
    return FactRecord(
        1, relation, 0.0, None, 0.0, None, last_seen, (1.0, 2.0, 0.7), by_robot, ""
    )  # fmt: skip


def _visit(place: str, last: float) -> Visit:
    return Visit(1, "mug", "on", place, (1.0, 2.0, 0.7), last, last)


def _search(place: str, stamp: float, share: float = 1.0) -> Search:
    return Search(place, "", stamp, stamp, share)


def _odds(beliefs: tuple[PlaceBelief, ...]) -> dict[str, float]:
    return {b.place: b.probability for b in beliefs}


def test_an_object_never_seen_may_be_anywhere_in_the_sites_order() -> None:
    beliefs = believe(Evidence(), PLACES, 0.0, CONFIG)
    assert [b.place for b in beliefs] == [p.name for p in PLACES]
    (odds,) = {b.probability for b in beliefs}
    assert odds == pytest.approx((1 - CONFIG.elsewhere) / 4)
    assert {b.evidence for b in beliefs} == {"not looked there yet"}
    assert beliefs[2].predicate == "in"


def test_searched_places_drop_to_the_end_and_recover_with_time() -> None:
    evidence = Evidence(searches=(_search("desk", 100.0), _search("shelf", 100.0, share=0.5)))
    soon = _odds(believe(evidence, PLACES, 110.0, CONFIG))
    assert soon["desk"] < 0.01 < soon["shelf"] < soon["fridge"]
    later = _odds(believe(evidence, PLACES, 100.0 + 2 * DAY, CONFIG))
    assert later["desk"] == pytest.approx((1 - CONFIG.elsewhere) / 4, abs=0.01)


def test_what_was_just_sought_everywhere_is_most_likely_elsewhere() -> None:
    searches = tuple(_search(p.name, 100.0) for p in PLACES)
    odds = _odds(believe(Evidence(searches=searches), PLACES, 100.0, CONFIG))
    assert len(set(odds.values())) == 1
    assert sum(odds.values()) < 0.05
    visits = tuple(_visit("desk", stamp) for stamp in (10.0, 20.0, 30.0))
    odds = _odds(believe(Evidence(visits=visits, searches=searches), PLACES, 100.0, CONFIG))
    assert sum(odds.values()) < 0.1, "nor does a habit keep it there"
    odds = _odds(believe(Evidence(visits=visits, searches=searches), PLACES, DAY, CONFIG))
    assert odds["desk"] > 0.3, "a day later it may be back"


def test_one_visit_is_no_habit_of_what_has_left() -> None:
    once, often = (
        believe(Evidence(visits=(_visit("desk", 100.0),) * n), PLACES, 200.0, CONFIG)[0]
        for n in (1, 8)
    )
    assert (once.place, often.place) == ("desk", "desk")
    assert once.probability < 0.45
    assert often.probability > 0.6


def test_what_was_just_seen_is_there() -> None:
    evidence = Evidence(_fact("shelf", 100.0), (_visit("shelf", 100.0),))
    best = believe(evidence, PLACES, 112.0, CONFIG)[0]
    assert best.place == "shelf"
    assert best.probability > 0.97
    assert best.evidence == "seen 12 s ago"
    assert best.position == (1.0, 2.0, 0.7)


def test_people_put_back_what_the_robot_moved() -> None:
    """Day 1: the robot took the mug from the desk to the fridge. Day 2: it is back on the desk."""
    evidence = Evidence(_fact("fridge", 100.0, by_robot=True), (_visit("desk", 50.0),))
    same_hour = _odds(believe(evidence, PLACES, 100.0 + HOUR / 2, CONFIG))
    assert same_hour["fridge"] > 0.85
    beliefs = believe(evidence, PLACES, 100.0 + DAY, CONFIG)
    odds = _odds(beliefs)
    assert odds["desk"] > 0.7
    assert odds["desk"] > 10 * odds["fridge"] > 0
    assert beliefs[0].evidence == "usually there (1 of 1)"


def test_habits_weigh_more_the_more_and_the_newer_the_visits() -> None:
    visits = (_visit("desk", DAY), _visit("shelf", 2 * DAY), _visit("shelf", 3 * DAY))
    beliefs = believe(Evidence(visits=visits), PLACES, 4 * DAY, CONFIG)
    assert [b.place for b in beliefs[:2]] == ["shelf", "desk"]
    assert beliefs[0].evidence == "usually there (2 of 3)"
    old = (*visits[:1], _visit("counter", 60 * DAY))
    assert believe(Evidence(visits=old), PLACES, 61 * DAY, CONFIG)[0].place == "counter"


def test_a_search_before_the_last_sighting_says_nothing() -> None:
    before, after = (Search("desk", "mug", stamp, stamp, 1.0) for stamp in (99.0, 101.0))
    seen = Evidence(_fact("desk", 100.0), searches=(before,))
    missed = Evidence(_fact("desk", 100.0), searches=(after,))
    assert _odds(believe(seen, PLACES, 102.0, CONFIG))["desk"] > 0.9
    assert _odds(believe(missed, PLACES, 102.0, CONFIG))["desk"] < 0.55


def test_a_glance_in_passing_is_no_reason_to_doubt_a_fact() -> None:
    glance = Evidence(_fact("desk", 100.0), searches=(_search("desk", 101.0),))
    assert _odds(believe(glance, PLACES, 102.0, CONFIG))["desk"] > 0.9


def test_held_is_in_the_gripper_for_sure() -> None:
    held = FactRecord(
        1, Relation("I", "holding", "mug"), 0.0, None, 0.0, None, 5.0, None, True, ""
    )  # fmt: skip
    (belief,) = believe(Evidence(held), PLACES, 6.0, CONFIG)
    assert (belief.place, belief.probability) == ("gripper", 1.0)


def test_a_room_spreads_over_its_places_and_the_floor_is_itself() -> None:
    in_study = _odds(believe(Evidence(_fact("study", 10.0)), PLACES, 10.0, CONFIG))
    assert in_study["desk"] == in_study["shelf"] > 0.4
    on_floor = believe(Evidence(_fact("floor", 10.0)), PLACES, 10.0, CONFIG)
    assert on_floor[0].place == "floor"


stamps = st.floats(0, 400 * DAY)


@settings(max_examples=200, deadline=None)
@given(
    fact=st.none() | st.tuples(st.sampled_from(["desk", "fridge", "study", "floor"]), stamps),
    by_robot=st.booleans(),
    visits=st.lists(st.tuples(st.sampled_from([p.name for p in PLACES]), stamps), max_size=5),
    searches=st.lists(
        st.tuples(st.sampled_from([p.name for p in PLACES]), stamps, st.floats(0, 1)), max_size=5
    ),
    now=stamps,
    places=st.sampled_from([PLACES, ()]),
)
def test_probabilities_are_probabilities_whatever_is_remembered(
    fact: tuple[str, float] | None,
    by_robot: bool,
    visits: list[tuple[str, float]],
    searches: list[tuple[str, float, float]],
    now: float,
    places: tuple[Candidate, ...],
) -> None:
    evidence = Evidence(
        _fact(fact[0], fact[1], by_robot) if fact else None,
        [_visit(*v) for v in visits],
        [_search(*s) for s in searches],
    )
    beliefs = believe(evidence, places, now, CONFIG)
    odds = [b.probability for b in beliefs]
    assert odds == sorted(odds, reverse=True)
    assert len({b.place for b in beliefs}) == len(beliefs)
    if beliefs:
        assert 0.0 < sum(odds) < 1.0 + 1e-9
    else:
        assert not places
        assert not fact
        assert not visits
    assert beliefs == believe(evidence, places, now, CONFIG)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-1, "0 s ago"), (12, "12 s ago"), (300, "5 min ago"), (3 * HOUR, "3 h ago"),
     (DAY, "24 h ago"), (3 * DAY, "3 days ago")],
)  # fmt: skip
def test_ago(seconds: float, words: str) -> None:
    assert ago(seconds) == words


def test_what_is_gone_is_sought_first_in_the_room_where_people_keep_it() -> None:
    gone = Evidence(visits=(_visit("desk", 100.0),), searches=(_search("desk", 200.0),))
    odds = _odds(believe(gone, PLACES, 210.0, CONFIG))
    assert odds["shelf"] == pytest.approx(CONFIG.nearby * odds["counter"])
    put_away = Evidence(_fact("fridge", 100.0, by_robot=True, predicate="in"))
    odds = _odds(believe(put_away, PLACES, 100.0 + DAY, CONFIG))
    assert odds["counter"] == pytest.approx(odds["shelf"]), "the robot's doing is no habit"
