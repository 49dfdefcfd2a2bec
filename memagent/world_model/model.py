# SPDX-License-Identifier: Apache-2.0
"""S4WM: a latent world model around any backbone (Deng et al., arXiv 2307.02064).

    q(z_t | x_t)                  posterior, from the current frame alone
    h_t = backbone(z_{t-1}, a_t)  what is remembered; all steps at once in training
    p(z_t | h_t)                  prior
    p(x_t, r_t, c_t | h_t, z_t)   frame, reward, and whether the episode goes on

``a_t`` is the action that led to frame t. Because the posterior does not see h_t, the latents of a
whole sequence are drawn at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from memagent.world_model import latent
from memagent.world_model.backbones import Backbone
from memagent.world_model.config import WorldModelConfig
from memagent.world_model.frames import FrameDecoder, FrameEncoder, mlp
from memagent.world_model.heads import BernoulliHead, TwoHotHead
from memagent.world_model.layer import State, forget, repeated


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Sequences of experience, (B, L, ...).

    ``frames`` by name as their specs say; ``actions``, float32 (B, L, A), that led to each frame;
    ``rewards``, float32 (B, L), got on the way to it; ``continues``, float32 (B, L), 0 where the
    episode ended there; ``first``, bool (B, L), where an episode begins.
    """

    frames: Mapping[str, Tensor]
    actions: Tensor
    rewards: Tensor
    continues: Tensor
    first: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Belief:
    """What is remembered after a frame: the backbone's state, and the frame's latent (B, V * K)."""

    state: State
    latent: Tensor

    def repeated(self, times: int) -> Belief:
        return Belief(repeated(self.state, times), self.latent.repeat_interleave(times, 0))


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """What the heads say of steps whose ``features`` are h_t and z_t, (..., D + V * K).

    ``rewards`` and ``continues`` (a probability) are (...). Frames are told by
    ``WorldModel.decode(features)``, because pictures cost more than the rest and are seldom needed.
    """

    features: Tensor
    rewards: Tensor
    continues: Tensor


