# SPDX-License-Identifier: Apache-2.0
"""The robot as MJCF, built from its description with primitives only.

Body ``base`` moves on two slides and a hinge; the arm follows the modified Denavit-Hartenberg rows
of the description, frame by frame; the head turns about the optical centre of its camera.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from memagent.robot import ArmJoint, Camera, RobotDescription
from memagent.types import Vector3
from memagent_sim.mjcf import ROBOT, VISUAL, Element, Rgb, Value, add, add_box, add_capsule

BASE_JOINTS = ("base x", "base y", "base yaw")
FINGER_JOINTS = ("left finger", "right finger")
PADS = ("left pad", "right pad")
TOOL_SITE = "tool"
HEAD_CAMERA = "head"
WRIST_CAMERA = "wrist"

BASE_STIFFNESS = (2.0e4, 2.0e4, 4.0e3)
"""N/m, N/m, N m/rad."""
BASE_DAMPING = (4.0e3, 4.0e3, 4.0e2)
BASE_SLACK = (0.02, 0.02, 0.03)
"""How far the wanted pose may lead the real one: 400 N, 400 N and 120 N m of force."""
BASE_FORCE = (400.0, 400.0, 120.0)
GRIPPER_STIFFNESS = 4000.0
"""N/m of width."""
GRIPPER_DAMPING = 60.0
HEAD_STIFFNESS, HEAD_DAMPING = 60.0, 3.0

PAD_FRICTION = (1.3, 0.02, 0.001)
PAD_HALF_WIDTH = 0.014
"""Wide enough that a round object, which creeps outwards a little with every turn, stays held."""

FLANGE_TO_FINGERTIP = 0.1034
"""From the hand's mounting face to the point between the finger tips, metres."""

WHITE: Rgb = (0.93, 0.93, 0.94)
GREY: Rgb = (0.62, 0.63, 0.65)
DARK: Rgb = (0.30, 0.31, 0.32)
RUBBER: Rgb = (0.38, 0.38, 0.39)

# Link shapes in the frames of the joints: start and end of each capsule's axis, and its radius.
_LINKS: tuple[tuple[tuple[Vector3, Vector3, float], ...], ...] = (
    (((0, 0, -0.18), (0, 0, 0), 0.058), ((0, -0.05, 0), (0, 0.05, 0), 0.058)),
    (((0, 0, -0.06), (0, 0, 0.06), 0.056), ((0, 0, 0), (0, -0.16, 0), 0.056)),
    (((0, 0, -0.13), (0, 0, -0.04), 0.054), ((0, 0, -0.04), (0.0825, 0, 0), 0.05)),
    (((0, 0, -0.05), (0, 0, 0.05), 0.05), ((0, 0, 0), (-0.0825, 0.10, 0), 0.048)),
    (((0, 0, -0.27), (0, 0, -0.2), 0.05), ((0, 0.03, -0.2), (0, 0.03, 0), 0.04)),
    (((0, 0, -0.05), (0, 0, 0.03), 0.046), ((0, 0, 0), (0.07, 0, 0), 0.04)),
    (((0, 0, -0.02), (0, 0, 0.05), 0.044),),
)
_LINK_MASSES = (3.5, 3.5, 3.0, 2.6, 2.4, 1.3, 0.6)


def add_robot(
    worldbody: Element, actuator: Element, mjcf: Element, robot: RobotDescription
) -> None:
    """Add the robot, its actuators, and the coupling of its fingers."""
    base = _add_base(worldbody, robot)
    _add_head(base, robot)
    hand = _add_arm(base, robot)
    _add_hand(hand, robot)
    _add_contact_exclusions(add(mjcf, "contact"), robot)
    _add_finger_coupling(add(mjcf, "equality"), add(mjcf, "tendon"))
    _add_actuators(actuator, robot)


def link_name(joint: ArmJoint) -> str:
    """Name of the body that an arm joint moves."""
    return f"{joint.name} link"


def arm_stiffness(joint: ArmJoint) -> tuple[float, float]:
    """Position gain (N m/rad) and velocity gain (N m s/rad) of an arm joint's servo."""
    stiffness = 4500.0 if joint.effort > 50.0 else 2000.0
    return stiffness, stiffness / 12.0


# --- bodies -------------------------------------------------------------------------------------


def _add_base(worldbody: Element, robot: RobotDescription) -> Element:
    base = add(worldbody, "body", name="base", gravcomp=1)
    for name, kind, axis in zip(
        BASE_JOINTS,
        ("slide", "slide", "hinge"),
        ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
        strict=True,
    ):
        add(base, "joint", name=name, type=kind, axis=axis)
    radius, mount = robot.base.radius - 0.01, robot.arm.mount
    shoulder = mount[2] - 0.06
    for name, low, high, r, rgb, mass in (
        ("base skirt", 0.03, 0.10, radius, DARK, 30.0),
        ("base body", 0.10, shoulder, radius - 0.015, WHITE, 25.0),
    ):
        _add_cylinder(base, (0, 0), low, high, r, rgb, name=name, mass=mass, **ROBOT)
    _add_cylinder(
        base, mount[:2], shoulder, mount[2], 0.10, GREY, name="arm pedestal", mass=5, **ROBOT
    )
    return base


