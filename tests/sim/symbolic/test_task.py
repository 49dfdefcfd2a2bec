# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from memagent_sim.symbolic import Task, progress

from .rooms import house

pytestmark = pytest.mark.unit

APPLE = ("find counter top 1", "pick_up apple 1")


def test_simple() -> None:
    task = Task("pick_and_place_simple", "Apple", "SideTable")
    assert progress(task, house()) == (0, 1)
    assert progress(task, house(*APPLE, "find side table 1", "put_down side table 1")) == (1, 1)


def test_two_must_be_in_the_same_receptacle() -> None:
    task = Task("pick_two_obj_and_place", "Apple", "Fridge")
    assert progress(task, house()) == (1, 2)
    made = house(*APPLE, "find fridge 1", "open fridge 1", "put_down fridge 1")
    assert progress(task, made) == (2, 2)


def test_a_treated_thing_must_be_the_one_that_is_placed() -> None:
    task = Task("pick_clean_then_place_in_recep", "Apple", "Fridge")
    wash = (*APPLE, "find sink basin 1", "put_down sink basin 1", "turn_on faucet 1")
    assert progress(task, house()) == (1, 3)
    assert progress(task, house(*wash)) == (2, 3)
    made = house(*wash, "pick_up apple 1", "find fridge 1", "open fridge 1", "put_down fridge 1")
    assert progress(task, made) == (3, 3)


def test_a_container_must_hold_it_and_be_there() -> None:
    task = Task("pick_and_place_with_movable_recep", "Spoon", "SideTable", "Cup")
    assert progress(task, house()) == (1, 3)
    made = house(
        "find dining table 1", "pick_up cup 1", "find side table 1", "put_down side table 1"
    )
    assert progress(task, made) == (3, 3)


def test_light_needs_the_thing_in_hand_beside_a_lamp_that_is_on() -> None:
    task = Task("look_at_obj_in_light", "Book", toggle_target="DeskLamp")
    made = house("find side table 1", "turn_on desk lamp 1")
    assert progress(task, made) == (1, 2)
    made.act("pick_up", "book 1")
    assert progress(task, made) == (2, 2)
    made.act("find", "fridge 1")
    assert progress(task, made) == (1, 2)


def test_slices_count_once_for_each_that_is_asked_for() -> None:
    task = Task("pick_two_obj_and_place", "Apple", "Fridge", object_sliced=True)
    made = house(
        "find drawer 1", "open drawer 1", "pick_up knife 1", "find counter top 1", "slice apple 1"
    )
    assert progress(task, made) == (2, 4)


def test_a_goal_without_meaning_is_refused() -> None:
    with pytest.raises(ValueError, match="object_target: 'Unicorn'"):
        Task("pick_and_place_simple", "Unicorn", "Fridge")
    with pytest.raises(ValueError, match="parent_target: ''"):
        Task("pick_and_place_simple", "Apple")
    with pytest.raises(ValueError, match="toggle_target"):
        Task("look_at_obj_in_light", "Book")
    with pytest.raises(ValueError, match="family"):
        Task("juggle", "Apple", "Fridge")  # type: ignore[arg-type]
