# SPDX-License-Identifier: Apache-2.0
"""The film keeps what was seen, and stays short however long the run."""

import numpy as np
import pytest
from PIL import Image

from memagent.demo import film
from memagent.types import CameraFrame, Percept, Plan, Pose2D, SkillCall, Step

pytestmark = pytest.mark.unit


PERCEPT = Percept(stamp=0.0, base=Pose2D(0.0, 0.0), summary="In the kitchen")


def frame(value):
    rgb = np.full((36, 48, 3), value, np.uint8)
    depth = np.zeros((36, 48), np.float32)
    return CameraFrame(0.0, "camera", rgb, depth, (40.0, 40.0, 24.0, 18.0), np.eye(4))


def test_frames_become_a_gif_with_the_plan_below(tmp_path):
    reel = film.Film(period_s=0.0)
    reel.on_frame(frame(10))  # nothing was made of it yet: not shown
    reel.on_percept(PERCEPT)
    reel.on_plan(Plan("bring tea", "", (Step(SkillCall("look_at", "desk"), "running"),)))
    for value in (0, 120, 240):
        reel.on_frame(frame(value))
    path = reel.save(tmp_path / "film.gif")
    with Image.open(path) as picture:
        assert picture.n_frames == 3
        assert picture.width == film.WIDTH
        panel = np.asarray(picture.convert("RGB"))[-film.PANEL :]
    assert panel.max() > 150, "the plan is not written"


def test_a_long_run_is_thinned_out(tmp_path, monkeypatch):
    monkeypatch.setattr(film, "MAX_FRAMES", 8)
    reel = film.Film(period_s=0.0)
    reel.on_percept(PERCEPT)
    for value in range(40):
        reel.on_frame(frame(value * 6))
    with Image.open(reel.save(tmp_path / "film.gif")) as picture:
        assert picture.n_frames <= 8


def test_nothing_seen_makes_no_file(tmp_path):
    assert film.Film().save(tmp_path / "film.gif") is None
