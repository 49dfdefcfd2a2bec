# SPDX-License-Identifier: Apache-2.0
"""The site as MJCF: floors, walls, tables, and containers that really open.

A container is a carcass with a cavity, a drawer or a door on a joint, and a vertical handle bar in
front of it. Joint positions run from 0, closed, to the site's ``travel``.
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
    UPPER_WALL_GROUP,
    VISUAL,
    Element,
    Rgb,
    add,
    add_box,
    add_capsule,
)
from memagent_sim.world import FurnitureSpec, Tone, World

PANEL = 0.012
"""Thickness of a drawer's walls, metres."""
DRAWER_WALL = 0.09
"""Height of a drawer's walls: low enough for a hand that reaches down between them."""
HANDLE_RADIUS = 0.012
HANDLE_HALF_LENGTH = 0.06
STUB_HALF_SPAN = 0.052
TABLE_TOP = 0.04
LEG = 0.03
DOLLHOUSE_HEIGHT = 1.05
"""Walls above it are hidden in pictures from above."""

WALL: Rgb = (0.93, 0.92, 0.90)
SKIRTING: Rgb = (0.82, 0.81, 0.79)
METAL: Rgb = (0.45, 0.46, 0.47)
LINER: Rgb = (0.95, 0.95, 0.95)
LINEN: Rgb = (0.93, 0.93, 0.92)


def container_joint(place: str) -> str:
    """Name of the joint on which a container opens."""
    return f"{place} joint"


def add_flat(asset: Element, worldbody: Element, world: World) -> None:
    """Add everything of the site that is not an object or the robot."""
    site, config = world.site, world.config
    add(worldbody, "geom", name="floor", type="plane", size=(0, 0, 1), group=4, **FIXED)
    for room in site.rooms:
        _add_floor(asset, worldbody, room.name, room.bounds, config.floors.get(room.name))
    for wall in site.walls:
        _add_wall(worldbody, wall)
    for piece in site.furniture:
        spec = config.furniture.get(piece.name, FurnitureSpec())
        containers = [p for p in site.places if p.is_container and _holds(piece, p)]
        if containers:
            _add_carcass(worldbody, piece, containers, spec)
        elif spec.style == "table":
            _add_table(worldbody, piece, spec)
        elif spec.style == "bed":
            _add_bed(worldbody, piece, spec)
        else:
            _add_block(worldbody, piece, spec)
        for place in containers:
            _add_moving_part(worldbody, place, spec)


def _holds(piece: Obstacle, place: Place) -> bool:
    x, y = _middle(place.bounds)
    x0, y0, x1, y1 = piece.bounds
    return x0 <= x <= x1 and y0 <= y <= y1


