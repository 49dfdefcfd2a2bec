# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from memagent.preprocessor.solids import Solid, solids_of, surface

pytestmark = pytest.mark.unit

SOLIDS = (
    Solid("sphere", (0.03, 0.03, 0.03)),
    Solid("box", (0.05, 0.03, 0.04), 0.003),
    Solid("box", (0.08, 0.02, 0.02), 0.0199),
    Solid("upright cylinder", (0.03, 0.03, 0.06)),
    Solid("upright cylinder", (0.03, 0.03, 0.09), neck=0.3),
    Solid("lying cylinder", (0.06, 0.03, 0.03)),
    Solid("bent", (0.08, 0.018, 0.018)),
)


@pytest.mark.parametrize("solid", SOLIDS, ids=lambda s: f"{s.kind} {s.half}")
def test_gradients_are_those_of_the_distance(solid):
    points = np.random.default_rng(1).normal(0, 0.08, (300, 3))
    distance, gradient = solid.distance(points)
    step = 1e-6
    numeric = np.stack(
        [(solid.distance(points + step * axis)[0] - distance) / step for axis in np.eye(3)], axis=1
    )
    smooth = np.abs(np.linalg.norm(numeric, axis=1) - 1) < 1e-3
    assert smooth.mean() > 0.95
    assert np.allclose(gradient[smooth], numeric[smooth], atol=2e-3)


@pytest.mark.parametrize("solid", SOLIDS, ids=lambda s: f"{s.kind} {s.half}")
def test_surface_samples_lie_on_the_surface(solid):
    points, normals = surface(solid)
    distance, _ = solid.distance(points)
    assert np.abs(distance).max() < 1e-3
    assert np.allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("solid", SOLIDS, ids=lambda s: f"{s.kind} {s.half}")
def test_inside_is_negative_and_far_away_is_positive(solid):
    centre, far = solid.distance(np.array(((0.0, 0.004, 0.0), (1.0, 1.0, 1.0))))[0]
    assert centre < 0 < 1 < far


def test_every_kind_of_the_catalogue_has_a_solid_of_its_size(catalogue):
    for category in catalogue.categories:
        usual = solids_of(category)[0]
        assert tuple(2 * h for h in usual.half) == pytest.approx(category.size)


def test_boxes_may_lie_on_any_side_and_cylinders_may_lie(catalogue):
    assert len(solids_of(catalogue.category("tea box"))) == 3
    assert solids_of(catalogue.category("can"))[-1].kind == "lying cylinder"
