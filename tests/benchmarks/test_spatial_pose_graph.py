# SPDX-License-Identifier: Apache-2.0
"""Reading a pose graph, and how much better it closes when corrected."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import spatial_pose_graph as benchmark

from memagent.errors import ConfigError
from memagent.memory.spatial.topology.se2 import between, compose
from memagent.types import Pose2D

pytestmark = pytest.mark.unit


@pytest.fixture
def square(tmp_path: Path) -> Path:
    """Three rounds of a square with drifting odometry, and loops that are nearly right."""
    rng = np.random.default_rng(0)
    pose, truth = Pose2D(0.0, 0.0), []
    for i in range(60):
        truth.append(pose)
        pose = compose(pose, Pose2D(1.0, 0.0, math.pi / 2 if i % 5 == 4 else 0.0))
    pairs = [(i, i + 1, 0.05) for i in range(59)] + [(i + 20, i, 0.01) for i in range(0, 40, 2)]
    lines = [f"VERTEX_SE2 {i} 0 0 0" for i in range(60)]
    for i, j, noise in pairs:
        d = between(truth[i], truth[j])
        x, y, yaw = np.add((d.x, d.y, d.yaw), rng.normal(0, noise, 3))
        weight = 1 / noise**2
        lines.append(f"EDGE_SE2 {i} {j} {x} {y} {yaw} {weight} 0 0 {weight} 0 {weight}")
    path = tmp_path / "square.g2o"
    path.write_text("\n".join(lines))
    return path


def test_loops_that_were_kept_back_close_too(square: Path, tmp_path: Path) -> None:
    graph = benchmark.read_g2o(square)
    assert (len(graph.poses), len(graph.loops)) == (60, 20)
    figures = benchmark.run(tmp_path, square)["figures"]
    before, after = (figures[f"loop_error_held_out_{when}_m"] for when in ("before", "after"))
    assert after < 0.3 * before


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("EDGE_SE2 0 1 a 0 0 1 0 0 1 0 1", "no EDGE_SE2"),
        ("EDGE_SE2 0 1 1 0 0 0 0 0 1 0 1", "information"),
        ("EDGE_SE2 1 2 1 0 0 1 0 0 1 0 1", "no odometry from pose 0"),
        ("EDGE_SE2 0 1 1 0 0 1 0 0 1 0 1", "no loops"),
    ],
)
def test_a_file_that_is_no_such_graph_is_named(tmp_path: Path, line: str, complaint: str) -> None:
    path = tmp_path / "bad.g2o"
    path.write_text(line)
    with pytest.raises(ConfigError, match=rf"bad\.g2o.*{complaint}"):
        benchmark.read_g2o(path)
