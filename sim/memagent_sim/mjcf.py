# SPDX-License-Identifier: Apache-2.0
"""Writing MJCF, MuJoCo's XML, from Python values.

The collision groups are here too, because they are what furniture, robot and objects must agree on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Union
from xml.etree import ElementTree

from memagent.types import Vector3

Element = ElementTree.Element
Value = Union[str, bool, int, float, Iterable[float]]  # noqa: UP007  evaluated on Python 3.10

Rgb = tuple[float, float, float]

# contype and conaffinity. Two geoms can touch when one's type meets the other's affinity. Doors and
# drawers never touch the walls and carcasses: their joints' ranges keep them apart without jamming.
FIXED: Mapping[str, Value] = {"contype": 1, "conaffinity": 0}
MOVABLE: Mapping[str, Value] = {"contype": 2, "conaffinity": 0}
ROBOT: Mapping[str, Value] = {"contype": 4, "conaffinity": 7}
OBJECT: Mapping[str, Value] = {"contype": 8, "conaffinity": 15}
VISUAL: Mapping[str, Value] = {"contype": 0, "conaffinity": 0, "mass": 0}

UPPER_WALL_GROUP = 3
"""Geoms of this group are left out of pictures of the flat from above."""


def add(parent: Element, tag: str, **attributes: Value) -> Element:
    """Append ``<tag .../>`` to ``parent`` and return it; sequences become space-separated text."""
    return ElementTree.SubElement(
        parent, tag, {key.rstrip("_"): _text(value) for key, value in attributes.items()}
    )


def add_box(parent: Element, low: Vector3, high: Vector3, rgb: Rgb, **attributes: Value) -> Element:
    """A box from its lowest to its highest corner, in the frame of ``parent``."""
    return add(
        parent,
        "geom",
        type="box",
        pos=[(a + b) / 2 for a, b in zip(low, high, strict=True)],
        size=[(b - a) / 2 for a, b in zip(low, high, strict=True)],
        rgba=(*rgb, 1.0),
        **attributes,
    )


def add_capsule(
    parent: Element, start: Vector3, end: Vector3, radius: float, rgb: Rgb, **attributes: Value
) -> Element:
    """A capsule between two points, in the frame of ``parent``."""
    attributes = {"type": "capsule", **attributes}
    return add(
        parent, "geom", fromto=(*start, *end), size=(radius,), rgba=(*rgb, 1.0), **attributes
    )


def shade(rgb: Rgb, factor: float) -> Rgb:
    """A lighter (factor above 1) or darker tone of the same hue."""
    red, green, blue = (min(1.0, factor * part) for part in rgb)
    return (red, green, blue)


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)):
        return repr(value)
    return " ".join(repr(float(number)) for number in value)
