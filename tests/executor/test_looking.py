# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest

from memagent.executor.looking import fixations, gaze_at
from memagent.types import Pose2D

pytestmark = pytest.mark.unit


def in_image(description, base: Pose2D, gaze, point) -> bool:
    """Whether a pinhole camera at the head sees the point, by the full rotation."""
    pan, tilt = gaze
    c, s = math.cos(base.yaw), math.sin(base.yaw)
    dx, dy = point[0] - base.x, point[1] - base.y
    v = np.array([c * dx + s * dy, c * dy - s * dx, point[2]]) - description.head.position
    turn = np.array(
        [[math.cos(pan), math.sin(pan), 0], [-math.sin(pan), math.cos(pan), 0], [0, 0, 1]]
    )
    nod = np.array(
        [[math.cos(tilt), 0, -math.sin(tilt)], [0, 1, 0], [math.sin(tilt), 0, math.cos(tilt)]]
    )
    x, y, z = nod @ turn @ v
    camera = description.head_camera
    tangent = math.tan(math.radians(camera.fovy) / 2)
    wide = tangent * camera.width / camera.height
    return bool(x > 0 and abs(y) <= wide * x and abs(z) <= tangent * x)


def test_gaze_brings_a_point_to_the_middle(description):
    base, point = Pose2D(1.0, 2.0, 0.7), (1.6, 2.9, 0.8)
    pan, tilt = gaze_at(description.head, base, point)
    head = description.head.position
    c, s = math.cos(base.yaw), math.sin(base.yaw)
    eye = np.array([base.x + c * head[0], base.y + s * head[0], head[2]])
    direction = np.array(
        [
            math.cos(tilt) * math.cos(base.yaw + pan),
            math.cos(tilt) * math.sin(base.yaw + pan),
            -math.sin(tilt),
        ]
    )
    to_point = np.array(point) - eye
    assert direction == pytest.approx(to_point / np.linalg.norm(to_point), abs=1e-6)


def test_gaze_stays_within_the_limits(description):
    pan, tilt = gaze_at(description.head, Pose2D(0, 0, 0), (-2.0, 0.1, 0.0))
    assert description.head.pan[0] <= pan <= description.head.pan[1]
    assert description.head.tilt[0] <= tilt <= description.head.tilt[1]


def test_every_surface_is_seen_as_a_whole_from_its_stand(site, description):
    for place in site.places:
        if place.is_container:
            continue
        gazes = fixations(
            description.head,
            description.head_camera,
            place.stand_pose,
            place.bounds,
            place.height,
            0.9,
        )
        assert 1 <= len(gazes) <= 3, place.name
        x0, y0, x1, y1 = place.bounds
        for x in np.linspace(x0, x1, 9):
            for y in np.linspace(y0, y1, 5):
                point = (x, y, place.height + 0.05)
                assert any(in_image(description, place.stand_pose, g, point) for g in gazes), (
                    place.name,
                    point,
                )


def test_a_small_place_needs_one_look_and_a_wide_one_more(site, description):
    def count(bounds) -> int:
        return len(
            fixations(description.head, description.head_camera, Pose2D(0, 0, 0), bounds, 0.7, 0.9)
        )

    assert count((0.8, -0.2, 1.1, 0.2)) == 1
    assert count((0.6, -1.2, 1.1, 1.2)) > 1
