# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sys

import numpy as np
import pytest

from memagent.errors import DependencyError
from memagent.memory.spatial.voxels import VoxelConfig, VoxelError, VoxelMap, open3d_exchange

pytestmark = pytest.mark.unit


def coloured(count: int = 500) -> VoxelMap:
    random = np.random.default_rng(0)
    voxels = VoxelMap(VoxelConfig(resolution=0.1))
    colours = random.integers(1, 256, (count, 3)).astype(np.uint8)
    voxels.insert(random.uniform(-1.5, 1.5, (count, 3)), 1.0, colours=colours)
    return voxels


def test_without_open3d_the_error_names_the_extra(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "open3d", None)
    with pytest.raises(DependencyError, match=r"memagent\[open3d\]"):
        open3d_exchange.to_point_cloud(coloured().level(0))


@pytest.mark.parametrize("kind", ["point_cloud", "voxel_grid", "octree"])
def test_there_and_back_is_the_same_map(kind: str) -> None:
    pytest.importorskip("open3d")
    here = coloured().level(0)
    there = getattr(open3d_exchange, f"to_{kind}")(here)
    back = VoxelMap(VoxelConfig(resolution=0.1))
    done = getattr(open3d_exchange, f"insert_{kind}")(back, there, 2.0, labels=5)
    assert done.points == len(here)
    found = back.level(0)
    np.testing.assert_array_equal(found.centres, here.centres)
    np.testing.assert_array_equal(found.colours, here.colours)
    assert set(found.labels.tolist()) == {5}


@pytest.mark.parametrize("kind", ["point_cloud", "voxel_grid", "octree"])
def test_nothing_there_and_back_is_nothing(kind: str) -> None:
    pytest.importorskip("open3d")
    voxels = VoxelMap()
    there = getattr(open3d_exchange, f"to_{kind}")(voxels.level(0))
    assert getattr(open3d_exchange, f"insert_{kind}")(voxels, there, 2.0).points == 0


def test_an_octree_of_wide_leaves_is_refused() -> None:
    pytest.importorskip("open3d")
    tree = open3d_exchange.to_octree(coloured().level(2))
    with pytest.raises(VoxelError, match="wider"):
        open3d_exchange.insert_octree(coloured(), tree, 1.0)
