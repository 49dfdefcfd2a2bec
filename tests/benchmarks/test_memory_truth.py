# SPDX-License-Identifier: Apache-2.0
"""The generated household, what its robot could know, and ten days of it with every memory."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import memory_truth
import pytest
from household_year import AWAY, DAY, MISREAD_STRANGERS, STRANGERS, HouseholdYear, Look, YearConfig
from knowable import Knowable
from memory_answers import UNKNOWN, LastWrite, Vectors
from memory_truth import live

from memagent.site import load_site

pytestmark = pytest.mark.unit

SITE = load_site(Path(__file__).parents[2] / "configs" / "sites" / "flat.yaml")
TEN_DAYS = YearConfig(days=10, things=24, frames=4)


@pytest.fixture(scope="module")
def household():
    return HouseholdYear(SITE, 3, TEN_DAYS)


@pytest.fixture(scope="module")
def looks(household):
    return [look for tour in household.tours() for look in tour]


def look(place, end, *sighted, full=True):
    return Look(place, end, full, frozenset(sighted), ())


# --- the household ------------------------------------------------------------------------------


def test_a_seed_always_makes_the_same_household(looks):
    again = [look for tour in HouseholdYear(SITE, 3, TEN_DAYS).tours() for look in tour]
    assert again == looks
    assert HouseholdYear(SITE, 4, TEN_DAYS).things != HouseholdYear(SITE, 3, TEN_DAYS).things


def test_people_move_things_by_habit():
    year = HouseholdYear(SITE, 3, YearConfig(days=200, new_habits=1e9))
    for thing in year.things:
        stays = [stay.place for stay in thing.stays if stay.place != AWAY]
        assert sum(place in thing.habits[0].homes for place in stays) / len(stays) > 0.8
    assert any(stay.place == AWAY for thing in year.things for stay in thing.stays[1:])


def test_what_was_truly_sighted_was_truly_there(household, looks):
    things = {thing.label: thing for thing in household.things}
    for seen in looks:
        assert all(things[label].at(seen.end).place == seen.place for label in seen.sighted)


def test_a_twentieth_of_what_percepts_show_is_wrong(household, looks):
    things = {thing.label: thing for thing in household.things}
    wrong = total = 0
    for seen in looks:
        for percept in seen.percepts:
            for relation in percept.relations:
                thing = things.get(relation.subject)
                total += 1
                wrong += thing is None or thing.at(percept.stamp).place != relation.object
    assert wrong / total == pytest.approx(0.05, abs=0.01)


def test_time_only_goes_forward(looks):
    stamps = [percept.stamp for seen in looks for percept in seen.percepts]
    assert stamps == sorted(stamps)
    assert stamps[-1] < TEN_DAYS.days * DAY


# --- what could be known ------------------------------------------------------------------------


def test_a_thing_is_known_where_it_was_seen_until_a_full_look_shows_that_it_left():
    truth = Knowable()
    truth.see(look("desk", 10.0, "red mug"))
    truth.see(look("desk", 20.0, full=False))
    assert truth.where("red mug") == "desk"
    truth.see(look("desk", 30.0))
    assert truth.where("red mug") == UNKNOWN
    truth.see(look("shelf", 40.0, "red mug"))
    assert [truth.where("red mug", at) for at in (5, 15, 35, 45)] == ["", "desk", "", "shelf"]
    assert truth.time_at("red mug", "desk", 100.0) == 20.0
    assert truth.time_at("red mug", "shelf", 100.0) == 60.0


def test_an_answer_is_stale_if_the_robot_knew_better():
    truth = Knowable()
    truth.see(look("desk", 10.0, "red mug"))
    assert not truth.is_stale("red mug", "shelf")  # Wrong, but never contradicted by a look there.
    truth.see(look("shelf", 20.0))
    assert truth.is_stale("red mug", "shelf")
    truth.see(look("shelf", 30.0, "red mug"))
    assert truth.is_stale("red mug", "desk")
    assert not truth.is_stale("red mug", "shelf")
    assert not truth.is_stale("red mug", UNKNOWN)


# --- the memories -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def flawless(tmp_path_factory):
    """The figures of four days without a wrong percept, of each memory."""
    year = HouseholdYear(SITE, 3, replace(TEN_DAYS, wrong=0.0, days=4))
    exams = live(year, 3, tmp_path_factory.mktemp("flawless"))
    return [exam.figures() for exam in exams]


def value(figures, figure):
    return figures[figure]["value"]


def test_without_errors_of_perception_what_memory_says_is_all_true(flawless):
    ours = flawless[0]
    for figure in ("truth_past", "changed", "ever", "duration", "order_recall"):
        assert value(ours, figure) == 1.0, figure
    assert value(ours, "abstention_by_fact_f1") == 1.0
    assert value(ours, "truth_current") >= 0.95


def test_the_baselines_know_less_of_the_past(flawless):
    ours, *others = flawless
    for other in others:
        assert value(other, "truth_past") < value(ours, "truth_past")
    assert "order_recall" not in others[0]


def test_ten_days_with_errors_make_a_report(tmp_path):
    report = memory_truth.run(tmp_path, seed=3, config=TEN_DAYS)
    written = json.loads((tmp_path / "memory_truth.json").read_text())["figures"]
    assert written == report["figures"]
    for name in ("truth_current", "truth_past", "stale", "abstention_f1", "order_recall"):
        assert written[f"{name}_low"] <= written[name] <= written[f"{name}_high"]
        assert written[f"{name}_n"] > 0
    assert written["truth_current"] >= 0.95
    assert written["abstention_f1"] >= 0.9
    assert written["stale"] <= 0.02
    assert written["order_recall"] >= 0.99
    assert written["truth_current"] > written["vectors_truth_current"]
    assert written["stale"] < written["last_write_stale"]


def test_last_write_believes_the_newest_and_vectors_find_it_by_words(looks):
    last, vectors = LastWrite(), Vectors()
    for seen in looks:
        last.observe(seen.percepts)
        vectors.observe(seen.percepts)
    newest = looks[-1].percepts[-1].relations[-1]
    assert last.where(newest.subject) == newest.object
    assert vectors.where(newest.subject) == newest.object
    stranger = STRANGERS[MISREAD_STRANGERS]
    assert last.where(stranger) == vectors.where(stranger) == UNKNOWN
