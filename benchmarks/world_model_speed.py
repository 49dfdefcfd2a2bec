# SPDX-License-Identifier: Apache-2.0
"""What one layer costs: a training step, a step of imagination, and the kernel alone.

Layers of width 256, one thread. A state-space layer is S4D (N = 64) with its GLU. Peers: nn.GRU; a
loop over nn.GRUCell, as RSSM runs; nn.TransformerEncoderLayer, causal, 4 heads, with its
feed-forward part; and nn.GRU with as many parameters as the S4D layer. All layers take turns, and
what is counted is CPU time of this process: other work on the machine then matters little.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import report
from memagent.world_model.backbones.attention import WindowedAttention
from memagent.world_model.backbones.backbone import Mixed
from memagent.world_model.backbones.recurrent import MinGRU
from memagent.world_model.layer import SequenceLayer, State, forget
from memagent.world_model.s4 import S4D, S5
from memagent.world_model.s4.vandermonde import kernel, naive_kernel

WIDTH, STATE, HEADS, FEED = 256, 64, 4, 1024
CACHED_KEYS = 1024
SHAPES = {64: 8, 256: 8, 1024: 8, 4096: 2}
"""Batch by length."""
ROUNDS = {64: 15, 256: 9, 1024: 7, 4096: 5}

Work = Callable[[], None]


def measure(quick: bool) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """All rows, and the figures from them."""
    torch.manual_seed(0)
    rows: list[dict[str, Any]] = []
    figures: dict[str, Any] = {}
    for length, batch in SHAPES.items():
        if quick and length > 256:
            continue
        rounds = 3 if quick else ROUNDS[length]
        timed = take_turns(training_steps(length, batch), rounds)
        rows += _rows("train", timed, length=length, batch=batch)
        for peer in ("gru", "gru_equal", "grucell", "transformer", "s5", "mingru"):
            figures[f"train_vs_{peer}_{length}"] = ratio(timed[peer], timed["s4d"])
        timed = take_turns(kernels(length), rounds)
        rows += _rows("kernel", timed, length=length, batch=1)
        figures[f"kernel_vs_naive_{length}"] = ratio(timed["naive"], timed["factored"])
    if not quick:
        figures["kernel_vs_naive"] = figures["kernel_vs_naive_4096"]
    for batch in (1, 16):
        timed = take_turns(imagination_steps(batch), 20 if quick else 200, gradients=False)
        rows += _rows("step", timed, length=1, batch=batch)
        tail = "" if batch == 1 else f"_b{batch}"
        figures[f"step_vs_grucell{tail}"] = ratio(timed["s4d"], timed["grucell"])
        figures[f"step_vs_transformer{tail}"] = ratio(timed["transformer"], timed["s4d"])
    figures["parity_error"] = parity_error()
    figures["step_state_floats"] = _floats(Mixed(S4D(WIDTH, STATE), WIDTH).initial_state(1))
    figures["step_state_floats_transformer"] = _floats(
        WindowedAttention(WIDTH, HEADS, CACHED_KEYS).initial_state(1)
    )
    return rows, figures


def training_steps(length: int, batch: int) -> dict[str, Work]:
    """Forward and backward of each layer on the same inputs (B, L, 256)."""
    inputs = torch.randn(batch, length, WIDTH, requires_grad=True)
    towards = torch.randn(batch, length, WIDTH)
    s4d = Mixed(S4D(WIDTH, STATE), WIDTH)
    narrow = _equal_gru_width(sum(p.numel() for p in s4d.parameters()))
    gru, cell = nn.GRU(WIDTH, WIDTH, batch_first=True), nn.GRUCell(WIDTH, WIDTH)
    equal = nn.GRU(narrow, narrow, batch_first=True)
    narrow_inputs = torch.randn(batch, length, narrow, requires_grad=True)
    transformer = nn.TransformerEncoderLayer(
        WIDTH, HEADS, FEED, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
    )
    mask = nn.Transformer.generate_square_subsequent_mask(length)

    def stepwise() -> Tensor:
        hidden, outputs = torch.zeros(batch, WIDTH), []
        for u in inputs.unbind(1):
            hidden = cell(u, hidden)
            outputs.append(hidden)
        return torch.stack(outputs, 1)

    def layer(made: SequenceLayer) -> Callable[[], Tensor]:
        return lambda: made(inputs)[0]

    runs: dict[str, Callable[[], Tensor]] = {
        "s4d": layer(s4d),
        "s5": layer(Mixed(S5(WIDTH, STATE), WIDTH)),
        "mingru": layer(Mixed(MinGRU(WIDTH), WIDTH)),
        "gru": lambda: gru(inputs)[0],
        "gru_equal": lambda: equal(narrow_inputs)[0],
        "grucell": stepwise,
        "transformer": lambda: transformer(inputs, src_mask=mask, is_causal=True),
    }

    def trained(forward: Callable[[], Tensor]) -> Work:
        def work() -> None:
            outputs = forward()
            outputs.backward(towards[..., : outputs.shape[-1]])

        return work

    return {name: trained(forward) for name, forward in runs.items()}


def kernels(length: int) -> dict[str, Work]:
    """The kernel and its gradients, factored and by the whole Vandermonde matrix."""
    layer = S4D(WIDTH, STATE)
    weights, rates = (x.detach().requires_grad_() for x in layer._weights_and_rates())
    towards = torch.randn(WIDTH, length)
    return {
        "factored": lambda: kernel(weights, rates, length).backward(towards),
        "naive": lambda: naive_kernel(weights, rates, length).backward(towards),
    }


def imagination_steps(batch: int) -> dict[str, Work]:
    """One step of each layer for ``batch`` sequences; the transformer has 1,024 keys cached."""
    inputs = torch.randn(batch, WIDTH)
    s4d, s5 = Mixed(S4D(WIDTH, STATE), WIDTH), Mixed(S5(WIDTH, STATE), WIDTH)
    cell, hidden = nn.GRUCell(WIDTH, WIDTH), torch.zeros(batch, WIDTH)
    attention = WindowedAttention(WIDTH, HEADS, CACHED_KEYS)
    norm, feed = (
        nn.LayerNorm(WIDTH),
        nn.Sequential(
            nn.LayerNorm(WIDTH), nn.Linear(WIDTH, FEED), nn.GELU(), nn.Linear(FEED, WIDTH)
        ),
    )
    states = {"s4d": s4d.initial_state(batch), "s5": s5.initial_state(batch)}
    cache = attention.initial_state(batch)
    cache[2].fill_(CACHED_KEYS)

    def transformer() -> None:
        x = inputs + attention.step(norm(inputs), cache)
        feed(x).add_(x)

    return {
        "s4d": lambda: _discard(s4d.step(inputs, states["s4d"])),
        "s5": lambda: _discard(s5.step(inputs, states["s5"])),
        "grucell": lambda: _discard(cell(inputs, hidden)),
        "transformer": transformer,
    }


def take_turns(
    works: Mapping[str, Work], rounds: int, gradients: bool = True
) -> dict[str, list[float]]:
    """CPU milliseconds of each work in every round, after one that is not counted."""
    times: dict[str, list[float]] = {name: [] for name in works}
    with torch.set_grad_enabled(gradients):
        for turn in range(rounds + 1):
            for name, work in works.items():
                # Twice in a row, and the second counts: caches are then the work's own.
                work()
                start = time.process_time_ns()
                work()
                if turn:
                    times[name].append((time.process_time_ns() - start) / 1e6)
    return times


def ratio(above: Sequence[float], below: Sequence[float]) -> dict[str, float]:
    """Ratio of medians, with its interval over rounds."""
    pairs = list(zip(above, below, strict=True))

    def medians(chosen: Sequence[tuple[float, float]]) -> float:
        tops, bottoms = zip(*chosen, strict=True)
        return float(np.median(tops) / np.median(bottoms))

    return report.interval(pairs, medians)


@torch.no_grad()
def parity_error(length: int = 1024, batch: int = 4) -> float:
    """Largest difference of ``forward`` and ``step``, over the largest output; random resets."""
    worst = 0.0
    for core in (S4D(WIDTH, STATE), S5(WIDTH, STATE)):
        layer = Mixed(core, WIDTH)
        inputs = torch.randn(batch, length, WIDTH)
        resets = torch.rand(batch, length) < 4 / length
        outputs, _ = layer(inputs, resets)
        state = layer.initial_state(batch)
        for index in range(length):
            forget(state, resets[:, index])
            stepped = layer.step(inputs[:, index], state)
            worst = max(
                worst, float((stepped - outputs[:, index]).abs().max() / outputs.abs().max())
            )
    return worst


def _equal_gru_width(parameters: int) -> int:
    return min(range(8, WIDTH, 8), key=lambda d: abs(6 * d * d + 6 * d - parameters))


def _rows(what: str, timed: Mapping[str, Sequence[float]], **of: int) -> list[dict[str, Any]]:
    return [
        {
            "what": what,
            "layer": name,
            **of,
            "median_ms": float(np.median(times)),
            "least_ms": float(np.min(times)),
            "rounds": len(times),
        }
        for name, times in timed.items()
    ]


def _floats(state: State) -> int:
    return sum(
        t.numel() * (2 if t.is_complex() else 1)
        for t in state
        if t.is_floating_point() or t.is_complex()
    )


def _discard(outputs: Tensor) -> None:
    del outputs
