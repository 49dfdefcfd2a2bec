# SPDX-License-Identifier: Apache-2.0
"""The convolution kernel of a diagonal state space, ``K_l = 2 Re sum_n w_n exp(l rate_n)``.

Directly that is a Vandermonde matrix of L complex exponentials per mode (S4D, arXiv 2206.11893,
section 3.2). Written ``l = i m + j`` it factors into ``exp(i m rate) exp(j rate)``: about
``2 sqrt(L)`` exponentials per mode and one real batched product. So does its gradient, which is
written out: it needs ``sum_l g_l exp(l rate)`` and ``sum_l l g_l exp(l rate)``.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def kernel(weights: Tensor, rates: Tensor, length: int) -> Tensor:
    """The factored kernel.

    Args:
        weights: w, complex64 (H, n).
        rates: complex64 (H, n), real parts negative.
        length: L.

    Returns:
        float32 (H, L).
    """
    return _Kernel.apply(weights, rates, length)  # type: ignore[no-any-return,no-untyped-call]


class _Kernel(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, weights: Tensor, rates: Tensor, length: int) -> Tensor:
        fine = 1 << ((length - 1).bit_length() + 1) // 2
        coarse = -(-length // fine)
        within = powers(rates, fine)
        blocks = torch.complex(*powers(rates * fine, coarse))
        left = 2 * blocks * weights.unsqueeze(-1)
        real_left = torch.cat((left.real, -left.imag), 1).transpose(1, 2)
        ctx.save_for_backward(weights, blocks, *within)
        return torch.bmm(real_left, torch.cat(within, 1)).flatten(1)[:, :length]

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        weights, blocks, real, imaginary = ctx.saved_tensors
        fine, coarse, modes = real.shape[2], blocks.shape[2], real.shape[1]
        padding = coarse * fine - gradient.shape[1]
        parts = torch.nn.functional.pad(gradient, (0, padding)).view(-1, coarse, fine)
        steps = torch.arange(fine, device=real.device, dtype=real.dtype)
        moments = torch.cat((real, imaginary, real * steps, imaginary * steps), 1)
        sums = torch.bmm(moments, parts.transpose(1, 2)).view(-1, 4, modes, coarse)
        plain = blocks * torch.complex(sums[:, 0], sums[:, 1])
        starts = fine * torch.arange(coarse, device=real.device, dtype=real.dtype)
        timed = blocks * torch.complex(sums[:, 2], sums[:, 3]) + plain * starts
        to_weights = 2 * plain.sum(-1).conj()
        to_rates = 2 * (timed.sum(-1) * weights).conj()
        return to_weights, to_rates, None


def powers(rates: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Real and imaginary parts of ``exp(rates l)``, l = 0 to count - 1: float32 (H, n, count)."""
    steps = torch.arange(count, device=rates.device, dtype=torch.float32)
    size = torch.exp(rates.real.unsqueeze(-1) * steps)
    angle = rates.imag.unsqueeze(-1) * steps
    return size * torch.cos(angle), size * torch.sin(angle)


def naive_kernel(weights: Tensor, rates: Tensor, length: int) -> Tensor:
    """The same by the whole Vandermonde matrix: what the factored one is measured against."""
    steps = torch.arange(length, device=rates.device)
    vandermonde = torch.exp(rates.unsqueeze(-1) * steps)
    return 2 * torch.einsum("hn,hnl->hl", weights, vandermonde).real
