# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memagent.memory.spatial.voxels.morton import SIDE, Compact, decode, encode
from memagent.memory.spatial.voxels.rays import walks
from memagent.memory.spatial.voxels.run import _popcount

pytestmark = pytest.mark.unit

coordinate = st.integers(0, SIDE - 1)


@pytest.mark.parametrize("bits", range(1, 22))
def test_keys_tell_all_cells_apart_at_every_depth(bits: int) -> None:
    # The public code's masks gave every cell of any depth the key 0.
    random = np.random.default_rng(bits)
    cells = np.unique(random.integers(0, 1 << bits, (3, 20_000)), axis=1)
    keys = encode(cells)
    assert len(np.unique(keys)) == cells.shape[1]
    assert keys.max() < 1 << (3 * bits)
    np.testing.assert_array_equal(decode(keys), cells)


def test_all_cells_of_a_cube_have_the_keys_of_that_cube() -> None:
    cells = np.array(np.meshgrid(*[np.arange(32)] * 3)).reshape(3, -1)
    assert sorted(encode(cells).tolist()) == list(range(32**3))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.tuples(coordinate, coordinate, coordinate), min_size=1, max_size=70))
def test_keys_interleave_bits(cells) -> None:
    def plain(cell) -> int:
        return sum((cell[a] >> i & 1) << (3 * i + a) for i in range(21) for a in range(3))

    assert encode(np.array(cells).T).tolist() == [plain(cell) for cell in cells]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.tuples(coordinate, coordinate, coordinate),
    st.lists(st.tuples(*[st.integers(0, 300)] * 3), min_size=1, max_size=50),
)
def test_compact_keys_sort_as_keys_and_expand_to_them(corner, steps) -> None:
    cells = np.minimum(np.array(corner)[:, None] + np.array(steps).T, SIDE - 1)
    low, high = cells.min(axis=1), cells.max(axis=1)
    compact = Compact(low, high)
    short = sum(compact.tables(0)[a][cells[a] - low[a]] for a in range(3))
    keys = encode(cells)
    np.testing.assert_array_equal(compact.expand(short), keys)
    np.testing.assert_array_equal(np.argsort(short, kind="stable"), np.argsort(keys, kind="stable"))


def test_cells_across_the_origin_share_a_number_with_their_points() -> None:
    half = SIDE // 2
    assert Compact(np.full(3, half - 200), np.full(3, half + 200)).bits <= 30


def test_bits_are_counted_without_numpy_2() -> None:
    words = np.random.default_rng(0).integers(0, 1 << 63, 1000).astype(np.uint64) * np.uint64(2)
    expected = [bin(int(word)).count("1") for word in words]
    assert _popcount(words).tolist() == expected


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.tuples(*[st.floats(-9, 9)] * 6), min_size=1, max_size=5))
def test_a_walk_steps_through_faces_from_end_to_end(rays) -> None:
    ends = np.array(rays).reshape(-1, 2, 3)
    for ray, cells in walks(ends[:, 0], ends[:, 1]):
        for i in np.unique(ray):
            walked = cells[:, ray == i].T
            np.testing.assert_array_equal(walked[0], np.floor(ends[i, 0]))
            np.testing.assert_array_equal(walked[-1], np.floor(ends[i, 1]))
            assert (np.abs(np.diff(walked, axis=0)).sum(axis=1) == 1).all()
            # Each cell is met by the ray: its centre is within half a diagonal of the line.
            way = ends[i, 1] - ends[i, 0]
            off = walked + 0.5 - ends[i, 0]
            along = np.clip(off @ way / max(way @ way, 1e-12), 0, 1)
            assert (np.linalg.norm(off - along[:, None] * way, axis=1) < 0.8661).all()
