# SPDX-License-Identifier: Apache-2.0
"""A trial in a generated flat, and what the table makes of trials."""

from __future__ import annotations

import pytest
import spatial_relocation

from flat_trial import run_trial
from memagent.memory.spatial.topology import TopologyConfig

pytestmark = pytest.mark.unit


def test_after_a_tour_revisits_are_recognised_and_errands_arrive() -> None:
    trial = run_trial(TopologyConfig(), seed=2, errands=20)
    claimed = [stop for stop in trial.relocations if stop.claimed]
    revisits = [stop for stop in trial.relocations if stop.revisit]
    assert len(revisits) < len(trial.relocations)  # some places are new
    assert sum(stop.right for stop in claimed) / len(claimed) >= 0.95
    assert sum(stop.right for stop in revisits) / len(revisits) >= 0.95
    assert sum(errand.arrived for errand in trial.errands) >= 19
    assert trial.places <= trial.spots + 2


def test_paper_mode_takes_look_alikes_for_one() -> None:
    trial = run_trial(TopologyConfig(mode="paper"), seed=2, errands=0)
    assert trial.places < trial.spots


def test_the_table_has_both_modes_and_intervals(tmp_path):
    figures = spatial_relocation.run(tmp_path, seeds=(2,))["figures"]
    for name in ("relocation_precision", "relocation_recall", "route_success"):
        assert 0.0 <= figures[f"{name}_low"] <= figures[name] <= figures[f"{name}_high"] <= 1.0
    assert figures["relocation_precision"] > figures["relocation_precision_paper"]
