# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from memagent_sim.symbolic import House, TaskFileError, load_tasks, progress

pytestmark = pytest.mark.unit

ROW: dict[str, Any] = {
    "id": "made-up-1",
    "subset": "base",
    "instruction": "Chill an apple and leave it on the table.",
    "task_type": "pick_cool_then_place_in_recep",
    "goal": {
        "object_target": "Apple", "parent_target": "DiningTable", "mrecep_target": "",
        "toggle_target": "", "object_sliced": False,
    },
    "scene": "FloorPlan7",
    "objects": [
        {"name": "Apple", "id": "a", "position": [0.0, 1.0, 2.0]},
        {"name": "Mug", "id": "b", "position": [0.2, 1.0, 2.1]},
        {"name": "Egg", "id": "c", "position": [4.0, 0.9, -1.0]},
    ],
    "expert_plan": [
        ["GotoLocation", "countertop"], ["PickupObject", "apple"], ["GotoLocation", "fridge"],
        ["CoolObject", "apple"], ["GotoLocation", "diningtable"],
        ["PutObject", "apple", "diningtable"],
    ],
}  # fmt: skip


def written(folder: Path, *rows: object) -> Path:
    path = folder / "tasks.jsonl"
    path.write_text("\n".join(r if isinstance(r, str) else json.dumps(r) for r in rows) + "\n")
    return path


def test_things_near_one_another_share_the_receptacle_that_the_expert_names(tmp_path: Path) -> None:
    ((scene, task),) = load_tasks(written(tmp_path, ROW))
    assert scene.where["apple 1"] == scene.where["mug 1"] == "counter top 1"
    assert scene.where["egg 1"] != "counter top 1"
    assert scene.room == "kitchen"
    assert task.name == "made-up-1"
    assert {"Fridge", "Microwave", "SinkBasin", "DiningTable"} <= {
        r.kind for r in scene.receptacles
    }
    assert progress(task, House(scene)) == (0, 3)


def test_the_same_file_gives_the_same_scene(tmp_path: Path) -> None:
    path = written(tmp_path, ROW, ROW)
    assert load_tasks(path) == load_tasks(path)


def test_a_bad_file_is_refused_by_line_and_key(tmp_path: Path) -> None:
    def changed(**values: Any) -> dict[str, Any]:
        return copy.deepcopy(ROW) | values

    for rows, complaint in [
        (("{",), "line 1"),
        ((ROW, {"id": "x"}), "line 2: no key 'goal'"),
        ((changed(task_type="juggle"),), "family: 'juggle'"),
        ((changed(scene="FloorPlan999"),), "scene 'FloorPlan999'"),
        ((changed(objects=[]),), "the goal needs 1 Apple"),
        ((changed(objects=[{"name": "Unicorn", "position": [0, 0, 0]}]),), "'Unicorn' is no kind"),
        ((changed(objects=[{"name": "Apple", "position": [0, 0]}]),), "line 1"),
        ((changed(objects=[{"name": "Apple", "position": [0, 0, float("nan")]}]),), "finite"),
        ((["list"],), "line 1"),
        ((), "holds no task"),
    ]:
        with pytest.raises(TaskFileError, match=r"tasks\.jsonl") as caught:
            load_tasks(written(tmp_path, *rows))
        assert complaint in str(caught.value)
    with pytest.raises(TaskFileError, match="cannot be read"):
        load_tasks(tmp_path / "missing.jsonl")
