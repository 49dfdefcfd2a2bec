# SPDX-License-Identifier: Apache-2.0
"""Keeps a sketch of the index up to date beside everything else: nobody waits for it to be made."""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray

from memagent.memory.recall.sketch import Rows, Sketch, Vectors

_FROM = 8_000
"""Vectors below which all are scored exactly."""
_LATE = 16
"""A sketch is made anew once one in so many vectors came after it was made."""


class Sketching:
    """The newest sketch that is ready, and a thread that makes the next one when it is time."""

    def __init__(self) -> None:
        self._sketch: Sketch | None = None
        self._thread: threading.Thread | None = None
        self._made: Sketch | None = None
        """What the thread made."""
        self._since: list[Rows] | None = []
        """Rows that changed since it began; None if what it makes must not be used."""

    def current(self, vectors: Vectors, embedded: NDArray[np.bool_]) -> Sketch | None:
        """The sketch, or None while all are better scored exactly.

        Args:
            vectors: all rows, of which a thread may read a little longer.
            embedded: which of them are vectors.
        """
        if self._thread is not None and not self._thread.is_alive():
            self._adopt(vectors)
        sketch = self._sketch
        if self._thread is None and (sketch is None or sketch.late * _LATE > len(sketch)):
            rows = np.flatnonzero(embedded)
            if len(rows) > _FROM:
                self._since = []
                self._thread = threading.Thread(
                    target=self._make, args=(vectors, rows), name="sketching", daemon=True
                )
                self._thread.start()
        return sketch if sketch is not None and sketch.is_good else None

    def wait(self) -> None:
        """Wait until the sketch that is being made is there, if any."""
        if self._thread is not None:
            self._thread.join()

    def put(self, rows: Rows, vectors: Vectors) -> None:
        """Take in rows that have vectors now."""
        if self._sketch is not None and len(rows):
            self._sketch.put(rows, vectors[rows])
        if self._thread is not None and self._since is not None:
            self._since.append(rows)

    def forget(self, rows: Rows) -> None:
        """Leave nothing of some rows, here or in what is being made."""
        if not len(rows):
            return
        if self._sketch is not None:
            self._sketch.forget(rows)
        self._since = None

    def begin_anew(self) -> None:
        """All rows may be others now."""
        self._sketch, self._since = None, None

    def _make(self, vectors: Vectors, rows: Rows) -> None:
        self._made = Sketch(vectors, rows)

    def _adopt(self, vectors: Vectors) -> None:
        made, since = self._made, self._since
        self._thread = self._made = None
        if made is None or since is None:
            return
        rows = np.unique(np.concatenate(since)) if since else np.zeros(0, np.int64)
        made.put(rows, vectors[rows])
        self._sketch = made
