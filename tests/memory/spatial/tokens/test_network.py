# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from memagent.errors import StoreError
from memagent.memory.spatial.tokens import ReversibleNetwork, TokenError, lattice
from memagent.memory.spatial.tokens.network import Coupling

from .networks import embeddings, random_network

pytestmark = pytest.mark.unit


@seed(1)
@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 40),
    st.integers(1, 4),
    st.lists(st.integers(0, 4), max_size=3),
    st.sampled_from([1.0, 30.0]),
    st.integers(0, 10**6),
)
def test_reading_inverts_writing_to_the_bit(
    width: int, blocks: int, batch: list[int], gain: float, number: int
) -> None:
    network = random_network(number, width, blocks, gain)
    rng = np.random.default_rng(number)
    token = rng.integers(-(2**40), 2**40, (*batch, width))
    observation = rng.integers(-(2**22), 2**22, (*batch, width))
    before, seen = network.read(*network.write(token, observation))
    np.testing.assert_array_equal(before, token)
    np.testing.assert_array_equal(seen, observation)


@seed(2)
@settings(max_examples=30, deadline=None)
@given(st.integers(1, 80), st.integers(1, 70), st.integers(0, 10**6))
def test_a_row_gives_the_same_bits_in_any_batch(width: int, rows: int, number: int) -> None:
    network = random_network(number, width)
    rng = np.random.default_rng(number)
    tokens = rng.integers(-(2**30), 2**30, (rows, width))
    observations = rng.integers(-(2**16), 2**16, (rows, width))
    together = network.write(tokens, observations)
    alone = [network.write(t, o) for t, o in zip(tokens, observations, strict=True)]
    for part, parts in zip(together, zip(*alone, strict=True), strict=True):
        np.testing.assert_array_equal(part, np.array(parts))


def test_sums_are_exact_in_any_order_at_the_bounds() -> None:
    rng = np.random.default_rng(3)
    width = 4096
    most = lattice.LARGEST_ACTIVATION * lattice.ACTIVATION_STEPS
    activations = most - rng.integers(0, 2, (2, width)).astype(float)
    weights = lattice.LARGEST_WEIGHT * lattice.WEIGHT_STEPS - rng.integers(0, 2, (3, width))
    exact = [
        [sum(int(a) * int(w) for a, w in zip(row, column, strict=True)) for column in weights]
        for row in activations
    ]
    shuffled = rng.permutation(width)
    np.testing.assert_array_equal(lattice.linear(activations, weights), exact)
    np.testing.assert_array_equal(
        lattice.linear(activations[:, shuffled], weights[:, shuffled]), exact
    )
    assert lattice.WIDEST * most * lattice.LARGEST_WEIGHT * lattice.WEIGHT_STEPS < 2**53


def test_an_untrained_token_points_where_the_mean_does() -> None:
    network = ReversibleNetwork.untrained(16, blocks=3)
    looks = embeddings(4, 20, 16) + 0.3
    token = np.zeros(16, np.int64)
    for look in looks:
        token, _ = network.write(token, lattice.to_lattice(look))
    mean = (looks / np.abs(looks).mean(axis=1, keepdims=True)).mean(axis=0)
    assert network.similarities(mean[None], token[None].astype(float)) > 0.999999


def test_the_smallest_and_the_largest_are_read_back() -> None:
    network = random_network(5, 4)
    for value in (0, 1, -1, 2**22):
        observation = np.full(4, value, np.int64)
        token, residual = network.write(np.zeros(4, np.int64), observation)
        assert np.abs(residual).max() < 2**31
        np.testing.assert_array_equal(network.read(token, residual)[1], observation)


def test_a_token_too_large_to_be_exact_is_refused() -> None:
    network = random_network(6, 4)
    with pytest.raises(TokenError, match="2\\^53"):
        network.write(np.full(4, 2**52, np.int64), np.zeros(4, np.int64))


@pytest.mark.parametrize("value", [np.nan, np.inf, 64.1, -65.0])
def test_what_is_not_on_the_lattice_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="within ±64"):
        lattice.to_lattice(np.array([0.0, value]))


def test_networks_of_unequal_widths_are_refused() -> None:
    with pytest.raises(TokenError, match="one width"):
        ReversibleNetwork(random_network(7, 4).blocks, np.eye(5), np.eye(5))


def test_it_is_saved_and_loaded(tmp_path: Path) -> None:
    network = random_network(8, 6)
    network.save(tmp_path / "n.npz")
    loaded = ReversibleNetwork.load(tmp_path / "n.npz")
    assert loaded.fingerprint() == network.fingerprint()
    np.testing.assert_array_equal(loaded.key, network.key)
    arrays = dict(np.load(tmp_path / "n.npz"))
    np.savez(tmp_path / "halves.npz", **{**arrays, "0.direct": arrays["0.direct"] + 0.5})
    with pytest.raises(StoreError, match="direct must hold whole numbers"):
        ReversibleNetwork.load(tmp_path / "halves.npz")
    (tmp_path / "n.npz").write_bytes(b"PK no")
    for name in ("n.npz", "missing.npz"):
        with pytest.raises(StoreError, match=name):
            ReversibleNetwork.load(tmp_path / name)


def test_the_fingerprint_is_of_the_blocks_alone() -> None:
    network = random_network(9, 6)
    searched = ReversibleNetwork(network.blocks, 2 * np.eye(6), np.eye(6))
    assert searched.fingerprint() == network.fingerprint()
    (f, g), *others = network.blocks
    nudged = Coupling(f.direct + np.eye(6), f.inner, f.bias, f.outer)
    other = ReversibleNetwork(((nudged, g), *others), network.key, network.query)
    assert other.fingerprint() != network.fingerprint()
