# SPDX-License-Identifier: Apache-2.0
"""Rates, claims and preconditions, against what can be worked out by hand or by simulation."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memagent.memory.semantic.trials import (
    BANDS,
    LessonConfig,
    Posterior,
    Trial,
    posterior,
    preconditions,
)

pytestmark = pytest.mark.unit

HALF_LIFE = LessonConfig().half_life
outcomes = st.lists(st.sampled_from(["OK", "GRASP_FAILED"]), max_size=30)


def _trials(text: str) -> list[Trial]:
    return [Trial("OK" if letter == "S" else "GRASP_FAILED") for letter in text]


def test_without_outcomes_the_rate_is_jeffreys_prior() -> None:
    prior = posterior([], HALF_LIFE)
    assert (prior.a, prior.b) == (0.5, 0.5)
    assert prior.interval(0.95) == pytest.approx((0.0015413, 0.9984587), abs=1e-6)


def test_the_interval_is_the_published_one() -> None:
    """Ten of twenty, two of twenty: Jeffreys' equal-tailed intervals."""
    assert Posterior(10.5, 10.5).interval(0.95) == pytest.approx((0.2937, 0.7063), abs=1e-3)
    assert Posterior(2.5, 18.5).interval(0.95) == pytest.approx((0.0212, 0.2850), abs=2e-3)


def test_an_outcome_weighs_half_after_one_half_life() -> None:
    after = posterior([Trial("GRASP_FAILED"), *_trials("SSSSS")], 5.0)
    assert after.b - 0.5 == pytest.approx(0.5)


@given(outcomes)
def test_claims_share_the_whole_of_the_probability(codes: list[str]) -> None:
    rate = posterior([Trial(code) for code in codes], HALF_LIFE)
    masses = [rate.strength(claim) for claim in BANDS]
    assert sum(masses) == pytest.approx(1.0)
    assert rate.strength(rate.best_claim()) == max(masses)
    low, high = rate.interval(0.95)
    assert 0.0 <= low < rate.mean < high <= 1.0


def test_the_interval_covers_the_true_rate_as_often_as_it_says() -> None:
    """With fading the counts are those of about 14 outcomes, whatever the rate."""
    dice = random.Random(1)
    covered = 0
    for _ in range(2000):
        truth = dice.random()
        text = "".join("S" if dice.random() < truth else "F" for _ in range(40))
        low, high = posterior(_trials(text), 10.0).interval(0.95)
        covered += low <= truth <= high
    assert covered / 2000 > 0.95


@pytest.mark.parametrize(("before", "after"), [("F", "S"), ("S", "F")])
def test_a_handful_of_outcomes_undoes_a_claim_that_always_held(before: str, after: str) -> None:
    old = posterior(_trials(before * 40), HALF_LIFE).best_claim()
    strengths = [posterior(_trials(before * 40 + after * n), HALF_LIFE).strength(old) for n in
                 range(7)]  # fmt: skip
    assert strengths == sorted(strengths, reverse=True)
    assert strengths[0] > 0.9
    assert strengths[4] > LessonConfig().forget_below > strengths[5]


# --- preconditions ----------------------------------------------------------------------------


def _trial(code: str, **conditions: str) -> Trial:
    return Trial(code, conditions=conditions)


OPEN = {"container": "open", "hand": "empty"}
SHUT = {"container": "closed", "hand": "empty"}


def test_a_precondition_held_in_every_success_and_in_no_failure_of_a_kind() -> None:
    trials = [_trial("OK", **OPEN)] * 2 + [_trial("BLOCKED", **SHUT)] * 2
    assert preconditions(trials, 2) == ("container open",)
    slipped = [*trials, *[_trial("GRASP_FAILED", **OPEN)] * 2]
    assert preconditions(slipped, 2) == ("container open",), "slips are about something else"


def test_one_success_without_it_disproves_a_precondition() -> None:
    trials = [_trial("OK", **OPEN)] * 5 + [_trial("BLOCKED", **SHUT)] * 5
    assert preconditions([*trials, _trial("OK", **SHUT)], 2) == ()


def test_a_failure_with_it_disproves_a_precondition_against_that_failure() -> None:
    trials = [_trial("OK", **OPEN)] * 5 + [_trial("BLOCKED", **SHUT)] * 5
    assert preconditions([*trials, _trial("BLOCKED", **OPEN)], 2) == ()


def test_what_was_not_noted_proves_nothing() -> None:
    trials = [_trial("OK", **OPEN)] * 2 + [_trial("BLOCKED", hand="empty")] * 2
    assert preconditions(trials, 2) == (), "nobody knew whether it was open"
    assert preconditions([Trial("OK"), Trial("OK"), Trial("BLOCKED"), Trial("BLOCKED")], 2) == ()


def test_too_few_outcomes_teach_no_precondition() -> None:
    assert preconditions([_trial("OK", **OPEN), *[_trial("BLOCKED", **SHUT)] * 9], 2) == ()
    assert preconditions([_trial("BLOCKED", **SHUT), *[_trial("OK", **OPEN)] * 9], 2) == ()
