# SPDX-License-Identifier: Apache-2.0
"""``kill -9`` at any instant loses nothing of spatial memory that was acknowledged."""

from __future__ import annotations

import os
import random
import select
import signal
import struct
import time
from pathlib import Path

import numpy as np
import pytest

from memagent.memory.spatial import Sight, SpatialConfig, SpatialMemory
from memagent.types import Pose2D

from .rooms import CONFIG, mug

pytestmark = pytest.mark.unit

TRIALS = 10
SMALL = SpatialConfig(
    voxels=CONFIG.voxels.model_copy(update={"journal_bytes": 20_000}), journal_bytes=8_000
)
"""Snapshots come often, so that kills meet them too."""


def thing_at(n: int):
    return mug((float(n % 40), float(n // 40), 0.5), f"grey n{n}")


def _write_until_killed(path: Path, first: int, acknowledge: int) -> None:
    rng = np.random.default_rng(first)
    with SpatialMemory(path, SMALL) as space:
        n = first
        while True:
            stamp = 30.0 * n
            thing = thing_at(n)
            cloud = np.array(thing.position) + rng.uniform(-0.03, 0.03, (40, 3))
            eye = np.add(thing.position, (0.0, 0.0, 1.0))
            space.arrive(Sight(stamp, Pose2D(eye[0], eye[1]), look_of(n), label=f"spot {n}"))
            for when in (stamp + 1, stamp + 2):
                space.look(cloud, when, eye, objects=(thing,))
            os.write(acknowledge, struct.pack("q", n))
            n += 1


def look_of(n: int) -> np.ndarray:
    return np.random.default_rng(n).normal(size=16)


def test_everything_acknowledged_survives_sigkill(tmp_path: Path) -> None:
    dice = random.Random(11)
    acknowledged = 0
    for _ in range(TRIALS):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.close(reading)
                _write_until_killed(tmp_path, acknowledged + 1, writing)
            finally:
                os._exit(1)
        os.close(writing)
        assert select.select([reading], [], [], 30)[0], "the writer never got going"
        time.sleep(dice.uniform(0.0, 0.08))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        data = b""
        while chunk := os.read(reading, 65536):
            data += chunk
        os.close(reading)
        whole = len(data) // 8 * 8
        acknowledged = max(acknowledged, struct.unpack("q", data[whole - 8 : whole])[0])
        _check(tmp_path, acknowledged)
    assert acknowledged >= TRIALS


def _check(path: Path, newest: int) -> None:
    with SpatialMemory(path, SMALL) as space:
        for n in range(1, newest + 1):
            thing = thing_at(n)
            found = space.where(thing.label)
            assert found.position == thing.position, n
            rows = space._voxels.labelled(space._state.label(thing.label))
            assert len(rows), n
            assert space.recognise(look_of(n), 1)[0][1] > 0.99
        assert space.stats()["looks"] >= newest
