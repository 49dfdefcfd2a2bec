# SPDX-License-Identifier: Apache-2.0
"""Furniture that opens: a carcass with a cavity, and a drawer or a door with a handle before it.

The handle is a vertical bar that stands off the front. Joint positions run from 0, closed, to the
site's ``travel``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from memagent.site import Obstacle, Place, Rectangle
from memagent.types import Vector3
from memagent_sim.mjcf import (
    FIXED,
    MOVABLE,
    VISUAL,
    Element,
    Rgb,
    add,
    add_box,
    add_capsule,
    shade,
)
from memagent_sim.world import FurnitureSpec

PANEL = 0.012
"""Thickness of a drawer's walls, metres."""
DRAWER_WALL = 0.09
"""Height of a drawer's walls: low enough for a hand that reaches down between them."""
HANDLE_RADIUS = 0.012
HANDLE_HALF_LENGTH = 0.06
STUB_HALF_SPAN = 0.052
METAL: Rgb = (0.45, 0.46, 0.47)
LINER: Rgb = (0.95, 0.95, 0.95)


def container_joint(place: str) -> str:
    """Name of the joint on which a container opens."""
    return f"{place} joint"


def middle(bounds: Rectangle) -> tuple[float, float]:
    """Centre of a rectangle."""
    return (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2


@dataclass(frozen=True)
class _Cavity:
    """An axis-aligned hole that is open towards ``outward``, a unit vector in the plane."""

    bounds: Rectangle
    bottom: float
    top: float
    outward: tuple[int, int]


def _outward(place: Place) -> tuple[int, int]:
    """The direction in which one looks out of a container, along an axis of the map."""
    assert place.front is not None, place.name
    (x, y), (fx, fy) = middle(place.bounds), middle(place.front)
    dx, dy = fx - x, fy - y
    return (int(math.copysign(1, dx)), 0) if abs(dx) > abs(dy) else (0, int(math.copysign(1, dy)))


def _cavity(piece: Obstacle, containers: list[Place]) -> _Cavity:
    outward = _outward(containers[0])
    slides = containers[0].kind == "drawer"
    lows, highs = [], []
    x0, y0, x1, y1 = 1e9, 1e9, -1e9, -1e9
    for place in containers:
        assert place.front is not None, place.name
        assert place.front_height is not None, place.name
        # A drawer's front goes into its cavity; a door lies before it.
        around, room = (place.front, 0.006) if slides else (place.bounds, 0.02)
        back, behind = place.bounds, 0.02
        box = _union(_grow(around, room, across=outward), _grow(back, behind, across=None))
        x0, y0, x1, y1 = _union((x0, y0, x1, y1), box)
        low, high = place.front_height if slides else (place.height, place.height + place.clearance)
        lows.append(low - (0.01 if slides else 0.0))
        highs.append(high + (0.01 if slides else 0.0))
    px0, py0, px1, py1 = piece.bounds
    if outward[0]:
        x0, x1 = (x0, px1) if outward[0] > 0 else (px0, x1)
    else:
        y0, y1 = (y0, py1) if outward[1] > 0 else (py0, y1)
    return _Cavity((x0, y0, x1, y1), min(lows), max(highs), outward)


def _grow(bounds: Rectangle, by: float, across: tuple[int, int] | None) -> Rectangle:
    """``bounds`` grown on all sides, or only across the given direction."""
    gx = by if across is None or not across[0] else 0.0
    gy = by if across is None or not across[1] else 0.0
    x0, y0, x1, y1 = bounds
    return (x0 - gx, y0 - gy, x1 + gx, y1 + gy)


def _union(a: Rectangle, b: Rectangle) -> Rectangle:
    return (min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3]))


def add_carcass(
    worldbody: Element, piece: Obstacle, containers: list[Place], spec: FurnitureSpec
) -> None:
    """The furniture's volume less its cavity, as boxes."""
    cavity = _cavity(piece, containers)
    x0, y0, x1, y1 = piece.bounds
    cx0, cy0, cx1, cy1 = cavity.bounds
    z0, z1 = cavity.bottom, cavity.top
    parts: dict[str, tuple[Vector3, Vector3]] = {
        "base": ((x0, y0, piece.bottom), (x1, y1, z0)),
        "top": ((x0, y0, z1), (x1, y1, piece.height)),
        "west side": ((x0, y0, z0), (cx0, y1, z1)),
        "east side": ((cx1, y0, z0), (x1, y1, z1)),
        "south side": ((cx0, y0, z0), (cx1, cy0, z1)),
        "north side": ((cx0, cy1, z0), (cx1, y1, z1)),
    }
    for name, (low, high) in parts.items():
        if all(b - a > 1e-6 for a, b in zip(low, high, strict=True)):
            rgb = spec.top if name == "top" else spec.body
            add_box(worldbody, low, high, rgb, name=f"{piece.name} {name}", **FIXED)
    fronts = sorted(p.front_height for p in containers if p.front_height is not None)
    for (_, below), (above, _) in pairwise(fronts):
        _add_rail(worldbody, piece.name, cavity, (below + 0.004, above - 0.004), spec)


def _add_rail(
    worldbody: Element, name: str, cavity: _Cavity, height: tuple[float, float], spec: FurnitureSpec
) -> None:
    """Close the gap between two fronts, flush with the opening."""
    (x0, y0, x1, y1), (dx, dy), deep = cavity.bounds, cavity.outward, 0.015
    x0, x1 = (x1 - deep, x1) if dx > 0 else (x0, x0 + deep) if dx < 0 else (x0, x1)
    y0, y1 = (y1 - deep, y1) if dy > 0 else (y0, y0 + deep) if dy < 0 else (y0, y1)
    low, high = (x0, y0, height[0]), (x1, y1, height[1])
    add_box(worldbody, low, high, spec.body, name=f"{name} rail {height[0]:.3f}", **FIXED)


