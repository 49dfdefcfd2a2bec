# SPDX-License-Identifier: Apache-2.0
"""A voxel map, whatever is done to it, holds what a plain dict of voxels would."""

from __future__ import annotations

import math
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from memagent.memory.spatial.voxels import VoxelConfig, VoxelMap

pytestmark = pytest.mark.unit

SIDE = 0.25
HIT, MISS, MOST = 850, 410, 3500

near = st.floats(-2, 2).map(lambda v: round(v, 3))
spot = st.tuples(near, near, near)
spots = st.lists(spot, min_size=1, max_size=12)
places = st.sampled_from([0.0, 40.0, -90.0, 300_000.0])
"""Along x: regions apart, and one beyond the first window."""


class Voxel:
    def __init__(self) -> None:
        self.evidence, self.hits, self.sum = 0, 0, np.zeros(3)
        self.seen, self.label = -math.inf, 0


class AgainstADict(RuleBasedStateMachine):
    @initialize(on_disk=st.booleans(), bound=st.sampled_from([None, 20]))
    def begin(self, on_disk: bool, bound: int | None) -> None:
        self.folder = Path(tempfile.mkdtemp()) if on_disk else None
        self.config = VoxelConfig(
            resolution=SIDE, durability="normal", journal_bytes=4000,
            resident_voxels=bound if on_disk else None, pending_points=30,
        )  # fmt: skip
        self.map = VoxelMap(self.config, self.folder)
        self.plain: dict[tuple[int, ...], Voxel] = {}
        self.now = 0.0

    def cell(self, point) -> tuple[int, ...]:
        return tuple(math.floor(v / SIDE) for v in point)

    @rule(points=spots, x=places, label=st.integers(0, 3))
    def insert(self, points, x: float, label: int) -> None:
        self.now += 1.0
        cloud = np.add(points, (x, 0.0, 0.0))
        assert self.map.insert(cloud, self.now, labels=label).points == len(cloud)
        for point in cloud:
            voxel = self.plain.setdefault(self.cell(point), Voxel())
            voxel.evidence = min(voxel.evidence + HIT, MOST)
            voxel.hits += 1
            voxel.sum += point
            voxel.seen = self.now
            voxel.label = label or voxel.label

    @rule(end=spot, x=places)
    def see_through(self, end, x: float) -> None:
        """One ray, walked by many small steps; those that nearly graze a corner are not judged."""
        eye, end = np.array([x + 0.11, 0.13, 0.17]), np.add(end, (x, 0.0, 0.0))
        self.now += 1.0
        centre = (np.array(self.cell(end)) + 0.5) * SIDE
        length = float(np.linalg.norm(centre - eye))
        margin = self.config.margin * SIDE
        passed: set[tuple[int, ...]] = set()
        if length > margin + SIDE:
            last = eye + (centre - eye) * (1 - margin / length)
            way = np.linspace(0, 1, 4000)[:, None]
            passed = {self.cell(point) for point in eye + way * (last - eye)}
            for cell in self.plain.keys() - passed:
                low, high = np.array(cell) * SIDE - 1e-3, (np.array(cell) + 1) * SIDE + 1e-3
                if (
                    ((eye + way * (last - eye) >= low) & (eye + way * (last - eye) <= high))
                    .all(axis=1)
                    .any()
                ):
                    return
        self.map.insert([end], self.now, sensor=eye)
        target = self.cell(end)
        for cell in passed & self.plain.keys() - {target}:
            self.plain[cell].evidence -= MISS
            if self.plain[cell].evidence <= 0:
                del self.plain[cell]
        voxel = self.plain.setdefault(target, Voxel())
        voxel.evidence = min(voxel.evidence + HIT, MOST)
        voxel.hits += 1
        voxel.sum += end
        voxel.seen = self.now

    @rule(centre=spot, x=places, radius=st.floats(0.01, 3.0))
    def ask_within(self, centre, x: float, radius: float) -> None:
        at = np.add(centre, (x, 0.0, 0.0))
        found = self.map.voxels(self.map.within(at, radius)).centres
        wanted = [
            cell for cell in self.plain
            if np.linalg.norm((np.array(cell) + 0.5) * SIDE - at) <= radius
        ]  # fmt: skip
        assert sorted(map(self.cell, found)) == sorted(wanted)

    @rule(point=spot, x=places)
    def ask_nearest(self, point, x: float) -> None:
        at = np.add(point, (x, 0.0, 0.0))
        row, distance = self.map.nearest(at)
        wanted = min(
            (np.linalg.norm((np.array(cell) + 0.5) * SIDE - at) for cell in self.plain),
            default=math.inf,
        )
        assert (row < 0) == (not self.plain)
        assert distance == pytest.approx(wanted)

    @rule(low=spot, high=spot, x=places)
    def ask_box(self, low, high, x: float) -> None:
        low, high = np.add(np.sort([low, high], axis=0), (x, 0.0, 0.0))
        found = self.map.voxels(self.map.box(low, high)).centres
        first, last = self.cell(low), self.cell(high)
        wanted = [
            cell for cell in self.plain
            if all(a <= c <= b for a, c, b in zip(first, cell, last, strict=True))
        ]  # fmt: skip
        assert sorted(map(self.cell, found)) == sorted(wanted)

    @rule(points=spots, x=places)
    def ask_points(self, points, x: float) -> None:
        cloud = np.add(points, (x, 0.0, 0.0))
        found = self.map.lookup(cloud) >= 0
        assert found.tolist() == [self.cell(point) in self.plain for point in cloud]

    @rule(age=st.floats(0, 5))
    def evict(self, age: float) -> None:
        if self.folder is not None:
            self.map.evict(self.now - age)

    @rule()
    def prepare(self) -> None:
        self.map.prepare()

    @rule(snapshot=st.booleans())
    def open_again(self, snapshot: bool) -> None:
        if self.folder is not None:
            if snapshot:
                self.map.checkpoint()
            self.map.close()
            self.map = VoxelMap(self.config, self.folder)

    @rule()
    def ask_everything(self) -> None:
        found = self.map.level(0)
        cells = [self.cell(centre) for centre in found.centres]
        assert sorted(cells) == sorted(self.plain)
        for i, cell in enumerate(cells):
            voxel = self.plain[cell]
            assert found.hits[i] == voxel.hits
            assert found.seen[i] == voxel.seen
            assert found.labels[i] == voxel.label
            odds = math.log(found.confidence[i] / (1 - found.confidence[i]))
            assert round(1000 * odds) == voxel.evidence
            assert np.abs(found.points[i] - voxel.sum / voxel.hits).max() < SIDE * 3 / 256

    @invariant()
    def keys_are_in_one_run(self) -> None:
        if hasattr(self, "map"):
            runs = self.map._held.tiers.runs
            keys = np.concatenate([run.columns.keys for run in runs] or [np.zeros(0)])
            assert len(np.unique(keys)) == len(keys)

    def teardown(self) -> None:
        if hasattr(self, "map"):
            self.map.close()
            if self.folder is not None:
                shutil.rmtree(self.folder)


TestAgainstADict = AgainstADict.TestCase
TestAgainstADict.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, derandomize=True
)
TestAgainstADict.pytestmark = [pytest.mark.unit]
