# SPDX-License-Identifier: Apache-2.0
"""How fast voxel maps take in clouds and answer, beside Open3D's and scipy's structures.

Two scenes of a million points: "room", the surfaces of a furnished room at 2 cm, and "random",
points anywhere in 20 x 20 x 4 m at 5 cm, the worst case. All begin with the same float64 points and
run on one thread; times are of the processor, the best of several runs, since the machine may have
other work. Open3D's hash map keeps only which voxels are occupied; a voxel map keeps counts, mean
points, evidence and times too. Ratios are of the scene that suits a voxel map least.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy.spatial import cKDTree

import report
from memagent.memory.spatial.voxels import Pinhole, VoxelConfig, VoxelMap

Points = NDArray[np.float64]

POINTS = 1_000_000
BATCHES = 20
BATCH = 50_000
QUERIES = 300
RADIUS = 5.0
"""Voxels."""
CAMERA = Pinhole(525.0, 525.0, 319.5, 239.5)

_PEERS = """
import json, sys, time
import numpy as np
import open3d as o3d
import open3d.core as o3c

folder, side, repeats = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
points = np.load(folder + "/points.npy")
batches = np.load(folder + "/batches.npy")
clock = time.process_time

def keys(p):
    return o3c.Tensor.from_numpy(np.floor(p / side).astype(np.int32))

def table(n):
    return o3c.HashMap(n, o3c.int32, (3,), o3c.int32, (1,))

def bulk():
    table(len(points)).activate(keys(points))

def stream():
    held = table(batches.shape[0] * batches.shape[1])
    for batch in batches:
        held.activate(keys(batch))

full = table(len(points))
full.activate(keys(points))

def lookup():
    full.find(keys(points))

def octree():
    span = float((points.max(axis=0) - points.min(axis=0)).max())
    tree = o3d.geometry.Octree(max_depth=int(np.ceil(np.log2(span / side))))
    tree.convert_from_point_cloud(o3d.geometry.PointCloud(o3d.utility.Vector3dVector(points)))

def octomap_bulk():
    tree = octomap.OcTree(side)
    tree.updateNodes(points, True, True)
    tree.updateInnerOccupancy()

calls = {"bulk": bulk, "stream": stream, "lookup": lookup, "octree": octree}
try:
    import octomap
    calls["octomap"] = octomap_bulk
except ImportError:
    pass
took = {}
for name, call in calls.items():
    took[name] = []
    for _ in range(2 if name in ("octree", "octomap") else repeats):
        began = clock()
        call()
        took[name].append(clock() - began)
