# SPDX-License-Identifier: Apache-2.0
"""Train a network so that a place's token finds the next look at the place.

The objective is InfoNCE (van den Oord et al., arXiv 1807.03748): after each of several writes the
token must be told from those of all other places of the batch by an observation that is still to
come. The cycle loss that the paper trains with says nothing to R, whose inverse is exact at any
weights: its gradient is zero.

Every batch follows from the seed and the number of its step, and a checkpoint holds the rest, so a
run that was cut and resumed ends where an unbroken one does.

    python -m memagent.memory.spatial.tokens.training.train --out tokens.npz
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import torch
from pydantic import BaseModel, ConfigDict, Field
from rich.progress import track
from torch import Tensor, nn

from memagent.errors import StoreError
from memagent.memory.spatial.tokens.network import ReversibleNetwork
from memagent.memory.spatial.tokens.training.appearances import Optics
from memagent.memory.spatial.tokens.training.blocks import LearnedNetwork
from memagent.whole_file import write_whole

Summary = Callable[[Tensor], Tensor]
"""From looks (p, t, d) to what sums them up after each: (p, t, d)."""


class TrainingConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    blocks: Annotated[int, Field(ge=1)] = 2
    hidden: Annotated[int, Field(ge=1)] = 128
    places: Annotated[int, Field(ge=2)] = 64
    """Of a batch, each a negative of all others."""
    writes: Annotated[int, Field(ge=1)] = 20
    """Before the last query."""
    steps: Annotated[int, Field(ge=1)] = 600
    rate: Annotated[float, Field(gt=0)] = 2e-3
    """Peak learning rate of AdamW, after a warm-up of a twentieth of the steps; then a cosine."""
    temperature: Annotated[float, Field(gt=0)] = 0.07
    clip: Annotated[float, Field(gt=0)] = 1.0
    seed: int = 0


def train(
    optics: Optics,
    config: TrainingConfig | None = None,
    checkpoint: Path | None = None,
    *,
    summarise: Summary | None = None,
    checkpoint_every: int = 200,
    title: str = "training",
) -> tuple[ReversibleNetwork, list[float]]:
    """A trained network and the loss of every step.

    Args:
        optics: makes the looks.
        config: how to train.
        checkpoint: where to keep what is needed to resume; resumed from if it is there.
        summarise: what to find places by in place of their tokens; then only the maps of search
            are trained.
        checkpoint_every: steps.
        title: of the progress bar and the checkpoint.

    Raises:
        StoreError: the checkpoint is of another run, or cannot be read.
    """
    config = config or TrainingConfig()
    torch.manual_seed(config.seed)
    model = LearnedNetwork(optics.config.width, config.blocks, config.hidden)
    if summarise is not None:
        model.couplings.requires_grad_(False)
    learned = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=config.rate, weight_decay=0.01)
    identity = {"title": title, "config": config.model_dump(), "optics": optics.config.model_dump()}
    losses: list[float] = []
    if checkpoint is not None and checkpoint.exists():
        losses = _resume(checkpoint, identity, model, optimizer)
    steps = range(len(losses), config.steps)
    for step in track(steps, title, transient=True):
        for group in optimizer.param_groups:
            group["lr"] = config.rate * _schedule(step, config.steps)
        looks = optics.looks(config.places, config.writes + 1, (config.seed, 1, step))
        loss = info_nce(model, torch.from_numpy(looks), config.temperature, summarise or model)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(learned, config.clip)
        optimizer.step()
        losses.append(float(loss.detach()))
        if checkpoint is not None and (step + 1) % checkpoint_every == 0:
            _keep(checkpoint, identity, model, optimizer, losses)
    return model.frozen(), losses


def info_nce(
    model: LearnedNetwork, looks: Tensor, temperature: float, summarise: Summary
) -> Tensor:
    """Mean over writes of the loss of finding the place by the next look: looks (p, t + 1, d)."""
    tokens = summarise(looks[:, :-1]).double().transpose(0, 1)
    queries = looks[:, 1:].transpose(0, 1)
    logits = model.similarities(queries, tokens) / temperature
    targets = torch.arange(looks.shape[0]).expand(logits.shape[0], -1)
    return nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())


def averages(decay: float) -> Summary:
    """Sums in which a look counts ``decay`` times the next newer one: what tokens must beat."""

    def summarise(looks: Tensor) -> Tensor:
        total, sums = torch.zeros_like(looks[:, 0]), []
        for step in range(looks.shape[1]):
            total = decay * total + looks[:, step]
            sums.append(total)
        return torch.stack(sums, 1)

    return summarise


def _schedule(step: int, steps: int) -> float:
    warm = max(1, steps // 20)
    if step < warm:
        return (step + 1) / warm
    return float(0.5 * (1 + torch.cos(torch.tensor(torch.pi * (step - warm) / (steps - warm)))))


def _keep(
    path: Path,
    identity: dict[str, Any],
    model: LearnedNetwork,
    optimizer: torch.optim.Optimizer,
    losses: Sequence[float],
) -> None:
    buffer = io.BytesIO()
    states = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
    torch.save({"run": identity, "losses": list(losses), **states}, buffer)
    write_whole(path, buffer.getvalue())


def _resume(
    path: Path,
    identity: dict[str, Any],
    model: LearnedNetwork,
    optimizer: torch.optim.Optimizer,
) -> list[float]:
    try:
        kept = torch.load(path, weights_only=True)
        run = kept["run"]
    except Exception as error:  # torch raises many kinds for a file that is no checkpoint
        raise StoreError(f"{path}: is no checkpoint of this training: {error}") from error
    if run != identity:
        raise StoreError(f"{path}: is of another run ({run}); remove it, or give its settings")
    model.load_state_dict(kept["model"])
    optimizer.load_state_dict(kept["optimizer"])
    return [float(loss) for loss in kept["losses"]]


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="the network, .npz")
    parser.add_argument("--steps", type=int, default=TrainingConfig().steps)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--optics", type=int, default=0, help="seed of camera and embedder")
    args = parser.parse_args(arguments)
    config = TrainingConfig(steps=args.steps, seed=args.seed)
    checkpoint = args.out.with_suffix(".checkpoint")
    network, _ = train(Optics.made(args.optics), config, checkpoint)
    network.save(args.out)
    checkpoint.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
