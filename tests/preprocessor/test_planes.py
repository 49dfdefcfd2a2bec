# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from memagent.preprocessor.planes import find_planes
from memagent.preprocessor.projection import View
from memagent.preprocessor.settings import PlaneConfig
from memagent.types import Pose2D

from .raycast import Scene

pytestmark = pytest.mark.unit


def table_against_a_wall() -> View:
    scene = Scene()
    scene.add("box", "wood", (2.0, 0.0, 0.35), (0.8, 1.2, 0.7))
    scene.add("box", "white", (2.6, 0.0, 1.0), (0.1, 4.0, 2.0))
    scene.add("box", "red", (1.9, 0.2, 0.74), (0.09, 0.06, 0.08))
    return View(scene.render(Pose2D(0.7, 0.0), (2.0, 0.0, 0.7)))


def test_horizontal_planes_are_found_at_their_height_and_place():
    planes = find_planes(table_against_a_wall(), PlaneConfig())
    table = min(planes.levels, key=lambda level: abs(level.height - 0.7))
    assert table.height == pytest.approx(0.7, abs=0.003)
    x0, y0, x1, y1 = table.bounds
    assert (x0, x1) == pytest.approx((1.6, 2.4), abs=0.05)
    assert (y0, y1) == pytest.approx((-0.6, 0.6), abs=0.06)


def test_walls_are_upright_and_the_faces_of_small_objects_are_not():
    view = table_against_a_wall()
    planes = find_planes(view, PlaneConfig())
    rows, cols = np.nonzero(planes.upright)
    points = view.lift(rows * planes.stride, cols * planes.stride)
    assert len(points) > 1000
    on_wall = np.abs(points[:, 0] - 2.55) < 0.01
    on_table_front = np.abs(points[:, 0] - 1.6) < 0.01
    assert on_wall.sum() > 1000
    assert (on_wall | on_table_front).mean() > 0.99


def test_an_empty_depth_image_has_no_planes():
    view = table_against_a_wall()
    view.depth[:] = 0
    planes = find_planes(view, PlaneConfig())
    assert planes.levels == ()
    assert not planes.upright.any()
