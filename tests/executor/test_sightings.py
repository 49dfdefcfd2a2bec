# SPDX-License-Identifier: Apache-2.0
import math

import pytest

from memagent.executor.sightings import Sightings, is_called, nearest
from memagent.types import ContainerObservation, ObjectObservation, Percept, Pose2D

pytestmark = pytest.mark.unit


def mug(x: float, yaw: float = 0.0, label: str = "red mug", confidence: float = 0.9):
    return ObjectObservation(
        1, label, "mug", "red", "cylinder", (x, 0.0, 0.8), yaw, (0.16, 0.04, 0.1), confidence, 100
    )


class Feed:
    def __init__(self) -> None:
        self.newest = None
        self.sightings = Sightings(lambda: self.newest)

    def show(self, stamp: float, *objects, containers=()) -> None:
        self.newest = Percept(stamp, Pose2D(0, 0), tuple(objects), tuple(containers))
        self.sightings.poll()


def test_positions_are_averaged_against_noise_and_outliers():
    feed = Feed()
    for k, x in enumerate((1.0, 1.01, 0.99, 1.06)):
        feed.show(0.2 * k + 0.2, mug(x))
    (seen,) = feed.sightings.objects(0.0)
    assert seen.position[0] == pytest.approx(1.005, abs=1e-6)


def test_directions_are_averaged_as_axes():
    feed = Feed()
    feed.show(0.2, mug(1.0, math.pi / 2 - 0.02))
    feed.show(0.4, mug(1.0, -math.pi / 2 + 0.02))
    (seen,) = feed.sightings.objects(0.0)
    assert abs(math.sin(seen.yaw)) == pytest.approx(1.0, abs=1e-3)


def test_two_of_a_kind_stay_apart_and_old_percepts_are_left_out():
    feed = Feed()
    feed.show(0.2, mug(5.0))
    feed.show(0.4, mug(1.0), mug(2.0))
    assert sorted(o.position[0] for o in feed.sightings.objects(0.3)) == [1.0, 2.0]
    assert len(feed.sightings.objects(0.0)) == 3


def test_a_percept_is_taken_in_once():
    feed = Feed()
    feed.show(0.2, mug(1.0))
    assert feed.sightings.poll() is None
    assert len(feed.sightings.since(0.0)) == 1


def test_newest_container_observation_wins():
    feed = Feed()
    feed.show(0.2, containers=[ContainerObservation("fridge", False, 0.0, 0.9)])
    feed.show(0.4, containers=[ContainerObservation("fridge", True, 0.8, 0.9)])
    feed.show(0.6)
    assert feed.sightings.container("fridge", 0.0).opening == 0.8
    assert feed.sightings.container("fridge", 0.5) is None
    assert feed.sightings.container("drawer", 0.0) is None


def test_names_and_nearness():
    assert is_called(mug(1.0), "red mug")
    assert is_called(mug(1.0), "mug")
    assert not is_called(mug(1.0), "blue mug")
    near, far = mug(1.0, confidence=0.5), mug(3.0)
    assert nearest([near, far], (1.2, 0.0, 0.8)) is near
    assert nearest([near, far], None) is far
    assert nearest([], None) is None
