# SPDX-License-Identifier: Apache-2.0
"""How well the preprocessor sees, against the simulation's ground truth.

For each seed the robot stands at every place of the flat (with some error, and up to half a metre
back), once with the containers shut and once with them open, and sweeps its head over the place.

    memagent bench perception --seeds 10 --out results
"""

from __future__ import annotations

import argparse
import math
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

import report

os.environ.setdefault("MUJOCO_GL", "egl")

from memagent.preprocessor import Preprocessor, overlay
from memagent.site import Place
from memagent.types import CameraFrame, Percept, Pose2D
from memagent_sim import Simulation, TrueObject, load_world
from memagent_sim.furniture import container_joint
from memagent_sim.robot_model import BASE_JOINTS

WORLD = Path(__file__).parents[1] / "configs" / "worlds" / "flat.yaml"
VISIBLE_PIXELS = 60
"""An object that covers fewer is not counted as missed."""
MATCH = 0.1
"""Farthest an observation may be from the object that it stands for, metres."""
OPEN_FROM = 0.2
FRAME_PERIOD = 0.2
STAND_ERROR = 0.05
HEADING_ERROR = 0.08
BACK_OFF = 0.5


@dataclass
class Tally:
    """What one seed's frames came to."""

    seed: int
    frames: int = 0
    visible: int = 0
    recalled: int = 0
    reported: int = 0
    right: int = 0
    located: int = 0
    named: int = 0
    placed: int = 0
    placed_right: int = 0
    containers: int = 0
    containers_right: int = 0
    errors: list[float] = field(default_factory=list)
    opening_errors: list[float] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)
    per_label: dict[str, list[int]] = field(default_factory=dict)
    """Label -> times recalled, times visible."""

    def add(
        self,
        percept: Percept,
        truth: Sequence[TrueObject],
        pixels: dict[str, int],
        openings: dict[str, float],
    ) -> None:
        """Compare one percept with the truth."""
        self.frames += 1
        for thing in truth:
            if pixels.get(thing.label, 0) >= VISIBLE_PIXELS:
                self._add_visible(thing, percept)
        by_label = {t.label: t for t in truth}
        for observed in percept.objects:
            self.reported += 1
            thing = by_label.get(observed.label)
            seen = thing is not None and pixels.get(observed.label, 0) > 0
            self.right += seen and math.dist(observed.position, thing.position) < MATCH
        for container in percept.containers:
            self.containers += 1
            true_opening = openings[container.name]
            self.containers_right += container.is_open == (true_opening >= OPEN_FROM)
            self.opening_errors.append(abs(container.opening - true_opening))

    def _add_visible(self, thing: TrueObject, percept: Percept) -> None:
        self.visible += 1
        counts = self.per_label.setdefault(thing.label, [0, 0])
        counts[1] += 1
        near = sorted(percept.objects, key=lambda o, at=thing.position: math.dist(o.position, at))
        if near and math.dist(near[0].position, thing.position) < MATCH / 2:
            self.located += 1
            self.named += near[0].label == thing.label
        same = [o for o in near if o.label == thing.label]
        if not same or math.dist(same[0].position, thing.position) >= MATCH:
            return
        self.recalled += 1
        counts[0] += 1
        self.errors.append(math.dist(same[0].position, thing.position))
        believed = {
            r.object
            for r in percept.relations
            if r.subject == thing.label and r.predicate in ("on", "in")
        }
        self.placed += 1
        self.placed_right += believed == {thing.place}


