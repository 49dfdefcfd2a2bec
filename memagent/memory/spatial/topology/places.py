# SPDX-License-Identifier: Apache-2.0
"""The nodes, with their looks and positions in arrays, and the gate that tells places apart."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from memagent.memory.spatial.topology.config import TopologyConfig
from memagent.memory.spatial.topology.values import Place, TopologyError
from memagent.types import FloatArray, Pose2D


class Places:
    """Places by id, in order of their making; one row each of ``positions`` and ``looks``."""

    def __init__(self) -> None:
        self._places: dict[str, Place] = {}
        self._ids: list[str] = []
        self._row: dict[str, int] = {}
        self._positions = np.zeros((16, 2))
        self._looks = np.zeros((16, 0))

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[Place]:
        return iter(self._places.values())

    def __contains__(self, place: object) -> bool:
        return place in self._places

    def __getitem__(self, place: str) -> Place:
        try:
            return self._places[place]
        except KeyError:
            raise TopologyError(
                f"unknown place {place!r}; the graph holds {len(self)} places"
            ) from None

    @property
    def ids(self) -> list[str]:
        """Id of each row."""
        return self._ids

    @property
    def positions(self) -> FloatArray:
        """Shape (n, 2): metres in ``map``."""
        return self._positions[: len(self._ids)]

    def cosines(self, look: FloatArray) -> FloatArray:
        """Shape (n,): how alike each place looks, -1 to 1. ``look`` has length 1.

        Raises:
            TopologyError: ``look`` has another number of dimensions than the places.
        """
        self._check(look)
        cosines: FloatArray = self._looks[: len(self._ids)] @ look
        return cosines

    def put(self, place: Place) -> None:
        """Add a place or replace the one of its id."""
        if not self._ids:
            self._looks = np.zeros((len(self._positions), len(place.descriptor)))
        self._check(place.descriptor)
        row = self._row.get(place.id)
        if row is None:
            row = self._row[place.id] = len(self._ids)
            self._ids.append(place.id)
            if row == len(self._positions):
                self._positions = np.concatenate([self._positions, np.zeros_like(self._positions)])
                self._looks = np.concatenate([self._looks, np.zeros_like(self._looks)])
        self._places[place.id] = place
        self._positions[row] = place.pose.x, place.pose.y
        self._looks[row] = place.descriptor

    def drop(self, place: str) -> Place:
        """Take a place out; the last row moves into its row."""
        gone = self[place]
        row, last = self._row.pop(place), self._ids.pop()
        if last != place:
            self._ids[row] = last
            self._row[last] = row
            self._positions[row] = self._positions[len(self._ids)]
            self._looks[row] = self._looks[len(self._ids)]
        del self._places[place]
        return gone

    def _check(self, look: FloatArray) -> None:
        if self._ids and len(look) != self._looks.shape[1]:
            raise TopologyError(
                f"descriptor has {len(look)} dimensions, the places have {self._looks.shape[1]}"
            )


def same_place(
    places: Places,
    config: TopologyConfig,
    pose: Pose2D,
    look: FloatArray,
    label: str = "",
    other_than: str = "",
) -> str | None:
    """The place that this is, or None where it is a new one; never ``other_than``.

    Near enough *and* alike: looks alone would make one node of two bathrooms, and nearness alone
    one of both sides of a wall. Of several, the most alike.
    """
    if not len(places):
        return None
    alike = places.cosines(look)
    if config.mode == "paper":
        # Vectors of length 1: |a - b|^2 = 2 - 2 a.b
        best = int(np.argmax(alike))
        near = np.sqrt(max(2 - 2 * alike[best], 0.0)) <= config.paper_delta
        return places.ids[best] if near else None
    near = np.hypot(*(places.positions - (pose.x, pose.y)).T) <= config.radius
    rows = [
        int(row)
        for row in np.flatnonzero(near)
        if places.ids[row] != other_than
        and (alike[row] >= config.similarity or (label and places[places.ids[row]].label == label))
    ]
    return places.ids[max(rows, key=lambda row: alike[row])] if rows else None
