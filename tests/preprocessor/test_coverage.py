# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from memagent.preprocessor.coverage import Coverage
from memagent.preprocessor.projection import View
from memagent.preprocessor.settings import CoverageConfig
from memagent.types import ObjectObservation

from .raycast import Scene, Solid

pytestmark = pytest.mark.unit


@pytest.fixture
def coverage(site):
    return Coverage(site, CoverageConfig())


def view_of(site, name, *solids, openings=None, at=0.5):
    """The place seen from its stand; ``at`` is where along it the camera looks, 0 to 1."""
    place = site.place(name)
    x0, y0, x1, y1 = place.bounds_at((openings or {}).get(name, 0.0))
    scene = Scene().furnish(site, openings)
    scene.solids += solids
    target = (x0 + at * (x1 - x0), (y0 + y1) / 2, place.height)
    return View(scene.render(place.stand_pose, target))


def test_a_table_in_full_view_is_seen_whole(site, coverage):
    view = view_of(site, "side table")
    assert coverage.update(view, {}, (), 0.0)["side table"] > 0.95


def test_a_screen_hides_what_is_behind_it(site, coverage):
    screen = Solid("box", "white", (7.4, 1.4, 0.8), (0.02, 0.35, 0.5))
    share = coverage.update(view_of(site, "side table", screen), {}, (), 0.0)["side table"]
    assert 0.2 < share < 0.7


def test_cells_hidden_by_a_known_object_count_as_seen(site):
    box = Solid("box", "purple", (7.65, 1.6, 0.61), (0.12, 0.12, 0.12))
    view = view_of(site, "side table", box)
    unknown = Coverage(site, CoverageConfig()).update(view, {}, (), 0.0)["side table"]
    known = ObjectObservation(
        1, "box", "box", "purple", "box", box.position, 0.0, box.size, 1.0, 500
    )
    share = Coverage(site, CoverageConfig()).update(view, {}, (known,), 0.0)["side table"]
    assert share > unknown


def test_a_closed_container_is_not_seen(site, coverage):
    shares = coverage.update(view_of(site, "fridge"), {"fridge": 0.0}, (), 0.0)
    assert "fridge" not in shares


@pytest.mark.parametrize(("name", "least"), [("fridge", 0.8), ("top drawer", 0.6)])
def test_the_inside_of_an_open_container_is_seen(site, coverage, name, least):
    openings = {name: 1.0}
    shares = coverage.update(view_of(site, name, openings=openings), openings, (), 0.0)
    assert shares[name] > least


def test_a_drawer_believed_open_that_is_shut_is_not_seen(site, coverage):
    shut = view_of(site, "top drawer")
    assert coverage.update(shut, {"top drawer": 1.0}, (), 0.0).get("top drawer", 0.0) < 0.3


def test_looks_add_up_within_the_window_and_fade_after_it(site, coverage):
    config = CoverageConfig()
    left, right = (view_of(site, "desk", at=at) for at in (-0.1, 1.1))
    away = view_of(site, "kitchen counter")
    first = coverage.update(left, {}, (), 10.0)["desk"]
    both = coverage.update(right, {}, (), 10.0 + config.window / 2)["desk"]
    assert first < 0.8 < both
    fading = coverage.update(away, {}, (), 10.0 + 1.2 * config.window)["desk"]
    assert 0 < fading < both
    assert "desk" not in coverage.update(away, {}, (), 10.0 + 3 * config.window)


def test_a_clock_set_back_forgets_what_was_seen(site, coverage):
    coverage.update(view_of(site, "desk"), {}, (), 1000.0)
    assert "desk" not in coverage.update(view_of(site, "kitchen counter"), {}, (), 1.0)


def test_pixels_without_depth_show_nothing(site, coverage):
    view = view_of(site, "desk")
    view.depth[:] = 0
    assert coverage.update(view, {}, (), 0.0) == {}
    assert not np.any(view.depth)
