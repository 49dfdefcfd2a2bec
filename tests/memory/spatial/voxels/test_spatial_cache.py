# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memagent.memory.spatial.voxels import VoxelError
from memagent.memory.spatial.voxels.spatial_cache import CacheConfig, SpatialCache

pytestmark = pytest.mark.unit

HERE = (0.0, 0.0, 0.0)


def turned(angle: float, x: float = 0.0, y: float = 0.0) -> np.ndarray:
    pose = np.eye(4)
    c, s = np.cos(angle), np.sin(angle)
    pose[:2, :2], pose[:2, 3] = [[c, -s], [s, c]], (x, y)
    return pose


def keys(hits) -> list[object]:
    return [hit.key for hit in hits]


def test_the_most_alike_of_what_is_near_comes_first() -> None:
    cache = SpatialCache(3)
    cache.put("mug", (1, 0, 0), (1, 0.2, 0), 1.0)
    cache.put("cup", (1, 1, 0), (1, 0, 0), 2.0)
    cache.put("far cup", (9, 0, 0), (1, 0, 0), 3.0)
    cache.put("plant", (1, 0, 0), (0, 1, 0), 4.0)
    hits = cache.query((2, 0, 0))
    assert keys(hits) == ["cup", "mug"]
    assert hits[0].similarity == pytest.approx(1.0)
    assert hits[0].stamp == 2.0
    assert keys(cache.query((1, 0, 0), radius=10.0)) == ["cup", "far cup", "mug"]
    assert keys(cache.query((1, 0, 0), (9, 0, 0))) == ["far cup"]
    assert keys(cache.query((1, 0, 0), similarity=-1.0, count=1)) == ["cup"]
    assert cache.query((0, 0, 1)) == []  # Ask long-term memory.


@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(st.floats(-3, 3), st.floats(-2, 2), st.floats(-2, 2)), min_size=1, max_size=9
    )
)
def test_entries_stay_where_they_are_while_the_robot_moves(motions) -> None:
    cache, pose = SpatialCache(2), np.eye(4)
    place = np.array([1.0, -2.0, 0.5, 1.0])
    cache.put("mug", place[:3], (1, 0), 0.0)
    for angle, x, y in motions:
        pose = pose @ turned(angle, x, y)
        cache.move(turned(angle, x, y))
    (hit,) = cache.query((1, 0), radius=1e3)
    np.testing.assert_allclose(hit.position, (np.linalg.inv(pose) @ place)[:3], atol=1e-9)


def test_putting_again_takes_no_room_and_moves_the_entry() -> None:
    cache = SpatialCache(2, CacheConfig(capacity=2))
    for i in range(50):
        assert cache.put("mug", (i / 50, 0, 0), (1, 0), float(i)) is None
    cache.put("cup", HERE, (0, 1), 50.0)
    assert len(cache) == 2
    (hit,) = cache.query((1, 0))
    assert (hit.position[0], hit.stamp, hit.uses) == (0.98, 49.0, 50)


def test_what_is_used_stays_and_what_is_not_goes() -> None:
    cache = SpatialCache(2, CacheConfig(capacity=4))
    for i in range(4):
        cache.put(i, HERE, (1, i), 0.0)
    for _ in range(8):
        assert keys(cache.query((1, 1), count=1)) == [1]
    assert [cache.put(i, HERE, (0, -1), 1.0) for i in (4, 5)] == [0, 2]
    assert 1 in cache


def test_use_outlasts_age_unlike_in_the_paper() -> None:
    # With the paper's linear age, anything older than its count of uses goes first.
    cache = SpatialCache(2, CacheConfig(capacity=16))
    cache.put("often", HERE, (1, 0), 0.0)
    for _ in range(10):
        cache.query((1, 0))
    for i in range(30):
        cache.put(i, HERE, (0, 1), 1.0)
    assert "often" in cache
    for i in range(30, 200):
        cache.put(i, HERE, (0, 1), 1.0)
    assert "often" not in cache  # But not for ever.
    assert len(cache) == 16


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.integers(1, 5), st.floats(0, 1), st.lists(st.integers(0, 8), max_size=60),
)  # fmt: skip
def test_evictions_follow_the_score(capacity, share, uses) -> None:
    cache = SpatialCache(9, CacheConfig(capacity=capacity, frequency=share))
    plain: dict[int, list[int]] = {}
    for clock, key in enumerate(uses, 1):
        gone = cache.put(key, HERE, np.eye(9)[key], 0.0)
        if key not in plain and len(plain) == capacity:
            worth = {
                k: share * np.log1p(n) - (1 - share) * (clock - last) / capacity
                for k, (n, last) in plain.items()
            }
            assert worth[gone] == pytest.approx(min(worth.values()))
            del plain[gone]
        else:
            assert gone is None
        plain[key] = [plain.get(key, [0, 0])[0] + 1, clock]
    assert all(key in cache for key in plain)
    assert len(cache) == len(plain)


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (lambda c: c.put("a", (0, 0), (1, 0), 0.0), "position"),
        (lambda c: c.put("a", (0, 0, np.nan), (1, 0), 0.0), "position"),
        (lambda c: c.put("a", HERE, (1, 0, 0), 0.0), "vector"),
        (lambda c: c.put("a", HERE, (0, 0), 0.0), "vector"),
        (lambda c: c.put("a", HERE, (np.inf, 0), 0.0), "vector"),
        (lambda c: c.put("a", HERE, "mug", 0.0), "vector"),
        (lambda c: c.put("a", HERE, (1, 0), np.nan), "stamp"),
        (lambda c: c.move(np.eye(3)), "motion"),
        (lambda c: c.move(2 * np.eye(4)), "motion"),
        (lambda c: c.move(turned(0.0, np.nan)), "motion"),
        (lambda c: c.query((1, 0), radius=np.nan), "radius"),
    ],
)
def test_nonsense_is_an_error_and_changes_nothing(call, what: str) -> None:
    cache = SpatialCache(2)
    cache.put("mug", (1, 0, 0), (1, 0), 0.0)
    with pytest.raises(VoxelError, match=what):
        call(cache)
    assert len(cache) == 1
    assert cache.query((1, 0))[0].uses == 1
