# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from memagent.planner import PlannerConfig
from memagent.planner.liveness import Liveness
from memagent.types import SkillCall

pytestmark = pytest.mark.unit

GO = {name: SkillCall("navigate_to", name) for name in "abcd"}


def drive(tour: str, config: PlannerConfig | None = None) -> str:
    """Evidence after visiting the places of ``tour``; the state is where the robot is."""
    liveness = Liveness(config or PlannerConfig())
    evidence = ""
    for here, there in zip(" " + tour, tour, strict=False):
        evidence = evidence or liveness.after_skill(here, GO[there], there)
    return evidence


def test_a_repeated_call_that_changes_nothing() -> None:
    assert drive("aaa") == ""
    assert drive("aaaa") == "navigate_to(a): done 3 times over, and nothing changed"


def test_to_and_fro() -> None:
    assert drive("abab") == ""
    assert "navigate_to(a), navigate_to(b): done 3 times" in drive("babababa")


def test_round_and_round() -> None:
    assert "done 3 times over" in drive("abcabcabcabc")


def test_nothing_new_for_too_long() -> None:
    config = PlannerConfig(no_progress=5)
    assert drive("abcda", config) == ""
    assert "the last 5 skills brought about nothing new" in drive("abcdacbdca", config)


def test_the_budget_of_plans() -> None:
    liveness = Liveness(PlannerConfig(max_replans=2))
    assert [liveness.before_plan("") for _ in range(3)] == ["", "", ""]
    assert "because: the mug fell" in liveness.before_plan("the mug fell")
