# SPDX-License-Identifier: Apache-2.0
"""The site as MJCF: floors, walls and furniture."""

from __future__ import annotations

from memagent.site import Obstacle, Place, Rectangle
from memagent_sim.containers import add_carcass, add_moving_part, container_joint, middle
from memagent_sim.mjcf import (
    FIXED,
    UPPER_WALL_GROUP,
    VISUAL,
    Element,
    Rgb,
    add,
    add_box,
)
from memagent_sim.world import FurnitureSpec, Tone, World

__all__ = ["add_flat", "container_joint"]

TABLE_TOP = 0.04
LEG = 0.03
DOLLHOUSE_HEIGHT = 1.05
"""Walls above it are hidden in pictures from above."""

WALL: Rgb = (0.93, 0.92, 0.90)
SKIRTING: Rgb = (0.82, 0.81, 0.79)
LINER: Rgb = (0.95, 0.95, 0.95)
LINEN: Rgb = (0.93, 0.93, 0.92)


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
            add_carcass(worldbody, piece, containers, spec)
        elif spec.style == "table":
            _add_table(worldbody, piece, spec)
        elif spec.style == "bed":
            _add_bed(worldbody, piece, spec)
        else:
            _add_block(worldbody, piece, spec)
        for place in containers:
            add_moving_part(worldbody, place, spec)


def _holds(piece: Obstacle, place: Place) -> bool:
    x, y = middle(place.bounds)
    x0, y0, x1, y1 = piece.bounds
    return x0 <= x <= x1 and y0 <= y <= y1


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
        pos=(*middle(bounds), 0),
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
