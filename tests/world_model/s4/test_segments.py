# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from memagent.world_model.s4.segments import Segments, since_last_reset

pytestmark = pytest.mark.unit


@settings(max_examples=60, deadline=None)
@given(arrays(bool, st.tuples(st.integers(1, 4), st.integers(1, 20))))
def test_parts_are_rows_that_begin_at_resets_and_come_back_in_place(drawn):
    resets = torch.from_numpy(drawn)
    batch, length = resets.shape
    sequences = torch.arange(1.0, batch * length + 1).view(batch, length, 1)
    parts = Segments.of(resets)
    packed = parts.pack(sequences)
    assert torch.equal(parts.unpack(packed), sequences)
    assert packed.shape[0] == int(resets[:, 1:].sum()) + batch
    for row in packed.squeeze(-1):
        used = row[row > 0]
        assert torch.equal(used, torch.arange(float(used[0]), float(used[-1]) + 1))
        assert torch.equal(row[len(used) :], torch.zeros(len(row) - len(used)))
    starts = parts.starts(torch.ones(batch, 2))
    assert int(starts[:, 0].sum()) == int((~resets[:, 0]).sum())


def test_what_counts_at_the_end_begins_at_the_last_reset():
    resets = torch.tensor([[0, 1, 0, 0], [0, 0, 0, 0], [1, 0, 0, 1]]).bool()
    counts = since_last_reset(resets)
    assert counts.tolist() == [
        [False, True, True, True],
        [True] * 4,
        [False, False, False, True],
    ]
