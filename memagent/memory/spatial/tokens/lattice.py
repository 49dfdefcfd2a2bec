# SPDX-License-Identifier: Apache-2.0
"""Arithmetic that gives the same bits everywhere: integers, carried in float64 where it is faster.

Why it is exact, whatever the batch shape, the threads, the BLAS or the machine:

- Values live on grids of powers of two and are held as the integer number of grid steps.
- A product of two such integers, and every partial sum of a matrix product, stays below 2^53
  (``linear`` says why), so float64 holds each of them without rounding, and the order of summation,
  which is what differs between batch shapes and threads, does not matter.
- What is left are single operations on single elements: add, divide, scale by a power of two, round
  to the nearest even, clip. IEEE 754 fixes the result of each to the bit, as long as no compiler
  fuses two of them. NumPy and PyTorch in eager mode do not.

No exponential, no square root of a rounded sum, no softmax: nothing whose last bit a library may
choose.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

STEPS = 2.0**16
"""Grid steps per unit of tokens and observations."""
ACTIVATION_STEPS = 2.0**12
WEIGHT_STEPS = 2.0**14
LARGEST = 64.0
"""Bound of one observation's elements and of what one coupling adds."""
LARGEST_ACTIVATION = 64.0
LARGEST_WEIGHT = 2.0
WIDEST = 2**19
"""Most elements of a vector: 2^19 * (64 * 2^12) * (2 * 2^14) = 2^52."""
LARGEST_TOKEN = 2**53
"""Sum of the magnitudes of a token, in grid steps, up to which float64 holds it exactly."""

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


def to_lattice(values: NDArray[np.floating]) -> Integers:
    """Nearest grid points, shape kept; the values must be finite and within ``LARGEST``.

    Raises:
        ValueError: one of them is not.
    """
    wide = np.asarray(values, np.float64)
    # Written so that NaN fails too.
    if not np.all(np.abs(wide) <= LARGEST):
        worst = wide.flat[int(np.argmax(~(np.abs(wide) <= LARGEST)))]
        raise ValueError(f"an embedding must be finite and within ±{LARGEST:g}, got {worst}")
    return np.rint(wide * STEPS).astype(np.int64)


def from_lattice(steps: Integers) -> Floats:
    """The values of grid points; exact."""
    return steps / STEPS


def normalised(steps: Integers) -> Floats:
    """Divide each row by the mean magnitude of its elements, in steps of activations.

    The layer norm of a Transformer block with the L1 norm for the L2 norm: a sum of magnitudes of
    integers is exact in any order.
    """
    wide = steps.astype(np.float64)
    total = np.maximum(np.abs(wide).sum(axis=-1, keepdims=True), 1.0)
    scaled = wide / total * (wide.shape[-1] * ACTIVATION_STEPS)
    bound = LARGEST_ACTIVATION * ACTIVATION_STEPS
    return np.asarray(np.clip(np.rint(scaled), -bound, bound), np.float64)


def linear(activations: Floats, weights: Floats) -> Floats:
    """``activations @ weights.T``, in steps of activations times steps of weights.

    Magnitudes are at most 2^18 and 2^15, so for up to ``WIDEST`` columns a sum is below 2^53.
    """
    return activations @ weights.T


def rectified(sums: Floats) -> Floats:
    """ReLU of ``linear``'s sums, back in steps of activations and clipped to their bound."""
    bound = LARGEST_ACTIVATION * ACTIVATION_STEPS
    return np.asarray(np.clip(np.rint(sums / WEIGHT_STEPS), 0.0, bound), np.float64)


def increment(sums: Floats) -> Integers:
    """``linear``'s sums as what is added to a token: grid points within ``LARGEST``."""
    shrunk = np.rint(sums * (STEPS / (ACTIVATION_STEPS * WEIGHT_STEPS)))
    return np.clip(shrunk, -LARGEST * STEPS, LARGEST * STEPS).astype(np.int64)
