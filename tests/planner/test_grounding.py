# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memagent.catalogue import Catalogue
from memagent.errors import InstructionError
from memagent.planner import ObjectRef, ground
from memagent.site import Site
from memagent.types import ObjectBelief, WorldBelief

pytestmark = pytest.mark.unit

UNDERSTOOD = {
    # transport, with synonyms, articles, politeness, case and punctuation
    "put the red mug in the top drawer": "the red mug in the top drawer",
    "Put the RED mug into the upper drawer.": "the red mug in the top drawer",
    "Please bring the banana to the dining table!": "the banana on the dining table",
    "could you move the sponge onto the writing desk, please?": "the sponge on the desk",
    "can you bring the can to the table": "the can on the dining table",
    "hey robot, would you kindly store the tea in the lower drawer": "the tea in the bottom drawer",
    "take the apple to the refrigerator": "the apple in the fridge",
    "carry a bottle over to the bookshelf": "the bottle on the shelf",
    "set the remote control down on the bedside table": "the remote control on the nightstand",
    "return the red ball to the chest": "the red ball on the chest",
    "put the mug back in the top drawer": "the mug in the top drawer",
    "place the orange block inside the fridge": "the orange block in the fridge",
    "put the orange in the fridge": "the orange in the fridge",
    "put the box of tea in the top drawer": "the box of tea in the top drawer",
    "get the banana to the kitchen": "the banana on the kitchen counter",
    "take the pink cup into the fridge": "the pink cup in the fridge",
    "put the mug on the counter in the kitchen": "the mug on the kitchen counter",
    "I'd like you to put the can in the fridge, thank you": "the can in the fridge",
    # quantities
    "put everything that is on the counter into the fridge": "everything in the fridge",
    "put everything on the counter into the fridge": "everything in the fridge",
    "move all things from the worktop to the fridge": "everything in the fridge",
    "put all the stuff lying on the desk on the shelf": "everything on the shelf",
    "put all the fruit in the fridge": "all fruit in the fridge",
    "bring the dishes to the counter": "all dishes on the kitchen counter",
    "put every mug on the desk": "all mugs on the desk",
    "put the mugs on the desk": "all mugs on the desk",
    "bring two apples to the desk": "2 apples on the desk",
    "bring both mugs to the desk": "all mugs on the desk",
    "put 3 blocks on the shelf": "3 blocks on the shelf",
    "put a toy on the shelf": "the toy on the shelf",
    "bring any fruit to the dining table": "the fruit on the dining table",
    "put the red one on the desk": "the red thing on the desk",
    # several things
    "put the apple and the banana in the fridge": "the apple in the fridge and the banana in the"
    " fridge",
    "put the apple, the can and the orange in the fridge": "the apple in the fridge and the can in"
    " the fridge and the orange in the fridge",
    "put the apple on the desk and the banana on the shelf": "the apple on the desk and the banana"
    " on the shelf",
    "put the apple on the desk and bring the can to the shelf": "the apple on the desk and the can"
    " on the shelf",
    # sequences
    "put the mug in the fridge, then open the top drawer": "the mug in the fridge; then the top"
    " drawer open",
    "put the mug in the fridge. Close the top drawer.": "the mug in the fridge; then the top drawer"
    " closed",
    "pick up the mug and put it on the desk": "the robot holds the mug; then the mug on the desk",
    "find the banana and bring it to the dining table": "the banana seen; then the banana on the"
    " dining table",
    "open the fridge and put the banana in it": "the fridge open; then the banana in the fridge",
    "go to the bedroom and then come to the desk": "the robot at the bedroom; then the robot at the"
    " desk",
    # doors and drawers
    "open the fridge": "the fridge open",
    "shut the top drawer": "the top drawer closed",
    "close both drawers": "the top drawer closed and the bottom drawer closed",
    "open up the bottom drawer": "the bottom drawer open",
    # going, picking, looking
    "go to the kitchen": "the robot at the kitchen",
    "drive to the coffee table": "the robot at the side table",
    "move to the desk": "the robot at the desk",
    "go back to the study": "the robot at the study",
    "pick up the red mug": "the robot holds the red mug",
    "pick the mug up": "the robot holds the mug",
    "grab the mug on the desk": "the robot holds the mug",
    "take the can out of the fridge": "the robot holds the can",
    "fetch the sponge": "the robot holds the sponge",
    "find the banana": "the banana seen",
    "where is the banana?": "the banana seen",
    "where's my mug": "the mug seen",
    "look for the red ball in the study": "the red ball seen",
    "search the kitchen for the mug": "the mug seen",
    "check the fridge": "the fridge seen",
    "what is on the counter?": "the kitchen counter seen",
    "look in the top drawer": "the top drawer seen",
}

