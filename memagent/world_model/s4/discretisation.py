# SPDX-License-Identifier: Apache-2.0
"""From ``x' = a x + b u`` to ``x_l = decay x_{l-1} + gain u_l`` for a diagonal state matrix."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from memagent.errors import ConfigError

Discretisation = Literal["zoh", "bilinear"]


def discretise(method: Discretisation, a: Tensor, dt: Tensor) -> tuple[Tensor, Tensor]:
    """Decay and gain (for b = 1) of one time step.

    Args:
        method: "zoh": zero-order hold, ``exp(dt a)`` and ``(exp(dt a) - 1) / a``; "bilinear":
            Tustin's rule, ``(1 + dt a / 2) / (1 - dt a / 2)`` and ``dt / (1 - dt a / 2)`` (S4D,
            section 3.1; S5, arXiv 2208.04933, section 2.1).
        a: eigenvalues, complex.
        dt: time steps, real, broadcast against ``a``.

    Raises:
        ConfigError: there is no such method.
    """
    if method == "zoh":
        decay = torch.exp(dt * a)
        return decay, (decay - 1) / a
    if method == "bilinear":
        half = 0.5 * dt * a
        return (1 + half) / (1 - half), dt / (1 - half)
    raise ConfigError(f"no discretisation {method!r}; there are zoh and bilinear")
