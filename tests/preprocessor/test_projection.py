# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest

from memagent.preprocessor.projection import View
from memagent.types import Pose2D

from .raycast import Scene

pytestmark = pytest.mark.unit

STAND = Pose2D(1.0, 1.0, 0.4)


@pytest.fixture(scope="module")
def frame():
    return Scene().add("sphere", "red", (2.0, 1.4, 0.5), (0.4,) * 3).render(STAND, (2, 1.4, 0.5))


def test_lifted_pixels_project_back_to_themselves(frame):
    view = View(frame)
    rng = np.random.default_rng(0)
    rows, cols = rng.integers(0, 360, 200), rng.integers(0, 480, 200)
    measured = view.depth[rows, cols] > 0
    look = view.look(view.lift(rows[measured], cols[measured]))
    assert np.array_equal(look.rows, rows[measured])
    assert np.array_equal(look.cols, cols[measured])
    assert np.allclose(look.distance, look.measured, atol=1e-5)


def test_the_floor_lies_at_height_zero(frame):
    view = View(frame)
    rows, cols = np.nonzero((view.depth > 0) & (frame.rgb[..., 0] == frame.rgb[..., 0].max()))
    assert np.abs(view.lift(rows, cols)[:, 2]).max() < 1e-4


def test_points_behind_the_camera_and_out_of_the_image_are_not_inside(frame):
    view = View(frame)
    behind = view.origin - 2 * view.rotation[:, 2]
    beside = view.origin + view.rotation[:, 2] + 3 * view.rotation[:, 0]
    look = view.look(np.array((behind, beside)))
    assert not look.inside.any()
    assert view.pixel(tuple(behind)) is None


def test_pixels_without_a_return_measure_nothing(frame):
    depth = frame.depth.copy()
    depth[180, 240] = np.nan
    view = View(replace(frame, depth=depth))
    ahead = view.origin + view.rotation[:, 2]
    assert view.depth[180, 240] == 0
    assert not view.look(ahead[None] + 1e-3 * view.rotation[:, 0]).inside.any()


def test_images_of_different_size_are_refused(frame):
    with pytest.raises(ValueError, match=r"rgb has shape \(360, 480, 3\)"):
        View(replace(frame, depth=frame.depth[:-1]))
    with pytest.raises(ValueError, match="pose has shape"):
        View(replace(frame, pose=np.eye(3)))