NOT_UNDERSTOOD = {
    "": "is empty",
    "  ?! ": "is empty",
    "dance": '"dance" is nothing that can be done',
    "putt the mug in the fridge": 'did you mean "put"',
    "the red mug": "should begin with a verb",
    "put the mug": "where should",
    "put the mug in": "break off",
    "put in the drawer": "which|say",
    "put the spoon in the fridge": 'no object is called "spoon"; did you mean "sponge"',
    "put the banan in the fridge": 'did you mean "banana"',
    "put the mug in the oven": 'no place is called "the oven"; known are',
    "put the mug in the frigde": 'did you mean "fridge"',
    "put the green mug in the fridge": 'did you mean "blue mug" or "red mug"',
    "put the mug in the drawer": '"top drawer" or "bottom drawer"; say which',
    "put the mug on the fridge": 'did you mean "in the fridge"',
    "put the mug next to the fridge": "in or on a place",
    "bring me the mug": "name a place",
    "open the desk": "cannot be opened; these can: top drawer",
    "put it in the fridge": "nothing was named before",
    "pick up all the fruit": "one thing at a time",
    "put the mug into the fridge onto the desk": "one place only",
    "put the mug in the fridge banana": "no place is called",
}


@pytest.mark.parametrize(("text", "goal"), UNDERSTOOD.items())
def test_understands(text: str, goal: str, site: Site, catalogue: Catalogue) -> None:
    assert str(ground(text, site, catalogue)) == goal


@pytest.mark.parametrize(("text", "why"), NOT_UNDERSTOOD.items())
def test_says_what_it_does_not_understand(
    text: str, why: str, site: Site, catalogue: Catalogue
) -> None:
    with pytest.raises(InstructionError, match=why):
        ground(text, site, catalogue)


def test_complaints_give_an_example(site: Site, catalogue: Catalogue) -> None:
    for text in NOT_UNDERSTOOD:
        if text in ("open the desk", "put the mug on the fridge"):
            continue  # these name what can be done instead
        with pytest.raises(InstructionError, match="for example"):
            ground(text, site, catalogue)


def _ref(text: str, site: Site, catalogue: Catalogue) -> ObjectRef:
    subject = ground(text, site, catalogue).conditions[0].subject
    assert isinstance(subject, ObjectRef)
    return subject


@pytest.mark.parametrize(
    "text",
    [
        "put everything that is on the counter into the fridge",
        "put everything on the counter in the fridge",
        "put everything from the counter into the fridge",
    ],
)
def test_everything_means_what_is_on_its_source(
    text: str, site: Site, catalogue: Catalogue
) -> None:
    ref = _ref(text, site, catalogue)
    assert ref.quantity == "all"
    assert ref.categories == ()
    assert ref.sources == ("kitchen counter",)


def test_a_room_as_source_means_its_places(site: Site, catalogue: Catalogue) -> None:
    ref = _ref("put all fruit from the study into the fridge", site, catalogue)
    assert ref.sources == ("desk", "shelf")
    assert ref.categories == ("banana", "apple", "orange")


def test_an_ambiguous_noun_can_be_any_of_its_colours(site: Site, catalogue: Catalogue) -> None:
    ref = _ref("put the mug in the fridge", site, catalogue)
    assert ref.labels == ("red mug", "blue mug")
    assert ref.quantity == 1


def test_it_no_longer_has_the_source_of_what_was_picked_up(
    site: Site, catalogue: Catalogue
) -> None:
    goal = ground("take the mug from the shelf and put it on the desk", site, catalogue)
    assert goal.conditions[0].subject.sources == ("shelf",)  # type: ignore[union-attr]
    assert goal.then is not None
    assert goal.then.conditions[0].subject.sources == ()  # type: ignore[union-attr]


def test_objects_beyond_the_catalogue_can_be_named_once_seen(
    site: Site, catalogue: Catalogue
) -> None:
    world = WorldBelief(0.0, objects=(ObjectBelief("green spoon", "spoon", "green", ()),))
    with pytest.raises(InstructionError, match="spoon"):
        ground("put the spoon in the fridge", site, catalogue)
    goal = ground("put the spoon in the fridge", site, catalogue, world)
    assert str(goal) == "the spoon in the fridge"
    assert str(ground("put the green spoon on the desk", site, catalogue, world)) == (
        "the green spoon on the desk"
    )


WORDS = st.sampled_from(
    [
        *("put", "bring", "open", "go", "pick", "up", "find", "the", "a", "two", "all", "it"),
        *("red", "mug", "banana", "fruit", "and", "then", "in", "on", "to", "from", "that", "is"),
        *("desk", "fridge", "top", "drawer", "kitchen", ",", "."),
    ]
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.one_of(st.text(max_size=40), st.lists(WORDS, max_size=12).map(" ".join)))
def test_any_text_gives_a_goal_or_an_explanation(
    site: Site, catalogue: Catalogue, text: str
) -> None:
    with suppress(InstructionError):
        goal = ground(text, site, catalogue)
        assert all(stage.conditions for stage in goal.stages)
