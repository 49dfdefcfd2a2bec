# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path

import planning
import pytest

from memagent.errors import ConfigError

pytestmark = pytest.mark.unit

OBJECTS = [{"name": kind, "id": kind, "position": [0, 1, 0]} for kind in ("Mug", "Fork", "Apple")]
GOAL = {
    "object_target": "Mug",
    "parent_target": "CounterTop",
    "mrecep_target": "",
    "toggle_target": "",
    "object_sliced": False,
}


def _task(name: str, subset: str, instruction: str) -> dict[str, object]:
    return {
        "id": name, "subset": subset, "instruction": instruction, "objects": OBJECTS,
        "task_type": "pick_and_place_simple", "goal": GOAL,
    }  # fmt: skip


def test_right_and_wrong_answers_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "tasks.jsonl"
    tasks = [
        _task("a", "base", "Put the mug on the counter"),
        _task("b", "base", "Put the fork on the counter"),
        _task("c", "spatial", "Put the mug on the counter by the sink"),
    ]
    path.write_text("\n".join(map(json.dumps, tasks)), encoding="utf-8")
    figures = planning.run(tmp_path / "out", path)["figures"]
    assert figures["grounding_base"] == 0.5
    assert figures["grounding_spatial"] == 1.0
    assert figures["grounding_wrong_confident"] == pytest.approx(1 / 3)
    assert figures["grounding_base_low"] < 0.5 < figures["grounding_base_high"]
    assert (tmp_path / "out" / "planning.json").is_file()


def test_the_halves_are_fixed_and_balanced() -> None:
    tasks = [(f"{subset}-{n}", subset) for subset in ("base", "spatial") for n in range(25)]
    in_view = planning.looked_at(tasks)
    assert in_view == planning.looked_at(reversed(tasks))
    for subset in ("base", "spatial"):
        assert sum(name.startswith(subset) for name in in_view) == 13


def test_a_line_without_a_goal_is_named(tmp_path: Path) -> None:
    path = tmp_path / "tasks.jsonl"
    path.write_text('{"id": "a", "instruction": "x"}', encoding="utf-8")
    with pytest.raises(ConfigError, match="'a' lacks subset"):
        planning.run(tmp_path, path)
