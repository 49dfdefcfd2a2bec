# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from memagent.planner import Critic, Objective
from memagent.planner.critic import already_done
from memagent.site import Site
from memagent.types import SkillCall, Step

from .situations import situation

pytestmark = pytest.mark.unit

NOTHING = Objective("")


def step(name: str, place: str, thing: str = "") -> Step:
    return Step(SkillCall(name, place, thing))


PICK = step("pick", "desk", "mug")


def test_accepts_a_pick_of_what_was_just_seen(site: Site) -> None:
    now = situation(site, seen={"mug": "desk"}, base=site.place("desk").stand_pose)
    assert Critic().judge(PICK, (), now).accepted


@pytest.mark.parametrize(
    ("seen", "holding", "open_ones", "at", "next_step", "reason"),
    [
        ({}, "", (), "desk", PICK, "was not seen at the desk"),
        ({"mug": "shelf"}, "", (), "desk", PICK, "is now believed on the shelf"),
        ({"mug": "desk"}, "can", (), "desk", PICK, "the gripper holds the can"),
        ({"mug": "desk"}, "", (), "shelf", PICK, "the robot is not at the desk"),
        ({}, "", (), "fridge", step("look_at", "fridge"), "the fridge is closed"),
        ({}, "can", (), "fridge", step("open", "fridge"), "the gripper holds the can"),
        (
            {},
            "",
            ("top drawer",),
            "bottom drawer",
            step("open", "bottom drawer"),
            "the top drawer above is open",
        ),
        (
            {},
            "mug",
            ("top drawer", "bottom drawer"),
            "bottom drawer",
            step("place", "bottom drawer", "mug"),
            "the top drawer above is open",
        ),
        ({}, "", ("fridge",), "fridge", step("place", "fridge", "mug"), "is not in the gripper"),
    ],
)
def test_rejects_with_a_reason(
    seen: dict[str, str],
    holding: str,
    open_ones: tuple[str, ...],
    at: str,
    next_step: Step,
    reason: str,
    site: Site,
) -> None:
    base = site.place(at).stand_pose
    now = situation(site, seen=seen, holding=holding, open_ones=open_ones, base=base)
    verdict = Critic().judge(next_step, (), now)
    assert not verdict.accepted
    assert reason in verdict.reason


def test_looks_ahead_to_what_has_moved(site: Site) -> None:
    now = situation(site, seen={"mug": "shelf"})
    verdict = Critic().judge(step("navigate_to", "desk"), (step("look_at", "desk"), PICK), now)
    assert not verdict.accepted


def test_a_thing_that_the_plan_itself_puts_down_has_not_moved(site: Site) -> None:
    now = situation(site, holding="mug", base=site.place("desk").stand_pose)
    ahead = (step("pick", "desk", "mug"),)
    assert Critic().judge(step("place", "desk", "mug"), ahead, now).accepted


@pytest.mark.parametrize(
    ("next_step", "done"),
    [
        (step("navigate_to", "fridge"), True),
        (step("navigate_to", "desk"), False),
        (step("open", "fridge"), True),
        (step("close", "fridge"), False),
        (step("close", "top drawer"), True),
        (step("place", "fridge", "can"), True),
        (step("pick", "fridge", "can"), False),
    ],
)
def test_knows_what_is_done_already(next_step: Step, done: bool, site: Site) -> None:
    now = situation(
        site, open_ones=("fridge",), seen={"can": "fridge"}, base=site.place("fridge").stand_pose
    )
    assert bool(already_done(next_step, (), NOTHING, now)) is done


def test_a_look_is_needless_only_if_nobody_asked_for_it(site: Site) -> None:
    now = situation(site, seen={"mug": "desk"}, base=site.place("desk").stand_pose)
    look = step("look_at", "desk")
    assert already_done(look, (PICK,), NOTHING, now)
    assert not already_done(look, (PICK,), Objective("", view=("desk",)), now)
    assert not already_done(look, (), NOTHING, now)
