# SPDX-License-Identifier: Apache-2.0
"""Places, their looks, things and labels, as the records of one log leave them.

Every change is a record first. It is checked, written, and then applied as it will be applied again
when the log is read: what is in memory is always what the log says.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from memagent.memory.spatial.config import SpatialConfig
from memagent.memory.spatial.spatial_log import Record
from memagent.memory.spatial.things import Things
from memagent.memory.spatial.tokens import PlaceSearch, TokenLog, log_file
from memagent.memory.spatial.topology import (
    Exit,
    Sight,
    TopologyGraph,
    Visit,
    graph_from_state,
    graph_state,
)
from memagent.memory.spatial.voxels import DamagedFileError
from memagent.types import Pose2D, Vector3

SIGHT, TRIED, LABEL, BEGAN, GONE, TOUCHED, ATTACHED = range(1, 8)
GRAPH, LOOKS, THINGS, LABELS = range(11, 15)
BACKGROUND = 1
"""Label of what is no thing; 0 is what nothing was said of."""


class SpatialState:
    def __init__(self, config: SpatialConfig) -> None:
        self._config = config
        self.graph = TopologyGraph(config.graph)
        self.things = Things(config.same)
        self.labels: list[str] = ["", ""]
        """Name of each label number."""
        self.looks: TokenLog | None = None
        """What each place looked like; made with the first look, whose width it has."""
        self.search: PlaceSearch | None = None
        self.driven: list[tuple[Pose2D, bool]] = []
        """Poses since the last sight, and whether the robot was carried there."""
        self.visit: Visit | None = None
        """What became of the newest sight."""

    # --- records ------------------------------------------------------------------------------

    def sight(self, sight: Sight) -> bytes:
        """A sight with the drive to it, as a record.

        Raises:
            TopologyError: it cannot be one.
        """
        look = np.asarray(sight.descriptor, np.float32)
        self.graph.check(replace(sight, descriptor=look.astype(np.float64)))
        told = {
            "stamp": float(sight.stamp),
            "pose": _numbers(sight.odometry),
            "look": base64.b64encode(look.astype("<f4").tobytes()).decode(),
            "label": sight.label,
            "exits": [[*map(float, e.offset), _finite(e.width)] for e in sight.exits],
            "width": _finite(sight.width),
            "driven": [[*_numbers(pose), carried] for pose, carried in self.driven],
        }
        return json.dumps(told).encode()

    def drive(self, pose: Pose2D, carried: bool) -> None:
        """Follow odometry; it is in the log with the next sight, unless the robot stood still."""
        if self.driven and not carried and _is_same(self.driven[-1][0], pose):
            return
        self.driven.append((pose, carried))
        self._drive(pose, carried)

    def _drive(self, pose: Pose2D, carried: bool) -> None:
        if carried:
            self.graph.lift(pose)
        else:
            self.graph.drive(pose)

    def apply(self, kind: int, payload: bytes, *, again: bool = False) -> None:
        """Do what a record says; ``again``: it was read from the log."""
        if kind == SIGHT:
            self._see(json.loads(payload), again)
        elif kind == TRIED:
            a, b, success, length, seconds = json.loads(payload)
            taken = math.nan if seconds is None else seconds
            self.graph.traverse(a, b, success=success, length=length, seconds=taken)
        elif kind == LABEL:
            self.labels.append(payload.decode())
        elif kind == BEGAN:
            label, x, y, z, stamp = json.loads(payload)
            self.things.begin(label, (x, y, z), stamp)
        elif kind == GONE:
            self.things.end(*json.loads(payload))
        elif kind == TOUCHED:
            self.things.touch(payload)
        elif kind == ATTACHED:
            name, place, x, y = json.loads(payload)
            self.graph.attach(name, place, (x, y))
        elif kind == GRAPH:
            self.graph = graph_from_state(json.loads(payload), source="places.snapshot")
        elif kind == LOOKS:
            width = int(np.frombuffer(payload[6:10], "<u4")[0])
            network = self._config.tokens.load_network(width)
            self._use(log_file.from_bytes(payload, network, "places.snapshot"))
        elif kind == THINGS:
            self.things.restore(payload)
        elif kind == LABELS:
            self.labels = json.loads(payload)
        else:
            raise DamagedFileError(f"the journal of places holds a record of unknown kind {kind}")

    def _see(self, told: dict[str, Any], again: bool) -> None:
        if again:
            for x, y, yaw, carried in told["driven"]:
                self._drive(Pose2D(x, y, yaw), carried)
        self.driven.clear()
        look = np.frombuffer(base64.b64decode(told["look"]), "<f4").astype(np.float32)
        sight = Sight(
            told["stamp"],
            Pose2D(*told["pose"]),
            look.astype(np.float64),
            told["label"],
            tuple(Exit((x, y), _infinite(w)) for x, y, w in told["exits"]),
            _infinite(told["width"]),
        )
        self.visit = self.graph.observe(sight)
        if self.looks is None:
            tokens = self._config.tokens
            self._use(TokenLog(tokens.load_network(len(look)), tokens.keyframe_every))
        assert self.looks is not None
        self.looks.write(self.visit.place, look / np.float32(np.linalg.norm(look)), sight.stamp)

    def _use(self, looks: TokenLog) -> None:
        self.looks = looks
        tokens = self._config.tokens
        self.search = PlaceSearch(looks, tokens.chosen_search, tokens.decay)

    def snapshot(self) -> list[Record]:
        """Records that make this state of an empty one."""
        found: list[Record] = [
            (LABELS, json.dumps(self.labels).encode()),
            (THINGS, self.things.state()),
            (GRAPH, json.dumps(graph_state(self.graph), allow_nan=False).encode()),
        ]
        if self.looks is not None:
            found.append((LOOKS, log_file.to_bytes(self.looks)))
        return found

    # --- labels -------------------------------------------------------------------------------

    def unknown(self, names: Iterable[str]) -> Sequence[str]:
        """Those that have no number yet, once each."""
        return [name for name in dict.fromkeys(names) if name not in self.labels]

    def label(self, name: str) -> int:
        return self.labels.index(name)


def began(label: str, position: Vector3, stamp: float) -> bytes:
    return json.dumps([label, *map(float, position), float(stamp)]).encode()


def gone(number: int, stamp: float) -> bytes:
    return json.dumps([number, float(stamp)]).encode()


def attached(name: str, place: str, offset: tuple[float, float]) -> bytes:
    return json.dumps([name, place, *map(float, offset)]).encode()


def tried(a: str, b: str, success: bool, length: float, seconds: float) -> bytes:
    return json.dumps([a, b, success, float(length), _finite(seconds)]).encode()


def _numbers(pose: Pose2D) -> list[float]:
    return [float(pose.x), float(pose.y), float(pose.yaw)]


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _infinite(value: float | None) -> float:
    return math.inf if value is None else value


def _is_same(a: Pose2D, b: Pose2D) -> bool:
    """Whether a robot stood still between two poses: less than a millimetre and a milliradian."""
    turned = math.remainder(a.yaw - b.yaw, math.tau)
    return math.hypot(a.x - b.x, a.y - b.y) < 1e-3 and abs(turned) < 1e-3
