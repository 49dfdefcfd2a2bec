# SPDX-License-Identifier: Apache-2.0
"""What the published code of Mem4Nav's tokens does wrong, each once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from memagent.memory.spatial.tokens import (
    PlaceSearch,
    ReversibleNetwork,
    SearchBy,
    TokenError,
    TokenLog,
    log_file,
)

from .networks import embeddings, random_network

pytestmark = pytest.mark.unit


def test_all_writes_are_kept_not_only_the_last() -> None:
    log, looks = TokenLog(random_network(0, 8)), embeddings(0, 3, 8)
    for look in looks:
        log.write("node 1", look)
    for written, look in zip(log.read("node 1"), looks[::-1], strict=True):
        np.testing.assert_array_equal(written.embedding, look)
    # The token depends on all of them, too.
    alone = TokenLog(log.network)
    alone.write("node 1", looks[2])
    assert not np.array_equal(alone.token("node 1"), log.token("node 1"))


def test_the_inverse_is_exact_while_training() -> None:
    torch = pytest.importorskip("torch")
    from memagent.memory.spatial.tokens.training.blocks import LearnedNetwork

    network = LearnedNetwork(16, 3, 32).train()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.3 * torch.randn_like(parameter)
    token, seen = torch.round(2**16 * torch.randn(2, 50, 16, dtype=torch.float64)) / 2**16
    before, observation = network.read(*network.write(token, seen))
    assert torch.equal(before, token)
    assert torch.equal(observation, seen)


def test_the_objective_trains_every_weight() -> None:
    torch = pytest.importorskip("torch")
    from memagent.memory.spatial.tokens.training.blocks import LearnedNetwork
    from memagent.memory.spatial.tokens.training.train import info_nce

    torch.manual_seed(0)
    network = LearnedNetwork(8, 2, 6)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.3 * torch.randn_like(parameter)
    looks = torch.from_numpy(embeddings(1, 10, 4, 8))
    info_nce(network, looks, 0.1, network).backward()
    # The last G shapes only what goes to the log, so no objective on tokens can reach it through a
    # single write; through the next one neither: the residual is never fed back.
    last = f"couplings.{len(network.couplings) - 1}."
    for name, parameter in network.named_parameters():
        gradient = 0.0 if parameter.grad is None else float(parameter.grad.abs().max())
        assert gradient > 1e-4 or name.startswith(last), name


def test_own_observations_find_their_place() -> None:
    looks = embeddings(2, 150, 64)
    log = TokenLog(ReversibleNetwork.untrained(64))
    log.write_many([f"place {n}" for n in range(150)], looks)
    noise = 0.05 * embeddings(3, 150, 64)
    for by in SearchBy:
        best = PlaceSearch(log, by).similarities(looks + noise).argmax(axis=1)
        assert np.array_equal(best, np.arange(150)), by


def test_a_revisit_takes_no_new_entry_and_few_places_give_few_matches() -> None:
    log = TokenLog(ReversibleNetwork.untrained(4))
    for look in embeddings(4, 500, 4):
        log.write("desk", look)
    found = PlaceSearch(log, SearchBy.TOKEN).find(np.ones(4, np.float32), 3)
    assert [match.place for match in found] == ["desk"]


def test_what_was_never_written_is_an_error_not_noise() -> None:
    log = TokenLog(random_network(5, 4))
    for ask in (log.read, log.token):
        with pytest.raises(TokenError, match="no place 'node 9'"):
            ask("node 9")


def test_places_of_different_kinds_share_no_keys() -> None:
    log = TokenLog(random_network(6, 4))
    log.write("voxel 5", embeddings(5, 4))
    log.write("node 5", embeddings(6, 4))
    assert log.count("voxel 5") == log.count("node 5") == 1


def test_tokens_outlive_the_process(tmp_path: Path) -> None:
    log = TokenLog(random_network(7, 4))
    log.write("desk", embeddings(7, 4))
    log_file.save(log, tmp_path / "tokens")
    loaded = log_file.load(tmp_path / "tokens", random_network(7, 4))
    np.testing.assert_array_equal(loaded.token("desk"), log.token("desk"))


def test_everything_imports_without_torch_and_training_says_what_is_missing() -> None:
    script = """
import sys
sys.modules["torch"] = None
import numpy as np
from memagent.errors import DependencyError
from memagent.memory.spatial.tokens import ReversibleNetwork, TokenLog, log_file
log = TokenLog(ReversibleNetwork.untrained(4))
log.write("desk", np.ones(4, np.float32))
log_file.from_bytes(log_file.to_bytes(log), log.network).read("desk")
try:
    import memagent.memory.spatial.tokens.training.train
except DependencyError as error:
    assert "memagent[policy]" in str(error), error
else:
    raise SystemExit("training imported without torch")
"""
    subprocess.run([sys.executable, "-c", script], check=True)
