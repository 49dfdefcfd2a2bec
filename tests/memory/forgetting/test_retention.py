# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memagent.memory.forgetting.retention import fading, importance, retention, stability

pytestmark = pytest.mark.unit

SECONDS = st.floats(0, 1e7)
WEIGHTS = st.sampled_from((1.0, 2.0, 8.0))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(unused=SECONDS, more=SECONDS, weight=WEIGHTS, times=st.integers(0, 50))
def test_retention_falls_with_time_and_rises_with_reinforcement(
    unused: float, more: float, weight: float, times: int
) -> None:
    stable = stability(weight, times, 3600.0)
    assert 0.0 <= retention(unused + more, stable) <= retention(unused, stable) <= 1.0
    assert stability(weight, times + 1, 3600.0) > stable
    assert retention(unused, stability(weight, times + 1, 3600.0)) >= retention(unused, stable)
    assert retention(unused, stability(2 * weight, times, 3600.0)) >= retention(unused, stable)


def test_it_is_ebbinghaus_curve() -> None:
    assert retention(3600.0, stability(1.0, 0, 3600.0)) == pytest.approx(math.exp(-1))
    assert retention(3600.0, stability(2.0, 1, 3600.0)) == pytest.approx(math.exp(-0.25))
    assert retention(-5.0, 1.0) == 1.0


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(st.floats(10, 1e6), WEIGHTS, st.integers(0, 9)), min_size=2, max_size=20
    )
)  # fmt: skip
def test_many_items_are_ordered_as_retention_orders_them(
    items: list[tuple[float, float, int]],
) -> None:
    unused, weights, times = (np.array(column) for column in zip(*items, strict=True))
    faded = fading(unused, weights.astype(np.float32), times.astype(np.int32))
    kept = [retention(u + 1.0, stability(w, n, 1e6)) for u, w, n in items]
    order = np.argsort(faded)
    assert all(kept[a] >= kept[b] - 1e-9 for a, b in pairwise(order))


def test_routine_weighs_least_and_what_people_say_most() -> None:
    routine = importance("step", "percept", {})
    assert routine == 1.0
    assert importance("step", "percept", {"boundary": True}) > routine
    failed = importance("step", "outcome", {"code": "GRASP_FAILED"})
    assert failed > importance("step", "outcome", {"code": "OK"}) > routine
    assert importance("relation", "head", {}) > routine
    assert importance("object", "head", {}) > importance("relation", "head", {})
    said = importance("note", "", {})
    assert all(said > importance(kind, "", {}) for kind in ("step", "object", "lesson", "episode"))
    assert said > importance("note", "keyframe", {})