class WorldModel(nn.Module):
    """Learns what comes next from sequences, and imagines it."""

    def __init__(self, config: WorldModelConfig) -> None:
        super().__init__()
        self.config = config
        hidden, width = config.hidden, config.backbone.width
        code = config.variables * config.classes
        self.encoders = nn.ModuleDict(
            {name: FrameEncoder(s, hidden, config.depth) for name, s in config.frames.items()}
        )
        seen = sum(encoder.size for encoder in self._encoders())
        self.posterior = nn.Sequential(mlp(seen, hidden), nn.Linear(hidden, code))
        self.entrance = nn.Sequential(
            nn.Linear(code + config.actions, hidden), nn.SiLU(), nn.Linear(hidden, width)
        )
        self.backbone = Backbone(config.backbone)
        self.prior = nn.Sequential(mlp(width, hidden, 2), nn.Linear(hidden, code))
        self.decoders = nn.ModuleDict(
            {
                name: FrameDecoder(s, width + code, hidden, config.depth)
                for name, s in config.frames.items()
            }
        )
        self.reward = TwoHotHead(width + code, hidden)
        self.continuation = BernoulliHead(width + code, hidden)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Means over all steps, in nats, unweighted but for ``total``.

        ``total`` is reconstruction, balanced divergence with free nats, reward and continuation.
        """
        config = self.config
        posterior = self.posterior_of(batch.frames)
        code = latent.sample(posterior)
        told, _ = self._remember(code, batch.actions, batch.first)
        prior = self._prior(told)
        features = torch.cat((told, code), -1)
        parts = {
            name: decoder.loss(decoder(features), batch.frames[name]).mean()
            for name, decoder in self._decoders()
        }
        divergence = latent.balanced_divergence(
            posterior, prior, config.balance, config.free_nats
        ).mean()
        reward = self.reward.loss(self.reward(features), batch.rewards).mean()
        continuation = self.continuation.loss(self.continuation(features), batch.continues).mean()
        total = torch.stack(list(parts.values())).sum()
        total = total + config.divergence_weight * divergence
        total = total + config.reward_weight * reward + config.continuation_weight * continuation
        return {
            "total": total,
            **parts,
            "divergence": divergence,
            "reward": reward,
            "continuation": continuation,
        }

    @torch.no_grad()
    def infer(self, batch: Batch) -> tuple[Predictions, Belief]:
        """What the heads say of each step that was seen, and what is remembered at the end."""
        posterior = self.posterior_of(batch.frames)
        code = latent.sample(posterior)
        told, state = self._remember(code, batch.actions, batch.first, keep=True)
        assert state is not None
        return self._predictions(torch.cat((told, code), -1)), Belief(state, code[:, -1])

    @torch.no_grad()
    def imagine(
        self, context: Belief, actions: Tensor, n: int = 1, *, likeliest: bool = False
    ) -> Predictions:
        """Futures of a belief under candidate actions.

        Args:
            context: what is remembered, of one sequence or of as many as there are candidates; it
                is not changed.
            actions: float32 (K, T, A), K candidates of T steps.
            n: independent futures of each candidate.
            likeliest: the mode of each latent instead of a sample.

        Returns:
            Predictions of shape (K, n, T).
        """
        candidates, length = actions.shape[:2]
        known = len(context.latent)
        if known not in (1, candidates):
            raise ValueError(f"{known} beliefs do not fit {candidates} candidates")
        belief = context.repeated(n * (candidates if known == 1 else 1))
        actions = actions.repeat_interleave(n, 0)
        code, steps = belief.latent, []
        for step in range(length):
            told = self.backbone.step(self._entered(code, actions[:, step]), belief.state)
            logs = self._prior(told)
            code = latent.mode(logs) if likeliest else latent.sample(logs)
            steps.append(torch.cat((told, code), -1))
        return self._predictions(torch.stack(steps, 1).view(candidates, n, length, -1))

    def decode(self, features: Tensor) -> dict[str, Tensor]:
        """The likeliest frames, by name, of features (..., D + V * K)."""
        return {name: d.likeliest(d(features)) for name, d in self._decoders()}

    def beginning(self, batch: int = 1) -> Belief:
        """Nothing seen yet."""
        code = self.config.variables * self.config.classes
        device = next(self.parameters()).device
        return Belief(self.backbone.initial_state(batch), torch.zeros(batch, code, device=device))

    @torch.no_grad()
    def observe(
        self, belief: Belief, frames: Mapping[str, Tensor], actions: Tensor, first: Tensor
    ) -> tuple[Predictions, Tensor]:
        """Take in one frame each of B sequences; ``belief`` is changed in place.

        Args:
            belief: what is remembered.
            frames: (B, ...) by name.
            actions: float32 (B, A), that led to them.
            first: bool (B,), where an episode begins: what was before is forgotten.

        Returns:
            Predictions of shape (B,), and the surprise KL(q || p) of each frame, nats (B,).
        """
        forget((*belief.state, belief.latent), first)
        actions = actions * (~first).unsqueeze(-1)
        told = self.backbone.step(self._entered(belief.latent, actions), belief.state)
        posterior = self.posterior_of(frames)
        belief.latent.copy_(latent.sample(posterior))
        surprise = latent.divergence(posterior, self._prior(told))
        return self._predictions(torch.cat((told, belief.latent), -1)), surprise

    def posterior_of(self, frames: Mapping[str, Tensor]) -> Tensor:
        """Log q(z | x) of each frame, (..., V, K)."""
        seen = [self.encoders[name](frames[name]) for name in self.config.frames]
        return self._logs(self.posterior(torch.cat(seen, -1)))

    def _remember(
        self, code: Tensor, actions: Tensor, first: Tensor, keep: bool = False
    ) -> tuple[Tensor, State | None]:
        before = torch.nn.functional.pad(code[:, :-1], (0, 0, 1, 0))
        going = (~first).unsqueeze(-1)
        resets = first if bool(first[:, 1:].any()) else None
        entered = self._entered(before * going, actions * going)
        return self.backbone(entered, resets, None, keep)  # type: ignore[no-any-return]

    def _entered(self, code: Tensor, actions: Tensor) -> Tensor:
        return self.entrance(torch.cat((code, actions), -1))  # type: ignore[no-any-return]

    def _prior(self, told: Tensor) -> Tensor:
        return self._logs(self.prior(told))

    def _logs(self, logits: Tensor) -> Tensor:
        shape = (*logits.shape[:-1], self.config.variables, self.config.classes)
        return latent.log_probabilities(logits.view(shape), self.config.unimix)

    def _predictions(self, features: Tensor) -> Predictions:
        rewards = self.reward.mean(self.reward(features))
        return Predictions(features, rewards, torch.sigmoid(self.continuation(features)))

    def _encoders(self) -> list[FrameEncoder]:
        return [encoder for encoder in self.encoders.values() if isinstance(encoder, FrameEncoder)]

    def _decoders(self) -> list[tuple[str, FrameDecoder]]:
        return [(n, d) for n, d in self.decoders.items() if isinstance(d, FrameDecoder)]
