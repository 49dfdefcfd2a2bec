# SPDX-License-Identifier: Apache-2.0
"""Declarations: read from typed functions and ROS actions, and the same that the executor runs."""

from __future__ import annotations

import pytest

from memagent.executor import SKILL_NAMES
from memagent.planner.skills import (
    FLAT_SKILLS,
    HOUSEHOLD_SKILLS,
    ObjectName,
    PlaceName,
    Term,
    declare,
    declare_action,
    describe,
)
from memagent.types import Code, SkillCall
from memagent_sim.symbolic import SKILLS

pytestmark = pytest.mark.unit


def wipe(object: ObjectName, place: PlaceName) -> None:
    """Wipe a place with what is in the gripper.

    More than anyone wants to read in a prompt.
    """


def test_a_typed_function_is_a_skill() -> None:
    skill = declare(wipe, "at(place) holding(object)", makes="viewed(place)", fails=(Code.BLOCKED,))
    assert (skill.name, skill.words) == ("wipe", "Wipe a place with what is in the gripper.")
    assert skill.needs == (Term("at", ("place",)), Term("holding", ("object",)))
    call = SkillCall("wipe", "desk", "sponge")
    assert skill.binding(call) == {"object": "sponge", "place": "desk"}
    assert skill.call(skill.binding(call)) == call
    assert skill.schema()["parameters"]["required"] == ["object", "place"]
    assert str(skill).splitlines()[1:] == [
        "  needs at(place), holding(object)",
        "  makes viewed(place)",
        "  may fail with BLOCKED",
    ]


def test_a_ros_action_is_a_skill() -> None:
    skill = declare_action("wipe", "Wipe a place.", {"place": "string"}, needs="at(place) free")
    assert skill.call({"place": "desk"}) == SkillCall("wipe", "desk")
    with pytest.raises(ValueError, match="got float 'force'"):
        declare_action("wipe", "Wipe a place.", {"force": "float"})


def test_a_declaration_without_meaning_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'shiny\(place\)'"):
        declare(wipe, makes="shiny(place)")
    with pytest.raises(ValueError, match=r"no meaning for at\(room\)"):
        declare(wipe, needs="at(room)")
    with pytest.raises(ValueError, match="no meaning"):
        declare(wipe, needs="at(place) !")

    def untyped(force: float) -> None: ...

    with pytest.raises(ValueError, match="force is no ObjectName"):
        declare(untyped)


def test_what_is_declared_is_what_the_robots_can_do() -> None:
    assert set(FLAT_SKILLS) == set(SKILL_NAMES)
    assert set(HOUSEHOLD_SKILLS) == set(SKILLS)
    text = describe(HOUSEHOLD_SKILLS)
    assert all(f"{name}(" in text for name in HOUSEHOLD_SKILLS)
