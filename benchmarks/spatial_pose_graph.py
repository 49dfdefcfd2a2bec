# SPDX-License-Identifier: Apache-2.0
"""Loop closure on a public pose graph: how far loops miss before and after correction.

Reads a 2D graph in g2o's format (``VERTEX_SE2``, ``EDGE_SE2``), such as intel, MIT or CSAIL. Edges
between successive poses are odometry; all others are loops that a robot's recognition found. Poses
begin as odometry alone has them, and a fifth of the loops is kept from the correction: how well
those fit says whether the map got better, and not only the loops that it was fitted to.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

import report
from memagent.errors import ConfigError
from memagent.memory.spatial.topology.pose_graph import Motion, correct
from memagent.memory.spatial.topology.se2 import between, compose, distance
from memagent.types import FloatArray, Pose2D

HELD_OUT = 5
"""Every so many-th loop is kept from the correction."""


@dataclass(frozen=True, slots=True)
class PoseGraph:
    poses: FloatArray
    """(n, 3), as odometry alone has them."""
    odometry: tuple[Motion, ...]
    loops: tuple[Motion, ...]


def read_g2o(path: Path) -> PoseGraph:
    """Read a 2D pose graph whose poses are numbered in the order of driving.

    Raises:
        ConfigError: a line is malformed, there are no loops, or odometry has gaps.
    """
    motions = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        words = line.split()
        if not words or words[0] != "EDGE_SE2":
            continue
        try:
            first, second = int(words[1]), int(words[2])
            x, y, yaw, xx, _, _, yy, _, turn = map(float, words[3:12])
        except ValueError as error:
            raise ConfigError(f"{path}:{number}: no EDGE_SE2: {error}") from error
        if min(xx, yy, turn) <= 0:
            raise ConfigError(f"{path}:{number}: information must be positive: {line}")
        sigma = 1 / math.sqrt(math.sqrt(xx * yy))
        motions.append(Motion(first, second, Pose2D(x, y, yaw), sigma, 1 / math.sqrt(turn)))
    odometry = {m.first: m for m in motions if m.second == m.first + 1}
    loops = tuple(m for m in motions if m.second != m.first + 1)
    count = max((max(m.first, m.second) for m in motions), default=-1) + 1
    gaps = [i for i in range(count - 1) if i not in odometry]
    if gaps or not loops:
        raise ConfigError(
            f"{path}: " + (f"no odometry from pose {gaps[0]}" if gaps else "holds no loops")
        )
    pose = Pose2D(0.0, 0.0)
    poses = [pose]
    for i in range(count - 1):
        pose = compose(pose, odometry[i].delta)
        poses.append(pose)
    return PoseGraph(
        np.array([(p.x, p.y, p.yaw) for p in poses]),
        tuple(odometry[i] for i in range(count - 1)),
        loops,
    )


def misses(poses: FloatArray, loops: Sequence[Motion]) -> FloatArray:
    """(n,) metres by which each loop does not close."""
    placed = [Pose2D(*map(float, row)) for row in poses]
    return np.array([distance(m.delta, between(placed[m.first], placed[m.second])) for m in loops])


def run(out: Path, path: Path) -> dict[str, Any]:
    """Measure, print and write ``out/spatial_pose_graph.json``."""
    graph = read_g2o(path)
    kept = tuple(m for i, m in enumerate(graph.loops) if i % HELD_OUT)
    held = graph.loops[::HELD_OUT]
    free = np.arange(len(graph.poses)) > 0
    began = time.perf_counter()
    corrected = correct(graph.poses, (*graph.odometry, *kept), (), free)
    seconds = time.perf_counter() - began
    figures: dict[str, Any] = {"poses": len(graph.poses), "loops": len(graph.loops)}
    for name, loops in (("fitted", kept), ("held_out", held)):
        before, after = misses(graph.poses, loops), misses(corrected, loops)
        figures[f"loop_error_{name}_before_m"] = float(np.median(before))
        figures[f"loop_error_{name}_after_m"] = float(np.median(after))
        figures[f"loop_error_{name}_after_p95_m"] = float(np.percentile(after, 95))
    figures["correct_s"] = seconds
    console = Console(highlight=False)
    console.print(f"{path.name}: {len(graph.poses)} poses, {len(graph.loops)} loops")
    console.print({key: round(value, 4) for key, value in figures.items()})
    config = {"graph": path.name, "held_out": HELD_OUT}
    return report.write(out, "spatial_pose_graph", figures, [], config, [])


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="spatial_pose_graph", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for the report")
    parser.add_argument("--graph", type=Path, required=True, metavar="FILE", help="a .g2o file")
    parser.add_argument("--quick", action="store_true", help="the same")
    o = parser.parse_args(arguments)
    run(o.out, o.graph)


if __name__ == "__main__":
    main()
