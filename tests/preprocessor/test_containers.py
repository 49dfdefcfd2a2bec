# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from memagent.preprocessor.containers import ContainerWatcher
from memagent.preprocessor.projection import View
from memagent.preprocessor.settings import ContainerConfig
from memagent.types import Pose2D

from .raycast import Scene, Solid

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def watcher(site):
    return ContainerWatcher(site, ContainerConfig())


def watch(watcher, site, openings, stand, target, *solids):
    scene = Scene().furnish(site, openings)
    scene.solids += solids
    return {c.name: c for c in watcher.observe(View(scene.render(stand, target)))}


@pytest.mark.parametrize("opening", [0.0, 0.12, 0.5, 0.83, 1.0])
@pytest.mark.parametrize("name", ["top drawer", "fridge"])
def test_openings_are_measured(watcher, site, name, opening):
    place = site.place(name)
    x0, y0, x1, y1 = place.front
    target = ((x0 + x1) / 2, (y0 + y1) / 2, 0.8)
    seen = watch(watcher, site, {name: opening}, place.stand_pose, target)[name]
    assert seen.opening == pytest.approx(opening, abs=0.05)
    assert seen.is_open == (opening > 0.2)


def test_an_open_door_beyond_the_image_still_is_open(watcher, site):
    # From close by, turned away from the door, only the hole where it was is in view.
    seen = watch(watcher, site, {"fridge": 1.0}, Pose2D(1.3, 2.6, np.pi), (0.4, 2.75, 0.9))
    assert seen["fridge"].is_open
    assert seen["fridge"].opening > 0.5


def test_nothing_is_said_of_containers_out_of_view(watcher, site):
    seen = watch(watcher, site, {}, Pose2D(6.1, 1.15, -np.pi / 2), (6.1, 0.3, 0.65))
    assert seen == {}


def test_nothing_is_said_of_a_container_that_something_hides(watcher, site):
    screen = Solid("box", "white", (0.9, 2.4, 0.9), (0.02, 1.2, 1.8))
    stand = site.place("fridge").stand_pose
    assert "fridge" not in watch(watcher, site, {}, stand, (0.6, 2.4, 0.9), screen)


def test_each_drawer_has_its_own_state(watcher, site):
    stand = site.place("bottom drawer").stand_pose
    seen = watch(watcher, site, {"bottom drawer": 1.0}, stand, (2.5, 0.6, 0.5))
    assert seen["bottom drawer"].is_open
    assert not seen["top drawer"].is_open
