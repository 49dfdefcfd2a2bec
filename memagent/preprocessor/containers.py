# SPDX-License-Identifier: Apache-2.0
"""Seeing how far containers are open.

Each hypothesis of a joint's opening says where the front would be; the depth image supports it
where it has that depth, contradicts it where it sees through, and is silent where something nearer
hides it.
"""

from __future__ import annotations

import numpy as np

from memagent.preprocessor.projection import View
from memagent.preprocessor.settings import ContainerConfig
from memagent.site import Place, Site, door_corners
from memagent.types import ContainerObservation, FloatArray


class ContainerWatcher:
    """Estimates openings from depth, on points of the fronts prepared once."""

    def __init__(self, site: Site, config: ContainerConfig) -> None:
        self._config = config
        self._openings = np.linspace(0.0, 1.0, config.hypotheses)
        self._fronts = {
            place.name: np.stack([_front_points(place, o, config.spacing) for o in self._openings])
            for place in site.places
            if place.is_container
        }

    def observe(self, view: View) -> tuple[ContainerObservation, ...]:
        """The containers whose state can be seen in ``view``."""
        seen = (self._observe(name, fronts, view) for name, fronts in self._fronts.items())
        return tuple(o for o in seen if o is not None)

    def _observe(self, name: str, fronts: FloatArray, view: View) -> ContainerObservation | None:
        count, samples, _ = fronts.shape
        look = view.look(fronts.reshape(-1, 3))
        gap = look.measured - look.distance
        support = look.inside & (np.abs(gap) <= self._config.tolerance)
        through = look.inside & (gap > self._config.tolerance)
        supported = support.reshape(count, samples).sum(axis=1)
        contradicted = through.reshape(count, samples).sum(axis=1)
        score = (supported - contradicted) / samples
        best = int(score.argmax())
        if (
            supported[best] >= max(self._config.min_samples, self._config.min_support * samples)
            and supported[best] > 2 * contradicted[best]
        ):
            return self._report(name, self._peak(score, best), float(supported[best]) / samples)
        return self._open_out_of_view(name, supported, contradicted, samples)

    def _open_out_of_view(
        self, name: str, supported: FloatArray, contradicted: FloatArray, samples: int
    ) -> ContainerObservation | None:
        """Where the closed front is seen through, it is open, even if the door is out of sight."""
        if contradicted[0] < max(self._config.min_samples, self._config.min_support * samples):
            return None
        possible = np.flatnonzero(contradicted <= 0.1 * samples)
        if not len(possible):
            return None
        best = possible[(supported[possible] + possible / len(supported)).argmax()]
        return self._report(name, float(self._openings[best]), 0.5)

    def _peak(self, score: FloatArray, best: int) -> float:
        """Mean of the openings about the best one, weighted by how far they stand out."""
        near = np.arange(max(0, best - 2), min(len(score), best + 3))
        weights = np.maximum(score[near] - score[near].min(), 0) + 1e-9
        if best in (0, len(score) - 1):
            return float(self._openings[best])
        return float(weights @ self._openings[near] / weights.sum())

    def _report(self, name: str, opening: float, support: float) -> ContainerObservation:
        return ContainerObservation(
            name=name,
            is_open=opening >= self._config.open_from,
            opening=opening,
            confidence=float(np.clip(0.4 + 0.6 * support, 0, 1)),
        )


def _front_points(place: Place, opening: float, spacing: float) -> FloatArray:
    """Points (n, 3) over the middle of a container's front at ``opening``."""
    assert place.front_height is not None
    corners = np.asarray(door_corners(place, opening))
    low, high = place.front_height
    longer = np.linalg.norm(corners[1] - corners[0]) >= np.linalg.norm(corners[3] - corners[0])
    start = (corners[0] + corners[3]) / 2 if longer else (corners[0] + corners[1]) / 2
    end = (corners[1] + corners[2]) / 2 if longer else (corners[3] + corners[2]) / 2
    columns = max(4, round(float(np.linalg.norm(end - start)) / spacing))
    rows = max(3, round((high - low) / spacing))
    along, up = np.meshgrid((np.arange(columns) + 0.5) / columns, (np.arange(rows) + 0.5) / rows)
    flat = start + along.reshape(-1, 1) * (end - start)
    return np.column_stack((flat, low + up.ravel() * (high - low)))
