# SPDX-License-Identifier: Apache-2.0
"""What is computed once from parameters and used at every step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import torch
from torch import nn

Made = TypeVar("Made")


class Cached(Generic[Made]):
    """What follows from a module's own parameters, made anew once one has changed or moved."""

    def __init__(self, make: Callable[[], Made], module: nn.Module) -> None:
        self._make, self._module = make, module
        self._made: Made | None = None
        self._of: list[tuple[int, int]] = []

    def __call__(self) -> Made:
        # Not parameters(): that walks the module, and this runs at every step.
        own = self._module._parameters.values()
        now = [(p.data_ptr(), p._version) for p in own if p is not None]
        if self._made is None or now != self._of:
            with torch.no_grad():
                self._made = self._make()
            self._of = now
        return self._made
