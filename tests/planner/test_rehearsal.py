# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from memagent.planner import NoPlan, Objective, SymbolicPlanner
from memagent.planner.rehearsal import Rehearsal
from memagent.site import Site
from memagent.types import SkillCall

from .objectives import CASES
from .situations import situation

pytestmark = pytest.mark.unit

AWAY = Objective("mug away", deliver=(("mug", "fridge"),), assumed=(("mug", "desk"),))


@pytest.mark.parametrize("case", CASES)
def test_what_the_symbolic_planner_plans_can_be_carried_out(site: Site, case: str) -> None:
    objective, now = CASES[case](site)
    calls = SymbolicPlanner().plan(objective, now)
    assert not isinstance(calls, NoPlan)
    rehearsal = Rehearsal(objective, now)
    assert rehearsal.objection(calls) == ""
    assert rehearsal.objection(calls[:-1]) != "", "its shortest plan has no step to spare"


@pytest.mark.parametrize(
    ("plan", "objection"),
    [
        ((), r"it is not so that located\(mug, fridge\) and found\(mug\)"),
        ((("pick", "desk", "mug"),), r"step 1, pick\(mug, desk\): needs at\(desk\) and found\(mug"),
        (
            (("navigate_to", "fridge", ""), ("place", "fridge", "mug")),
            r"step 2, place\(mug, fridge\): needs open\(fridge\) and holding\(mug\)",
        ),
        ((("navigate_to", "moon", ""),), r"step 1, navigate_to\(moon\): is no call that can help"),
        ((("dance", "", ""),), "is no call that can help"),
    ],
)
def test_an_objection_says_what_is_wrong_where(
    site: Site, plan: tuple[tuple[str, str, str], ...], objection: str
) -> None:
    calls = [SkillCall(*step) for step in plan]
    with pytest.raises(AssertionError, match=objection):
        raise AssertionError(Rehearsal(AWAY, situation(site)).objection(calls))


def test_longer_ways_are_ways_too(site: Site) -> None:
    calls = SymbolicPlanner().plan(AWAY, situation(site))
    assert not isinstance(calls, NoPlan)
    wandering = (SkillCall("navigate_to", "fridge"), SkillCall("navigate_to", "desk"), *calls)
    assert Rehearsal(AWAY, situation(site)).objection(wandering) == ""
