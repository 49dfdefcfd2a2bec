# SPDX-License-Identifier: Apache-2.0
"""Things by label: where they are, since when, and where they were.

A thing that is seen within ``same`` metres of where one of its label was has stayed. Anything else
is another stay: the thing has moved, or there are two of them, and which of both shows when the old
position is looked at again.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import asdict, replace

from memagent.memory.spatial.values import Stay
from memagent.types import Vector3


class Things:
    def __init__(self, same: float) -> None:
        self._same = same
        self._stays: list[Stay] = []
        self._now: dict[str, set[int]] = {}
        """Label -> numbers of stays that have not ended."""
        self._touched: set[int] = set()

    def __len__(self) -> int:
        return len(self._stays)

    def __getitem__(self, number: int) -> Stay:
        return self._stays[number]

    def match(self, label: str, position: Vector3) -> int | None:
        """The stay that something seen here continues; None for a new one."""
        near = [(math.dist(self._stays[n].position, position), n) for n in self._now.get(label, ())]
        best = min(near, default=(math.inf, -1))
        return best[1] if best[0] <= self._same else None

    def begin(self, label: str, position: Vector3, stamp: float) -> int:
        self._stays.append(Stay(label, position, stamp, stamp))
        number = len(self._stays) - 1
        self._now.setdefault(label, set()).add(number)
        return number

    def stay(self, number: int, position: Vector3, stamp: float) -> None:
        """Seen again, within a small distance."""
        old = self._stays[number]
        self._stays[number] = replace(old, position=position, last=max(old.last, stamp))
        self._touched.add(number)

    def end(self, number: int, stamp: float) -> None:
        stay = self._stays[number]
        self._stays[number] = replace(stay, gone=stamp)
        self._now[stay.label].discard(number)

    def current(self) -> Iterator[tuple[int, Stay]]:
        """Stays that have not ended, with their numbers."""
        return ((n, self._stays[n]) for some in self._now.values() for n in sorted(some))

    def named(self, name: str) -> list[Stay]:
        """Stays of things so called: the whole label, or its last words; the newest first."""
        wanted = name.lower().split()
        found = [s for s in self._stays if s.label.lower().split()[-len(wanted) :] == wanted]
        return sorted(found, key=lambda s: s.last, reverse=True)

    def all(self) -> list[Stay]:
        return list(self._stays)

    # --- as bytes -----------------------------------------------------------------------------

    def touched(self) -> bytes | None:
        """What was seen again since this was last asked, to be given to ``touch``; None if none."""
        if not self._touched:
            return None
        told = [(n, *self._stays[n].position, self._stays[n].last) for n in sorted(self._touched)]
        self._touched.clear()
        return json.dumps(told).encode()

    def touch(self, told: bytes) -> None:
        for number, x, y, z, stamp in json.loads(told):
            self.stay(number, (x, y, z), stamp)
        self._touched.clear()

    def state(self) -> bytes:
        return json.dumps([asdict(stay) for stay in self._stays]).encode()

    def restore(self, state: bytes) -> None:
        """Be as ``state`` says."""
        self._stays, self._now = [], {}
        for fields in json.loads(state):
            x, y, z = fields.pop("position")
            self._stays.append(Stay(position=(x, y, z), **fields))
            if self._stays[-1].gone is None:
                self._now.setdefault(fields["label"], set()).add(len(self._stays) - 1)
