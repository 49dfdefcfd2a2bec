# SPDX-License-Identifier: Apache-2.0
"""Furniture, objects and robot put together into one MuJoCo model."""

from __future__ import annotations

from xml.etree import ElementTree

import mujoco

from memagent_sim.furniture import add_flat
from memagent_sim.mjcf import Element, add
from memagent_sim.objects import add_objects
from memagent_sim.robot_model import add_robot
from memagent_sim.world import World

TIMESTEP = 0.002
"""Seconds."""
NEAR, FAR = 0.02, 25.0
"""Clipping planes of all cameras, metres."""
OVERVIEW_CAMERA = "overview"
_LIGHTS = (((0.35, 0.45, -1.0), 0.30), ((-0.6, -0.5, -0.7), 0.20))
"""Direction in which it shines, and brightness."""
PICTURE_LIMIT = (1920, 1080)


def mjcf(world: World) -> str:
    """The world as MJCF."""
    root = ElementTree.Element("mujoco", model=world.site.name)
    add(root, "compiler", angle="radian", autolimits=True)
    add(
        root,
        "option",
        timestep=TIMESTEP,
        integrator="implicitfast",
        cone="elliptic",
        impratio=10,
        iterations=30,
        ls_iterations=20,
    )
    add(root, "statistic", extent=1, center=(0, 0, 0), meansize=0.1)
    _add_visual(root)
    asset, worldbody = add(root, "asset"), add(root, "worldbody")
    _add_sky_and_light(asset, worldbody, world)
    add_flat(asset, worldbody, world)
    add_objects(worldbody, world)
    add_robot(worldbody, add(root, "actuator"), root, world.robot)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode")


def build_model(world: World) -> mujoco.MjModel:
    """Compile the world."""
    return mujoco.MjModel.from_xml_string(mjcf(world))


def _add_visual(root: Element) -> None:
    visual = add(root, "visual")
    width, height = PICTURE_LIMIT
    add(visual, "global", offwidth=width, offheight=height)
    # Multisampling and large shadow maps cost most of the time of a software renderer.
    add(visual, "quality", offsamples=0, shadowsize=1024)
    add(visual, "map", znear=NEAR, zfar=FAR, shadowclip=5.0, shadowscale=0.9)
    add(
        visual,
        "headlight",
        ambient=(0.46, 0.46, 0.46),
        diffuse=(0.20, 0.20, 0.20),
        specular=(0.05, 0.05, 0.05),
    )


def _add_sky_and_light(asset: Element, worldbody: Element, world: World) -> None:
    add(
        asset,
        "texture",
        type="skybox",
        builtin="gradient",
        rgb1=(0.86, 0.87, 0.88),
        rgb2=(0.70, 0.71, 0.72),
        width=64,
        height=64,
    )
    x0, y0, x1, y1 = world.site.bounds
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    for direction, brightness in _LIGHTS:
        add(
            worldbody,
            "light",
            directional=True,
            castshadow=False,
            pos=(x, y, 6),
            dir=direction,
            diffuse=[brightness] * 3,
            specular=(0.08, 0.08, 0.08),
        )
    # High above the southern wall, looking at the middle of the flat.
    back, up = 0.42 * (y1 - y0), 1.2 * (x1 - x0)
    add(
        worldbody,
        "camera",
        name=OVERVIEW_CAMERA,
        pos=(x, y - 0.1 - back, up),
        xyaxes=(1, 0, 0, 0, up, back),
        fovy=42,
    )
