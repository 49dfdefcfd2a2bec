# SPDX-License-Identifier: Apache-2.0
"""Which share of each place was seen, so that memory can learn from absence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from memagent.preprocessor.projection import BoolArray, View
from memagent.preprocessor.settings import CoverageConfig
from memagent.site import Place, Site
from memagent.types import FloatArray, ObjectObservation

_CLOSED = 0.05


@dataclass(slots=True)
class _Cells:
    place: Place
    centres: FloatArray
    """While the place is closed, shape (n, 3)."""
    last_seen: FloatArray


class Coverage:
    """Remembers, per cell of each place, when it was last seen unoccluded."""

    def __init__(self, site: Site, config: CoverageConfig) -> None:
        self._config = config
        self._cells = [_grid(place, config.spacing) for place in site.places]

    def update(
        self,
        view: View,
        openings: Mapping[str, float],
        objects: Sequence[ObjectObservation],
        stamp: float,
    ) -> dict[str, float]:
        """Take in a frame; return the share of each place seen within the window, where not 0.

        ``openings`` says how far containers are open (0 to 1; missing means closed). The inside of
        a closed container is not seen. ``objects`` are those seen in the frame.
        """
        shares = {}
        for cells in self._cells:
            opening = openings.get(cells.place.name, 0.0)
            if cells.place.is_container and opening <= _CLOSED:
                cells.last_seen[:] = -np.inf
                continue
            cells.last_seen[self._seen(view, _moved(cells, opening), objects)] = stamp
            # A clock that was set back must not leave cells seen in the future.
            cells.last_seen[cells.last_seen > stamp] = -np.inf
            share = float(np.mean(stamp - cells.last_seen <= self._config.window))
            if share > 0:
                shares[cells.place.name] = share
        return shares

    def _seen(
        self, view: View, centres: FloatArray, objects: Sequence[ObjectObservation]
    ) -> BoolArray:
        look = view.look(centres)
        # Both ways: where the camera sees past a surface, the surface is not where it should be,
        # as with a drawer that somebody has shut since.
        seen = look.inside & (np.abs(look.measured - look.distance) <= self._config.tolerance)
        hidden = look.inside & ~seen
        if hidden.any():
            met = view.lift(look.rows, look.cols)
            for observed in objects:
                centre = np.asarray(observed.position)
                reach = max(observed.size) / 2 + self._config.object_margin
                beneath = np.linalg.norm(centres[:, :2] - centre[:2], axis=1) < reach
                seen |= hidden & beneath & (np.linalg.norm(met - centre, axis=1) < reach)
        return seen & (look.distance < self._config.max_range)


def _grid(place: Place, spacing: float) -> _Cells:
    x0, y0, x1, y1 = place.bounds
    columns = max(2, round((x1 - x0) / spacing))
    rows = max(2, round((y1 - y0) / spacing))
    xs = x0 + (np.arange(columns) + 0.5) / columns * (x1 - x0)
    ys = y0 + (np.arange(rows) + 0.5) / rows * (y1 - y0)
    x, y = np.meshgrid(xs, ys)
    centres = np.column_stack((x.ravel(), y.ravel(), np.full(x.size, place.height)))
    return _Cells(place, centres, np.full(len(centres), -np.inf))


def _moved(cells: _Cells, opening: float) -> FloatArray:
    """Cell centres with a drawer pulled out by ``opening``."""
    x, y = cells.place.bounds_at(opening)[:2]
    x0, y0 = cells.place.bounds[:2]
    centres: FloatArray = cells.centres + np.array((x - x0, y - y0, 0.0))
    return centres
