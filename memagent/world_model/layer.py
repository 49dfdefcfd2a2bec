# SPDX-License-Identifier: Apache-2.0
"""What every layer that has memory offers: whole sequences at once, or one step at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn

State = tuple[Tensor, ...]
"""What a layer remembers: tensors whose first dimension is the batch, all zero at a beginning."""


class SequenceLayer(nn.Module, ABC):
    """A causal map of sequences of vectors whose two ways to be run agree.

    A reset at step l means that nothing before l is remembered from there on.
    """

    @abstractmethod
    def forward(
        self,
        inputs: Tensor,
        resets: Tensor | None = None,
        state: State | None = None,
        keep: bool = False,
    ) -> tuple[Tensor, State | None]:
        """Outputs for whole sequences.

        Args:
            inputs: float32 (B, L, D).
            resets: bool (B, L), where a sequence begins anew; None for nowhere.
            state: what is remembered from before; None for nothing.
            keep: whether to return what is remembered at the end.

        Returns:
            float32 (B, L, D), and the state after the last step, or None unless ``keep``.
        """

    @abstractmethod
    def initial_state(self, batch: int) -> State:
        """Nothing remembered, for ``batch`` sequences, on the device of the parameters."""

    @abstractmethod
    def step(self, inputs: Tensor, state: State) -> Tensor:
        """The output of one step, float32 (B, D) for (B, D); ``state`` is changed in place.

        Steps are not for training; call them under ``torch.no_grad``.
        """

    def slow_parameters(self) -> list[nn.Parameter]:
        """What is to be trained at a lower rate, and never decayed: none unless a layer says so."""
        return []


def forget(state: State, rows: Tensor) -> None:
    """Reset the sequences where ``rows``, bool (B,), is true; in place."""
    for tensor in state:
        tensor.masked_fill_(rows.view(-1, *(1,) * (tensor.dim() - 1)), 0)


def repeated(state: State, times: int) -> State:
    """A state of which every sequence is there ``times`` times, side by side; a copy."""
    return tuple(tensor.repeat_interleave(times, 0) for tensor in state)
