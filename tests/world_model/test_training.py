# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from typer.testing import CliRunner

from memagent import resources
from memagent.cli import app
from memagent.config import read_yaml
from memagent.errors import StoreError
from memagent.world_model import BackboneConfig, Batch, FrameSpec, NetworkConfig, load
from memagent.world_model.training import OptimiserConfig, TrainingConfig, train

pytestmark = pytest.mark.unit

NETWORK = NetworkConfig(
    backbone=BackboneConfig(width=16, blocks=1, layers=1, state=16),
    variables=4,
    classes=4,
    hidden=32,
    reward_weight=3.0,
)


@dataclass(frozen=True)
class Echo:
    """The reward is the first frame, which was seen ``lag`` steps ago; frames are random bits."""

    lag: int = 6
    actions: int = 1

    @property
    def frames(self):
        return {"bit": FrameSpec(kind="vector", shape=(1,))}

    def batch(self, rng: np.random.Generator, progress: float) -> Batch:
        bits = torch.from_numpy(rng.integers(2, size=(32, self.lag + 1)).astype(np.float32))
        rewards = torch.zeros_like(bits)
        rewards[:, -1] = bits[:, 0]
        first = torch.zeros(bits.shape, dtype=torch.bool)
        first[:, 0] = True
        signs = (2 * bits - 1).unsqueeze(-1)
        return Batch({"bit": signs}, torch.zeros_like(signs), rewards, torch.ones_like(bits), first)


@pytest.mark.parametrize("kind", ["s4d", "gru"])
def test_it_learns_to_remember(kind):
    backbone = NETWORK.backbone.model_copy(update={"kind": kind})
    network = NETWORK.model_copy(update={"backbone": backbone, "reward_weight": 10.0})
    trained = train(Echo(), network, OptimiserConfig(steps=250, rate=5e-3, warmup=20))
    batch = Echo().batch(np.random.default_rng(99), 1.0)
    told = trained.model.infer(batch)[0].rewards[:, -1]
    assert float(((told > 0.5) == (batch.rewards[:, -1] > 0.5)).float().mean()) > 0.9


def test_a_run_that_was_cut_ends_as_an_unbroken_one(tmp_path):
    class CutError(Exception):
        pass

    def cut(step, model):
        if step == 17:
            raise CutError

    config = OptimiserConfig(steps=30, checkpoint_every=5, seed=3)
    whole = train(Echo(), NETWORK, config)
    keep = tmp_path / "kept"
    with pytest.raises(CutError):
        train(Echo(), NETWORK, config, keep, watch=cut)
    again = train(Echo(), NETWORK, config, keep)
    assert again.losses == whole.losses
    for name, tensor in whole.model.state_dict().items():
        assert torch.equal(tensor, again.model.state_dict()[name]), name
    with pytest.raises(StoreError, match="another run"):
        train(Echo(), NETWORK, config.model_copy(update={"seed": 4}), keep)


def test_a_killed_command_goes_on_where_it_was(tmp_path):
    settings = {
        "experience": {
            "env": "memagent_sim.memory_envs:memagent/DistractingMemory-v0",
            "options": {"width": 2},
            "episodes": 8,
            "length": 7,
            "batch": 4,
            "start": "episode",
        },
        "network": NETWORK.model_dump(),
        "optimiser": {"steps": 3000, "checkpoint_every": 5},
    }
    config = tmp_path / "short.yaml"
    config.write_text(yaml.safe_dump(settings))
    out = tmp_path / "out"
    kept = out / "short.pt.checkpoint"
    command = [sys.executable, "-m", "memagent.cli", "train", "world-model"]
    arguments = ["--config", str(config), "--out", str(out)]
    process = subprocess.Popen([*command, *arguments], env=os.environ, stdout=subprocess.DEVNULL)
    _wait_for(kept, process)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    done = len(torch.load(kept, weights_only=True)["losses"])
    assert 0 < done < 3000
    # What is left is cut short, so that the test need not train to the end.
    settings["optimiser"]["steps"] = done + 10
    shorter = read_yaml(_written(config, settings), TrainingConfig)
    content = torch.load(kept, weights_only=True)
    content["run"]["optimiser"] = shorter.optimiser.model_dump_json()
    torch.save(content, kept)
    resumed = CliRunner().invoke(app, ["train", "world-model", *arguments])
    assert resumed.exit_code == 0, resumed.output
    assert not kept.exists()
    assert load(out / "short.pt").config.backbone == NETWORK.backbone


def test_the_shipped_configurations_are_valid_and_a_wrong_one_is_named(tmp_path):
    for path in sorted(resources.find("configs/world_model").glob("*.yaml")):
        assert read_yaml(path, TrainingConfig).optimiser.steps > 0
    wrong = _written(tmp_path / "wrong.yaml", {"experience": {"env": "x", "lengths": 3}})
    refused = CliRunner().invoke(app, ["train", "world-model", "--config", str(wrong)])
    assert refused.exit_code == 1
    assert "experience.lengths" in refused.output


def _written(path: Path, settings) -> Path:
    path.write_text(yaml.safe_dump(settings))
    return path


def _wait_for(path: Path, process: subprocess.Popen) -> None:
    until = time.monotonic() + 120
    while not path.exists():
        assert process.poll() is None, "the training ended before its first checkpoint"
        assert time.monotonic() < until, "no checkpoint after two minutes"
        time.sleep(0.05)