def _add_cylinder(
    body: Element,
    middle: tuple[float, float],
    low: float,
    high: float,
    radius: float,
    rgb: Rgb,
    **attributes: Value,
) -> None:
    add(
        body,
        "geom",
        type="cylinder",
        pos=(*middle, (low + high) / 2),
        size=(radius, (high - low) / 2),
        rgba=(*rgb, 1),
        **attributes,
    )


def _add_head(base: Element, robot: RobotDescription) -> None:
    """Two posts that leave room for the arm's elbow between them, a bar, and the camera."""
    x, y, z = robot.head.position
    foot, half, bar = x - 0.05, 0.17, z - 0.10
    for side, name in ((half, "left"), (-half, "right")):
        add_capsule(
            base,
            (foot, y + side, robot.arm.mount[2] - 0.08),
            (foot, y + side, bar),
            0.016,
            GREY,
            name=f"{name} post",
            mass=0.8,
            **ROBOT,
        )
    ends = (foot, y - half, bar), (foot, y + half, bar)
    add_capsule(base, *ends, 0.018, GREY, name="head bar", mass=0.5, **ROBOT)
    neck = (foot, y, bar), (x - 0.06, y, z - 0.05)
    add_capsule(base, *neck, 0.02, DARK, name="neck", mass=0.2, **ROBOT)
    pan = add(base, "body", name="head pan", pos=(x, y, z), gravcomp=1)
    tilt = add(pan, "body", name="head tilt", gravcomp=1)
    inertia = {"damping": 0.2, "armature": 0.02}
    names, limits = robot.head.joints, (robot.head.pan, robot.head.tilt)
    for body, name, axis, (low, high) in zip(
        (pan, tilt), names, ((0, 0, 1), (0, 1, 0)), limits, strict=True
    ):
        slack = 0.01
        span = (low - slack, high + slack)
        add(body, "joint", name=name, type="hinge", axis=axis, range=span, limited=True, **inertia)
    # The shell lies behind the optical centre, out of the camera's own view.
    _add_cylinder(pan, (-0.06, 0), -0.06, -0.045, 0.03, DARK, mass=0.1, contype=0, conaffinity=0)
    add_box(tilt, (-0.09, -0.075, -0.04), (-0.012, 0.075, 0.04), WHITE, name="head", mass=0.4)
    tilt[-1].attrib.update({"contype": "0", "conaffinity": "0"})
    for eye in (-0.045, 0.045):
        add(
            tilt,
            "geom",
            type="cylinder",
            pos=(-0.012, eye, 0),
            size=(0.018, 0.004),
            euler=(0, math.pi / 2, 0),
            rgba=(*DARK, 1),
            **VISUAL,
        )
    _add_camera(tilt, HEAD_CAMERA, robot.head_camera, (0, 0, 0), (0, -1, 0, 0, 0, 1))


def _add_camera(
    body: Element, name: str, camera: Camera, position: Vector3, axes: tuple[float, ...]
) -> None:
    """``axes``: image right and image up, in the frame of ``body``."""
    add(body, "camera", name=name, pos=position, xyaxes=axes, fovy=camera.fovy)


def _add_arm(base: Element, robot: RobotDescription) -> Element:
    """Seven links; returns the hand, mounted on the last one."""
    link = add(base, "body", name="arm base", pos=robot.arm.mount, gravcomp=1)
    shape = {"name": "arm base", "mass": 2.5, **ROBOT}
    add_capsule(link, (0, 0, 0.02), (0, 0, 0.09), 0.07, WHITE, **shape)
    for i, joint in enumerate(robot.arm.joints):
        link = _add_link(link, joint, i)
    along = robot.arm.tool_offset - FLANGE_TO_FINGERTIP
    add_capsule(link, (0, 0, 0.05), (0, 0, along - 0.02), 0.04, DARK, mass=0.2, **ROBOT)
    half = robot.arm.tool_yaw / 2
    turn = (math.cos(half), 0, 0, math.sin(half))
    return add(link, "body", name="hand", pos=(0, 0, along), quat=turn, gravcomp=1)


