# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from memagent.errors import StoreError  # noqa: E402
from memagent.memory.spatial.tokens import TokenLog, lattice  # noqa: E402
from memagent.memory.spatial.tokens.training import train as training  # noqa: E402
from memagent.memory.spatial.tokens.training.appearances import (  # noqa: E402
    AppearanceConfig,
    Optics,
)
from memagent.memory.spatial.tokens.training.blocks import LearnedNetwork  # noqa: E402

from .networks import embeddings  # noqa: E402

pytestmark = pytest.mark.unit

OPTICS = Optics.made(0, AppearanceConfig(width=12, identity=6, conditions=2))
SHORT = training.TrainingConfig(blocks=2, hidden=10, places=12, writes=3, steps=12)


def learned(seed: int = 0, width: int = 12, blocks: int = 2) -> LearnedNetwork:
    torch.manual_seed(seed)
    network = LearnedNetwork(width, blocks, 10)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.5 * torch.randn_like(parameter)
    return network


def test_torch_and_numpy_give_the_same_bits() -> None:
    network = learned()
    looks = embeddings(0, 6, 40, 12)
    tokens = network(torch.from_numpy(looks)).detach().numpy()
    log = TokenLog(network.frozen())
    names = [str(place) for place in range(6)]
    for step in range(40):
        written = log.write_many(names, looks[:, step])
        np.testing.assert_array_equal(lattice.from_lattice(written), tokens[:, step])
    queries = embeddings(1, 5, 12)
    np.testing.assert_allclose(
        network.similarities(torch.from_numpy(queries), torch.from_numpy(tokens[:, -1]))
        .detach()
        .numpy(),
        log.network.similarities(queries, tokens[:, -1]),
        atol=1e-12,
    )


def test_the_inverse_is_exact_on_any_number_of_threads() -> None:
    network, before = learned(1, 64), torch.get_num_threads()
    token = torch.from_numpy(lattice.from_lattice(lattice.to_lattice(embeddings(2, 500, 64))))
    seen = token.flip(0)
    try:
        written = []
        for threads in (1, 2):
            torch.set_num_threads(threads)
            written.append(network.write(token, seen))
            back = network.read(*written[-1])
            assert torch.equal(back[0], token)
            assert torch.equal(back[1], seen)
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(one, two) for one, two in zip(*written, strict=True))


def test_gradients_are_those_of_the_unrounded_function() -> None:
    network = learned(2)
    looks = torch.from_numpy(embeddings(3, 8, 4, 12))

    def loss() -> torch.Tensor:
        return training.info_nce(network, looks, 0.5, network)

    loss().backward()
    generator = torch.Generator().manual_seed(0)
    for name, parameter in network.named_parameters():
        # The last G shapes only what goes to the log.
        gradient = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        direction = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        # Far more than a step of the grid, so that rounding averages out.
        with torch.no_grad():
            parameter += 0.01 * direction
            above = loss()
            parameter -= 0.02 * direction
            below = loss()
            parameter += 0.01 * direction
        slope = float((above - below) / 0.02)
        ours = float((gradient * direction).sum())
        assert ours == pytest.approx(slope, rel=0.1, abs=2e-3), name


def test_training_lowers_the_loss_and_is_repeatable() -> None:
    _, losses = training.train(OPTICS, SHORT.model_copy(update={"steps": 60, "rate": 1e-2}))
    assert np.mean(losses[-10:]) < 0.9 * np.mean(losses[:10])
    first, second = (training.train(OPTICS, SHORT)[0].fingerprint() for _ in range(2))
    assert first == second


def test_a_resumed_run_ends_where_an_unbroken_one_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.checkpoint"
    whole, losses = training.train(OPTICS, SHORT)
    looks = Optics.looks

    def cut(self: Optics, places: int, count: int, seed: tuple[int, ...]) -> np.ndarray:
        if seed[-1] == 9:
            raise KeyboardInterrupt
        return looks(self, places, count, seed)

    with monkeypatch.context() as patch:
        patch.setattr(Optics, "looks", cut)
        with pytest.raises(KeyboardInterrupt):
            training.train(OPTICS, SHORT, path, checkpoint_every=4)
    resumed, relosses = training.train(OPTICS, SHORT, path, checkpoint_every=4)
    assert relosses == losses
    assert resumed.fingerprint() == whole.fingerprint()
    np.testing.assert_array_equal(resumed.key, whole.key)


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.checkpoint"
    training.train(OPTICS, SHORT, path, checkpoint_every=4)
    with pytest.raises(StoreError, match="is of another run"):
        training.train(OPTICS, SHORT.model_copy(update={"seed": 1}), path)
    path.write_bytes(b"no checkpoint")
    with pytest.raises(StoreError, match="is no checkpoint"):
        training.train(OPTICS, SHORT, path)


def test_search_alone_is_trained_for_another_summary() -> None:
    network, _ = training.train(OPTICS, SHORT, summarise=training.averages(0.5))
    assert not np.array_equal(network.key, np.eye(12))
    for coupling in list(network.couplings())[1:]:
        assert not coupling.direct.any()
        assert not coupling.outer.any()


def test_looks_are_repeatable_and_of_unit_length() -> None:
    looks = OPTICS.looks(10, 5, (3, 1))
    assert looks.shape == (10, 5, 12)
    assert looks.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(looks, axis=-1), 1.0, atol=1e-6)
    np.testing.assert_array_equal(looks, OPTICS.looks(10, 5, (3, 1)))
    assert not np.array_equal(looks, OPTICS.looks(10, 5, (3, 2)))


def test_the_command_line_trains_and_saves(tmp_path: Path) -> None:
    out = tmp_path / "tokens.npz"
    training.main(["--out", str(out), "--steps", "1"])
    assert [path.name for path in tmp_path.iterdir()] == ["tokens.npz"]
