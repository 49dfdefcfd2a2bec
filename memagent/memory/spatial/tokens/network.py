# SPDX-License-Identifier: Apache-2.0
"""Reversible Transformer blocks that fold an observation into a place's token, and out again.

Inspired by Mem4Nav (arXiv 2506.19433, withdrawn by its authors on 2025-10-10). Its blocks are

    y1 = x1 + F(LN(x2)),  y2 = x2 + G(LN(y1));    x2 = y2 - G(LN(y1)),  x1 = y1 - F(LN(x2))

with x1 the token and x2 the observation. Two things differ here:

- y2 is kept. A token of d numbers cannot hold several observations of d numbers; the published code
  fed y1 back alone, and lost all but the last write. Here a write gives a token of d numbers and a
  residual of d numbers, which goes to a log. This is an exact history with a learned summary, and
  no compression.
- All arithmetic is exact (``lattice``), so inversion subtracts to the bit what was added.

F and G are parallel Transformer sublayers: attention over a sequence of one is one linear map,
beside it an MLP with one hidden layer and ReLU. There is no dropout: nothing behaves differently
in training.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import ArrayLike

from memagent.errors import MemagentError, StoreError
from memagent.memory.spatial.tokens import lattice
from memagent.memory.spatial.tokens.lattice import Floats, Integers
from memagent.whole_file import write_whole

ARITHMETIC = "lattice 16/12/14, L1 norm, linear + ReLU MLP, version 1"
"""What else but the weights decides what a log decodes to."""

MOST_BLOCKS = 256
"""Each adds at most 2^22 grid steps to an observation; so a residual fits in 32 bits."""


class TokenError(MemagentError):
    """A token, an observation or a network is not what it must be."""


@dataclass(frozen=True, slots=True, eq=False)
class Coupling:
    """F or G of a block: ``direct @ n + outer @ relu(inner @ n + bias)`` with n = normalised(x).

    All arrays are float64 and hold whole numbers of steps: ``direct`` (d, d), ``inner`` (h, d) and
    ``outer`` (d, h) of weights, ``bias`` (h,) of activations times weights.
    """

    direct: Floats
    inner: Floats
    bias: Floats
    outer: Floats

    def __post_init__(self) -> None:
        # Sums are exact only of whole numbers within bounds: whatever was in a file.
        fine = lattice.WEIGHT_STEPS * lattice.ACTIVATION_STEPS
        bounds = {"bias": lattice.LARGEST_ACTIVATION * fine}
        for name, array in zip(Coupling.__slots__, _arrays(self), strict=True):
            bound = bounds.get(name, lattice.LARGEST_WEIGHT * lattice.WEIGHT_STEPS)
            if not np.all((np.abs(array) <= bound) & (array == np.rint(array))):
                raise TokenError(f"{name} must hold whole numbers within ±{bound:g}")

    def __call__(self, steps: Integers) -> Integers:
        """What to add, shape and dtype of ``steps`` (..., d)."""
        seen = lattice.normalised(steps)
        hidden = lattice.rectified(lattice.linear(seen, self.inner) + self.bias)
        return lattice.increment(
            lattice.linear(seen, self.direct) + lattice.linear(hidden, self.outer)
        )

    @classmethod
    def of(cls, direct: ArrayLike, inner: ArrayLike, bias: ArrayLike, outer: ArrayLike) -> Coupling:
        """From real numbers, rounded to the grid and clipped to the bounds of ``lattice``."""
        scale = lattice.WEIGHT_STEPS
        fine = scale * lattice.ACTIVATION_STEPS
        return cls(
            _whole(direct, scale, lattice.LARGEST_WEIGHT),
            _whole(inner, scale, lattice.LARGEST_WEIGHT),
            _whole(bias, fine, lattice.LARGEST_ACTIVATION),
            _whole(outer, scale, lattice.LARGEST_WEIGHT),
        )


Block = tuple[Coupling, Coupling]


@dataclass(frozen=True, slots=True, eq=False)
class ReversibleNetwork:
    """R, and the two maps by which a query finds a token.

    ``key`` and ``query``, float64 (d, d), are ordinary numbers: similarity need not be exact.
    """

    blocks: tuple[Block, ...]
    key: Floats
    query: Floats

    def __post_init__(self) -> None:
        width = self.width
        shapes = {(width, width)} | {c.direct.shape for c in self.couplings()}
        if not self.blocks or len(shapes | {self.key.shape, self.query.shape}) != 1:
            raise TokenError(f"a network needs blocks and maps of one width, got {shapes}")
        if len(self.blocks) > MOST_BLOCKS:
            raise TokenError(f"at most {MOST_BLOCKS} blocks, got {len(self.blocks)}")
        if max(width, *(c.inner.shape[0] for c in self.couplings())) > lattice.WIDEST:
            raise TokenError(f"widths beyond {lattice.WIDEST} are not exact in float64")

    @classmethod
    def untrained(cls, width: int, blocks: int = 1) -> ReversibleNetwork:
        """Couplings that need no training: a token is the sum of its normalised observations.

        So its direction is that of their mean, and similarity is that of cosines.
        """
        empty = np.zeros((0, width)), np.zeros(0), np.zeros((width, 0))
        still = Coupling.of(np.zeros((width, width)), *empty)
        summing = Coupling.of(np.eye(width), *empty)
        first: tuple[Block, ...] = ((summing, still),)
        return cls(first + ((still, still),) * (blocks - 1), np.eye(width), np.eye(width))

    @property
    def width(self) -> int:
        """Elements of an observation, a token and a residual."""
        return int(self.key.shape[0])

    def couplings(self) -> Iterator[Coupling]:
        for block in self.blocks:
            yield from block

    def write(self, token: Integers, observation: Integers) -> tuple[Integers, Integers]:
        """R(token || observation) -> (token, residual); int64 grid steps, shapes (..., d).

        Raises:
            TokenError: the token has grown beyond what float64 holds exactly.
        """
        x1, x2 = token, observation
        for f, g in self.blocks:
            x1 = x1 + f(x2)
            x2 = x2 + g(x1)
            if np.abs(x1).sum(axis=-1).max(initial=0) > lattice.LARGEST_TOKEN:
                raise TokenError("a token has grown beyond 2^53 grid steps; begin a new one")
        return x1, x2

    def read(self, token: Integers, residual: Integers) -> tuple[Integers, Integers]:
        """The inverse of ``write``: (token before, observation), to the bit."""
        y1, y2 = token, residual
        for f, g in reversed(self.blocks):
            y2 = y2 - g(y1)
            y1 = y1 - f(y2)
        return y1, y2

    def similarities(self, queries: ArrayLike, summaries: Floats) -> Floats:
        """Cosine of ``query @ q`` for queries (q, d) and ``key @ s`` for summaries (p, d): (q, p).

        A summary is a token as real numbers, or another vector that stands for a place. The scale
        of either side does not matter.
        """
        keys = unit(summaries @ self.key.T)
        return unit(np.asarray(queries, np.float64) @ self.query.T) @ keys.T

    def fingerprint(self) -> bytes:
        """SHA-256 of what decoding depends on: arithmetic and blocks, not the maps of search.

        So the search may be trained anew without making old logs unreadable.
        """
        digest = hashlib.sha256(ARITHMETIC.encode())
        for coupling in self.couplings():
            for array in _arrays(coupling):
                digest.update(repr(array.shape).encode())
                digest.update(array.astype("<i8").tobytes())
        return digest.digest()

    def save(self, path: Path) -> None:
        """Write an ``.npz`` file."""
        arrays: dict[str, Floats] = {"key": self.key, "query": self.query}
        for number, coupling in enumerate(self.couplings()):
            for name, array in zip(Coupling.__slots__, _arrays(coupling), strict=True):
                arrays[f"{number}.{name}"] = array
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)  # type: ignore[arg-type]
        write_whole(path, buffer.getvalue())

    @classmethod
    def load(cls, path: Path) -> ReversibleNetwork:
        """Read what ``save`` wrote.

        Raises:
            StoreError: the file is not there, or is not such a file.
        """
        try:
            with np.load(path, allow_pickle=False) as data:
                arrays = dict(data)
            count = sum(name.endswith(".direct") for name in arrays)
            couplings = [
                Coupling(*(arrays[f"{n}.{name}"] for name in Coupling.__slots__))
                for n in range(count)
            ]
            blocks = tuple(zip(couplings[::2], couplings[1::2], strict=True))
            return cls(blocks, arrays["key"], arrays["query"])
        except (OSError, ValueError, KeyError, BadZipFile, TokenError) as error:
            raise StoreError(f"{path}: holds no network of tokens: {error}") from error


def unit(vectors: Floats) -> Floats:
    """Rows (..., d) of length one; rows of zeros stay."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(length > 0, length, 1.0), np.float64)


def _arrays(coupling: Coupling) -> tuple[Floats, ...]:
    return coupling.direct, coupling.inner, coupling.bias, coupling.outer


def _whole(values: ArrayLike, steps: float, largest: float) -> Floats:
    return np.rint(np.clip(np.asarray(values, np.float64), -largest, largest) * steps)