def _add_link(parent: Element, joint: ArmJoint, index: int) -> Element:
    # Rx(alpha) Tx(a) Rz(theta) Tz(d): the frame's origin is at d along the new z.
    c, s = math.cos(joint.alpha), math.sin(joint.alpha)
    body = add(
        parent,
        "body",
        name=link_name(joint),
        pos=(joint.a, -s * joint.d, c * joint.d),
        quat=(math.cos(joint.alpha / 2), math.sin(joint.alpha / 2), 0, 0),
        gravcomp=1,
    )
    add(
        body,
        "joint",
        name=joint.name,
        type="hinge",
        axis=(0, 0, 1),
        range=(joint.lower, joint.upper),
        limited=True,
        armature=0.1,
        damping=0.5,
    )
    shapes = _LINKS[index] if index < len(_LINKS) else ()
    mass = _LINK_MASSES[min(index, len(_LINK_MASSES) - 1)]
    for k, (start, end, radius) in enumerate(shapes):
        rgb = GREY if k == 0 and index in (1, 3, 5) else WHITE
        name = f"{joint.name} shape {k}"
        add_capsule(body, start, end, radius, rgb, name=name, mass=mass / len(shapes), **ROBOT)
    return body


def _add_hand(hand: Element, robot: RobotDescription) -> None:
    """A palm, two fingers on slides along y, the tool point and the wrist camera."""
    tip = FLANGE_TO_FINGERTIP
    add_box(hand, (-0.03, -0.1, 0.0), (0.03, 0.1, 0.06), WHITE, name="palm", mass=0.6, **ROBOT)
    add(hand, "site", name=TOOL_SITE, pos=(0, 0, tip), size=(0.005,), group=4)
    travel = robot.gripper.max_width / 2
    for name, pad, side in zip(FINGER_JOINTS, PADS, (1, -1), strict=True):
        finger = add(hand, "body", name=name, pos=(0, 0, 0), gravcomp=1)
        add(
            finger,
            "joint",
            name=name,
            type="slide",
            axis=(0, side, 0),
            range=(0, travel),
            limited=True,
            armature=0.2,
            damping=5,
        )
        y0, y1 = sorted((side * 0.006, side * 0.02))
        low, high = (-0.009, y0, 0.0605), (0.009, y1, tip + 0.008)
        add_box(finger, low, high, GREY, name=f"{name} shape", mass=0.03, **ROBOT)
        y0, y1 = sorted((0.0, side * 0.007))
        low, high = (-PAD_HALF_WIDTH, y0, tip - 0.014), (PAD_HALF_WIDTH, y1, tip + 0.010)
        add_box(
            finger,
            low,
            high,
            RUBBER,
            name=pad,
            mass=0.01,
            condim=4,
            priority=1,
            friction=PAD_FRICTION,
            solref=(0.008, 1),
            solimp=(0.95, 0.99, 0.001),
            **ROBOT,
        )
    camera = robot.wrist_camera
    lens = (0.055, 0.0, 0.03)
    add_box(hand, (0.03, -0.02, 0.0), (0.07, 0.02, 0.022), DARK, mass=0.03, **ROBOT)
    _add_camera(hand, WRIST_CAMERA, camera, lens, (0, 1, 0, 1, 0, 0))


def _add_contact_exclusions(contact: Element, robot: RobotDescription) -> None:
    """Neighbours whose housings overlap at the joints; parents and children are excluded anyhow."""
    links = [link_name(joint) for joint in robot.arm.joints]
    for first, second in ((links[-3], links[-1]), FINGER_JOINTS):
        add(contact, "exclude", body1=first, body2=second)


def _add_finger_coupling(equality: Element, tendon: Element) -> None:
    """One motor drives both fingers, so that they stay centred."""
    left, right = FINGER_JOINTS
    add(
        equality, "joint", joint1=left, joint2=right, solref=(0.004, 1), solimp=(0.98, 0.999, 0.001)
    )
    fixed = add(tendon, "fixed", name="gripper")
    for finger in FINGER_JOINTS:
        add(fixed, "joint", joint=finger, coef=1)


# --- actuators ----------------------------------------------------------------------------------


def _add_actuators(actuator: Element, robot: RobotDescription) -> None:
    for name, stiffness, damping, force in zip(
        BASE_JOINTS, BASE_STIFFNESS, BASE_DAMPING, BASE_FORCE, strict=True
    ):
        _add_servo(actuator, {"name": name, "joint": name}, stiffness, damping, force)
    for joint in robot.arm.joints:
        stiffness, damping = arm_stiffness(joint)
        target = {"name": joint.name, "joint": joint.name}
        _add_servo(actuator, target, stiffness, damping, joint.effort)
    for name in robot.head.joints:
        _add_servo(actuator, {"name": name, "joint": name}, HEAD_STIFFNESS, HEAD_DAMPING, 20.0)
    target = {"name": "gripper", "tendon": "gripper"}
    _add_servo(actuator, target, GRIPPER_STIFFNESS, GRIPPER_DAMPING, robot.gripper.force)


def _add_servo(
    actuator: Element, target: Mapping[str, Value], stiffness: float, damping: float, force: float
) -> None:
    """Force = stiffness (ctrl - position) - damping velocity, limited to ``force``.

    With ctrl = target + damping / stiffness * target velocity it follows without lag.
    """
    add(
        actuator,
        "general",
        **target,
        biastype="affine",
        gainprm=(stiffness,),
        biasprm=(0, -stiffness, -damping),
        forcelimited=True,
        forcerange=(-force, force),
    )
