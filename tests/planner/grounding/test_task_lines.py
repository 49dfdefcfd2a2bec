# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from memagent.cli import app
from memagent.errors import ConfigError
from memagent.planner.grounding import BadLine, ground_lines, read_tasks

pytestmark = pytest.mark.unit

GOOD = {
    "id": "a",
    "instruction": "Put a clean mug on the counter.",
    "objects": [{"name": "Mug", "id": "Mug_1", "position": [0.1, 0.9, -2.0]}],
    "scene": "what else a line holds is not read",
}
ANSWER = {
    "object_target": "Mug",
    "parent_target": "CounterTop",
    "mrecep_target": "",
    "toggle_target": "",
    "object_sliced": False,
}
BAD = {
    "{": "is not JSON",
    "[1]": "must be an object",
    '{"id": "b"}': "instruction: Field required",
    '{"id": "b", "instruction": 3}': "instruction: .*got 3",
    '{"id": "b", "instruction": "x", "objects": [{"name": "Mug", "position": [0, 1]}]}': (
        "objects.0.position.2"
    ),
    '{"id": "b", "instruction": "x", "objects": [{"name": "Mug", "position": [0, 1, NaN]}]}': (
        "objects.0.position.2"
    ),
}


def test_answers_line_by_line(tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "deep" / "out.jsonl"
    source.write_text(f"{json.dumps(GOOD)}\n\n{json.dumps({**GOOD, 'id': 7})}\n", encoding="utf-8")
    assert ground_lines(source, out) == (2, 0)
    first, second = map(json.loads, out.read_text(encoding="utf-8").splitlines())
    assert first["id"] == "a"
    assert second["id"] == 7
    assert first["goal"] == ANSWER
    assert first["task_type"] == "pick_clean_then_place_in_recep"
    assert 0.0 <= first["confidence"] <= 1.0


@pytest.mark.parametrize("line", BAD)
def test_a_bad_line_is_named_and_others_go_out(line: str, tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text(f"{line}\n{json.dumps(GOOD)}\n", encoding="utf-8")
    told: list[BadLine | None] = []
    assert ground_lines(source, out, told.append) == (1, 1)
    bad = next(b for b in told if b is not None)
    assert bad.number == 1
    with pytest.raises(ConfigError, match=f"in.jsonl:1: .*{BAD[line]}"):
        raise ConfigError(bad.reason)


def test_bytes_that_are_no_text_are_a_bad_line(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_bytes(b"\xff\xfe\n")
    assert [type(t) for t in read_tasks(source)] == [BadLine]


def test_the_command_says_what_was_left_out(tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text(f"{json.dumps(GOOD)}\n{{\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["ground", "--jsonl", str(source), "--out", str(out)])
    assert result.exit_code == 1
    assert "in.jsonl:2" in result.output
    assert len(out.read_text(encoding="utf-8").splitlines()) == 1
    source.write_text(json.dumps(GOOD), encoding="utf-8")
    result = CliRunner().invoke(app, ["ground", "--jsonl", str(source), "--out", str(out)])
    assert result.exit_code == 0, result.output


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        app, ["ground", "--jsonl", str(tmp_path / "no.jsonl"), "--out", str(tmp_path / "out")]
    )
    assert result.exit_code == 1
    assert "no.jsonl" in result.output