print(json.dumps({"took": took, "open3d": o3d.__version__}))
"""


def room(count: int, random: np.random.Generator) -> Points:
    """Points on the surfaces of an 8 x 6 x 3 m room with forty boxes in it."""
    low = random.uniform((0.2, 0.2, 0.0), (7.0, 5.0, 1.5), (40, 3))
    boxes = [(np.zeros(3), np.array([8.0, 6.0, 3.0]))]
    boxes += [(a, a + random.uniform(0.2, 0.9, 3)) for a in low]
    faces = [(a, b, axis, end) for a, b in boxes for axis in range(3) for end in (0, 1)]
    areas = np.array([np.prod(np.delete(b - a, axis)) for a, b, axis, _ in faces])
    of = random.choice(len(faces), count, p=areas / areas.sum())
    points = np.empty((count, 3))
    for i, (a, b, axis, end) in enumerate(faces):
        some = np.flatnonzero(of == i)
        points[some] = random.uniform(a, b, (len(some), 3))
        points[some, axis] = (a, b)[end][axis]
    return points + random.normal(0.0, 0.002, points.shape)


def anywhere(count: int, random: np.random.Generator) -> Points:
    return random.uniform((-10, -10, -2), (10, 10, 2), (count, 3))


def best(call: Callable[[], object], repeats: int) -> float:
    """Seconds of the processor, the least of several runs."""
    took = []
    for _ in range(repeats):
        began = time.process_time()
        call()
        took.append(time.process_time() - began)
    return min(took)


def filled(points: Points, side: float) -> VoxelMap:
    voxels = VoxelMap(VoxelConfig(resolution=side))
    voxels.insert(points)
    return voxels


def streamed(batches: NDArray[np.float64], side: float) -> VoxelMap:
    """Batch after batch; the last is sorted in too before this returns."""
    voxels = VoxelMap(VoxelConfig(resolution=side))
    for i, batch in enumerate(batches):
        voxels.insert(batch, float(i))
    len(voxels)
    return voxels


def percentile(calls: Sequence[Callable[[], object]], share: float) -> float:
    """Of single calls, microseconds of the wall clock, whose resolution single calls need."""
    took = []
    for call in calls:
        began = time.perf_counter()
        call()
        took.append(time.perf_counter() - began)
    return float(1e6 * np.percentile(took, share))


def measure(
    name: str, points: Points, batches: NDArray[np.float64], side: float, repeats: int, peers: str
) -> dict[str, Any]:
    """All figures of one scene."""
    voxels = filled(points, side)
    row: dict[str, Any] = {
        "scene": name,
        "points": len(points),
        "voxels": len(voxels),
        "insert_mpts": len(points) / best(lambda: filled(points, side), repeats) / 1e6,
        "stream_mpts": batches.size / 3 / best(lambda: streamed(batches, side), repeats) / 1e6,
        "lookup_mqs": len(points) / best(lambda: voxels.lookup(points), repeats) / 1e6,
    }
    row |= _radius(voxels, side)
    row["bytes_per_voxel"] = voxels.nbytes / len(voxels)  # With all that searches made.
    if peers:
        row |= _peers(points, batches, side, repeats, peers)
        if "octomap_insert_mpts" in row:
            row["insert_vs_octomap"] = row["insert_mpts"] / row["octomap_insert_mpts"]
        row["insert_vs_o3d_hashmap"] = row["insert_mpts"] / row["o3d_hashmap_insert_mpts"]
        row["insert_vs_o3d_octree"] = row["insert_mpts"] / row["o3d_octree_insert_mpts"]
        row["stream_vs_o3d_hashmap"] = row["stream_mpts"] / row["o3d_hashmap_stream_mpts"]
        row["lookup_vs_o3d_hashmap"] = row["lookup_mqs"] / row["o3d_hashmap_lookup_mqs"]
    return row


def _radius(voxels: VoxelMap, side: float) -> dict[str, float]:
    """Single radius queries, by blocks and by tree, and of a cKDTree over the same centres."""
    everything = voxels.level(0).centres
    random = np.random.default_rng(1)
    spots = everything[random.integers(len(everything), size=QUERIES)]
    radius = RADIUS * side
    asks = [lambda at=at: voxels.within(at, radius) for at in spots]
    blocks = percentile(asks, 50)
    voxels.box((-1, -1, -1), (1, 1, 1))
    voxels.prepare()
    tree = cKDTree(everything)
    bare = [lambda at=at: tree.query_ball_point(at, radius) for at in spots]
    turns = [(percentile(asks, 50), percentile(bare, 50)) for _ in range(5)]
    ours, theirs = (min(turn[i] for turn in turns) for i in (0, 1))
    return {
        "radius_blocks_p50_us": blocks,
        "radius_p50_us": ours,
        "ckdtree_p50_us": theirs,
        "radius_p50_vs_ckdtree": ours / theirs,
    }


def _peers(
    points: Points, batches: NDArray[np.float64], side: float, repeats: int, peers: str
) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        np.save(f"{folder}/points.npy", points)
        np.save(f"{folder}/batches.npy", batches)
        run = subprocess.run(
            [peers, "-c", _PEERS, folder, str(side), str(repeats)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    if run.returncode:
        raise SystemExit(f"--peers {peers}: {run.stderr.strip().splitlines()[-1]}")
    told = json.loads(run.stdout.splitlines()[-1])
    took = {name: min(seconds) for name, seconds in told["took"].items()}
    octomap = (
        {"octomap_insert_mpts": len(points) / took["octomap"] / 1e6} if "octomap" in took else {}
    )
    return octomap | {
        "open3d": told["open3d"],
        "o3d_hashmap_insert_mpts": len(points) / took["bulk"] / 1e6,
        "o3d_octree_insert_mpts": len(points) / took["octree"] / 1e6,
        "o3d_hashmap_stream_mpts": batches.size / 3 / took["stream"] / 1e6,
        "o3d_hashmap_lookup_mqs": len(points) / took["lookup"] / 1e6,
    }


def depth_insert(points: Points, frames: int) -> dict[str, float]:
    """Depth images of 640 x 480 from the middle of the room, turning, into a map of all of it."""
    voxels = filled(points, 0.02)
    took, cleared = [], 0
    for i in range(frames):
        pose = np.eye(4)
        angle = 2 * np.pi * i / frames
        pose[:3, 0] = (np.sin(angle), -np.cos(angle), 0)
        pose[:3, 1] = (0, 0, -1)
        pose[:3, 2] = (np.cos(angle), np.sin(angle), 0)
        pose[:3, 3] = (4, 3, 1.6)
        depth = _seen(points, pose)
        began = time.process_time()
        cleared += voxels.insert_depth(depth, CAMERA, pose, float(i)).cleared
        took.append(time.process_time() - began)
    return {
        "depth_insert_ms": 1e3 * float(np.median(took)),
        "depth_insert_p90_ms": 1e3 * float(np.percentile(took, 90)),
        "depth_cleared": cleared,
    }


def _seen(points: Points, pose: NDArray[np.float64]) -> NDArray[np.float32]:
    """The depth image that a camera would take of the points, each a disc of some pixels."""
    x, y, z = pose[:3, :3].T @ (points - pose[:3, 3]).T
    ahead = z > 0.1
    x, y, z = x[ahead], y[ahead], z[ahead]
    u = np.rint(CAMERA.fx * x / z + CAMERA.cx).astype(int)
    v = np.rint(CAMERA.fy * y / z + CAMERA.cy).astype(int)
    depth = np.full((480, 640), np.inf, np.float32)
    for dv in range(-4, 5):
        for du in range(-4, 5):
            inside = (u + du >= 0) & (u + du < 640) & (v + dv >= 0) & (v + dv < 480)
            np.minimum.at(depth, (v[inside] + dv, u[inside] + du), z[inside].astype(np.float32))
    return depth


def run(out: Path, points: int, repeats: int, frames: int, peers: str, seed: int) -> dict[str, Any]:
    """Measure, print and write ``out/spatial_voxels.json``."""
    random = np.random.default_rng(seed)
    shape = (BATCHES, min(BATCH, points // BATCHES), 3)
    count = shape[0] * shape[1]
    scenes = [
        ("room", room(points, random), room(count, random).reshape(shape), 0.02),
        ("random", anywhere(points, random), anywhere(count, random).reshape(shape), 0.05),
    ]
    rows = [measure(*scene, repeats, peers) for scene in track(scenes, "scenes", transient=True)]
    figures: dict[str, Any] = {}
    for key in rows[0]:
        if "_vs_" in key:
            worst = max if key == "radius_p50_vs_ckdtree" else min
            figures[key] = worst(row[key] for row in rows)
    figures["bytes_per_voxel"] = max(row["bytes_per_voxel"] for row in rows)
    figures |= depth_insert(scenes[0][1], frames)
    table = Table("", *(row["scene"] for row in rows), title="Voxel maps")
    for key in rows[0]:
        if key != "scene":
            told = [row[key] for row in rows]
            table.add_row(key, *(t if isinstance(t, str) else f"{t:,.3g}" for t in told))
    console = Console(highlight=False)
    console.print(table)
    console.print({key: round(value, 2) for key, value in figures.items()})
    config = {"batches": BATCHES, "batch": shape[1], "radius_voxels": RADIUS, "frames": frames}
    return report.write(out, "spatial_voxels", figures, rows, config, [seed])


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="spatial_voxels", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for spatial_voxels.json")
    parser.add_argument("--quick", action="store_true", help="50 000 points, for a look")
    parser.add_argument(
        "--peers",
        default="",
        metavar="PYTHON",
        help="a Python with open3d, maybe octomap",
    )
    parser.add_argument("--seed", type=int, default=0)
    o = parser.parse_args(arguments)
    points, repeats, frames = (50_000, 2, 4) if o.quick else (POINTS, 7, 24)
    run(o.out, points, repeats, frames, o.peers, o.seed)


if __name__ == "__main__":
    main()
