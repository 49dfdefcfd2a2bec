# SPDX-License-Identifier: Apache-2.0
"""Distracting Memory: do backbones remember a cue among distractors, in inference and imagination?

One world model per backbone, width of the hallway, pace and seed, matched by parameters, trained by
the same steps on the same episodes. Inference: the reward is told after all frames were seen.
Imagination: after the first pass of the hallway the model sees nothing more. Chance is 0.5.

What it takes to learn at all (a pilot had every backbone at chance): the reward is the parity of a
cue and a door, one bit in an episode, and parity shows no gradient until both are coded well. So
training begins in hallways of width 3, where that takes a few hundred steps, and lengthens them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

import report
from memagent.world_model import Batch, FrameSpec, NetworkConfig, WorldModel
from memagent.world_model.backbones import BackboneConfig, BackboneKind, matched, parameters_of
from memagent.world_model.training import OptimiserConfig, train
from memagent_sim.memory_envs import hallway

SHORT = 3
"""Width at which training begins."""
BEGIN, FULL = 0.3, 0.65
"""Shares of the training at which widths begin to grow and are all full."""
BATCH = 32
HELD_OUT = 10**6
"""Seeds of evaluation start here."""


@dataclass(frozen=True)
class Task:
    """One training and its examination."""

    kind: BackboneKind
    width: int
    pace: str
    seed: int
    steps: int

    @property
    def name(self) -> str:
        return f"{self.kind}_w{self.width}_{self.pace}_s{self.seed}_n{self.steps}"

    @property
    def pause(self) -> float:
        return 0.3 if self.pace == "random" else 0.0


@dataclass(frozen=True)
class Hallways:
    """Endless walks, short ones first."""

    width: int
    pause: float
    actions: int = hallway.ACTIONS

    @property
    def frames(self) -> Mapping[str, FrameSpec]:
        side = (hallway.SIDE, hallway.SIDE)
        return {"tiles": FrameSpec(kind="tiles", shape=side, classes=hallway.CLASSES)}

    def batch(self, rng: np.random.Generator, progress: float) -> Batch:
        width = self.width
        if progress < FULL:
            grown = max(0.0, (progress - BEGIN) / (FULL - BEGIN))
            longest = round(SHORT + (self.width - SHORT) * grown)
            width = longest if rng.random() < 0.5 else int(rng.integers(2, longest + 1))
        # About as many frames as a full batch has, half of them where episodes are short.
        size = max(BATCH, min(64, BATCH * self.width // (2 * width)))
        return as_batch(hallway.episodes(rng, size, width, self.pause))


def as_batch(episodes: hallway.Episodes) -> Batch:
    actions = torch.from_numpy(episodes.actions)
    first = torch.zeros(actions.shape, dtype=torch.bool)
    first[:, 0] = True
    going = torch.ones(actions.shape)
    going[:, -1] = 0
    return Batch(
        {"tiles": torch.from_numpy(episodes.frames)},
        torch.nn.functional.one_hot(actions, hallway.ACTIONS).float(),
        torch.from_numpy(episodes.rewards),
        going,
        first,
    )


def network(kind: BackboneKind) -> NetworkConfig:
    """The same network around each backbone, about 42,000 parameters in the backbone."""
    like = BackboneConfig(kind="s4d", width=64, blocks=1, layers=2, state=32)
    chosen = like.model_copy(update={"kind": kind, "state": 64 if kind == "s5" else 32})
    backbone = matched(chosen, parameters_of(like))
    return NetworkConfig(backbone=backbone, variables=16, classes=8, hidden=128, reward_weight=30.0)


def run(task: Task, folder: Path) -> dict[str, Any]:
    """Train, going on from what is in ``folder``, and examine."""
    torch.set_flush_denormal(True)
    chosen = network(task.kind)
    optimiser = OptimiserConfig(steps=task.steps, seed=task.seed, checkpoint_every=50)
    trained = train(
        Hallways(task.width, task.pause),
        chosen,
        optimiser,
        folder / f"{task.name}.checkpoint",
        title=task.name,
    )
    scores = examine(trained.model, task.width, task.pause, HELD_OUT + task.seed)
    last = trained.losses[-50:]
    means = {f"loss_{k}": float(np.mean([x[k] for x in last])) for k in last[0]}
    return {
        "backbone": task.kind,
        "width": task.width,
        "pace": task.pace,
        "seed": task.seed,
        "steps": task.steps,
        "parameters": parameters_of(chosen.backbone),
        **scores,
        **means,
    }


@torch.no_grad()
def examine(
    model: WorldModel, width: int, pause: float, seed: int, episodes: int = 512
) -> dict[str, float]:
    """Accuracy of the last reward, and of distractors that come into view in imagination."""
    torch.manual_seed(seed)
    drawn = hallway.episodes(np.random.default_rng(seed), episodes, width, pause)
    batch = as_batch(drawn)
    told, _ = model.infer(batch)
    right = {"inference": (told.rewards[:, -1] > 0.5) == (batch.rewards[:, -1] > 0.5)}
    imagined = torch.zeros(episodes, dtype=torch.bool)
    tiles: list[torch.Tensor] = []
    for query in np.unique(drawn.query):
        rows = torch.from_numpy(np.flatnonzero(drawn.query == query))
        _, belief = model.infer(_cut(batch, rows, int(query)))
        future = model.imagine(belief, batch.actions[rows, query:])
        imagined[rows] = (future.rewards[:, 0, -1] > 0.5) == (batch.rewards[rows, -1] > 0.5)
        seen = model.decode(future.features)["tiles"][:, 0] == batch.frames["tiles"][rows, query:]
        tiles.append(seen[:, :, [1, 3], -1][torch.from_numpy(drawn.new)[rows, query:]])
    right["imagination"] = imagined
    scores = {name: float(hits.float().mean()) for name, hits in right.items()}
    return {**scores, "tiles": float(torch.cat(tiles).float().mean())}


def figures(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Means over seeds, by key, with intervals where there are several seeds."""
    found: dict[str, Any] = {}
    for row in rows:
        key = f"dm_{row['backbone']}_w{row['width']}_{row['pace']}"
        alike = [
            r
            for r in rows
            if (r["backbone"], r["width"], r["pace"])
            == (row["backbone"], row["width"], row["pace"])
        ]
        for score in ("inference", "imagination", "tiles"):
            scores = [float(r[score]) for r in alike]
            mean = report.interval(scores, lambda s: float(np.mean(s)))
            found[f"{key}_{score}"] = mean if len(scores) > 1 else scores[0]
        found[f"{key}_seeds"] = len(alike)
    return found


def _cut(batch: Batch, rows: torch.Tensor, length: int) -> Batch:
    return Batch(
        {name: frames[rows, :length] for name, frames in batch.frames.items()},
        batch.actions[rows, :length],
        batch.rewards[rows, :length],
        batch.continues[rows, :length],
        batch.first[rows, :length],
    )