def _middle(bounds: Rectangle) -> tuple[float, float]:
    return (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2


# --- the shell of the flat ----------------------------------------------------------------------


def _add_floor(
    asset: Element, worldbody: Element, room: str, bounds: Rectangle, tone: Tone | None
) -> None:
    rgb = tone or (0.75, 0.74, 0.72)
    tiles = "kitchen" in room
    add(
        asset,
        "texture",
        name=f"{room} floor",
        type="2d",
        builtin="checker",
        width=128,
        height=128,
        rgb1=rgb,
        rgb2=[0.965 * c for c in rgb],
        mark="edge",
        markrgb=[0.90 * c for c in rgb],
    )
    # One texture holds 2 x 2 tiles of 0.5 m, or two rows of two planks of 1.6 m x 0.16 m.
    add(
        asset,
        "material",
        name=f"{room} floor",
        texture=f"{room} floor",
        texuniform=True,
        texrepeat=(1.0, 1.0) if tiles else (1 / 1.6, 1 / 0.32),
        specular=0.1,
        shininess=0.1,
        reflectance=0.0,
    )
    x0, y0, x1, y1 = bounds
    add(
        worldbody,
        "geom",
        type="plane",
        pos=(*_middle(bounds), 0),
        size=((x1 - x0) / 2, (y1 - y0) / 2, 1),
        material=f"{room} floor",
        contype=0,
        conaffinity=0,
    )


def _add_wall(worldbody: Element, wall: Obstacle) -> None:
    x0, y0, x1, y1 = wall.bounds
    split = min(DOLLHOUSE_HEIGHT, wall.height)
    add_box(worldbody, (x0, y0, wall.bottom), (x1, y1, split), WALL, name=wall.name, **FIXED)
    if split < wall.height:
        add_box(
            worldbody,
            (x0, y0, split),
            (x1, y1, wall.height),
            WALL,
            name=f"{wall.name} upper part",
            group=UPPER_WALL_GROUP,
            **FIXED,
        )
    out = 0.008
    add_box(worldbody, (x0 - out, y0 - out, 0.0), (x1 + out, y1 + out, 0.07), SKIRTING, **VISUAL)


# --- furniture without containers ---------------------------------------------------------------


def _add_block(worldbody: Element, piece: Obstacle, spec: FurnitureSpec) -> None:
    """A solid body under a slightly wider worktop."""
    x0, y0, x1, y1 = piece.bounds
    top, inset = piece.height, 0.012
    add_box(worldbody, (x0, y0, top - TABLE_TOP), (x1, y1, top), spec.top, name=piece.name, **FIXED)
    add_box(
        worldbody,
        (x0 + inset, y0 + inset, piece.bottom),
        (x1 - inset, y1 - inset, top - TABLE_TOP),
        spec.body,
        name=f"{piece.name} body",
        **FIXED,
    )


def _add_table(worldbody: Element, piece: Obstacle, spec: FurnitureSpec) -> None:
    """A top on four legs, with an apron under it."""
    x0, y0, x1, y1 = piece.bounds
    under, half, inset = piece.height - TABLE_TOP, LEG / 2 + 0.005, 0.05
    top = (x1, y1, piece.height)
    add_box(worldbody, (x0, y0, under), top, spec.top, name=piece.name, **FIXED)
    add_box(
        worldbody,
        (x0 + inset, y0 + inset, under - 0.06),
        (x1 - inset, y1 - inset, under),
        spec.body,
        name=f"{piece.name} apron",
        **FIXED,
    )
    for i, x in enumerate((x0 + inset, x1 - inset)):
        for j, y in enumerate((y0 + inset, y1 - inset)):
            low, high = (x - half, y - half, 0.0), (x + half, y + half, under)
            add_box(worldbody, low, high, spec.body, name=f"{piece.name} leg {i}{j}", **FIXED)


def _add_bed(worldbody: Element, piece: Obstacle, spec: FurnitureSpec) -> None:
    """A frame, a mattress with a blanket, and two pillows at its northern end."""
    x0, y0, x1, y1 = piece.bounds
    frame, top = 0.55 * piece.height, piece.height
    add_box(worldbody, (x0, y0, 0.06), (x1, y1, frame), spec.body, name=piece.name, **FIXED)
    inset = 0.03
    mattress = (x0 + inset, y0 + inset, frame), (x1 - inset, y1 - inset, top)
    add_box(worldbody, *mattress, LINEN, name=f"{piece.name} mattress", **FIXED)
    add_box(
        worldbody,
        (x0 + 0.01, y0 + 0.01, frame - 0.05),
        (x1 - 0.01, y0 + 0.66 * (y1 - y0), top + 0.015),
        spec.top,
        **VISUAL,
    )
    width = (x1 - x0) / 2
    for k in range(2):
        middle = (x0 + (k + 0.5) * width, y1 - 0.3, top + 0.03)
        add(
            worldbody,
            "geom",
            type="ellipsoid",
            pos=middle,
            size=(0.4 * width, 0.2, 0.07),
            rgba=(*LINER, 1),
            **VISUAL,
        )


# --- containers ---------------------------------------------------------------------------------


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
    (x, y), (fx, fy) = _middle(place.bounds), _middle(place.front)
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


def _add_carcass(
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
        dx, dy = cavity.outward
        deep = 0.015  # a rail, flush with the opening
        low = (max(cx0, cx1 - deep) if dx > 0 else cx0, max(cy0, cy1 - deep) if dy > 0 else cy0)
        high = (min(cx1, cx0 + deep) if dx < 0 else cx1, min(cy1, cy0 + deep) if dy < 0 else cy1)
        rail = (*low, below + 0.004), (*high, above - 0.004)
        add_box(worldbody, *rail, spec.body, name=f"{piece.name} rail {below}", **FIXED)


def _add_moving_part(worldbody: Element, place: Place, spec: FurnitureSpec) -> None:
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
    rgb: Rgb = tuple(min(1.0, 1.04 * c) for c in spec.body)  # type: ignore[assignment]
    add_box(body, low, high, rgb, name=f"{place.name} front", mass=mass, **MOVABLE)


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
