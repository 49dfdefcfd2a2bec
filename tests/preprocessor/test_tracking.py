# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from memagent.preprocessor.classification import Detection, Hypothesis
from memagent.preprocessor.fitting import Fit
from memagent.preprocessor.settings import TrackingConfig
from memagent.preprocessor.solids import solids_of
from memagent.preprocessor.tracking import Tracker

pytestmark = pytest.mark.unit


@pytest.fixture
def detect(catalogue):
    def make(at, scores, colour="red", seen=1.0, pixels=400, yaw=0.0):
        hypotheses = []
        for name, score in scores.items():
            solid = solids_of(catalogue.category(name))[0]
            fit = Fit(solid, at, yaw, 1.0, 0.001, seen, 0.0)
            hypotheses.append(Hypothesis(catalogue.category(name), fit, score))
        hypotheses.sort(key=lambda h: -h.score)
        return Detection(colour, pixels, False, tuple(hypotheses))

    return make


def test_a_track_keeps_its_id_and_two_objects_of_one_colour_keep_theirs(detect):
    tracker = Tracker(TrackingConfig())
    mug, ball = {"mug": 0.9, "ball": 0.1}, {"ball": 0.9, "mug": 0.1}
    first = tracker.update([detect((0, 0, 1), mug), detect((0.2, 0, 1), ball)], 0.0)
    second = tracker.update([detect((0.21, 0, 1), ball), detect((0.01, 0, 1), mug)], 0.2)
    assert [o.track_id for o in second] == [first[1].track_id, first[0].track_id]
    assert [o.label for o in second] == ["red ball", "red mug"]


def test_one_bad_glimpse_does_not_rename_an_object(detect):
    tracker = Tracker(TrackingConfig())
    for i in range(5):
        tracker.update([detect((0, 0, 1), {"mug": 0.9, "ball": 0.2})], 0.2 * i)
    (glimpse,) = tracker.update([detect((0, 0, 1), {"ball": 0.8, "mug": 0.5}, seen=0.3)], 1.0)
    assert glimpse.label == "red mug"
    assert glimpse.confidence < 0.6


def test_an_undecided_kind_has_a_low_confidence(detect):
    tracker = Tracker(TrackingConfig())
    (sure,) = tracker.update([detect((0, 0, 1), {"mug": 0.9, "ball": 0.1})], 0.0)
    (unsure,) = tracker.update([detect((1, 0, 1), {"mug": 0.9, "ball": 0.88})], 0.0)
    assert unsure.confidence < 0.6 * sure.confidence


def test_positions_are_smoothed_and_start_anew_after_a_jump(detect):
    tracker = Tracker(TrackingConfig())
    rng = np.random.default_rng(0)
    for i in range(10):
        noisy = tuple(np.array((0.0, 0.0, 1.0)) + rng.normal(0, 0.005, 3))
        (seen,) = tracker.update([detect(noisy, {"mug": 0.95})], 0.2 * i)
    assert np.linalg.norm(np.subtract(seen.position, (0, 0, 1))) < 0.005
    (moved,) = tracker.update([detect((0.15, 0, 1), {"mug": 0.95})], 2.0)
    assert moved.position == pytest.approx((0.15, 0, 1))
    assert moved.track_id == seen.track_id


def test_a_badly_seen_frame_hardly_moves_a_well_known_position(detect):
    tracker = Tracker(TrackingConfig())
    for i in range(5):
        tracker.update([detect((0, 0, 1), {"mug": 0.95})], 0.2 * i)
    (seen,) = tracker.update([detect((0.02, 0, 1), {"mug": 0.4}, seen=0.2)], 1.0)
    assert abs(seen.position[0]) < 0.001


def test_yaw_is_averaged_across_its_wrap(detect):
    tracker = Tracker(TrackingConfig())
    colour = {"colour": "yellow"}
    for i, yaw in enumerate((1.55, -1.55, 1.56, -1.56)):
        (seen,) = tracker.update([detect((0, 0, 1), {"sponge": 1.0}, yaw=yaw, **colour)], 0.2 * i)
    assert abs(seen.yaw) > 1.5


def test_tracks_are_forgotten_after_a_while_and_when_the_clock_is_set_back(detect):
    tracker = Tracker(TrackingConfig(memory=5.0))
    (first,) = tracker.update([detect((0, 0, 1), {"mug": 0.9})], 100.0)
    (kept,) = tracker.update([detect((0, 0, 1), {"mug": 0.9})], 104.0)
    (late,) = tracker.update([detect((0, 0, 1), {"mug": 0.9})], 110.0)
    (early,) = tracker.update([detect((0, 0, 1), {"mug": 0.9})], 3.0)
    assert kept.track_id == first.track_id
    assert len({first.track_id, late.track_id, early.track_id}) == 3
