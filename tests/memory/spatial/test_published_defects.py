# SPDX-License-Identifier: Apache-2.0
"""What is wrong in Mem4Nav's public code where its parts meet, and must not be here.

Defects of a part are tested with that part: ``voxels/test_morton.py``, ``test_spatial_cache.py``,
``topology/test_defects.py``, ``tokens/test_published_defects.py``; scoring with the benchmarks.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import memagent.memory.spatial as package
from memagent.memory.spatial import Pinhole, Sight, SpatialConfig, SpatialMemory, TopologyError
from memagent.memory.spatial.voxels import CacheConfig
from memagent.types import Pose2D

from .rooms import CONFIG, EYE, MUG, mug, scan

pytestmark = pytest.mark.unit


def test_the_depth_cloud_is_inserted_where_it_was_measured_and_not_at_the_robot() -> None:
    """There, depth gives a height, and every write is at the agent's position."""
    space = SpatialMemory(config=CONFIG)
    pose = np.eye(4)
    pose[:3, 0], pose[:3, 1], pose[:3, 2] = (0, -1, 0), (0, 0, -1), (1, 0, 0)
    pose[:3, 3] = (1.0, 2.0, 1.0)
    wall = np.full((60, 80), 2.5, np.float32)
    space.look_depth(wall, Pinhole(60.0, 60.0, 39.5, 29.5), pose, 1.0)
    at = space._voxels.level(0).points
    assert len(at) > 500
    np.testing.assert_allclose(at[:, 0], 3.5, atol=0.01)


def test_more_writes_than_any_index_was_made_for() -> None:
    """There, an index of so many elements takes two labels a step, and then raises MemoryError."""
    space = SpatialMemory(config=CONFIG)
    look = np.arange(1.0, 9.0)
    for n in range(300):
        space.arrive(Sight(float(n), Pose2D(0.01 * (n % 5), 0.0), look))
    assert space.stats()["places"] == 1
    assert space.stats()["looks"] == 300
    assert space.recognise(look) == [("place-0", pytest.approx(1.0, abs=1e-3))]


def test_what_left_short_term_memory_is_found_in_long_term_memory() -> None:
    """There, every fall back from short-term to long-term memory is a TypeError."""
    small = SpatialConfig(**{**dict(CONFIG), "cache": CacheConfig(capacity=2)})
    space = SpatialMemory(config=small)
    space.drive(Pose2D(EYE[0], EYE[1]), 0.0)
    things = [mug()] + [mug((0.5 + 0.4 * n, 0.5, 0.045), f"blue cup{n}") for n in range(3)]
    for stamp in (1.0, 2.0):
        space.look(scan(*things), stamp, EYE, objects=things)
    assert len(space.around("cup2", radius=9.0)) <= 2
    assert space.where("red mug").position == MUG


def test_a_move_between_places_makes_a_way_in_the_whole_too() -> None:
    """There, no edge is ever made, and the planner never finds a path."""
    space = SpatialMemory(config=CONFIG)
    first, second = (
        space.arrive(Sight(9.0 * n, Pose2D(2.0 * n, 0.0), np.eye(4)[n])).place for n in range(2)
    )
    assert space.route(first).places == (second, first)


def test_nothing_is_made_up_for_what_is_unknown() -> None:
    """There, random vectors stand for memories, and grey pictures for missing ones."""
    space = SpatialMemory(config=CONFIG)
    assert space.where("red mug").position is None
    assert space.recognise(np.ones(8)) == []
    assert space.around("red mug") == []
    assert space.unexplored() == ()
    assert np.isnan(space.route_lengths((0.0, 0.0), [(1.0, 1.0)])).all()
    with pytest.raises(TopologyError):
        space.route("red mug")


def test_memory_outlives_its_process(tmp_path: Path) -> None:
    """There, nothing is ever saved."""
    with SpatialMemory(tmp_path, CONFIG) as space:
        for stamp in (1.0, 2.0):
            space.look(scan(mug()), stamp, EYE, objects=(mug(),))
    with SpatialMemory(tmp_path, CONFIG) as space:
        assert space.where("red mug").position == MUG


def test_every_module_is_there_and_loads_where_nothing_optional_is_installed() -> None:
    """There, files are empty, and names are used that were never imported."""
    folder = Path(package.__file__).parent
    files = sorted(p for p in folder.rglob("*.py") if "training" not in p.parts)
    assert all(len(p.read_text(encoding="utf-8").splitlines()) > 1 for p in files)
    names = [
        ".".join(("memagent.memory.spatial", *p.relative_to(folder).with_suffix("").parts))
        for p in files
        if p.name not in ("__init__.py", "open3d_exchange.py")
    ]
    missing = ("torch", "open3d", "hnswlib", "rclpy", "mujoco", "cv2")
    script = f"import sys\nfor name in {missing}: sys.modules[name] = None\n"
    script += "".join(f"import {name}\n" for name in names)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