class Viewpoints:
    """Puts the simulated robot, its head and the containers where the benchmark wants them."""

    def __init__(self, sim: Simulation, rng: np.random.Generator) -> None:
        self._sim, self._rng = sim, rng
        self._site, self._robot = sim.world.site, sim.world.robot

    def open_containers(self) -> None:
        """Open each container but one that another, open drawer hides; its contents move along."""
        hidden: set[str] = set()
        for place in (p for p in self._site.places if p.is_container):
            opening = float(self._rng.uniform(0.5, 1.0))
            if place.kind == "drawer":
                stack = [p for p in self._site.places if p.bounds == place.bounds]
                chosen = stack[int(self._rng.integers(len(stack)))].name
                hidden |= {p.name for p in stack if p.name != chosen} if not hidden else set()
            if place.name not in hidden:
                self._set_opening(place, opening)

    def sweep(self, place: Place, looks: int) -> Iterator[None]:
        """Stand before ``place`` and look at ``looks`` points of it."""
        self._stand(place)
        x0, y0, x1, y1 = place.bounds_at(
            self._sim.opening(place.name) if place.is_container else 0.0
        )
        for _ in range(looks):
            target = (
                float(self._rng.uniform(x0, x1)),
                float(self._rng.uniform(y0, y1)),
                place.height,
            )
            self._look_at(target)
            self._sim.data.time += FRAME_PERIOD
            yield

    def _set_opening(self, place: Place, opening: float) -> None:
        assert place.joint is not None
        inside = [o for o in self._sim.objects() if o.place == place.name]
        before = place.bounds_at(self._sim.opening(place.name))
        self._sim.data.joint(container_joint(place.name)).qpos[0] = place.joint.travel * opening
        after = place.bounds_at(opening)
        for thing in inside:
            self._sim.data.joint(thing.label).qpos[:2] += np.subtract(after[:2], before[:2])

    def _stand(self, place: Place) -> None:
        rng = self._rng
        x, y, yaw = place.stand
        back = rng.uniform(0, BACK_OFF)
        pose = (
            x - back * math.cos(yaw) + rng.normal(0, STAND_ERROR),
            y - back * math.sin(yaw) + rng.normal(0, STAND_ERROR),
            yaw + rng.normal(0, HEADING_ERROR),
        )
        for joint, value in zip(BASE_JOINTS, pose, strict=True):
            self._sim.data.joint(joint).qpos[0] = value

    def _look_at(self, target: tuple[float, float, float]) -> None:
        base: Pose2D = self._sim.state().base
        ahead, left, up = self._robot.head.position
        c, s = math.cos(base.yaw), math.sin(base.yaw)
        dx = target[0] - base.x - (c * ahead - s * left)
        dy = target[1] - base.y - (s * ahead + c * left)
        pan = math.remainder(math.atan2(dy, dx) - base.yaw, math.tau)
        tilt = math.atan2(up - target[2], math.hypot(dx, dy))
        limits = (self._robot.head.pan, self._robot.head.tilt)
        for name, angle, (low, high) in zip(
            self._robot.head.joints, (pan, tilt), limits, strict=True
        ):
            jittered = angle + self._rng.normal(0, 0.1)
            self._sim.data.joint(name).qpos[0] = min(max(jittered, low), high)


def noisy(frame: CameraFrame, sigma: float, rng: np.random.Generator) -> CameraFrame:
    """The frame with depth noise of ``sigma`` metres at 1 m, growing with the square of depth."""
    spread = sigma * frame.depth**2 * rng.standard_normal(frame.depth.shape)
    depth: NDArray[np.float32] = np.maximum(frame.depth + spread, 0).astype(np.float32)
    return CameraFrame(frame.stamp, frame.frame_id, frame.rgb, depth, frame.intrinsics, frame.pose)


def measure(seed: int, looks: int, sigma: float = 0.0, pictures: Path | None = None) -> Tally:
    """Run one seed."""
    rng = np.random.default_rng(seed)
    sim = Simulation(load_world(WORLD), seed)
    world = sim.world
    tally = Tally(seed)
    for opened in (False, True):
        sim.reset(1)
        views = Viewpoints(sim, rng)
        if opened:
            views.open_containers()
        openings = {p.name: sim.opening(p.name) for p in world.site.places if p.is_container}
        for place in world.site.places:
            preprocessor = Preprocessor(world.site, world.catalogue, world.robot)
            for look, _ in enumerate(views.sweep(place, looks)):
                frame, state = sim.camera("head"), sim.state()
                if sigma > 0:
                    frame = noisy(frame, sigma, rng)
                started = time.process_time()
                percept = preprocessor.process(frame, state)
                tally.milliseconds.append(1e3 * (time.process_time() - started))
                tally.add(percept, sim.objects(), sim.visible_objects(), openings)
                if pictures is not None and look == 0:
                    name = f"{seed}-{place.name}-{'open' if opened else 'shut'}.png"
                    _save(pictures / name.replace(" ", "-"), overlay(frame, percept))
    return tally


