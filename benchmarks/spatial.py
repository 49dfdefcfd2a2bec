# SPDX-License-Identifier: Apache-2.0
"""All that spatial memory is measured by, in one table: each figure beside what it should be.

The parts are benchmarks of their own. Each writes its own file into the folder, and the table is
made of all that are there, so that a part may be run again alone, or at a quieter time.

    memagent bench spatial --out results --peers PYTHON --graph FILE --city DIR
    memagent bench spatial --out results --only spatial_flat
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import spatial_flat
import spatial_map2seq
import spatial_pose_graph
import spatial_relocation
import spatial_tokens
import spatial_voxels
from rich.console import Console
from rich.table import Table

import report
from memagent.memory.spatial.tokens.training.train import TrainingConfig

VOXELS, TOKENS, FLAT, CITY = "spatial_voxels", "spatial_tokens", "spatial_flat", "spatial_map2seq"
GENERATED, LOOPS = "spatial_relocation", "spatial_pose_graph"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table."""

    part: str
    key: str
    """Its name among the part's figures."""
    aim: float | None
    """What it should at least be, or at most."""
    at_least: bool
    lacking: str = ""
    """What it needs that may not be there."""


PEERS = "--peers PYTHON, one that has open3d"
STREETS = "--city DIR, with map2seq's files"
FILE = "--graph FILE, a 2D graph in g2o's format"

FIGURES: Mapping[str, Figure] = {
    "insert_vs_o3d_hashmap": Figure(VOXELS, "insert_vs_o3d_hashmap", 8.0, True, PEERS),
    "insert_vs_o3d_octree": Figure(VOXELS, "insert_vs_o3d_octree", 25.0, True, PEERS),
    "stream_vs_o3d_hashmap": Figure(VOXELS, "stream_vs_o3d_hashmap", 7.0, True, PEERS),
    "lookup_vs_o3d_hashmap": Figure(VOXELS, "lookup_vs_o3d_hashmap", 7.0, True, PEERS),
    "radius_p50_vs_ckdtree": Figure(VOXELS, "radius_p50_vs_ckdtree", 1.5, False),
    "bytes_per_voxel": Figure(VOXELS, "bytes_per_voxel", 40.0, False),
    "depth_insert_ms": Figure(VOXELS, "depth_insert_ms", 20.0, False),
    "insert_vs_octomap": Figure(
        VOXELS, "insert_vs_octomap", None, True, "octomap-python among the peers"
    ),
    "decode_error_max": Figure(TOKENS, "decode_error_max", 0.0, False),
    "own_recall_at_1": Figure(TOKENS, "own_recall_at_1", 1.0, True),
    "relocation_precision": Figure(FLAT, "relocation_precision", 0.95, True),
    "relocation_recall": Figure(FLAT, "relocation_recall", 0.95, True),
    "route_success": Figure(FLAT, "route_success", 0.98, True),
    "stale_positions": Figure(FLAT, "stale_positions", 0.02, False),
    "relocation_precision_generated": Figure(GENERATED, "relocation_precision", 0.95, True),
    "relocation_recall_generated": Figure(GENERATED, "relocation_recall", 0.95, True),
    "loop_error_before_m": Figure(LOOPS, "loop_error_held_out_before_m", None, False, FILE),
    "loop_error_after_m": Figure(LOOPS, "loop_error_held_out_after_m", None, False, FILE),
    "map2seq_tc_memory": Figure(CITY, "map2seq_tc_memory", None, True, STREETS),
    "map2seq_tc_no_memory": Figure(CITY, "map2seq_tc_no_memory", None, True, STREETS),
}
PARTS = tuple(dict.fromkeys(figure.part for figure in FIGURES.values()))


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


def gather(out: Path) -> dict[str, Any]:
    """Make the table of what the parts wrote, and ``out/spatial.json``."""
    console = Console(highlight=False)
    parts = {
        part: json.loads((out / f"{part}.json").read_text(encoding="utf-8"))
        for part in PARTS
        if (out / f"{part}.json").is_file()
    }
    figures: dict[str, Any] = {}
    rows: list[dict[str, Any]] = []
    table = Table("", "figure", "95 %", "aim", "met", title="Spatial memory")
    for name, figure in FIGURES.items():
        found = parts.get(figure.part, {}).get("figures", {})
        if figure.key not in found:
            needs = f"needs {figure.lacking}" if figure.lacking else f"{figure.part} was not run"
            console.print(f"  {name}: left out, {needs}")
            continue
        value = float(found[figure.key])
        low, high = found.get(f"{figure.key}_low"), found.get(f"{figure.key}_high")
        figures[name] = value if low is None else {"value": value, "low": low, "high": high}
        met = figure.aim is None or (
            value >= figure.aim if figure.at_least else value <= figure.aim
        )
        rows.append({"figure": name, "aim": figure.aim, "met": met})
        within = "" if low is None else f"{low:,.4g} to {high:,.4g}"
        aim = "" if figure.aim is None else f"{'≥' if figure.at_least else '≤'} {figure.aim:,g}"
        told = "" if figure.aim is None else "yes" if met else "no"
        table.add_row(name, f"{value:,.4g}", within, aim, told)
    console.print(table)
    load = os.getloadavg()
    console.print(f"load average while the table was made: {load[0]:.1f}")
    config = {"load": load, "parts": {part: found["config"] for part, found in parts.items()}}
    seeds = sorted({seed for found in parts.values() for seed in found["seeds"]})
    return report.write(out, "spatial", figures, rows, config, seeds)


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
    gather(o.out)


if __name__ == "__main__":
    main()
