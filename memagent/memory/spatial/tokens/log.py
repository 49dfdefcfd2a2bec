# SPDX-License-Identifier: Apache-2.0
"""What every place looked like, observation by observation: a token each, and its exact history.

A place's token is hot; the residuals behind it are only needed to read back. Reading unwinds them
from the newest: R^-1(token, residual) gives the token before and the observation. Every
``keyframe_every`` writes the token itself is kept too, so that reading from anywhere in a long
history unwinds at most that many writes first.

Exact means: the float32 that were written, to the bit (a negative zero comes back as zero). The
network sees an observation rounded to the grid of ``lattice``; the rest, a float32 without error,
is kept beside the residual, and is left out where all of it is zero. That costs 8 bytes per element
of an observation, or 4 if it lies on the grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from memagent.errors import StoreError
from memagent.memory.spatial.tokens import lattice
from memagent.memory.spatial.tokens.lattice import Integers
from memagent.memory.spatial.tokens.network import ReversibleNetwork, TokenError

KEYFRAME_EVERY = 64
LONGEST_NAME = 65_535
"""Bytes of UTF-8."""

Embedding = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """What one write leaves: ``residual`` int32 (d,), and ``rest`` float32 (d,) or None."""

    stamp: float
    residual: NDArray[np.int32]
    rest: Embedding | None
    keyframe: Integers | None
    """The token after this write, where it is kept."""


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """One observation, read back: the ``number``-th of its place, from 0; stamp in seconds."""

    number: int
    stamp: float
    embedding: Embedding


@dataclass(slots=True, eq=False)
class Chain:
    """One place: its token after all of its records."""

    token: Integers
    records: list[Record] = field(default_factory=list)

    def token_after(self, end: int) -> tuple[Integers, int]:
        """The nearest token that is kept after ``end`` records or more, and after how many."""
        for count in range(max(end, 1), len(self.records)):
            keyframe = self.records[count - 1].keyframe
            if keyframe is not None:
                return keyframe, count
        return self.token, len(self.records)


class TokenLog:
    """Tokens and histories of places. One thread at a time."""

    def __init__(self, network: ReversibleNetwork, keyframe_every: int = KEYFRAME_EVERY) -> None:
        """``keyframe_every``: writes between two tokens of a place that are kept, at least 1."""
        if keyframe_every < 1:
            raise TokenError(f"keyframe_every must be at least 1, got {keyframe_every}")
        self.network = network
        self.keyframe_every = keyframe_every
        self.chains: dict[str, Chain] = {}

    def __len__(self) -> int:
        return sum(len(chain.records) for chain in self.chains.values())

    @property
    def places(self) -> tuple[str, ...]:
        """In the order of their first observations."""
        return tuple(self.chains)

    def count(self, place: str) -> int:
        """Observations of a place; 0 if it is not known."""
        return len(self.chains[place].records) if place in self.chains else 0

    def token(self, place: str) -> Integers:
        """A place's token, int64 (d,), in grid steps.

        Raises:
            TokenError: the place was never written.
        """
        return self._chain(place).token

    def write(self, place: str, observation: NDArray[np.floating], stamp: float = 0.0) -> Integers:
        """Fold an observation (d,), float32 or narrower, into the place's token; returns it.

        Raises:
            TokenError: it has another shape or type, or is not finite and within ±64; nothing is
                written.
        """
        (token,) = self.write_many((place,), np.asarray(observation)[None], stamp)
        return np.asarray(token, np.int64)

    def write_many(
        self, places: Sequence[str], observations: NDArray[np.floating], stamp: float = 0.0
    ) -> Integers:
        """``write`` for several different places at once: (p, d) to their tokens (p, d).

        Faster, and the same bits. If one observation is refused, none is written.
        """
        exact = self._checked(observations, len(places))
        for place in places:
            _check_name(place)
        if len(set(places)) != len(places):
            raise TokenError(f"each place may be written once at a time, got {tuple(places)}")
        empty = np.zeros(self.network.width, np.int64)
        chains = [self.chains.get(place) or Chain(empty) for place in places]
        steps = lattice.to_lattice(exact)
        before = np.array([chain.token for chain in chains], np.int64).reshape(exact.shape)
        tokens, residuals = self.network.write(before, steps)
        rests = (exact - lattice.from_lattice(steps)).astype(np.float32)
        for place, chain, token, residual, rest in zip(
            places, chains, tokens, residuals.astype(np.int32), rests, strict=True
        ):
            is_keyframe = (len(chain.records) + 1) % self.keyframe_every == 0
            chain.records.append(
                Record(
                    float(stamp), residual, rest if rest.any() else None,
                    token if is_keyframe else None,
                )
            )  # fmt: skip
            chain.token = token
            self.chains[place] = chain
        return tokens

    def read(self, place: str, n: int | None = None, before: int | None = None) -> list[Written]:
        """The ``n`` newest observations (None: all), newest first.

        Args:
            place: one that was written.
            n: how many at most.
            before: only observations whose number is smaller than this.

        Raises:
            TokenError: the place was never written, or the numbers are negative.
        """
        return self.read_many((place,), n, before)[0]

    def read_many(
        self, places: Sequence[str], n: int | None = None, before: int | None = None
    ) -> list[list[Written]]:
        """``read`` for several places at once, which is faster and gives the same bits."""
        if min(n or 0, before or 0) < 0:
            raise TokenError(f"cannot read {n} observations before {before}: must not be negative")
        chains = [self._chain(place) for place in places]
        ends = [min(len(c.records), len(c.records) if before is None else before) for c in chains]
        begins = [0 if n is None else max(0, end - n) for end in ends]
        found: list[list[Written]] = [[] for _ in chains]
        kept = [chain.token_after(end) for chain, end in zip(chains, ends, strict=True)]
        tokens = np.array([token for token, _ in kept], np.int64)
        counts = np.array([count for _, count in kept])
        # Where nothing is wanted, nothing is unwound.
        counts = np.where(np.greater(ends, begins), counts, begins)
        while (active := np.flatnonzero(counts > begins)).size:
            counts[active] -= 1
            records = [chains[i].records[counts[i]] for i in active]
            residuals = np.array([r.residual for r in records], np.int64)
            tokens[active], steps = self.network.read(tokens[active], residuals)
            for i, record, row in zip(active, records, lattice.from_lattice(steps), strict=True):
                if counts[i] < ends[i]:
                    exact = row if record.rest is None else row + record.rest
                    number = int(counts[i])
                    found[i].append(Written(number, record.stamp, exact.astype(np.float32)))
        return found

    def verify(self) -> None:
        """Unwind every history: it must meet its keyframes and end at the empty token.

        This finds a log that another network wrote, or bookkeeping gone wrong. Residuals that have
        changed by less than the network resolves only checksums find (``log_file``).

        Raises:
            StoreError: one does not; names the place.
        """
        for place, chain in self.chains.items():
            token = chain.token
            for number, record in reversed(list(enumerate(chain.records))):
                if record.keyframe is not None and not np.array_equal(record.keyframe, token):
                    raise StoreError(f"{place}: the token after write {number} is not the one kept")
                token, _ = self.network.read(token, record.residual.astype(np.int64))
            if token.any():
                raise StoreError(f"{place}: its history does not begin at the empty token")

    def _chain(self, place: str) -> Chain:
        if place not in self.chains:
            raise TokenError(f"no place {place!r} was written; {len(self.chains)} others were")
        return self.chains[place]

    def _checked(self, observations: NDArray[np.floating], count: int) -> Embedding:
        given = np.asarray(observations)
        shape = (count, self.network.width)
        if given.shape != shape:
            raise TokenError(f"observations must have shape {shape}, got {given.shape}")
        if given.dtype not in (np.float16, np.float32):
            # A float64 would come back rounded, which is not what was written.
            raise TokenError(f"an observation must be float32 or float16, got {given.dtype}")
        if not np.all(np.abs(given) <= lattice.LARGEST):
            raise TokenError(f"an observation must be finite and within ±{lattice.LARGEST:g}")
        return given.astype(np.float32)


def _check_name(place: str) -> None:
    """A name that no file could hold would make the whole log unsavable."""
    try:
        size = len(place.encode())
    except UnicodeEncodeError as error:
        raise TokenError(f"the name of a place must be text, got {place!r}") from error
    if not 0 < size <= LONGEST_NAME:
        raise TokenError(f"a place needs a name of up to {LONGEST_NAME} bytes, got {size}")