def _save(path: Path, image: NDArray[np.uint8]) -> None:
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)


def _ratio(part: str, whole: str) -> Any:
    def statistic(tallies: Sequence[Tally]) -> float:
        total = sum(getattr(t, whole) for t in tallies)
        return sum(getattr(t, part) for t in tallies) / total if total else math.nan

    return statistic


def _percentile(name: str, q: float) -> Any:
    def statistic(tallies: Sequence[Tally]) -> float:
        values = [v for t in tallies for v in getattr(t, name)]
        return float(np.percentile(values, q)) if values else math.nan

    return statistic


FIGURES = {
    "recall": _ratio("recalled", "visible"),
    "precision": _ratio("right", "reported"),
    "label_accuracy": _ratio("named", "located"),
    "place_accuracy": _ratio("placed_right", "placed"),
    "container_accuracy": _ratio("containers_right", "containers"),
    "position_error_p50_m": _percentile("errors", 50),
    "position_error_p95_m": _percentile("errors", 95),
    "opening_error_p50": _percentile("opening_errors", 50),
    "cpu_ms_p50": _percentile("milliseconds", 50),
    "cpu_ms_p95": _percentile("milliseconds", 95),
}


def run(
    out: Path,
    seeds: int = 10,
    quick: bool = False,
    sigma: float = 0.0,
    pictures: Path | None = None,
) -> dict[str, Any]:
    """Measure, print the table, write ``out/perception.json`` and return what it holds."""
    looks = 1 if quick else 3
    chosen = range(min(seeds, 2) if quick else seeds)
    console = Console()
    tallies = [
        measure(seed, looks, sigma, pictures)
        for seed in track(chosen, description="perception", console=console)
    ]
    figures = {name: report.interval(tallies, f) for name, f in FIGURES.items()}
    rows = [
        {"seed": t.seed, "frames": t.frames, "visible": t.visible, "per_label": t.per_label}
        | {name: statistic([t]) for name, statistic in FIGURES.items()}
        for t in tallies
    ]
    config = {
        "visible_pixels": VISIBLE_PIXELS,
        "match_m": MATCH,
        "looks_per_stand": looks,
        "depth_noise_m_at_1m": sigma,
        "image": "480x360",
    }
    _print(console, figures, tallies)
    return report.write(out, "perception", figures, rows, config, list(chosen))


def _print(console: Console, figures: dict[str, Any], tallies: Sequence[Tally]) -> None:
    frames, visible = sum(t.frames for t in tallies), sum(t.visible for t in tallies)
    title = f"Perception: {len(tallies)} seeds, {frames} frames, {visible} visible objects"
    table = Table(title=title)
    table.add_column("figure")
    table.add_column("value", justify="right")
    table.add_column("95 % interval", justify="right")
    for name, f in figures.items():
        digits = 2 if "ms" in name else 4
        table.add_row(
            name, f"{f['value']:.{digits}f}", f"{f['low']:.{digits}f} to {f['high']:.{digits}f}"
        )
    console.print(table)
    kinds = Table(title="Recall by object")
    kinds.add_column("object")
    kinds.add_column("recalled / visible", justify="right")
    for label in sorted({label for t in tallies for label in t.per_label}):
        recalled, seen = np.sum([t.per_label.get(label, (0, 0)) for t in tallies], axis=0)
        kinds.add_row(label, f"{recalled} / {seen}")
    console.print(kinds)


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="perception", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for perception.json")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--quick", action="store_true", help="two seeds, one look per stand")
    parser.add_argument("--noise", type=float, default=0.0, help="depth noise at 1 m, metres")
    parser.add_argument("--pictures", type=Path, help="folder for annotated frames")
    args = parser.parse_args(arguments)
    run(args.out, args.seeds, args.quick, args.noise, args.pictures)


if __name__ == "__main__":
    main()
