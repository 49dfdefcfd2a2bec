# SPDX-License-Identifier: Apache-2.0
"""The topology graph in generated flats: are revisits recognised, and do errands arrive?

After a tour with drifting odometry come a second one and errands by the graph; beside it the same
in `paper` mode.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

import report
from flat_trial import Trial, run_trial
from memagent.memory.spatial.topology import TopologyConfig


def flats(seeds: Sequence[int]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Trials in generated flats of ten rooms, in both modes."""
    figures: dict[str, Any] = {}
    rows: list[dict[str, Any]] = []
    for mode, suffix in (("memagent", ""), ("paper", "_paper")):
        config = TopologyConfig.model_validate({"mode": mode})
        for homing in (False, True):
            trials = [
                run_trial(config, s, homing=homing) for s in track(seeds, mode, transient=True)
            ]
            key = "route_success_homing" if homing else "route_success"
            figures[key + suffix] = report.interval(trials, _arrived)
            if not homing:
                for name, statistic in STATISTICS.items():
                    figures[name + suffix] = report.interval(trials, statistic)
            rows += [
                {"mode": mode, "homing": homing, "seed": seed, key: _arrived([trial])}
                | {name: statistic([trial]) for name, statistic in STATISTICS.items()}
                for seed, trial in zip(seeds, trials, strict=True)
            ]
    return figures, rows


def _arrived(trials: Sequence[Trial]) -> float:
    return float(np.mean([e.arrived for t in trials for e in t.errands]))


def _precision(trials: Sequence[Trial]) -> float:
    return float(np.mean([r.right for t in trials for r in t.relocations if r.claimed]))


def _recall(trials: Sequence[Trial]) -> float:
    return float(np.mean([r.right for t in trials for r in t.relocations if r.revisit]))


def _recall_at_once(trials: Sequence[Trial]) -> float:
    return float(np.mean([r.at_once for t in trials for r in t.relocations if r.revisit]))


def _excess(trials: Sequence[Trial]) -> float:
    return sum(t.places for t in trials) / sum(t.spots for t in trials)


STATISTICS = {
    "relocation_precision": _precision,
    "relocation_recall": _recall,
    "relocation_recall_at_once": _recall_at_once,
    "places_per_spot": _excess,
}


def run(out: Path, seeds: Sequence[int] = range(20)) -> dict[str, Any]:
    """Measure, print and write ``out/spatial_relocation.json``."""
    figures, rows = flats(seeds)
    _show(figures, len(seeds))
    return report.write(out, "spatial_relocation", figures, rows, {}, list(seeds))


def _show(figures: dict[str, Any], seeds: int) -> None:
    table = Table(title=f"Generated flats of ten rooms, {seeds} seeds")
    for column in ("", "memagent", "paper mode"):
        table.add_column(column, justify="left" if not column else "right")
    for name in (*STATISTICS, "route_success", "route_success_homing"):
        table.add_row(name, *(report.told(figures[name + s]) for s in ("", "_paper")))
    Console(highlight=False).print(table)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="spatial_relocation", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for the report")
    parser.add_argument("--quick", action="store_true", help="few seeds")
    o = parser.parse_args(arguments)
    run(o.out, range(3 if o.quick else 20))


if __name__ == "__main__":
    main()
