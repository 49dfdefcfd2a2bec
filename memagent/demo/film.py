# SPDX-License-Identifier: Apache-2.0
"""A short film of a run: what the head camera saw, with the plan written over it."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from memagent.preprocessor import overlay
from memagent.types import CameraFrame, Percept, Plan

WIDTH = 480
PANEL = 132
"""Height of the strip with the plan, pixels."""
FRAME_MS = 120
MAX_FRAMES = 360
COLOURS = {
    "done": (120, 200, 130),
    "running": (255, 220, 120),
    "failed": (240, 120, 110),
    "rejected": (240, 120, 110),
    "skipped": (140, 140, 150),
    "pending": (170, 175, 190),
}


class Film:
    """Collects frames during a run; when there are too many, every second one goes.

    Thread-safe: frames, percepts and plans arrive on different threads.
    """

    def __init__(self, period_s: float = 1.0) -> None:
        self._period_s = period_s
        self._next = 0.0
        self._frames: list[Image.Image] = []
        self._plan: Plan | None = None
        self._percept: Percept | None = None
        self._lock = threading.Lock()
        self._font = ImageFont.load_default(size=13)
        self._small = ImageFont.load_default(size=11)

    def on_plan(self, plan: Plan) -> None:
        with self._lock:
            self._plan = plan

    def on_percept(self, percept: Percept) -> None:
        with self._lock:
            self._percept = percept

    def on_frame(self, frame: CameraFrame) -> None:
        now = time.monotonic()
        with self._lock:
            if now < self._next or self._percept is None:
                return
            self._next = now + self._period_s
            percept, plan = self._percept, self._plan
        composed = self._compose(overlay(frame, percept), plan)
        with self._lock:
            self._frames.append(composed)
            if len(self._frames) > MAX_FRAMES:
                self._frames = self._frames[::2]
                self._period_s *= 2

    def _compose(self, picture: NDArray[np.uint8], plan: Plan | None) -> Image.Image:
        height = picture.shape[0] * WIDTH // picture.shape[1]
        canvas = Image.new("RGB", (WIDTH, height + PANEL), (24, 27, 36))
        canvas.paste(Image.fromarray(cv2.resize(picture, (WIDTH, height))), (0, 0))
        draw = ImageDraw.Draw(canvas)
        if plan is None:
            draw.text((10, height + 8), "waiting for an instruction", (200, 204, 214), self._font)
            return canvas
        draw.text((10, height + 7), plan.instruction, (240, 242, 248), self._font)
        current = next(
            (i for i, s in enumerate(plan.steps) if s.status in ("running", "pending")), 0
        )
        first = max(0, min(current - 1, len(plan.steps) - 5))
        for row, step in enumerate(plan.steps[first : first + 5]):
            top = height + 30 + row * 19
            draw.ellipse((14, top + 4, 22, top + 12), COLOURS[step.status])
            draw.text((30, top), str(step.call), COLOURS[step.status], self._small)
        return canvas

    def save(self, path: Path) -> Path | None:
        """Write a GIF; None if there is not a single frame."""
        with self._lock:
            frames = list(self._frames)
        if not frames:
            return None
        palette = [f.quantize(colors=96, method=Image.Quantize.FASTOCTREE) for f in frames]
        palette[0].save(
            path, save_all=True, append_images=palette[1:], duration=FRAME_MS, loop=0, optimize=True
        )
        return path
