# SPDX-License-Identifier: Apache-2.0
"""All that spatial memory is measured by, in one table: each figure beside what it should be.

The parts are benchmarks of their own. Each writes its own file into the folder, and the table is
made of all that are there, so that a part may be run again alone, or at a quieter time.

    memagent bench spatial --out results --peers PYTHON --graph FILE --city DIR
    memagent bench spatial --out results --only spatial_flat
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import spatial_flat
import spatial_map2seq
import spatial_pose_graph
import spatial_relocation
import spatial_tokens
import spatial_voxels
from rich.console import Console

from aims import Figure, gather, named, parts_of
from memagent.memory.spatial.tokens.training.train import TrainingConfig

VOXELS, TOKENS, FLAT, CITY = "spatial_voxels", "spatial_tokens", "spatial_flat", "spatial_map2seq"
GENERATED, LOOPS = "spatial_relocation", "spatial_pose_graph"


PEERS = "--peers PYTHON, one that has open3d"
STREETS = "--city DIR, with map2seq's files"
FILE = "--graph FILE, a 2D graph in g2o's format"

FIGURES: Mapping[str, Figure] = {
    "insert_vs_o3d_hashmap": Figure(
        VOXELS, 8.0, True, named("insert_vs_o3d_hashmap"), lacking=PEERS
    ),
    "insert_vs_o3d_octree": Figure(
        VOXELS, 25.0, True, named("insert_vs_o3d_octree"), lacking=PEERS
    ),
    "stream_vs_o3d_hashmap": Figure(
        VOXELS, 7.0, True, named("stream_vs_o3d_hashmap"), lacking=PEERS
    ),
    "lookup_vs_o3d_hashmap": Figure(
        VOXELS, 7.0, True, named("lookup_vs_o3d_hashmap"), lacking=PEERS
    ),
    "radius_p50_vs_ckdtree": Figure(VOXELS, 1.5, False, named("radius_p50_vs_ckdtree")),
    "bytes_per_voxel": Figure(VOXELS, 40.0, False, named("bytes_per_voxel")),
    "depth_insert_ms": Figure(VOXELS, 20.0, False, named("depth_insert_ms")),
    "insert_vs_octomap": Figure(
        VOXELS, None, True, named("insert_vs_octomap"), lacking="octomap-python among the peers"
    ),
    "decode_error_max": Figure(TOKENS, 0.0, False, named("decode_error_max")),
    "own_recall_at_1": Figure(TOKENS, 1.0, True, named("own_recall_at_1")),
    "relocation_precision": Figure(FLAT, 0.95, True, named("relocation_precision")),
    "relocation_recall": Figure(FLAT, 0.95, True, named("relocation_recall")),
    "route_success": Figure(FLAT, 0.98, True, named("route_success")),
    "stale_positions": Figure(FLAT, 0.02, False, named("stale_positions")),
    "relocation_precision_generated": Figure(GENERATED, 0.95, True, named("relocation_precision")),
    "relocation_recall_generated": Figure(GENERATED, 0.95, True, named("relocation_recall")),
    "loop_error_before_m": Figure(
        LOOPS, None, False, named("loop_error_held_out_before_m"), lacking=FILE
    ),
    "loop_error_after_m": Figure(
        LOOPS, None, False, named("loop_error_held_out_after_m"), lacking=FILE
    ),
    "map2seq_tc_memory": Figure(CITY, None, True, named("map2seq_tc_memory"), lacking=STREETS),
    "map2seq_tc_no_memory": Figure(
        CITY, None, True, named("map2seq_tc_no_memory"), lacking=STREETS
    ),
}
PARTS = parts_of(FIGURES)


def measure(
    part: str, out: Path, quick: bool, peers: str, graph: Path | None, city: Path | None
) -> None:
    """Run one part, which writes ``out/part.json``; nothing where it needs what is not there."""
    if part == VOXELS:
        points, repeats, frames = (50_000, 2, 4) if quick else (spatial_voxels.POINTS, 7, 24)
        spatial_voxels.run(out, points, repeats, frames, peers, 0)
    elif part == TOKENS and quick:
        spatial_tokens.run(out, 2, 1, TrainingConfig(steps=20), spatial_tokens.CHAINS[:3])
    elif part == TOKENS:
        spatial_tokens.run(out, 10, 2, TrainingConfig())
    elif part == FLAT:
        spatial_flat.run(out, range(1 if quick else 3), 5 if quick else spatial_flat.ERRANDS)
    elif part == GENERATED:
        spatial_relocation.run(out, range(2 if quick else 20))
    elif part == LOOPS and graph is not None:
        spatial_pose_graph.run(out, graph)
    elif part == CITY and city is not None:
        spatial_map2seq.run(out, city, quick)


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="spatial", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for all reports")
    parser.add_argument("--quick", action="store_true", help="small sizes, minutes")
    parser.add_argument(
        "--peers", default="", metavar="PYTHON", help="a Python that has open3d, maybe octomap"
    )
    parser.add_argument("--graph", type=Path, metavar="FILE", help="a pose graph, .g2o")
    parser.add_argument("--city", type=Path, metavar="DIR", help="map2seq's files")
    parser.add_argument("--only", nargs="*", choices=PARTS, default=PARTS, help="these parts")
    o = parser.parse_args(arguments)
    for part in o.only:
        Console().rule(part)
        measure(part, o.out, o.quick, o.peers, o.graph, o.city)
    gather(o.out, "spatial", FIGURES)


if __name__ == "__main__":
    main()
