# SPDX-License-Identifier: Apache-2.0
"""Training a world model: one loop that can be killed at any step and goes on where it was.

Every batch and every random number follow from the seed and the number of the step, and a
checkpoint holds the rest, so a run that was cut ends with the same bits as an unbroken one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)
from torch import nn

from memagent.errors import StoreError
from memagent.world_model import checkpoint
from memagent.world_model.config import NetworkConfig, Positive, Weight, WorldModelConfig
from memagent.world_model.experience import Experience, Start, lived
from memagent.world_model.model import WorldModel

Losses = dict[str, float]


class OptimiserConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    steps: Positive = 2000
    rate: Annotated[float, Field(gt=0)] = 2e-3
    """Peak learning rate of AdamW: warmed up over ``warmup`` steps, constant, then a cosine."""
    warmup: Positive = 100
    decay_from: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Share of the steps after which the rate falls."""
    slow: Weight = 0.1
    """Rate of time steps and eigenvalues over that of the rest."""
    weight_decay: Weight = 0.0
    clip: Annotated[float, Field(gt=0)] = 10.0
    """Largest norm of a gradient."""
    checkpoint_every: Positive = 200
    seed: Annotated[int, Field(ge=0)] = 0


class LivedConfig(BaseModel):
    """Episodes to live through in a Gymnasium environment before training."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    env: str
    options: dict[str, Any] = {}
    episodes: Positive = 1000
    length: Positive = 64
    batch: Positive = 16
    start: Start = "anywhere"


class TrainingConfig(BaseModel):
    """A file of ``configs/world_model/``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    experience: LivedConfig
    network: NetworkConfig = NetworkConfig()
    optimiser: OptimiserConfig = OptimiserConfig()


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A model and the losses of every step."""

    model: WorldModel
    losses: list[Losses]


def train(
    experience: Experience,
    network: NetworkConfig,
    config: OptimiserConfig,
    keep: Path | None = None,
    *,
    watch: Callable[[int, WorldModel], None] | None = None,
    title: str = "training",
) -> Trained:
    """Train a world model of what ``experience`` shows.

    Args:
        experience: makes the batches.
        network: what to train.
        config: how.
        keep: file of what is needed to go on; gone on from if it is there.
        watch: called after each step with its number, from 1, and the model.
        title: of the progress bar.

    Raises:
        StoreError: the checkpoint is of another run, or cannot be read or written.
    """
    whole = WorldModelConfig(
        frames=dict(experience.frames), actions=experience.actions, **dict(network)
    )
    identity = {"model": whole.model_dump_json(), "optimiser": config.model_dump_json()}
    torch.manual_seed(config.seed)
    model = WorldModel(whole)
    optimiser = _optimiser(model, config)
    losses: list[Losses] = []
    if keep is not None and keep.exists():
        losses = _resume(keep, identity, model, optimiser)
    for step in _bar(title, len(losses), config.steps):
        losses.append(_step(model, optimiser, experience, config, step))
        if keep is not None and (step + 1) % config.checkpoint_every == 0:
            kept = {"model": model.state_dict(), "state": optimiser.state_dict()}
            checkpoint.write(keep, {"run": identity, "losses": losses, **kept})
        if watch is not None:
            watch(step + 1, model)
    return Trained(model.eval(), losses)


def _step(
    model: WorldModel,
    optimiser: torch.optim.Optimizer,
    experience: Experience,
    config: OptimiserConfig,
    step: int,
) -> Losses:
    torch.manual_seed(config.seed * 1_000_003 + step)
    rate = config.rate * _schedule(step, config)
    for group in optimiser.param_groups:
        group["lr"] = rate * group["share"]
    rng = np.random.default_rng((config.seed, step))
    losses = model.train().losses(experience.batch(rng, step / config.steps))
    optimiser.zero_grad()
    losses["total"].backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(model.parameters(), config.clip)
    optimiser.step()
    return {name: float(value.detach()) for name, value in losses.items()}


def _optimiser(model: WorldModel, config: OptimiserConfig) -> torch.optim.AdamW:
    """AdamW, with the time steps and eigenvalues of state spaces slower and never decayed."""
    slow = model.backbone.slow_parameters()
    chosen = {id(p) for p in slow}
    rest = [p for p in model.parameters() if id(p) not in chosen]
    groups: list[dict[str, Any]] = [
        {"params": rest, "share": 1.0, "weight_decay": config.weight_decay}
    ]
    if slow:
        groups.append({"params": slow, "share": config.slow, "weight_decay": 0.0})
    return torch.optim.AdamW(groups, lr=config.rate, fused=True)


def _schedule(step: int, config: OptimiserConfig) -> float:
    warm = min(1.0, (step + 1) / config.warmup)
    start = config.decay_from * config.steps
    if step < start:
        return warm
    left = (step - start) / max(1.0, config.steps - start)
    return warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * left)))


def _resume(
    path: Path, identity: dict[str, str], model: WorldModel, optimiser: torch.optim.Optimizer
) -> list[Losses]:
    kept = checkpoint.read(path)
    if kept.get("run") != identity:
        raise StoreError(
            f"{path}: is the checkpoint of another run ({kept.get('run')}); remove it, or give the "
            "settings that it was made with"
        )
    model.load_state_dict(kept["model"])
    optimiser.load_state_dict(kept["state"])
    return list(kept["losses"])


def _bar(title: str, done: int, steps: int) -> Iterator[int]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), transient=True) as progress:
        task = progress.add_task(title, total=steps, completed=done)
        for step in range(done, steps):
            yield step
            progress.advance(task)


def run(config: TrainingConfig, path: Path) -> Path:
    """Live, train, and write the model to ``path``; the checkpoint lies beside it until then.

    Raises:
        MemagentError: something in the configuration is not there, or nothing can be written.
    """
    lived_in = config.experience
    experience = lived(
        lived_in.env,
        lived_in.options,
        lived_in.episodes,
        length=lived_in.length,
        size=lived_in.batch,
        start=lived_in.start,
        seed=config.optimiser.seed,
    )
    beside = path.with_name(path.name + ".checkpoint")
    trained = train(experience, config.network, config.optimiser, beside, title=path.stem)
    checkpoint.save(trained.model, path)
    beside.unlink(missing_ok=True)
    return path
