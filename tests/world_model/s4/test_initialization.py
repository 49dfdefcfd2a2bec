# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import pytest
import torch

from memagent.errors import ConfigError
from memagent.world_model.s4 import initialization as init

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("name", "highest", "lowest"),
    [
        ("lin", (31 * math.pi, 30 * math.pi), (math.pi, 0.0)),
        ("inv", (1283, 414, 240), (1.73, 1.00, 0.32)),
        ("legs", (1303, 433, 258), (1.70, 0.91, 0.26)),
    ],
)
def test_spectra_have_the_published_eigenvalues(name, highest, lowest):
    eigenvalues = init.spectrum(name, 64)
    assert eigenvalues.shape == (32,)
    assert torch.allclose(eigenvalues.real, torch.tensor(-0.5).double())
    ordered = eigenvalues.imag.abs().sort(descending=True).values
    assert ordered[: len(highest)].tolist() == pytest.approx(highest, rel=2e-3)
    assert ordered[-len(lowest) :].tolist() == pytest.approx(lowest, abs=6e-3)


def test_diagonal_plus_low_rank_is_the_hippo_matrix():
    size = 16
    matrix, inputs, _ = init.hippo_legs(size)
    parts = init.diagonal_plus_low_rank(size)
    basis = torch.cat((parts.basis, parts.basis.conj()), 1)
    diagonal = torch.cat((parts.diagonal, parts.diagonal.conj()))
    low_rank = torch.cat((parts.low_rank, parts.low_rank.conj()))
    inner = torch.diag(diagonal) - torch.outer(low_rank, low_rank.conj())
    assert torch.allclose((basis @ inner @ basis.conj().T), matrix.to(torch.complex128))
    again = basis @ torch.cat((parts.inputs, parts.inputs.conj()))
    assert torch.allclose(again, inputs.to(torch.complex128))


def test_time_scales_lie_between_their_bounds():
    torch.manual_seed(0)
    steps = init.log_time_scales(1000, 1e-3, 1e-1).exp()
    assert 1e-3 <= float(steps.min()) < 1.1e-3
    assert 0.09 < float(steps.max()) <= 0.1
    assert float(steps.median()) == pytest.approx(1e-2, rel=0.2)


def test_what_is_impossible_is_refused():
    with pytest.raises(ConfigError, match="even size"):
        init.spectrum("lin", 7)
    with pytest.raises(ConfigError, match="fourier"):
        init.spectrum("fourier", 8)
    with pytest.raises(ConfigError, match="time scales"):
        init.log_time_scales(4, 0.1, 0.01)
