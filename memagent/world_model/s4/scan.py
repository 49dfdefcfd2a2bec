# SPDX-License-Identifier: Apache-2.0
"""Linear recurrences over whole sequences: ``x_l = a_l x_{l-1} + b_l``, real or complex.

In two levels: blocks of about sqrt(L) steps run side by side, then one pass carries their ends
forward. That reads memory twice, where doubling (Hillis and Steele) reads it log2(L) times. A reset
is ``a_l = 0``, the associative operator of S5 (arXiv 2208.04933, appendix H) with resets (Lu et
al., arXiv 2303.03982, section 3.1). The gradient is the same recurrence, backwards.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor


def linear_scan(decay: Tensor, inputs: Tensor, initial: Tensor | None = None) -> Tensor:
    """All states of a linear recurrence.

    Args:
        decay: a, (P,) for one that never changes, or (B, L, P).
        inputs: b, (B, L, P), of the same dtype.
        initial: x_{-1}, (B, P); zero if None.

    Returns:
        (B, L, P).
    """
    if initial is None:
        initial = inputs.new_zeros(inputs.shape[0], inputs.shape[2])
    return _LinearScan.apply(decay, inputs, initial)  # type: ignore[no-any-return,no-untyped-call]


class _LinearScan(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, decay: Tensor, inputs: Tensor, initial: Tensor) -> Tensor:
        states = _scan(decay, inputs, initial)
        ctx.save_for_backward(decay, states, initial)
        return states

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        decay, states, initial = ctx.saved_tensors
        back = decay.conj()
        if decay.dim() == 3:
            # x_l reaches x_{l+1} by a_{l+1}; backwards in time each step has the next one's decay.
            back = torch.cat((back[:, 1:], torch.zeros_like(back[:, :1])), 1).flip(1)
        adjoint = _scan(back, gradient.flip(1), torch.zeros_like(initial)).flip(1)
        before = torch.cat((initial.unsqueeze(1), states[:, :-1]), 1)
        to_decay = adjoint * before.conj()
        to_initial = decay.conj().expand(adjoint.shape)[:, 0] * adjoint[:, 0]
        return (to_decay if decay.dim() == 3 else to_decay.sum((0, 1))), adjoint, to_initial


def _scan(decay: Tensor, inputs: Tensor, initial: Tensor) -> Tensor:
    batch, length, width = inputs.shape
    block = 1 << (max(1, math.isqrt(length)) - 1).bit_length()
    blocks = -(-length // block)
    padding = blocks * block - length
    x = torch.nn.functional.pad(inputs, (0, 0, 0, padding)) if padding else inputs.clone()
    x = x.view(batch, blocks, block, width)
    if decay.dim() == 1:
        a = decay.expand(1, 1, block, width)
        reach = torch.cumprod(a, 2)  # What is left of a block's beginning at each of its steps.
    else:
        a = torch.nn.functional.pad(decay, (0, 0, 0, padding)).view(batch, blocks, block, width)
        reach = torch.cumprod(a, 2)
    for step in range(1, block):
        x[:, :, step].addcmul_(a[:, :, step], x[:, :, step - 1])
    carries, carry = [], initial
    for index in range(blocks):
        carries.append(carry)
        through = reach[:, min(index, reach.shape[1] - 1), -1]
        carry = torch.addcmul(x[:, index, -1], through, carry)
    x.addcmul_(reach, torch.stack(carries, 1).unsqueeze(2))
    return x.view(batch, blocks * block, width)[:, :length]
