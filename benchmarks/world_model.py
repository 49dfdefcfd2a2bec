# SPDX-License-Identifier: Apache-2.0
"""The world model: what its layers cost, and what they remember.

    memagent bench world_model --out results [--quick] [--only speed|memory]
        [--backbones s4d,s5,gru,transformer] [--widths 16] [--paces fixed] [--seeds 1] [--steps N]

Trainings keep checkpoints below ``--out`` and go on from them when they are started again.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any, get_args

import torch
from rich.console import Console
from rich.table import Table

import report
import world_model_memory
import world_model_speed
from memagent.errors import ConfigError
from memagent.world_model.backbones import BackboneKind

STEPS = 2000


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="world_model")
    parser.add_argument("--out", type=Path, default=Path("results"))
    parser.add_argument("--quick", action="store_true", help="a look, no figures to quote")
    parser.add_argument("--only", choices=("speed", "memory"))
    parser.add_argument("--backbones", type=_words, default=["s4d", "s5", "gru", "transformer"])
    parser.add_argument("--widths", type=_words, default=["16"])
    parser.add_argument("--paces", type=_words, default=["fixed"])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--steps", type=int, default=0, help=f"of each training; 0 for {STEPS}")
    args = parser.parse_args(arguments)
    torch.set_num_threads(1)
    rows: list[dict[str, Any]] = []
    figures: dict[str, Any] = {}
    if args.only != "memory":
        rows, figures = world_model_speed.measure(args.quick)
        _print("milliseconds of CPU", rows, ("what", "layer", "length", "batch", "median_ms"))
    if args.only != "speed":
        examined = _examined(args)
        rows += examined
        figures |= world_model_memory.figures(examined)
        shown = ("backbone", "width", "pace", "seed", "steps", "inference", "imagination", "tiles")
        _print("Distracting Memory", examined, shown)
    for name, value in report.flat(figures).items():
        Console().print(f"{name} {value:.4g}")
    report.write(args.out, "world_model", figures, rows, vars(args), range(args.seeds))


def _examined(args: argparse.Namespace) -> list[dict[str, Any]]:
    """Each training's scores; those of finished ones are kept, and not made again."""
    wrong = set(args.backbones) - set(get_args(BackboneKind)) or set(args.paces) - {
        "fixed",
        "random",
    }
    if wrong:
        raise ConfigError(f"no backbone or pace {sorted(wrong)}")
    folder = args.out / "world_model"
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for width, pace, seed, kind in product(
        args.widths, args.paces, range(args.seeds), args.backbones
    ):
        steps = 60 if args.quick else args.steps or STEPS
        task = world_model_memory.Task(kind, int(width), pace, seed, steps)
        kept = folder / f"{task.name}.json"
        if not kept.exists():
            row = world_model_memory.run(task, folder)
            kept.write_text(json.dumps(row), encoding="utf-8")
        rows.append(json.loads(kept.read_text(encoding="utf-8")))
    return rows


def _print(title: str, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    table = Table(*columns, title=title)
    for row in rows:
        cells = (row[name] for name in columns)
        table.add_row(*(f"{c:.4g}" if isinstance(c, float) else str(c) for c in cells))
    Console().print(table)


def _words(text: str) -> list[str]:
    return text.split(",")


if __name__ == "__main__":
    main()
