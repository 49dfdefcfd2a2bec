# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from memagent.catalogue import Catalogue
from memagent.errors import InstructionError
from memagent.planner import correct, ground
from memagent.site import Site

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("task", "said", "goal"),
    [
        ("put the red mug in the fridge", "no, the blue one", "the blue mug in the fridge"),
        ("put the mug in the fridge", "Sorry, I meant the red one!", "the red mug in the fridge"),
        ("put the mug in the fridge", "no, the banana", "the banana in the fridge"),
        ("put the mug in the fridge", "no, on the desk", "the mug on the desk"),
        ("put the mug in the fridge", "wait, the top drawer", "the mug in the top drawer"),
        ("put the mug on the desk", "actually, go to the kitchen", "the robot at the kitchen"),
        (
            "take the mug from the shelf and put it on the desk",
            "no, the blue one",
            "the robot holds the blue mug; then the blue mug on the desk",
        ),
        ("go to the desk", "no, to the shelf", "the robot at the shelf"),
    ],
)
def test_takes_in_what_is_meant_instead(
    task: str, said: str, goal: str, site: Site, catalogue: Catalogue
) -> None:
    before = ground(task, site, catalogue)
    assert str(correct(before, said, site, catalogue)) == goal


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("no", "say what is meant instead"),
        ("no, the green one", "green mug"),
        ("no, the spoon", "spoon"),
        ("no, in the oven", "oven"),
        ("no, in the drawer", "say which"),
    ],
)
def test_says_what_it_does_not_understand(
    said: str, why: str, site: Site, catalogue: Catalogue
) -> None:
    goal = ground("put the red mug in the fridge", site, catalogue)
    with pytest.raises(InstructionError, match=why):
        correct(goal, said, site, catalogue)


def test_asks_which_of_two_is_meant(site: Site, catalogue: Catalogue) -> None:
    goal = ground("put the apple and the banana in the fridge", site, catalogue)
    with pytest.raises(InstructionError, match="apple and the banana"):
        correct(goal, "no, the can", site, catalogue)
