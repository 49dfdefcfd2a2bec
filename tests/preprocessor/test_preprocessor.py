# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from memagent.preprocessor import Preprocessor, PreprocessorConfig, overlay
from memagent.types import Pose2D

from .raycast import Scene, state_at, thing

pytestmark = pytest.mark.unit

STAND = Pose2D(1.35, 1.0, -np.pi / 2)


@pytest.fixture(scope="module")
def counter(site, catalogue):
    """A frame of the kitchen counter with three things on it."""
    scene = Scene().furnish(site)
    scene.solids += [
        thing(catalogue, "mug", "red", (1.0, 0.3), 0.75),
        thing(catalogue, "remote", "black", (1.3, 0.35), 0.75, 0.4),
        thing(catalogue, "can", "cyan", (1.7, 0.3), 0.75),
    ]
    return scene.render(STAND, (1.35, 0.3, 0.75), stamp=7.0)


@pytest.fixture
def preprocessor(site, catalogue, robot):
    return Preprocessor(site, catalogue, robot)


def test_a_percept_says_all_that_a_frame_shows(preprocessor, counter):
    percept = preprocessor.process(counter, state_at(STAND))
    assert {o.label for o in percept.objects} == {"red mug", "remote", "cyan can"}
    on_counter = {r.subject for r in percept.relations if r.object == "kitchen counter"}
    assert on_counter == {"red mug", "remote", "cyan can"}
    assert percept.viewed["kitchen counter"] > 0.9
    assert percept.stamp == 7.0
    assert percept.room == "kitchen"
    assert percept.boundary
    assert "red mug on the kitchen counter" in percept.summary
    assert percept.source.startswith(counter.frame_id)


def test_the_same_frames_give_the_same_percepts(site, catalogue, robot, counter):
    def twice():
        preprocessor = Preprocessor(site, catalogue, robot)
        frames = (counter, replace(counter, stamp=7.2))
        return [preprocessor.process(frame, state_at(STAND)) for frame in frames]

    assert twice() == twice()


def test_ids_stay_and_nothing_new_happens_in_the_same_view(preprocessor, counter):
    first = preprocessor.process(counter, state_at(STAND))
    second = preprocessor.process(replace(counter, stamp=7.2), state_at(STAND))
    assert [o.track_id for o in first.objects] == [o.track_id for o in second.objects]
    assert not second.boundary


@pytest.mark.parametrize(
    ("width", "moving", "holding"),
    [(0.05, False, True), (0.05, True, False), (0.001, False, False), (0.079, False, False)],
)
def test_holding_is_felt_by_the_fingers(preprocessor, counter, width, moving, holding):
    state = state_at(STAND, width=width, gripper_moving=moving)
    assert preprocessor.process(counter, state).holding is holding


def test_a_drawer_is_opened_and_its_contents_are_seen_in_it(site, catalogue, robot):
    place = site.place("bottom drawer")
    stand, openings = place.stand_pose, {"bottom drawer": 0.9}
    scene = Scene().furnish(site, openings)
    scene.solids.append(thing(catalogue, "apple", "green", (2.4, 0.55), place.height))
    frame = scene.render(stand, (2.5, 0.5, place.height))
    percept = Preprocessor(site, catalogue, robot).process(frame, state_at(stand))
    assert ("apple", "in", "bottom drawer") in {
        (r.subject, r.predicate, r.object) for r in percept.relations
    }
    assert percept.viewed["bottom drawer"] > 0.5
    assert {c.name: c.is_open for c in percept.containers}["bottom drawer"]


def test_a_frame_without_depth_is_no_reason_to_fail(preprocessor, counter):
    blind = replace(counter, depth=np.full_like(counter.depth, np.nan))
    percept = preprocessor.process(blind, state_at(STAND))
    assert percept.objects == ()
    assert percept.containers == ()
    assert percept.viewed == {}


def test_an_image_of_noise_is_no_reason_to_fail(preprocessor, counter):
    rng = np.random.default_rng(0)
    noise = replace(
        counter,
        rgb=rng.integers(0, 255, counter.rgb.shape, dtype=np.uint8),
        depth=rng.uniform(0, 6, counter.depth.shape).astype(np.float32),
    )
    assert preprocessor.process(noise, state_at(STAND)).objects == ()


def test_thresholds_are_configured(site, catalogue, robot, counter):
    config = PreprocessorConfig.model_validate({"classification": {"min_confidence": 1.0}})
    percept = Preprocessor(site, catalogue, robot, config).process(counter, state_at(STAND))
    assert len(percept.objects) < 3
    with pytest.raises(ValidationError):
        PreprocessorConfig.model_validate({"segmentation": {"max_rang": 3.0}})


def test_the_overlay_marks_objects_where_they_are(preprocessor, counter):
    percept = preprocessor.process(counter, state_at(STAND))
    image = overlay(counter, percept)
    bare = overlay(counter, replace(percept, objects=()))
    assert image.dtype == np.uint8
    assert image.shape == bare.shape == (360 * 2 + 64, 960, 3)
    changed = np.abs(image.astype(int) - bare).sum(axis=2) > 0
    assert 500 < changed.sum() < 0.2 * changed.size
    assert not changed[720:].any()