def add_moving_part(worldbody: Element, place: Place, spec: FurnitureSpec) -> None:
    joint = place.joint
    assert joint is not None, place.name
    slides = joint.kind == "slide"
    pivot = (0.0, 0.0) if slides else joint.axis
    body = add(worldbody, "body", name=place.name, pos=(*pivot, 0.0))
    # Friction holds it where it is left; damping is what the hand feels when it pulls.
    add(
        body,
        "joint",
        name=container_joint(place.name),
        type=joint.kind,
        axis=(*joint.axis, 0.0) if slides else (0, 0, 1),
        range=sorted((0.0, joint.travel)),
        limited=True,
        damping=8.0 if slides else 1.2,
        frictionloss=2.0 if slides else 0.5,
        armature=0.2 if slides else 0.02,
    )
    _add_front(body, place, pivot, spec)
    _add_handle(body, place, pivot)
    if slides:
        _add_drawer_box(body, place)
    else:
        _add_door_lining(body, place, pivot)


def _add_front(
    body: Element, place: Place, pivot: tuple[float, float], spec: FurnitureSpec
) -> None:
    assert place.front is not None, place.name
    assert place.front_height is not None, place.name
    x0, y0, x1, y1 = place.front
    z0, z1 = place.front_height
    low, high = (x0 - pivot[0], y0 - pivot[1], z0), (x1 - pivot[0], y1 - pivot[1], z1)
    mass = 1.0 if place.kind == "drawer" else 4.0
    add_box(
        body, low, high, shade(spec.body, 1.04), name=f"{place.name} front", mass=mass, **MOVABLE
    )


def _add_handle(body: Element, place: Place, pivot: tuple[float, float]) -> None:
    """A vertical bar, held by two stubs at its ends so that fingers fit around its middle."""
    assert place.joint is not None, place.name
    assert place.front is not None, place.name
    x, y, z = place.joint.handle
    x0, y0, x1, y1 = place.front
    foot = min(max(x, x0), x1) - pivot[0], min(max(y, y0), y1) - pivot[1]
    x, y = x - pivot[0], y - pivot[1]
    add_capsule(
        body,
        (x, y, z - HANDLE_HALF_LENGTH + HANDLE_RADIUS),
        (x, y, z + HANDLE_HALF_LENGTH - HANDLE_RADIUS),
        HANDLE_RADIUS,
        METAL,
        name=f"{place.name} handle",
        mass=0.1,
        friction=(1.0, 0.02, 0.001),
        **MOVABLE,
    )
    for name, dz in (("lower", -STUB_HALF_SPAN), ("upper", STUB_HALF_SPAN)):
        add_capsule(
            body,
            (x, y, z + dz),
            (*foot, z + dz),
            0.006,
            METAL,
            name=f"{place.name} {name} stub",
            mass=0.02,
            **MOVABLE,
        )


def _add_drawer_box(body: Element, place: Place) -> None:
    """An open-top box: a floor and three walls behind the front."""
    assert place.front is not None, place.name
    dx, dy = _outward(place)
    x0, y0, x1, y1 = place.bounds
    fx0, fy0, fx1, fy1 = place.front
    if dx:
        x0, x1 = (x0, fx0) if dx > 0 else (fx1, x1)
    else:
        y0, y1 = (y0, fy0) if dy > 0 else (fy1, y1)
    t, floor, rim = PANEL, place.height, place.height + DRAWER_WALL
    parts: dict[str, tuple[Vector3, Vector3]] = {
        "floor": ((x0, y0, floor - t), (x1, y1, floor)),
        "west wall": ((x0 - t, y0, floor - t), (x0, y1, rim)),
        "east wall": ((x1, y0, floor - t), (x1 + t, y1, rim)),
        "south wall": ((x0, y0 - t, floor - t), (x1, y0, rim)),
        "north wall": ((x0, y1, floor - t), (x1, y1 + t, rim)),
    }
    facing = {(1, 0): "east", (-1, 0): "west", (0, 1): "north", (0, -1): "south"}[(dx, dy)]
    del parts[f"{facing} wall"]  # the front is there
    for name, (low, high) in parts.items():
        mass = 0.6 if name == "floor" else 0.25
        add_box(body, low, high, LINER, name=f"{place.name} {name}", mass=mass, **MOVABLE)


def _add_door_lining(body: Element, place: Place, pivot: tuple[float, float]) -> None:
    """A pale inner face, so that an open door does not look like a closed one from behind."""
    assert place.front is not None, place.name
    assert place.front_height is not None, place.name
    x0, y0, x1, y1 = _grow(place.front, -0.03, across=_outward(place))
    dx, dy = _outward(place)
    skin = 0.002
    x0, x1 = (x0 - skin, x0) if dx > 0 else (x1, x1 + skin) if dx < 0 else (x0, x1)
    y0, y1 = (y0 - skin, y0) if dy > 0 else (y1, y1 + skin) if dy < 0 else (y0, y1)
    z0, z1 = place.front_height
    low = (x0 - pivot[0], y0 - pivot[1], z0 + 0.03)
    high = (x1 - pivot[0], y1 - pivot[1], z1 - 0.03)
    add_box(body, low, high, LINER, **VISUAL)
