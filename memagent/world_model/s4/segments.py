# SPDX-License-Identifier: Apache-2.0
"""Sequences cut at resets: each part becomes a row of its own, so a convolution starts afresh."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """Where the parts of sequences of shape (B, L) are.

    ``row`` and ``column``, int64 (B, L): each step's place in the packed batch; ``first``, int64
    (B,): the rows that continue what was before their sequence, or -1 where that was reset.
    """

    row: Tensor
    column: Tensor
    rows: int
    width: int
    first: Tensor

    @classmethod
    def of(cls, resets: Tensor) -> Segments:
        """From where sequences are reset, bool (B, L): a reset step begins a part."""
        batch, length = resets.shape
        begins = resets.clone()
        begins[:, 0] = True
        row = begins.flatten().cumsum(0).view(batch, length) - 1
        steps = torch.arange(length, device=resets.device)
        since = torch.where(begins, steps, 0).cummax(1).values
        column = steps - since
        first = torch.where(resets[:, 0], -1, row[:, 0])
        return cls(row, column, int(row[-1, -1]) + 1, int(column.max()) + 1, first)

    def pack(self, sequences: Tensor) -> Tensor:
        """(B, L, D) to (rows, width, D), padded with zeros behind each part."""
        packed = sequences.new_zeros(self.rows, self.width, sequences.shape[-1])
        return packed.index_put((self.row, self.column), sequences)

    def unpack(self, packed: Tensor) -> Tensor:
        """(rows, width, D) back to (B, L, D)."""
        return packed[self.row, self.column]

    def starts(self, initial: Tensor) -> Tensor:
        """States (B, ...) of the sequences' beginnings to those of the rows: zero after a reset."""
        spread = initial.new_zeros(self.rows, *initial.shape[1:])
        continued = self.first >= 0
        return spread.index_put((self.first[continued],), initial[continued])


def since_last_reset(resets: Tensor) -> Tensor:
    """Which steps still count at the end of their sequence: bool (B, L)."""
    return resets.flip(1).long().cumsum(1).flip(1) - resets.long() == 0


def segment_numbers(resets: Tensor) -> Tensor:
    """The part that each step is in, int64 (B, L); 0 is what continues from before."""
    return resets.long().cumsum(1)
