# SPDX-License-Identifier: Apache-2.0
"""Spatial memory in simulated flats of ten rooms: revisits, errands, and things that people move.

Two trials per flat, both on rendered RGB-D. In the first, odometry drifts: a tour, a second one and
errands by the graph, where places are known by what the depth camera sees of them. In the second,
the robot is localised: it tours, then a fifth of its things is moved, then it tours once more, and
is asked where everything is. Things are recognised by the preprocessor, as in the node graph.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table
from spatial_relocation import STATISTICS

import report
from flat_trial import Trial, run_trial
from furnished_flat import FurnishedFlat
from generated_flat import Walker
from memagent import resources
from memagent.config import read_yaml
from memagent.memory.spatial import Pinhole, SpatialConfig, SpatialMemory
from memagent.memory.spatial.topology import TopologyConfig
from memagent.preprocessor import Preprocessor, point_cloud
from memagent.types import Pose2D, Vector3

TOPOLOGY = TopologyConfig.model_validate(
    {"similarity": 0.6, "closure": {"similarity": 0.75, "ratio": 0.9}}
)
"""For looks from rendered pictures, which differ less between spots than made-up ones do."""
HEADING = 0.1
"""Drift of the robot's heading, times that of the generated flats' wheels: it has a gyroscope."""
MOVED = 0.2
WRONG_M = 0.25
"""Metres from where a thing is beyond which an answer is wrong."""
STRIDE = 2
ERRANDS = 25


@dataclass(frozen=True, slots=True)
class Answer:
    """Where memory says that a thing is, after both tours."""

    label: str
    moved: bool
    position: Vector3 | None
    error: float
    """Metres from where it is; infinite where there is no answer."""
    stale: bool
    """Whether the answer is where it no longer is."""


def ask(flat: FurnishedFlat) -> list[Answer]:
    """Tour, move things, tour, and ask."""
    simulation = flat.simulation
    world = simulation.world
    config = read_yaml(resources.find("configs/spatial.yaml"), SpatialConfig)
    eyes = Preprocessor(world.site, world.catalogue, world.robot)
    with SpatialMemory(config=config, site=world.site) as space:
        tour(flat, space, eyes)
        before = {thing.label: thing.position for thing in simulation.objects()}
        moved = flat.move(MOVED)
        tour(flat, space, eyes)
        answers = []
        for thing in simulation.objects():
            found = space.where(thing.label).position
            error = math.inf if found is None else math.dist(found, thing.position)
            there = found is not None and math.dist(found, before[thing.label]) <= WRONG_M
            stale = thing.label in moved and there and error > WRONG_M
            answers.append(Answer(thing.label, thing.label in moved, found, error, stale))
        return answers


def tour(flat: FurnishedFlat, space: SpatialMemory, eyes: Preprocessor) -> None:
    """Stop at every place where things lie, and in the middle of every room, and look around."""
    stops = [place.stand_pose for place in flat.world.site.places]
    stops += [Pose2D(*spot.position) for spot in flat.flat.spots if len(spot.rooms) == 1][::5]
    for stop in sorted(stops, key=lambda p: (p.x // 4, p.y)):
        for frame in flat.look_around(stop):
            state = flat.simulation.state()
            percept = eyes.process(frame, state)
            depth = point_cloud(frame, state, flat.world.robot, STRIDE)[..., 2]
            fx, fy, cx, cy = (value / STRIDE for value in frame.intrinsics)
            camera = Pinhole(fx, fy, cx, cy)
            space.look_depth(depth, camera, frame.pose, frame.stamp, objects=percept.objects)


def run(out: Path, seeds: Sequence[int] = range(3), errands: int = ERRANDS) -> dict[str, Any]:
    """Measure, print and write ``out/spatial_flat.json``."""
    trials: list[Trial] = []
    answers: list[list[Answer]] = []
    for seed in track(seeds, "flats", transient=True):
        with tempfile.TemporaryDirectory() as folder:
            flat = FurnishedFlat(seed, Path(folder))
            robot = Walker(flat.flat, 0, seed, flat.look, HEADING)
            trials.append(run_trial(TOPOLOGY, seed, errands, walker=robot))
            answers.append(ask(flat))
            flat.simulation.close()
    figures: dict[str, Any] = {
        name: report.interval(trials, statistic) for name, statistic in STATISTICS.items()
    }
    figures["route_success"] = report.interval(trials, _arrived)
    figures["stale_positions"] = report.interval(answers, _stale)
    figures["right_positions"] = report.interval(answers, _right)
    figures["right_positions_moved"] = report.interval(answers, _right_moved)
    rows = [
        {
            "seed": seed, "stops": len(trial.relocations), "errands": len(trial.errands),
            "things": len(told), "moved": sum(a.moved for a in told),
            "unanswered": sum(a.position is None for a in told),
            "error_p50_m": float(np.median([a.error for a in told])),
        }
        for seed, trial, told in zip(seeds, trials, answers, strict=True)
    ]  # fmt: skip
    table = Table("", "figure", title=f"Simulated flats of ten rooms, {len(trials)} seeds")
    for name, figure in figures.items():
        table.add_row(name, report.told(figure))
    Console(highlight=False).print(table)
    config = {"errands": errands, "moved": MOVED, "wrong_m": WRONG_M}
    return report.write(out, "spatial_flat", figures, rows, config, list(seeds))


def _arrived(trials: Sequence[Trial]) -> float:
    return float(np.mean([e.arrived for t in trials for e in t.errands]))


def _stale(answers: Sequence[Sequence[Answer]]) -> float:
    """Of the positions that were returned."""
    return float(np.mean([a.stale for told in answers for a in told if a.position is not None]))


def _right(answers: Sequence[Sequence[Answer]]) -> float:
    return float(np.mean([a.error <= WRONG_M for told in answers for a in told]))


def _right_moved(answers: Sequence[Sequence[Answer]]) -> float:
    return float(np.mean([a.error <= WRONG_M for told in answers for a in told if a.moved]))


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="spatial_flat", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for spatial_flat.json")
    parser.add_argument("--quick", action="store_true", help="one flat, few errands")
    parser.add_argument("--seeds", type=int, default=3)
    o = parser.parse_args(arguments)
    seeds, errands = (1, 5) if o.quick else (o.seeds, ERRANDS)
    run(o.out, range(seeds), errands)


if __name__ == "__main__":
    main()
