# SPDX-License-Identifier: Apache-2.0
"""Discrete latents: several independent categorical variables per frame.

As in DreamerV2 and V3 (Hafner et al., arXiv 2010.02193, 2301.04104), which S4WM takes over: one-hot
samples with straight-through gradients, and one per cent of a uniform mixed in (V3, section
"Robustness").
"""

from __future__ import annotations

import torch
from torch import Tensor


def log_probabilities(logits: Tensor, unimix: float) -> Tensor:
    """Normalised logarithms over the last dimension, with ``unimix`` of a uniform mixed in."""
    if unimix == 0:
        return torch.log_softmax(logits, -1)
    probabilities = torch.softmax(logits, -1)
    return torch.log((1 - unimix) * probabilities + unimix / logits.shape[-1])


def sample(logs: Tensor) -> Tensor:
    """One-hot samples, (..., variables * classes) for (..., variables, classes).

    The gradient passes straight through to the probabilities.
    """
    probabilities = torch.exp(logs)
    drawn = torch.rand(probabilities.shape[:-1], device=logs.device).unsqueeze(-1)
    values = (probabilities.detach().cumsum(-1) < drawn).sum(-1)
    return _one_hot(values.clamp_(max=logs.shape[-1] - 1), probabilities)


def mode(logs: Tensor) -> Tensor:
    """The likeliest values as ``sample`` gives them."""
    return _one_hot(logs.argmax(-1), torch.exp(logs))


def divergence(left: Tensor, right: Tensor) -> Tensor:
    """KL(left || right) in nats, summed over the variables: (...) for (..., variables, classes)."""
    return (torch.exp(left) * (left - right)).sum((-2, -1))


def balanced_divergence(posterior: Tensor, prior: Tensor, balance: float, free: float) -> Tensor:
    """KL balancing with free bits (DreamerV2, algorithm 2; DreamerV3, equation 5).

    ``balance * max(free, KL(sg q || p)) + (1 - balance) * max(free, KL(q || sg p))``.
    """
    to_prior = divergence(posterior.detach(), prior).clamp(min=free)
    to_posterior = divergence(posterior, prior.detach()).clamp(min=free)
    return balance * to_prior + (1 - balance) * to_posterior


def _one_hot(values: Tensor, probabilities: Tensor) -> Tensor:
    hard = torch.nn.functional.one_hot(values, probabilities.shape[-1]).to(probabilities.dtype)
    return (hard + probabilities - probabilities.detach()).flatten(-2)
