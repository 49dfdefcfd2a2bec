# SPDX-License-Identifier: Apache-2.0
"""State matrices and time scales that state-space layers start from.

Conjugate pairs are kept once: a real state of ``N`` numbers is ``N / 2`` complex ones, and what is
read from it is twice a real part. Everything here is complex128 or float64; layers round it once.

- S4: Gu, Goel, Ré, "Efficiently Modeling Long Sequences with Structured State Spaces", arXiv
  2111.00396.
- S4D: Gu, Gupta, Goel, Ré, "On the Parameterization and Initialization of Diagonal State Space
  Models", arXiv 2206.11893.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from memagent.errors import ConfigError

Spectrum = Literal["lin", "inv", "legs"]


def spectrum(name: Spectrum, size: int) -> Tensor:
    """Eigenvalues of a diagonal state matrix, complex128 (size / 2,), all with real part -1/2.

    Args:
        name: "lin": S4D-Lin (S4D, equation 9); "inv": S4D-Inv (equation 8); "legs": the diagonal
            of the normal part of HiPPO-LegS (S4, theorem 1), as S4D-LegS and S5 start from.
        size: N, even.

    Raises:
        ConfigError: there is no such spectrum, or N is odd.
    """
    half = _half(size)
    n = torch.arange(half, dtype=torch.float64)
    if name == "lin":
        frequencies = math.pi * n
    elif name == "inv":
        frequencies = size / math.pi * (size / (2 * n + 1) - 1)
    elif name == "legs":
        return diagonal_plus_low_rank(size).diagonal
    else:
        raise ConfigError(f"no spectrum {name!r}; there are lin, inv and legs")
    return torch.complex(torch.full_like(n, -0.5), frequencies)


def hippo_legs(size: int) -> tuple[Tensor, Tensor, Tensor]:
    """HiPPO-LegS (S4, equation 2) and the low-rank term that makes it normal.

    Returns:
        A (N, N), B (N,) and P (N,), float64: A + P P^T is -I/2 plus a skew-symmetric matrix.
    """
    n = torch.arange(size, dtype=torch.float64)
    root = torch.sqrt(2 * n + 1)
    A = -torch.tril(root[:, None] * root, -1) - torch.diag(n + 1)
    return A, root, torch.sqrt(n + 0.5)


@dataclass(frozen=True, slots=True, eq=False)
class DiagonalPlusLowRank:
    """HiPPO-LegS as ``V (diag(diagonal) - low_rank low_rank^H) V^H``, one of each conjugate pair.

    ``diagonal``, ``low_rank`` and ``inputs`` (V^H B) are complex128 (N/2,), ``basis`` (V) is
    complex128 (N, N/2).
    """

    diagonal: Tensor
    low_rank: Tensor
    inputs: Tensor
    basis: Tensor


def diagonal_plus_low_rank(size: int) -> DiagonalPlusLowRank:
    """HiPPO-LegS diagonalised (S4, theorem 1); N must be even."""
    half = _half(size)
    A, B, P = hippo_legs(size)
    skew = A + torch.outer(P, P) + 0.5 * torch.eye(size, dtype=torch.float64)
    # A skew-symmetric matrix is i times a Hermitian one, whose eigenvalues come in pairs of signs.
    frequencies, vectors = torch.linalg.eigh(-1j * skew.to(torch.complex128))
    frequencies, vectors = frequencies[half:].flip(0), vectors[:, half:].flip(1)
    diagonal = torch.complex(torch.full_like(frequencies, -0.5), frequencies)
    dual = vectors.conj().T
    return DiagonalPlusLowRank(
        diagonal, dual @ P.to(torch.complex128), dual @ B.to(torch.complex128), vectors
    )


def log_time_scales(count: int, shortest: float, longest: float) -> Tensor:
    """Logarithms of ``count`` time steps, uniform between those of the two, float32 (count,)."""
    if not 0 < shortest <= longest:
        raise ConfigError(f"time scales must be 0 < shortest <= longest, got {shortest}, {longest}")
    low, high = math.log(shortest), math.log(longest)
    return torch.rand(count) * (high - low) + low


def _half(size: int) -> int:
    if size < 2 or size % 2:
        raise ConfigError(f"a state needs an even size of at least 2, got {size}")
    return size // 2
