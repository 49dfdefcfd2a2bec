# SPDX-License-Identifier: Apache-2.0
"""Causal convolution of whole sequences with one kernel per channel, by FFT.

Its gradients are written out: autograd's for ``rfft`` go through a full complex transform. The
change of layout, from channels last to time last and back, is part of it and costs no pass of its
own.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def causal_convolution(inputs: Tensor, kernel: Tensor) -> Tensor:
    """``y_l = sum_{j <= l} kernel_j inputs_{l-j}``.

    Args:
        inputs: float32 (B, L, H).
        kernel: float32 (H, L).

    Returns:
        float32 (B, L, H).
    """
    return _CausalConvolution.apply(inputs, kernel)  # type: ignore[no-any-return,no-untyped-call]


class _CausalConvolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, inputs: Tensor, kernel: Tensor) -> Tensor:
        size = _fast_size(2 * inputs.shape[1] - 1)
        spectrum, response = _transform(inputs, size), torch.fft.rfft(kernel, size)
        ctx.save_for_backward(spectrum, response)
        ctx.size = size
        return _back(spectrum * response, size, inputs.shape[1])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None]:
        spectrum, response = ctx.saved_tensors
        length, size = gradient.shape[1], ctx.size
        back = _transform(gradient, size)
        to_inputs = to_kernel = None
        # The adjoint of a convolution is a correlation: a product with the conjugate.
        if ctx.needs_input_grad[1]:
            summed = (back * spectrum.conj()).sum(0)
            to_kernel = torch.fft.irfft(summed, size)[..., :length]
        if ctx.needs_input_grad[0]:
            to_inputs = _back(back.mul_(response.conj()), size, length)
        return to_inputs, to_kernel


def _transform(sequences: Tensor, size: int) -> Tensor:
    """(B, L, H) to the spectrum of what is padded to ``size``, (B, H, size / 2 + 1)."""
    batch, length, width = sequences.shape
    padded = sequences.new_empty(batch, width, size)
    padded[..., :length] = sequences.transpose(1, 2)
    padded[..., length:] = 0
    spectrum: Tensor = torch.fft.rfft(padded)
    return spectrum


def _back(spectrum: Tensor, size: int, length: int) -> Tensor:
    sequences: Tensor = torch.fft.irfft(spectrum, size)[..., :length]
    return sequences.transpose(1, 2).contiguous()


def _fast_size(least: int) -> int:
    """The smallest even 2^a 3^b 5^c that is not below ``least``."""
    best = 1 << max(1, (least - 1).bit_length())
    five = 1
    while five < best:
        three = five
        while three < best:
            size = three * (1 << max(1, (-(-least // three) - 1).bit_length()))
            best = min(best, size)
            three *= 3
        five *= 5
    return best
