# SPDX-License-Identifier: Apache-2.0
"""The rules: what each action needs and does, and that nothing is ever lost or in two places."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from memagent_sim.symbolic import VERBS, House, Invalid, Verb, look

from .rooms import house, kitchen

pytestmark = pytest.mark.unit

WITH_APPLE = ("find counter top 1", "pick_up apple 1")
WITH_KNIFE = ("find drawer 1", "open drawer 1", "pick_up knife 1")


def refusal(made: House, verb: Verb, target: str = "") -> str:
    before = (dict(made.where), set(made.open), set(made.on), made.at)
    with pytest.raises(Invalid) as caught:
        made.act(verb, target)
    assert before == (made.where, made.open, made.on, made.at)
    return str(caught.value)


def test_find_goes_to_receptacles_and_devices_but_not_to_what_is_out_of_view() -> None:
    assert house("find fridge 1").at == "fridge 1"
    assert house("find desk lamp 1").at == "side table 1"
    assert "not in view" in refusal(house(), "find", "apple 1")
    assert "there is no" in refusal(house(), "find", "unicorn")


def test_a_hand_holds_one_thing_and_takes_only_what_is_in_view() -> None:
    made = house(*WITH_APPLE)
    assert made.held == "apple 1"
    assert "holds the apple 1" in refusal(
        house(*WITH_APPLE, "find dining table 1"), "pick_up", "cup 1"
    )
    assert "no 'apple 2' here" in refusal(house("find fridge 1"), "pick_up", "apple 2")
    assert house("find fridge 1", "open fridge 1", "pick_up apple 2").held == "apple 2"


def test_put_down_needs_an_open_receptacle_that_takes_it() -> None:
    made = house(*WITH_APPLE, "find fridge 1")
    assert "closed" in refusal(made, "put_down", "fridge 1")
    made.act("open", "fridge 1")
    made.act("put_down", "fridge 1")
    assert made.where["apple 1"] == "fridge 1"
    assert "hand is empty" in refusal(made, "put_down", "fridge 1")
    assert "does not stand" in refusal(house(*WITH_APPLE), "put_down", "dining table 1")
    assert "does not fit" in refusal(
        house(*WITH_APPLE, "find stove burner 1"), "put_down", "stove burner 1"
    )
    big = house("find dining table 1", "pick_up laptop 1", "find microwave 1", "open microwave 1")
    assert "does not fit" in refusal(big, "put_down", "microwave 1")


def test_what_is_in_a_container_goes_where_that_goes() -> None:
    made = house(
        "find dining table 1", "pick_up cup 1", "find side table 1", "put_down side table 1"
    )
    assert made.place_of("spoon 1") == "side table 1"
    assert [s.name for s in look(made).sights] == ["book 1", "cup 1", "spoon 1"]
    made = house(*WITH_KNIFE, "find dining table 1", "put_down cup 1")
    assert made.where["knife 1"] == "cup 1"
    assert "does not fit" in refusal(
        house("find side table 1", "pick_up book 1", "find dining table 1"), "put_down", "cup 1"
    )


def test_drop_puts_it_on_the_floor() -> None:
    assert house(*WITH_APPLE, "drop").where["apple 1"] == "floor 1"
    assert "empty" in refusal(house(), "drop")


def test_doors_open_and_close_once() -> None:
    made = house("find drawer 1", "open drawer 1")
    assert "open already" in refusal(made, "open", "drawer 1")
    made.act("close", "drawer 1")
    assert "not open" in refusal(made, "close", "drawer 1")
    assert "does not open" in refusal(house("find sink basin 1"), "open", "sink basin 1")
    assert "does not stand" in refusal(house(), "open", "drawer 1")


def test_a_microwave_heats_while_closed_and_opens_while_off() -> None:
    made = house(*WITH_APPLE, "find microwave 1", "open microwave 1", "put_down microwave 1")
    assert "closed first" in refusal(made, "turn_on", "microwave 1")
    made.act("close", "microwave 1")
    made.act("turn_on", "microwave 1")
    assert made.has("apple 1", "heated")
    assert "turned off first" in refusal(made, "open", "microwave 1")
    made.act("turn_off", "microwave 1")
    made.act("open", "microwave 1")
    assert not made.has("apple 2", "heated")


def test_a_fridge_cools_what_its_door_shuts_in() -> None:
    made = house(*WITH_APPLE, "find fridge 1", "open fridge 1", "put_down fridge 1")
    assert not made.has("apple 1", "cooled")
    made.act("close", "fridge 1")
    assert made.has("apple 1", "cooled")
    assert made.has("apple 2", "cooled")
    assert "no switch" in refusal(made, "turn_on", "fridge 1")


def test_a_faucet_cleans_what_is_in_the_sink() -> None:
    made = house(*WITH_APPLE, "find sink basin 1", "put_down sink basin 1", "turn_on faucet 1")
    assert made.has("apple 1", "cleaned")
    assert "on already" in refusal(made, "turn_on", "faucet 1")
    made.act("turn_off", "faucet 1")
    assert "off already" in refusal(made, "turn_off", "faucet 1")
    assert "no device" in refusal(house(), "turn_on", "faucet 1")


def test_slicing_needs_a_knife_and_something_to_slice() -> None:
    assert "needs a knife" in refusal(house("find counter top 1"), "slice", "apple 1")
    made = house(*WITH_KNIFE, "find counter top 1", "slice apple 1")
    assert made.has("apple 1", "sliced")
    assert made.held == "knife 1"
    assert "sliced already" in refusal(made, "slice", "apple 1")
    made.act("find", "side table 1")
    assert "cannot be sliced" in refusal(made, "slice", "book 1")


class Rules(RuleBasedStateMachine):
    """Random actions, against the few things that must be so whatever is done."""

    def __init__(self) -> None:
        super().__init__()
        self.house = House(kitchen())
        self.names = [*self.house.scene.receptacle, *self.house.scene.appliance, *self.house.where]

    @rule(verb=st.sampled_from(VERBS), data=st.data())
    def act(self, verb: Verb, data: st.DataObject) -> None:
        target = data.draw(st.sampled_from(self.names))
        before, open_before = dict(self.house.where), set(self.house.open)
        try:
            self.house.act(verb, target)
        except Invalid:
            assert self.house.where == before
        moved = {t for t in before if before[t] != self.house.where[t]}
        assert len(moved) <= (verb in ("pick_up", "put_down", "drop"))
        assert len(open_before ^ self.house.open) <= (verb in ("open", "close"))

    @invariant()
    def nothing_is_lost_or_in_two_places(self) -> None:
        places = [*self.house.scene.receptacle, "hand"]
        assert sorted(self.house.where) == sorted(self.house.scene.things)
        assert all(self.house.place_of(thing) in places for thing in self.house.where)

    @invariant()
    def one_thing_in_the_hand_at_most(self) -> None:
        assert list(self.house.where.values()).count("hand") <= 1

    @invariant()
    def a_look_shows_what_is_here_and_not_shut_in(self) -> None:
        view = look(self.house)
        shut = view.is_open is False
        here = {t for t in self.house.where if self.house.place_of(t) == self.house.at}
        assert {s.name for s in view.sights} == (set() if shut else here)


TestRules = Rules.TestCase
TestRules.settings = settings(
    max_examples=40, stateful_step_count=40, deadline=None, derandomize=True
)
