# SPDX-License-Identifier: Apache-2.0
"""A generated flat of ten rooms as a MuJoCo household, and the robot's head camera in it.

Rooms and doors are those of ``generated_flat``; doors are openings, and none is ever shut. In each
room three pieces of furniture stand in the corners, and things lie on them; the last room is
furnished exactly as the second one, but for its floor. The robot is set down where it is to look,
not driven there: what is tried is memory, not driving.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from generated_flat import OPENING, ROOM, Flat, Room
from memagent import resources
from memagent.memory.spatial import scan_look
from memagent.types import CameraFrame, FloatArray, Pose2D
from memagent_sim.household import Placement, furnish
from memagent_sim.simulation import Simulation
from memagent_sim.world import World, load_world

WALL = 0.05
"""Half the thickness of a wall, metres."""
VIEWS = 5
"""Pictures of a look around."""
TILT = 0.45
"""Of the head in them, radians down."""
STRIDE = 4
COLOURS = ("red", "orange", "yellow", "green", "cyan", "blue", "purple", "pink")
KINDS = {
    "mug": ("mug", "cylinder", (0.07, 0.07, 0.09)),
    "can": ("can", "cylinder", (0.06, 0.06, 0.11)),
    "ball": ("ball", "sphere", (0.06, 0.06, 0.06)),
    "block": ("box", "box", (0.05, 0.05, 0.05)),
}
"""Name: form, shape and size."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """Furniture in the frame of its room's middle."""

    bounds: tuple[float, float, float, float]
    height: float
    stand: tuple[float, float, float]
    style: str


