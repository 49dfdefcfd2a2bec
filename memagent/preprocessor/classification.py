# SPDX-License-Identifier: Apache-2.0
"""Naming a blob: its colour, then the kind of object whose solid fits it best."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from memagent.catalogue import Catalogue, Category
from memagent.preprocessor.fitting import Fit, fit_solid
from memagent.preprocessor.projection import View
from memagent.preprocessor.segmentation import Blob
from memagent.preprocessor.settings import ClassificationConfig
from memagent.preprocessor.solids import Solid, solids_of

_HUES = (
    ("red", 14.0),
    ("orange", 43.0),
    ("yellow", 70.0),
    ("green", 160.0),
    ("cyan", 202.0),
    ("blue", 255.0),
    ("purple", 305.0),
    ("pink", 346.0),
    ("red", 360.0),
)
"""Colour names and the hue in degrees at which each ends."""

_GOOD = 0.75
_MAX_SPLITS = 2
_WELL_SEEN = 0.8
_WELL_RESOLVED = 80
"""Pixels from which on an object's outline is sharp."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One kind that a blob may be."""

    category: Category
    fit: Fit
    score: float
    """How well the solid agrees with the image, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Detection:
    """A blob with its name."""

    colour: str
    pixels: int
    truncated: bool
    hypotheses: tuple[Hypothesis, ...]
    """Best first; at least one."""

    def visibility(self, hypothesis: Hypothesis) -> float:
        """How much there is to go by, 0 to 1: less if little of the object is seen, or from far."""
        seen = min(1.0, hypothesis.fit.seen / _WELL_SEEN)
        return (0.45 + 0.55 * seen) * min(1.0, self.pixels / _WELL_RESOLVED)


def colour_name(hue: float | None) -> str:
    """The name of a hue in degrees; None is black."""
    if hue is None:
        return "black"
    return next(name for name, end in _HUES if hue % 360 < end)


class Classifier:
    """Names blobs with the kinds of a catalogue."""

    def __init__(self, catalogue: Catalogue, config: ClassificationConfig) -> None:
        self._config = config
        self._by_colour: dict[str, tuple[Category, ...]] = {}
        for colour in {c for category in catalogue.categories for c in category.colours}:
            self._by_colour[colour] = tuple(c for c in catalogue.categories if colour in c.colours)

    def classify(self, blob: Blob, view: View) -> list[Detection]:
        """Detections in ``blob``: none if no kind fits, several if it is several objects."""
        return self._classify(blob, view, _MAX_SPLITS)

    def _classify(self, blob: Blob, view: View, splits: int) -> list[Detection]:
        colour = colour_name(blob.hue)
        kinds = self._by_colour.get(colour, ())
        hypotheses = self._hypotheses(kinds, blob, view)
        best = hypotheses[0].score if hypotheses else 0.0
        if splits and hypotheses and best < 0.5:
            parts = [d for b in _halves(blob) for d in self._classify(b, view, splits - 1)]
            if parts and min(d.hypotheses[0].score for d in parts) > best:
                return parts
        if best < self._config.min_confidence:
            return []
        return [Detection(colour, blob.pixels, blob.truncated, tuple(hypotheses))]

    def _hypotheses(self, kinds: Sequence[Category], blob: Blob, view: View) -> list[Hypothesis]:
        """Every kind in the attitude that fits best, best kind first.

        Unusual attitudes (a bottle that lies) are tried only where no kind fits in its usual one.
        """
        usual = [self._hypothesis(kind, solids_of(kind)[0], blob, view) for kind in kinds]
        if not usual or max(h.score for h in usual) >= _GOOD:
            return sorted(usual, key=lambda h: -h.score)
        best = []
        for hypothesis in usual:
            for solid in solids_of(hypothesis.category)[1:]:
                other = self._hypothesis(hypothesis.category, solid, blob, view)
                if other.score > hypothesis.score + 0.1:
                    hypothesis = other
            best.append(hypothesis)
        return sorted(best, key=lambda h: -h.score)

    def _hypothesis(self, kind: Category, solid: Solid, blob: Blob, view: View) -> Hypothesis:
        fit = fit_solid(
            solid,
            blob,
            view,
            samples=self._config.samples,
            scale_spread=self._config.scale_spread,
        )
        return Hypothesis(kind, fit, self._score(fit))

    def _score(self, fit: Fit) -> float:
        close = np.exp(-0.5 * (fit.residual / self._config.residual) ** 2)
        typical = np.exp(-0.5 * (np.log(fit.scale) / (2 * self._config.scale_spread)) ** 2)
        return float(close * typical * (1 - fit.contradicted) ** 2)


def _halves(blob: Blob) -> Iterable[Blob]:
    """The blob cut in two across its longest direction, at the gap nearest to its middle."""
    points = blob.points - blob.points.mean(axis=0)
    direction = np.linalg.svd(points[:: max(1, len(points) // 400)], full_matrices=False)[2][0]
    along = points @ direction
    low, high = np.percentile(along, (2, 98))
    counts, edges = np.histogram(along, bins=24, range=(low, high))
    middle = np.arange(24)[6:18]
    cut = edges[middle[counts[middle].argmin()]] + (edges[1] - edges[0]) / 2
    for chosen in (along < cut, along >= cut):
        if chosen.sum() >= 24:
            yield blob.select(chosen)
