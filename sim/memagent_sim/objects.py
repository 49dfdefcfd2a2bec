# SPDX-License-Identifier: Apache-2.0
"""The things that people and robots move about, composed of primitives, each on a free joint.

Every builder works in a frame at the centre of the object's bounding box, x along its longer
horizontal axis. Sizes come from the catalogue; colours are saturated, unlike the flat's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

from memagent.catalogue import Category
from memagent_sim.mjcf import OBJECT, VISUAL, Element, Rgb, Value, add, add_box, add_capsule, shade
from memagent_sim.world import ObjectSpec, World

COLOURS: dict[str, Rgb] = {
    "red": (0.86, 0.08, 0.08),
    "orange": (0.98, 0.46, 0.04),
    "yellow": (0.98, 0.84, 0.06),
    "green": (0.13, 0.66, 0.16),
    "cyan": (0.05, 0.72, 0.76),
    "blue": (0.08, 0.22, 0.85),
    "purple": (0.50, 0.12, 0.72),
    "pink": (0.98, 0.30, 0.62),
    "black": (0.05, 0.05, 0.055),
}

_CONTACT: dict[str, Value] = {
    "condim": 4,
    "friction": (0.9, 0.01, 0.001),
    "solimp": (0.95, 0.99, 0.001),
    "solref": (0.01, 1),
    **OBJECT,
}
_ROLLING: dict[str, Value] = {**_CONTACT, "condim": 6, "friction": (0.9, 0.01, 0.003)}
"""Enough rolling resistance that a ball stays on a table."""

Builder = Callable[[Element, Category, Rgb, float], None]


def add_objects(worldbody: Element, world: World) -> None:
    """Add one free body per object, named after its label, at the origin."""
    for label, spec in world.objects.items():
        body = add(worldbody, "body", name=label)
        add(body, "joint", name=label, type="free", damping=0.0002, frictionloss=0, limited=False)
        build(body, world.category(spec), spec)


def build(body: Element, category: Category, spec: ObjectSpec) -> None:
    """Add the geoms of an object to its body."""
    _BUILDERS[spec.form](body, category, COLOURS[spec.colour], spec.mass)


def footprint(category: Category) -> float:
    """Radius of a circle about the centre that holds the object, seen from above, metres."""
    return math.hypot(category.size[0], category.size[1]) / 2


def _cylinder(
    body: Element, radius: float, low: float, high: float, rgb: Rgb, **attributes: Value
) -> None:
    add(
        body,
        "geom",
        type="cylinder",
        pos=(0, 0, (low + high) / 2),
        size=(radius, (high - low) / 2),
        rgba=(*rgb, 1),
        **attributes,
    )


def _box(body: Element, category: Category, rgb: Rgb, mass: float) -> None:
    x, y, z = (s / 2 for s in category.size)
    add_box(body, (-x, -y, -z), (x, y, z), rgb, mass=mass, **_CONTACT)


def _can(body: Element, category: Category, rgb: Rgb, mass: float) -> None:
    radius, half = category.size[0] / 2, category.size[2] / 2
    _cylinder(body, radius, -half, half, rgb, mass=mass, **_CONTACT)
    _cylinder(body, 0.82 * radius, half, half + 0.0008, shade(rgb, 0.72), **VISUAL)


def _mug(body: Element, category: Category, rgb: Rgb, mass: float) -> None:
    """A can with a handle on its +x side."""
    _can(body, category, rgb, 0.93 * mass)
    radius, half = category.size[0] / 2, category.size[2] / 2
    out, up = radius + 0.016, 0.45 * half
    corners = (radius - 0.004, 0.0, up), (out, 0.0, up), (out, 0.0, -up), (radius - 0.004, 0.0, -up)
    for start, end in pairwise(corners):
        add_capsule(body, start, end, 0.0045, rgb, mass=0.02 * mass, **_CONTACT)


def _bottle(body: Element, category: Category, rgb: Rgb, mass: float) -> None:
    """A body, a shoulder and a neck with a cap; heavier at the bottom, as if half full."""
    radius, half = category.size[0] / 2, category.size[2] / 2
    shoulder = -half + 0.66 * category.size[2]
    _cylinder(body, radius, -half, -half + 0.3 * category.size[2], rgb, mass=0.6 * mass, **_CONTACT)
    _cylinder(
        body, radius, -half + 0.3 * category.size[2], shoulder, rgb, mass=0.3 * mass, **_CONTACT
    )
    _cylinder(body, 0.6 * radius, shoulder, half, rgb, mass=0.1 * mass, **_CONTACT)
    add(
        body,
        "geom",
        type="ellipsoid",
        pos=(0, 0, shoulder),
        size=(radius, radius, 0.5 * radius),
        rgba=(*rgb, 1),
        **VISUAL,
    )
    cap = shade(rgb, 0.7)
    _cylinder(body, 0.68 * radius, half - 0.016, half + 0.0005, cap, **VISUAL)


def _ball(body: Element, category: Category, rgb: Rgb, mass: float) -> None:
    radius = category.size[2] / 2
    add(body, "geom", type="sphere", size=(radius,), rgba=(*rgb, 1), mass=mass, **_ROLLING)


def _banana(body: Element, category: Category, rgb: Rgb, mass: float) -> None:
    """Three capsules in a shallow curve that lies flat, with dark ends."""
    radius, half = category.size[2] / 2, category.size[0] / 2
    bend = 0.014
    points = (
        (-half + radius, -bend, 0.0),
        (-0.35 * half, bend / 2, 0.0),
        (0.35 * half, bend / 2, 0.0),
        (half - radius, -bend, 0.0),
    )
    for start, end in pairwise(points):
        add_capsule(body, start, end, radius, rgb, mass=mass / 3, **_CONTACT)


def _remote(body: Element, category: Category, rgb: Rgb, mass: float) -> None:
    """A slab with three rows of slightly paler buttons."""
    _box(body, category, rgb, mass)
    x, _, z = (s / 2 for s in category.size)
    for i in range(-3, 4):
        for j in (-1, 0, 1):
            add(
                body,
                "geom",
                type="cylinder",
                pos=(0.24 * x * i, 0.012 * j, z),
                size=(0.004, 0.0008),
                rgba=(*shade(rgb, 2.6), 1),
                **VISUAL,
            )


_BUILDERS: dict[str, Builder] = {
    "box": _box,
    "can": _can,
    "mug": _mug,
    "bottle": _bottle,
    "ball": _ball,
    "banana": _banana,
    "remote": _remote,
}
