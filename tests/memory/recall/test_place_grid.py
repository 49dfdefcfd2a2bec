# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memagent.memory.recall import place_grid
from memagent.memory.recall.place_grid import PlaceGrid

pytestmark = pytest.mark.unit


def columns(count: int, side: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    x, y = random.uniform(-side, side, (2, count)).astype(np.float32)
    x[::7] = y[::7] = np.nan
    return x, y


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place_grid, "_FROM", 20)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    count=st.integers(0, 300),
    side=st.sampled_from([0.5, 5.0, 40.0, 1e4, 1e8]),
    near=st.tuples(st.floats(-1.2, 1.2), st.floats(-1.2, 1.2)),
    radius=st.sampled_from([0.0, 0.3, 2.0, 30.0, 500.0, math.inf]),
    grown=st.lists(st.integers(0, 200), max_size=3),
)
def test_none_that_is_within_is_left_out(count, side, near, radius, grown) -> None:
    x, y = columns(count + sum(grown), side, count)
    middle = (near[0] * side, near[1] * side)
    grid = PlaceGrid()
    for size in [count, *(count + sum(grown[: i + 1]) for i in range(len(grown)))]:
        found = grid.near(x[:size], y[:size], middle, radius)
        away = np.hypot(x[:size].astype(float) - middle[0], y[:size].astype(float) - middle[1])
        assert set(np.flatnonzero(away <= radius)) <= set(found.tolist())
        assert not np.isnan(x[found]).any()
        assert (np.diff(found) > 0).all()


def test_few_of_many_are_candidates() -> None:
    x, y = columns(5_000, 40.0, 0)
    found = PlaceGrid().near(x, y, (1.0, 2.0), 2.0)
    assert len(found) < 0.02 * len(x)


def test_rows_that_are_others_now_are_found_after_it_was_told() -> None:
    x, y = columns(100, 5.0, 0)
    grid = PlaceGrid()
    grid.near(x, y, (0.0, 0.0), 1.0)
    x[50], y[50] = 300.0, 300.0
    grid.clear()
    assert grid.near(x, y, (300.0, 300.0), 1.0).tolist() == [50]