class FurnishedFlat:
    """The simulation of the flat of a seed, and what a robot set down in it sees."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.flat = Flat(seed, shut=0.0)
        self._rng = np.random.default_rng([seed, 5])
        world = folder / "world.yaml"
        self._write(world)
        self.simulation = Simulation(load_world(world), seed)

    @property
    def world(self) -> World:
        return self.simulation.world

    # --- looking ------------------------------------------------------------------------------

    def look_around(self, truth: Pose2D) -> Iterator[CameraFrame]:
        """Frames of a robot at a pose that turns once around; stamps go on by a second each."""
        for view in range(VIEWS):
            yaw = truth.yaw + math.tau * view / VIEWS
            self.simulation.put_robot((truth.x, truth.y, yaw))
            self.simulation.data.joint("head_tilt_joint").qpos[:] = TILT
            self.simulation.data.time += 1.0
            yield self.simulation.camera("head")

    def look(self, truth: Pose2D, believed: float) -> FloatArray:
        """What a place looks like to a robot at a pose that believes its heading to be another."""
        parts = [points_of(frame) for frame in self.look_around(truth)]
        points, colours = (np.vstack(column) for column in zip(*parts, strict=True))
        eye = np.array([truth.x, truth.y, 0.0])
        return scan_look(points, eye, believed - truth.yaw, colours)

    # --- moving things ------------------------------------------------------------------------

    def move(self, share: float) -> dict[str, Placement]:
        """Move a share of the things to other furniture; returns the new layout of all."""
        layout = dict(self.simulation.household.layout)
        labels = self._rng.permutation(sorted(layout)).tolist()
        wanted = round(share * len(labels))
        moved: set[str] = set()
        for attempt in range(50):
            other = furnish(self.world, 1000 + attempt).layout
            for label in labels:
                if len(moved) == wanted:
                    break
                to = other[label]
                apart = [math.dist((to.x, to.y), (p.x, p.y)) for p in layout.values()]
                if label not in moved and to.place != layout[label].place and min(apart) > 0.25:
                    layout[label] = to
                    moved.add(label)
        for label in moved:
            self.simulation.put_object(label, layout[label])
        self.simulation.step(0.5)
        return {label: layout[label] for label in sorted(moved)}

    # --- the files of the world ---------------------------------------------------------------

    def _write(self, path: Path) -> None:
        pieces = self._furniture()
        site, styles = self._site(pieces)
        places = [place["name"] for place in site["places"]]
        categories = [
            {"name": name, "shape": shape, "colours": list(COLOURS), "size": list(size)}
            for name, (_, shape, size) in KINDS.items()
        ]
        objects = [
            {"category": name, "colour": colour, "form": form, "mass": 0.1, "places": places}
            for name, (form, *_) in KINDS.items()
            for colour in COLOURS
        ]
        first = self.flat.spots[0].position
        world: dict[str, Any] = {
            "site": "site.yaml",
            "robot": str(resources.find("configs/robots/mobile_panda.yaml").resolve()),
            "catalogue": "objects.yaml",
            "start": [*first, 0.0],
            "objects": objects,
            "furniture": {name: {"style": style} for name, style in styles.items()},
            "floors": {f"room {n}": self._tone() for n in range(len(self.flat.rooms))},
            "tasks": [],
        }
        files = {"site": site, "objects": {"categories": categories}, path.stem: world}
        for name, data in files.items():
            (path.parent / f"{name}.yaml").write_text(yaml.safe_dump(data), encoding="utf-8")

    def _tone(self) -> list[float]:
        """Of a floor: wood, tiles or carpet, nothing vivid."""
        return [float(v) for v in self._rng.uniform(0.6, 0.8, 3)]

    def _furniture(self) -> dict[Room, list[_Piece]]:
        """In three corners of each room; the last room's is the second one's."""
        found: dict[Room, list[_Piece]] = {}
        for n, room in enumerate(self.flat.rooms):
            corners = self._rng.permutation(4)[:3].tolist()
            found[room] = [self._piece(corner) for corner in corners]
            if n == len(self.flat.rooms) - 1:
                found[room] = found[self.flat.rooms[1]]
        return found

    def _piece(self, corner: int) -> _Piece:
        """Along one of the two walls that meet in a corner."""
        sx, sy = (1, 1, -1, -1)[corner], (1, -1, 1, -1)[corner]
        along_x = self._rng.random() < 0.5
        length, depth = self._rng.uniform(0.7, 1.05), self._rng.uniform(0.4, 0.5)
        height = self._rng.choice([0.45, 0.55, 0.65, 0.75, 0.85])
        edge = ROOM / 2 - WALL
        near = edge - (length if along_x else depth), edge - (depth if along_x else length)
        x0, x1 = sorted((sx * near[0], sx * edge))
        y0, y1 = sorted((sy * near[1], sy * edge))
        middle = (x0 + x1) / 2, (y0 + y1) / 2
        if along_x:
            stand = middle[0], sy * (near[1] - 0.45), math.copysign(math.pi / 2, sy)
        else:
            stand = sx * (near[0] - 0.45), middle[1], 0.0 if sx > 0 else math.pi
        style = "table" if self._rng.random() < 0.5 else "block"
        return _Piece((x0, y0, x1, y1), float(height), stand, style)

    def _site(self, pieces: dict[Room, list[_Piece]]) -> tuple[dict[str, Any], dict[str, str]]:
        rooms, furniture, places = [], [], []
        styles: dict[str, str] = {}
        for n, room in enumerate(self.flat.rooms):
            x, y = ROOM * room[0], ROOM * room[1]
            rooms.append({"name": f"room {n}", "bounds": [x, y, x + ROOM, y + ROOM]})
            for k, piece in enumerate(pieces[room]):
                name = f"table {n}{'abc'[k]}"
                styles[name] = piece.style
                cx, cy = x + ROOM / 2, y + ROOM / 2
                x0, y0, x1, y1 = np.add(piece.bounds, (cx, cy, cx, cy)).tolist()
                furniture.append({"name": name, "bounds": [x0, y0, x1, y1], "height": piece.height})
                stand = [piece.stand[0] + cx, piece.stand[1] + cy, piece.stand[2]]
                places.append(
                    {
                        "name": f"top of {name}", "room": f"room {n}", "kind": "surface",
                        "bounds": [x0 + 0.05, y0 + 0.05, x1 - 0.05, y1 - 0.05],
                        "height": piece.height, "stand": [float(v) for v in stand],
                    }
                )  # fmt: skip
        site = {
            "name": "generated flat", "rooms": rooms, "walls": self._walls(),
            "furniture": furniture, "places": places,
        }  # fmt: skip
        return site, styles

    def _walls(self) -> list[dict[str, Any]]:
        """One on each side of each room, with a gap where there is a door."""
        doors = {frozenset(door) for door in self.flat.doors}
        columns = max(c for c, _ in self.flat.rooms) + 1
        rows = max(r for _, r in self.flat.rooms) + 1
        walls: list[dict[str, Any]] = []

        def add(x0: float, y0: float, x1: float, y1: float) -> None:
            bounds = [x0 - WALL, y0 - WALL, x1 + WALL, y1 + WALL]
            walls.append({"name": f"wall {len(walls)}", "bounds": bounds, "height": 2.2})

        gap = OPENING / 2 + WALL
        for c in range(columns + 1):
            for r in range(rows):
                x, y0, y1 = ROOM * c, ROOM * r, ROOM * (r + 1)
                if frozenset({(c - 1, r), (c, r)}) in doors:
                    add(x, y0, x, y0 + ROOM / 2 - gap)
                    add(x, y0 + ROOM / 2 + gap, x, y1)
                else:
                    add(x, y0, x, y1)
        for r in range(rows + 1):
            for c in range(columns):
                y, x0, x1 = ROOM * r, ROOM * c, ROOM * (c + 1)
                if frozenset({(c, r - 1), (c, r)}) in doors:
                    add(x0, y, x0 + ROOM / 2 - gap, y)
                    add(x0 + ROOM / 2 + gap, y, x1, y)
                else:
                    add(x0, y, x1, y)
        return walls


def points_of(frame: CameraFrame, stride: int = STRIDE) -> tuple[FloatArray, NDArray[np.uint8]]:
    """(n, 3) points of a frame's depth, in the map, and (n, 3) their colours."""
    depth = frame.depth[::stride, ::stride]
    row, column = np.nonzero(depth)
    z = depth[row, column].astype(np.float64)
    fx, fy, cx, cy = frame.intrinsics
    points = np.stack([(column * stride - cx) / fx * z, (row * stride - cy) / fy * z, z], axis=1)
    there = np.asarray(points @ frame.pose[:3, :3].T + frame.pose[:3, 3])
    return there, frame.rgb[::stride, ::stride][row, column]
